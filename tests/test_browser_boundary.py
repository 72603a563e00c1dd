"""The editor of boundaries in a real browser: drag, see what is wrong, be refused, mend, save."""

import json
import time
from collections.abc import Callable

import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from portal.documents.board import render_board
from portal.extensions import db
from portal.models import Board, Grid
from portal.queries import boards_hung
from portal.rules import boards, documents, posting
from portal.rules.check_grids import on_the_ground
from portal.rules.geometry import load_geometry
from portal.scope import SYSTEM, acting
from tests.support.boundaries import records_of
from tests.support.browser import Visitor

pytestmark = pytest.mark.browser
CELL, BESIDE = "4201020029900102002", "4201020029900102003"  # 桂香院 and 花语里, south of it
THIRD = "4201020029900102001"  # beside the first, away from the corner that moves
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def key(portal: Flask, code: str) -> int:
    with portal.app_context():
        return db.session.scalars(select(Grid.id).where(Grid.code == code)).one()


def boundary(portal: Flask, code: str) -> shapely.Polygon:
    with portal.app_context():
        text = db.session.scalars(select(Grid.boundary).where(Grid.code == code)).one()
    return load_geometry(text or "")


def shared_corner(portal: Flask) -> int:
    """Which corner of the cell lies on the line to the one beside it, and on no third grid."""
    with portal.app_context():
        others = {
            grid.code: load_geometry(grid.boundary or "")
            for grid in db.session.scalars(select(Grid).where(Grid.level == "cell"))
        }
    corners = shapely.get_coordinates(others[CELL])[:-1].tolist()
    for number, corner in enumerate(corners):
        point = shapely.Point(corner)
        touching = {code for code, shape in others.items() if shape.distance(point) < 1e-7}
        if touching == {CELL, BESIDE}:
            return number
    raise AssertionError("no corner of two cells")


def open_editor(page: Page, portal: Flask, code: str = CELL) -> None:
    page.goto(f"/grids/boundary/{key(portal, code)}")
    page.locator("#editor[data-ready]").wait_for()


def corner(page: Page, number: int):
    return page.locator(f"#canvas [data-corner='0,0,{number}']")


def centre(page: Page, number: int) -> tuple[float, float]:
    box = corner(page, number).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, number: int, right: float, down: float) -> None:
    """Take a corner by the mouse and let it go ``right`` and ``down`` pixels away."""
    x, y = centre(page, number)
    before = page.locator("#editor").get_attribute("data-checked") or "0"
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=4)
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "before => (document.getElementById('editor').dataset.checked || '0') !== before",
        arg=before,
    )
    page.wait_for_timeout(300)


def hang_boards(portal: Flask) -> None:
    """A notice board of each of three cells hangs on its wall and is true."""
    with portal.app_context(), acting(SYSTEM):
        for code in (CELL, BESIDE, THIRD):
            issued = boards.issue_board(db.session, code, "a4", "zh_Hans_CN", render_board)
            board = posting.expect(db.session, issued)
            posting.hang(db.session, board, issued.id)
        db.session.commit()


def boards_now(portal: Flask) -> dict[str, Board]:
    """Code → the board on the wall with its versions."""
    with portal.app_context():
        keys = db.session.scalars(select(Board.id).order_by(Board.grid_code)).all()
        found = [boards_hung.board_with_versions(db.session, key) for key in keys]
        db.session.expunge_all()
    return {board.grid_code: board for board in found if board is not None}


def replaced(portal: Flask) -> set[str]:
    """Codes of the boards that are stale and whose replacement is drawn."""
    return {
        code
        for code, board in boards_now(portal).items()
        if board.stale_since is not None and board.replacement is not None
    }


def test_a_corner_is_dragged_refused_mended_saved_and_two_boards_are_replaced(
    visit: Callable[..., Visitor], portal: Flask, live_worker: None
) -> None:
    hang_boards(portal)
    assert replaced(portal) == set()
    visitor, number = visit("station"), shared_corner(portal)
    before = {code: boundary(portal, code) for code in (CELL, BESIDE)}
    page = visitor.page
    open_editor(page, portal)
    drag(page, number, 20, 60)
    refused_with_the_overlap(page)
    for code, shape in before.items():
        assert boundary(portal, code).equals(shape)
    kept = shapely.geometry.shape(json.loads(page.locator("#geometry").input_value()))
    assert not kept.equals(before[CELL])
    mended_by_following(page)
    assert visitor.axe() == []
    with page.expect_navigation():
        page.locator("button[value=save]").click()
    assert "/grids/map/" in page.url
    after = {code: boundary(portal, code) for code in (CELL, BESIDE)}
    assert after[CELL].area > before[CELL].area
    assert after[BESIDE].area < before[BESIDE].area
    assert after[CELL].equals(kept)
    with portal.app_context(), acting(SYSTEM):
        assert on_the_ground(records_of(db.session)) == []
    the_two_boards_are_replaced(portal)
    page.goto("/boards/list/")
    assert page.locator("main tbody tr").count() == 3


def refused_with_the_overlap(page: Page) -> None:
    """The overlap shows on the map and in words, with its square metres and the other grid; saving
    is refused, and says the same."""
    assert "重叠" in page.locator("#findings li").first.inner_text()
    assert "花语里" in page.locator("#findings").inner_text()
    assert "平方米" in page.locator("#canvas .leaflet-tooltip.bad").first.inner_text()
    path = page.url
    with page.expect_navigation() as answered:
        page.locator("button[value=save]").click()
    assert answered.value is not None
    assert answered.value.status == 400
    assert page.url == path
    assert page.locator(".note.late").count() == 1
    assert "平方米" in page.locator("#findings").inner_text()


def mended_by_following(page: Page) -> None:
    """What was drawn is kept; with the others following nothing is wrong any more."""
    page.locator("#editor[data-ready]").wait_for()
    page.locator("#follow").check()
    page.locator("#findings").wait_for(state="detached")
    told = page.locator("#state").inner_text()
    assert "桂香院" in told
    assert "花语里" in told


def the_two_boards_are_replaced(portal: Flask) -> None:
    """The worker looks at the boards: those of the two cells are stale and replaced, no other."""
    ends = time.monotonic() + 60
    while len(replaced(portal)) < 2 and time.monotonic() < ends:
        time.sleep(0.5)
    assert replaced(portal) == {CELL, BESIDE}
    for code, board in boards_now(portal).items():
        assert (board.stale_since is None) == (code == THIRD)
        if board.replacement is not None:
            assert board.stale_reason == "boundary"
            assert board.replacement_id != board.document_id
            with portal.app_context():
                assert documents.stored_file(board.replacement).read_bytes().startswith(b"%PDF")


def test_a_corner_snaps_to_the_corner_beside_it(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    """Dropped a few pixels off, a corner goes exactly where the neighbour's is; not with Alt, nor
    with the switch off."""
    page, number = visit("station").page, shared_corner(portal)
    open_editor(page, portal)
    original = json.loads(page.locator("#geometry").input_value())["coordinates"][0]
    place = original[number]
    drag(page, number, 30, 60)
    drag(page, number, -26, -55)
    back = json.loads(page.locator("#geometry").input_value())["coordinates"][0]
    assert place in back
    assert page.locator("#findings").count() == 0
    page.locator("#snap").uncheck()
    drag(page, number, 5, 6)
    free = json.loads(page.locator("#geometry").input_value())["coordinates"][0]
    assert place not in free
    page.locator("[data-do=undo]").click()
    assert place in json.loads(page.locator("#geometry").input_value())["coordinates"][0]
    page.locator("[data-do=redo]").click()
    assert place not in json.loads(page.locator("#geometry").input_value())["coordinates"][0]


def test_the_keyboard_moves_adds_and_deletes_corners(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    page, number = visit("station").page, shared_corner(portal)
    open_editor(page, portal)

    def ring() -> list[list[float]]:
        return json.loads(page.locator("#geometry").input_value())["coordinates"][0]

    start = ring()
    corner(page, number).focus()
    page.keyboard.press("Shift+ArrowDown")
    moved = ring()[number]
    assert 8e-5 < start[number][1] - moved[1] < 1e-4
    assert moved[0] == start[number][0]
    page.locator("[data-do=north]").click()
    assert ring()[number][1] > moved[1]
    page.locator("#canvas .between").first.focus()
    page.keyboard.press("Enter")
    assert len(ring()) == len(start) + 1
    page.keyboard.press("Delete")
    assert len(ring()) == len(start)
    for _step in range(4):
        page.keyboard.press("Control+z")
    assert {tuple(point) for point in ring()} == {tuple(point) for point in start}


def test_a_boundary_is_drawn_anew_where_there_was_none(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    with portal.app_context(), acting(SYSTEM):
        grid = db.session.scalars(select(Grid).where(Grid.code == CELL)).one()
        whole = load_geometry(grid.boundary or "")
        grid.boundary = None
        db.session.commit()
    page = visit("station").page
    open_editor(page, portal)
    page.locator("[data-do=draw]").click()
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for right, down in ((-60, -60), (60, -60), (0, 70)):
        page.mouse.click(middle[0] + right, middle[1] + down)
        page.wait_for_timeout(350)  # two taps in a row are no double tap
    page.locator("[data-do=finish]").click()
    drawn = json.loads(page.locator("#geometry").input_value())
    assert len(drawn["coordinates"][0]) == 4
    # The ground that is left is offered as a whole, and fits.
    page.locator("[data-do=rest]").click()
    page.locator("#state li").first.wait_for()
    with page.expect_navigation():
        page.locator("button[value=save]").click()
    assert shapely.symmetric_difference(boundary(portal, CELL), whole).area < 1e-10


def test_on_a_telephone_every_corner_can_be_taken_hold_of(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    visitor = visit("station", phone=True)
    page = visitor.page
    open_editor(page, portal)
    assert page.evaluate(OVERFLOW) <= 0
    sizes = page.eval_on_selector_all(
        "#canvas .corner", "all => all.map(one => [one.offsetWidth, one.offsetHeight])"
    )
    assert len(sizes) > 10
    assert all(wide >= 24 and high >= 24 for wide, high in sizes)
    assert visitor.axe() == []
    page.touchscreen.tap(*centre(page, 2))
    assert page.locator("[data-do=remove]").is_enabled()
    page.locator("[data-do=east]").tap()
    page.locator("#state li, #state p").first.wait_for()


def test_without_scripts_the_text_is_checked_and_saved(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    page = visit("station", scripts=False).page
    page.goto(f"/grids/boundary/{key(portal, CELL)}")
    shape = boundary(portal, CELL)
    points = shapely.get_coordinates(shape)
    points[shared_corner(portal)] -= [0, 0.0003]
    points[-1] = points[0]
    text = json.dumps(shapely.geometry.mapping(shapely.Polygon(points)))
    page.locator("#geometry").fill(text)
    with page.expect_navigation():
        page.locator("button[value=check]").click()
    assert "重叠" in page.locator("#findings").inner_text()
    assert page.locator(".mapsheet [data-mark]").count() >= 1
    page.locator("#follow").check()
    with page.expect_navigation():
        page.locator("button[value=save]").click()
    assert "/grids/map/" in page.url
    assert boundary(portal, CELL).area > shape.area


def test_a_suggested_bound_is_taken_over_by_one_click(
    visit: Callable[..., Visitor], portal: Flask
) -> None:
    for scripts, road in ((True, "试验街"), (False, "试验路")):
        visitor = visit("station", scripts=scripts)
        page = visitor.page
        page.goto(f"/grids/bounds/{key(portal, CELL)}")
        page.locator("#road_south").fill(road)
        if not scripts:
            with page.expect_navigation():
                page.locator("button[value=suggest]").last.click()
        offer = page.locator("[data-side=south] button").first
        assert offer.inner_text().strip() == f"南至{road}（与花语里相邻）"
        assert page.locator("#bound_south").input_value() != f"{road}（与花语里相邻）"
        offer.click()
        assert page.locator("#bound_south").input_value() == f"{road}（与花语里相邻）"
        if scripts:
            assert visitor.axe() == []
        with page.expect_navigation():
            page.locator("button[value=save]").click()
        assert "南至" in page.locator("main").inner_text()
        assert f"{road}（与花语里相邻）" in page.locator("main").inner_text()
