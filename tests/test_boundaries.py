"""Boundaries that move: who follows, what is found, what is refused; and the four bounds."""

from random import Random

import pytest
import shapely
from sqlalchemy import select

from portal import scope
from portal.errors import RuleError
from portal.models import AuditEntry, Grid
from portal.rules import boundaries, bounds
from portal.rules.boundaries import propose, refusal, save
from portal.rules.boundary_ground import Ground, load, rest_of_parent
from portal.rules.check_grids import on_the_ground
from portal.rules.geometry import Boundary, area_m2, load_geometry, mend
from tests.support.boundaries import moved, moves, records_of
from tests.support.counting import count_statements

COMMUNITY, AREA = "420102002990", "42010200299001"
CELL, BESIDE = "4201020029900102002", "4201020029900102003"
LEVELS = ("cell", "block", "area", "community")


def shapes_of(ground: Ground) -> dict[str, shapely.Polygon]:
    return {r.code: load_geometry(r.boundary) for r in ground.records if r.boundary}


def sums(ground: Ground, shapes: dict[str, shapely.Polygon]) -> dict[str, float]:
    """Level → square metres of all its grids."""
    return {
        level: sum(
            area_m2(shapes[record.code])
            for record in ground.records
            if record.level == level and record.code in shapes
        )
        for level in LEVELS
    }


def corner_towards(ground: Ground, code: str, other: str) -> int:
    """A corner of ``code`` that it shares with ``other`` and nobody else of its level."""
    shapes = {r.code: load_geometry(r.boundary) for r in ground.records if r.level == "cell"}
    for number, point in enumerate(shapely.get_coordinates(shapes[code])[:-1]):
        at = shapely.Point(point)
        if {c for c, shape in shapes.items() if shape.distance(at) < 1e-7} == {code, other}:
            return number
    raise AssertionError("no corner of these two alone")


def dragged(ground: Ground, east: float, north: float, number: int | None = None) -> Boundary:
    """The cell with a corner of the line to the one beside moved by metres."""
    if number is None:
        number = corner_towards(ground, CELL, BESIDE)
    return mend(moved(load_geometry(ground.grid.boundary), number, east, north), "x")


@pytest.mark.one_engine
@pytest.mark.parametrize("seed", [1, 2])
def test_any_inner_corner_moves_without_a_gap_an_overlap_or_lost_ground(session, seed) -> None:
    random = Random(seed)
    cells = session.scalars(select(Grid.code).where(Grid.level == "cell").order_by(Grid.code))
    done = 0
    for code in list(cells)[seed::3]:
        ground = load(session, code)
        shapes = shapes_of(ground)
        whole = shapes[COMMUNITY]
        before = sums(ground, shapes)
        for _corner, new in moves(shapes[code], random, (0.5, 2, 8, 20)):
            proposal = propose(ground, mend(new, "x"), follow=True)
            assert proposal.findings == [], code
            after = shapes | {change.code: change.shape for change in proposal.changes}
            if shapely.equals(after[COMMUNITY], whole):
                for level, total in sums(ground, after).items():
                    assert abs(total - before[level]) < 1.0, (code, level)
                done += 1
    assert done > 60


def test_without_following_the_overlap_and_the_gap_are_named(session) -> None:
    ground = load(session, CELL)
    wide = propose(ground, dragged(ground, 0, -20), follow=False)
    (overlap,) = [one for one in wide.findings if one.kind == "overlap"]
    assert set(overlap.grids[:2]) == {CELL, BESIDE}
    assert overlap.area_m2 > 100
    assert [change.code for change in wide.changes] == [CELL]
    narrow = propose(ground, dragged(ground, 0, 20), follow=False)
    assert {one.kind for one in narrow.findings} == {"gap"}
    assert refusal(narrow)
    followed = propose(ground, dragged(ground, 0, -20), follow=True)
    assert followed.findings == []
    assert refusal(followed) == ""
    gains = {change.code: (change.gained_m2, change.lost_m2) for change in followed.changes}
    assert gains.keys() == {CELL, BESIDE}
    assert gains[CELL][0] == pytest.approx(gains[BESIDE][1], abs=0.2)
    assert gains[CELL][1] == gains[BESIDE][0] == 0


def test_a_move_across_a_block_lets_the_outlines_above_follow(session) -> None:
    """A corner between two blocks of two areas: cells, blocks and areas change, nothing more."""
    ground = load(session, CELL)
    shapes = shapes_of(ground)
    other = next(
        code for code, shape in shapes.items()
        if len(code) == 19 and code[:14] != CELL[:14] and shape.intersection(shapes[CELL]).length
    )  # fmt: skip
    points = shapely.get_coordinates(shapes[CELL])[:-1]
    number = next(
        n for n, point in enumerate(points) if shapes[other].distance(shapely.Point(point)) < 1e-9
    )
    inwards = shapes[other].representative_point()
    east = 12 if inwards.x > points[number][0] else -12
    new = mend(moved(shapes[CELL], number, east, 0), "x")
    proposal = propose(ground, new, follow=True)
    changed = {change.code for change in proposal.changes}
    assert {CELL, CELL[:16], CELL[:14]} <= changed
    assert COMMUNITY not in changed
    assert proposal.findings == []


def test_the_outer_rim_moves_with_the_cell(session) -> None:
    """Outside lies nobody: the community grows, and with it everything above the cell."""
    ground = load(session, CELL)
    shapes = shapes_of(ground)
    rim = shapes[COMMUNITY].boundary
    code, shape, number = next(
        (code, shape, n)
        for code, shape in shapes.items()
        if len(code) == 19
        for n, point in enumerate(shapely.get_coordinates(shape)[:-1])
        if rim.distance(shapely.Point(point)) < 1e-9
        and sum(s.distance(shapely.Point(point)) < 1e-9 for c, s in shapes.items() if len(c) == 19)
        == 1
    )
    ground = load(session, code)
    centre, point = shapes[COMMUNITY].centroid, shapely.get_coordinates(shape)[number]
    out = [10 if point[0] > centre.x else -10, 10 if point[1] > centre.y else -10]
    proposal = propose(ground, mend(moved(shape, number, *out), "x"), follow=True)
    assert {change.code for change in proposal.changes} >= {code, code[:16], code[:14], COMMUNITY}
    assert proposal.findings == []


def test_what_was_wrong_before_does_not_stand_in_the_way(session) -> None:
    """A gap elsewhere, and one that becomes smaller, do not refuse; one that grows does."""
    row = session.scalars(select(Grid).where(Grid.code == BESIDE)).one()
    shape = load_geometry(row.boundary)
    cells = load(session, BESIDE)
    mine = corner_towards(cells, CELL, BESIDE)
    point = shapely.get_coordinates(shapes_of(cells)[CELL])[mine].tolist()
    number = shapely.get_coordinates(shape).tolist().index(point)
    row.boundary = mend(moved(shape, number, 0, -25), "x").text
    session.flush()
    ground = load(session, CELL)
    unmoved = propose(ground, mend(load_geometry(ground.grid.boundary), "x"), follow=False)
    assert unmoved.changes == []
    assert unmoved.findings == []
    assert {one.kind for one in unmoved.known} == {"gap"}
    smaller = propose(ground, dragged(ground, 0, -10, mine), follow=False)
    assert smaller.findings == []
    larger = propose(ground, dragged(ground, 0, 10, mine), follow=False)
    assert [one.kind for one in larger.findings] == ["gap"]


def test_an_upper_level_with_parts_is_mended_by_its_cells(session) -> None:
    ground = load(session, AREA)
    shape = load_geometry(ground.grid.boundary)
    new = mend(moved(shape, 2, 15, 15), "x")
    for follow in (False, True):
        proposal = propose(ground, new, follow=follow)
        assert "cells" in refusal(proposal) or "小格" in refusal(proposal)
        changed = {change.code for change in proposal.changes}
        assert not any(code.startswith(AREA) and code != AREA for code in changed)


def test_nobody_vanishes_and_nobody_is_cut_in_two(session) -> None:
    ground = load(session, CELL)
    shapes = shapes_of(ground)
    eaten = mend(shapely.union(shapes[CELL], shapes[BESIDE].buffer(2e-5)), "x")
    with pytest.raises(RuleError, match=ground_name(ground, BESIDE)):
        propose(ground, eaten, follow=True)
    west, south, east, north = shapes[BESIDE].bounds
    middle = (west + east) / 2
    knife = shapely.box(middle - 5e-5, south - 1e-3, middle + 5e-5, north + 1e-3)
    arm = knife.intersection(shapes[BESIDE].buffer(1e-5))
    with pytest.raises(RuleError, match=ground_name(ground, BESIDE)):
        propose(ground, mend(shapely.union(shapes[CELL], arm), "x"), follow=True)


def ground_name(ground: Ground, code: str) -> str:
    return next(record.name for record in ground.records if record.code == code)


def test_saving_writes_all_or_nothing_and_tells_the_log(session) -> None:
    ground = load(session, CELL)
    refused = propose(ground, dragged(ground, 0, -20), follow=False)
    with pytest.raises(RuleError):
        save(session, ground, refused)
    proposal = propose(ground, dragged(ground, 0, -20), follow=True)
    assert save(session, ground, proposal) == 2
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "grids", AuditEntry.action == "update")
    ).all()
    assert {entry.grid_code for entry in entries} == {CELL, BESIDE}
    assert all('"boundary": ["{' in entry.changes for entry in entries)  # old value and new one
    assert on_the_ground(records_of(session)) == []
    again = load(session, CELL)
    assert again.digest != ground.digest
    assert propose(again, mend(load_geometry(again.grid.boundary), "x"), follow=True).changes == []


def test_a_line_that_moved_meanwhile_is_not_written_over(session) -> None:
    ground = load(session, CELL)
    proposal = propose(ground, dragged(ground, 0, -20), follow=True)
    row = session.scalars(select(Grid).where(Grid.code == BESIDE)).one()
    row.boundary = mend(load_geometry(row.boundary).buffer(-1e-6), "x").text
    session.flush()
    with pytest.raises(RuleError) as caught:
        save(session, ground, proposal)
    assert str(caught.value) == str(boundaries.changed_meanwhile())


def test_grids_outside_ones_own_are_not_moved(session) -> None:
    """Somebody who may write one block only cannot push its line into the next."""
    ground = load(session, CELL)
    shapes = shapes_of(ground)
    new = mend(shapes[CELL].buffer(1e-4, join_style="mitre"), "x")
    proposal = propose(ground, new, follow=True)
    assert len(proposal.changes) > 3
    grant = scope.Grant("Station", CELL[:16])
    rights = {"Station": frozenset({("write", "Grid"), ("read", "Grid")})}
    one = scope.Identity(1, "one", "one", (grant,), rights)
    with scope.acting(one):
        assert boundaries.out_of_reach(proposal.changes)
        with pytest.raises(RuleError):
            save(session, ground, proposal)


def test_a_grid_without_a_boundary_is_offered_the_ground_that_is_left(session) -> None:
    row = session.scalars(select(Grid).where(Grid.code == CELL)).one()
    whole = load_geometry(row.boundary)
    assert rest_of_parent(load(session, CELL)) is None
    row.boundary = None
    session.flush()
    ground = load(session, CELL)
    rest = rest_of_parent(ground)
    assert area_m2(rest) == pytest.approx(area_m2(whole), abs=0.5)
    proposal = propose(ground, mend(rest, "x"), follow=False)
    assert proposal.findings == []
    assert proposal.changes[0].gained_m2 == pytest.approx(area_m2(whole), abs=0.5)


def test_what_is_read_does_not_grow_with_the_community(session, portal) -> None:
    with count_statements(portal) as statements:
        load(session, CELL)
    assert len(statements) == 2


class TestBounds:
    def test_each_side_names_who_shares_the_longest_line(self) -> None:
        here = shapely.box(114.0, 30.0, 114.002, 30.001)
        east = shapely.box(114.002, 30.0003, 114.003, 30.002)
        far = shapely.box(114.002, 30.0, 114.003, 30.0003)
        north = shapely.box(114.0, 30.001, 114.002, 30.002)
        around = [
            bounds.GridBeside("东村", east, {"west": "松涛街（与它相邻）、桂园巷"}),
            bounds.GridBeside("小东", far, {}),
            bounds.GridBeside("北村", north, {"south": "春风路"}),
            bounds.GridBeside("远村", shapely.box(115, 30, 115.1, 30.1), {}),
        ]
        found = bounds.beside(here, around)
        assert [hit.name for hit in found["east"]] == ["东村", "小东"]
        assert [hit.name for hit in found["north"]] == ["北村"]
        assert found["west"] == found["south"] == []
        assert found["east"][0].shared_m == pytest.approx(77.9, abs=1)
        assert found["north"][0].shared_m == pytest.approx(192.8, abs=1)

    def test_a_typed_road_comes_first_and_long_texts_are_left_out(self, portal) -> None:
        near = [bounds.Beside("稻香坊", 100, "松涛街"), bounds.Beside("东村", 20)]
        with portal.test_request_context("/"):
            assert bounds.suggestions("玉兰路", near)[:2] == ["玉兰路（与稻香坊相邻）", "玉兰路"]
            assert bounds.suggestions("", near) == [
                "松涛街（与稻香坊相邻）", "松涛街", "稻香坊、东村",
            ]  # fmt: skip
            assert bounds.suggestions("", []) == []
            assert all(len(text) <= 120 for text in bounds.suggestions("路" * 119, near))
