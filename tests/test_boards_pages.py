"""The pages of boards on walls: what they say, "it hangs now" in one tap, who may."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from portal import clock
from portal.extensions import db
from portal.models import Board, Post, Worker
from portal.queries import boards_hung
from portal.rules import boards, posting
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient

OWN, ELSEWHERE = "4201020029900102003", "4201020029900103003"  # cells of worker07, of block03
ZH = "zh_Hans_CN"
Client = Callable[..., PageClient]


def _drawn(_record: object, edition: Any, _size: str) -> tuple[bytes, int]:
    return f"%PDF-1.7 {edition.number}".encode(), 1


@pytest.fixture
def keys(portal: Flask) -> dict[str, int]:
    """Boards that hang: one is stale with a replacement, one true; and one not hung yet."""
    with portal.app_context(), acting(SYSTEM):
        found = {}
        for name, code, size in (
            ("stale", OWN, "a3"), ("new", OWN, "a4"), ("true", ELSEWHERE, "a3"),
        ):  # fmt: skip
            board = posting.expect(
                db.session, boards.issue_board(db.session, code, size, ZH, _drawn)
            )
            if name != "new":
                posting.hang(db.session, board, board.replacement_id or 0)
            found[name] = board.id
        db.session.commit()
        worker = db.session.scalars(
            select(Worker)
            .join(Post)
            .where(Post.grid_code == OWN, Post.role == "information_officer")
        ).one()
        worker.public_phone = "027-01009999"
        db.session.commit()
        for key in found.values():
            posting.refresh(db.session, key, _drawn)
        db.session.commit()
    return found


def _board(portal: Flask, key: int) -> Board:
    with portal.app_context():
        found = boards_hung.board_with_versions(db.session, key)
        assert found is not None
        return found


def test_the_list_says_age_and_state_of_every_board(
    client_as: Client, keys: dict[str, int]
) -> None:
    page = client_as("station").get("/boards/list/")
    assert page.status == 200
    for words in ("还剩3个工作日", "尚未上墙：请打印并张挂", "内容有效", "今天上墙"):
        assert words in page.text
    assert [tag["class"] for tag in page.soup.select("td .tag")].count(["tag", "warn"]) == 1
    english = client_as("station", "en").get("/boards/list/")
    assert "3 working days left" in english.text


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        ("stale", ["stale"]), ("ready", ["new", "stale"]), ("not_hung", ["new"]),
        ("current", ["true"]), ("overdue", []), ("lacking", []), ("too_old", []),
    ],
)  # fmt: skip
def test_ready_made_views(
    client_as: Client, keys: dict[str, int], preset: str, names: list[str]
) -> None:
    page = client_as("station").get(f"/boards/list/?preset={preset}")
    links = {link.rsplit("/", 1)[-1] for link in page.links("a[href*='/boards/show/']")}
    assert links == {str(keys[name]) for name in names}


def test_it_hangs_now_is_one_tap(client_as: Client, portal: Flask, keys: dict[str, int]) -> None:
    client = client_as("worker07")
    address = f"/boards/show/{keys['stale']}"
    page = client.get(address)
    assert "请在" in page.text
    form = page.form(f"/boards/hung/{keys['stale']}")
    assert set(form) == {"csrf_token", "document"}
    new = int(form["document"])
    assert client.post(f"/boards/hung/{keys['stale']}", form).location == address
    board = _board(portal, keys["stale"])
    assert (board.document_id, board.replacement_id, board.stale_since) == (new, None, None)
    assert board.posted_on == clock.today()
    # A second tap on the same button changes nothing.
    assert client.post(f"/boards/hung/{keys['stale']}", form).status == 302
    again = _board(portal, keys["stale"])
    assert (again.document_id, again.replacement_id) == (new, None)
    page = client.get(address)
    assert "已上墙" in page.text
    assert "内容过期：人员或电话有变动" in page.text  # its history


@pytest.mark.one_engine
def test_with_day_and_place(client_as: Client, portal: Flask, keys: dict[str, int]) -> None:
    client = client_as("block03")
    address = f"/boards/hung/{keys['true']}"
    day = clock.today() - timedelta(days=3)
    page = client.submit(address, {"posted_on": day.isoformat(), "place": "东门"})
    assert page.status == 302
    board = _board(portal, keys["true"])
    assert (board.posted_on, board.place) == (day, "东门")
    tomorrow = clock.today() + timedelta(days=1)
    page = client.submit(address, {"posted_on": tomorrow.isoformat(), "place": "西门"})
    assert page.status == 400
    assert page.one("input[name=place]")["value"] == "西门"  # what was typed is kept
    assert _board(portal, keys["true"]).place == "东门"


@pytest.mark.one_engine
def test_a_photo_of_the_wall(client_as: Client, portal: Flask, keys: dict[str, int]) -> None:
    client = client_as("worker07")
    address = f"/boards/hung/{keys['stale']}"
    picture = BytesIO()
    Image.new("RGB", (400, 300), "white").save(picture, "JPEG")
    bad = client.submit(address, {"photo": (BytesIO(b"<svg/>"), "wall.jpg")})
    assert bad.status == 400
    assert _board(portal, keys["stale"]).replacement_id is not None  # nothing was noted
    good = client.submit(address, {"photo": (BytesIO(picture.getvalue()), "wall.jpg")})
    assert good.status == 302
    board = _board(portal, keys["stale"])
    assert board.replacement_id is None
    shown = client.get(f"/boards/show/{keys['stale']}").one("img.photo")
    assert client.get(str(shown["src"])).status == 200


@pytest.mark.parametrize(
    ("username", "name", "status"),
    [
        ("worker07", "true", 404),  # another block's
        ("area2", "stale", 404),
        ("mediator", "stale", 403),  # may only look
        ("street", "stale", 403),
        ("auditor", "stale", 403),
        ("block02", "stale", 302),
    ],
)
def test_only_who_sees_to_boards_there(
    client_as: Client, keys: dict[str, int], username: str, name: str, status: int
) -> None:
    client = client_as(username)
    token = client.get("/logout/").form()["csrf_token"]
    with client.app.app_context():
        board = boards_hung.board_with_versions(db.session, keys[name])
        assert board is not None
        document = board.replacement_id or board.document_id
    form = {"csrf_token": token, "document": str(document)}
    assert client.post(f"/boards/hung/{keys[name]}", form).status == status


@pytest.mark.one_engine
def test_who_may_only_look_sees_no_button(client_as: Client, keys: dict[str, int]) -> None:
    page = client_as("mediator").get(f"/boards/show/{keys['stale']}")
    assert page.status == 200
    assert not page.soup.select("main form[method=post]")


@pytest.mark.one_engine
def test_the_pdf_of_what_hangs_and_of_what_is_to_hang(
    client_as: Client, keys: dict[str, int]
) -> None:
    client = client_as("leader07")
    old, new = (client.get(f"/boards/pdf/{keys['stale']}{end}") for end in ("", "?new=1"))
    assert (old.status, new.status) == (200, 200)
    assert old.body.endswith(b"-001")
    assert new.body.endswith(b"-002")
    assert client.get(f"/boards/pdf/{keys['new']}").status == 404
    assert client.get(f"/boards/pdf/{keys['true']}").status == 404  # out of sight


def test_the_heads_desk_counts_them(client_as: Client, portal: Flask, keys: dict[str, int]) -> None:
    page = client_as("block02").get("/desk/")
    tile = page.one("a.tile[href*='/boards/list/?preset=stale']")
    assert tile.get_text(" ", strip=True).split()[-1] == "1"
    assert "block" not in page.text or page.status == 200
    with portal.app_context(), acting(SYSTEM):
        db.session.get_one(Board, keys["stale"]).replace_by = date(2026, 1, 5)
        db.session.commit()
    late = client_as("block02").get("/desk/").one("a.tile[href*='/boards/list/?preset=overdue']")
    assert late.get_text(" ", strip=True).split()[-1] == "1"
    assert "逾期未换" in client_as("block02").get("/boards/list/?preset=overdue").text


def test_a_board_that_is_added_is_issued(
    client_as: Client, portal: Flask, keys: dict[str, int], work: Callable[[], int]
) -> None:
    client = client_as("station")
    page = client.submit(
        "/boards/add", {"grid": ELSEWHERE, "size": "a4", "lang": "en", "place": "西门"}
    )
    assert page.status == 302
    work()
    key = int((page.location or "").rsplit("/", 1)[-1])
    board = _board(portal, key)
    assert board.replacement is not None
    assert (board.replacement.size, board.replacement.lang) == ("a4", "en")
    again = client.submit("/boards/add", {"grid": ELSEWHERE, "size": "a4", "lang": "en"})
    assert again.status == 400  # there is one
