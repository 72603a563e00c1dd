"""The public page of a grid and its JSON: consent, order, languages, old codes, caching."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.extensions import db
from portal.models import Grid, GridAlias, Hotline, Post, PostRole, Worker
from portal.queries.boards import collect_board
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient
from tests.support.counting import count_statements

CELL, BLOCK, AREA, COMMUNITY = (
    "4201020029900101001", "4201020029900101", "42010200299001", "420102002990",
)  # fmt: skip
OLD = "420102002990199"
KEYS = ["boards", "bounds", "code", "hotlines", "level", "name", "parent", "people"]
CHINESE = re.compile(r"[\u3400-\u9fff]")

Client = Callable[..., PageClient]


def write(portal: Flask, act: Callable[[Session], None]) -> None:
    """Change the database as the system does."""
    with portal.app_context(), acting(SYSTEM):
        act(db.session)
        db.session.commit()


def holder(session: Session, role: str, code: str = CELL) -> Worker:
    """Who holds a post in the demo community."""
    return session.scalars(
        select(Worker).join(Post).where(Post.grid_code == code, Post.role == role)
    ).one()


def name_of(portal: Flask, role: str, code: str = CELL) -> str:
    """The name of whoever holds a post."""
    with portal.app_context():
        return holder(db.session, role, code).name


def board_text(portal: Flask, code: str = CELL) -> str:
    """Everything the notice board would say."""
    with portal.app_context():
        record = collect_board(db.session, code, "zh_Hans_CN", "http://127.0.0.1")
        assert record is not None
        return json.dumps(asdict(record), ensure_ascii=False)


def withdraw(session: Session) -> None:
    """The grid worker no longer agrees to be shown; the rest of the row stays as it was."""
    worker = holder(session, "grid_worker")
    worker.portrait = None
    worker.public_consent_on = None


def hide(session: Session) -> None:
    """The post is no longer one that is shown."""
    post_of(session).public = False


def end(session: Session) -> None:
    """The post ended yesterday."""
    post_of(session).until = clock.today() - timedelta(days=1)


def begin_later(session: Session) -> None:
    """The post begins tomorrow."""
    post_of(session).since = clock.today() + timedelta(days=1)


def post_of(session: Session) -> Post:
    """The post of the cell's grid worker."""
    return session.scalars(
        select(Post).where(Post.grid_code == CELL, Post.role == "grid_worker")
    ).one()


@pytest.mark.parametrize("act", [withdraw, hide, end, begin_later])
def test_who_may_not_be_shown_is_gone_everywhere(
    portal: Flask, client_as: Client, act: Callable[[Session], None]
) -> None:
    name, client = name_of(portal, "grid_worker"), client_as()
    page, data = client.get(f"/directory/{CELL}"), client.get(f"/directory/{CELL}.json")
    assert name in page.text
    assert name in data.text
    assert name in {person["name"] for person in data.json["people"]}
    assert name in board_text(portal)
    write(portal, act)
    assert name not in client.get(f"/directory/{CELL}").text
    assert name not in client.get(f"/directory/{CELL}.json").text
    assert name not in board_text(portal)


def test_the_last_day_of_a_post_still_counts(portal: Flask, client_as: Client) -> None:
    def ends_today(session: Session) -> None:
        post_of(session).until = clock.today()

    write(portal, ends_today)
    assert name_of(portal, "grid_worker") in client_as().get(f"/directory/{CELL}").text


def test_private_telephones_are_nowhere(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        private = [worker.phone for worker in db.session.scalars(select(Worker))]
        places = list(db.session.scalars(select(Grid.code)))
    assert len(private) == 240
    assert all(private)
    client = client_as()
    for code in places:
        for path in (f"/directory/{code}", f"/directory/{code}.json"):
            text = client.get(path).text
            assert not [number for number in private if number and number in text], path


@pytest.mark.one_engine
def test_whom_to_call_comes_first(portal: Flask, client_as: Client) -> None:
    page = client_as().get(f"/directory/{CELL}")
    cards = [card.get_text(" ", strip=True) for card in page.soup.select(".people.own .person")]
    assert len(cards) == 3
    assert name_of(portal, "grid_worker") in cards[0]
    assert "网格员" in cards[0]
    # One person with two posts has one card.
    assert name_of(portal, "cell_head") in cards[1]
    assert {"网格长", "小格责任人"} <= set(re.split(r"[\s,、，]+", cards[1]))
    number = page.one(".tel.main")
    with portal.app_context():
        assert number["href"] == f"tel:{holder(db.session, 'grid_worker').public_phone}"


def test_the_people_above_are_those_of_the_notice_board(portal: Flask, client_as: Client) -> None:
    page = client_as().get(f"/directory/{CELL}")
    above = [
        card.select_one("b").get_text()  # type: ignore[union-attr]
        for card in page.soup.select(".people:not(.own) .person")
    ]
    expected = [
        name_of(portal, "block_head", BLOCK),
        name_of(portal, "area_manager", AREA),
        name_of(portal, "area_head", AREA),
        name_of(portal, "linked_police", COMMUNITY),
    ]
    assert above == expected
    record = json.loads(board_text(portal))
    assert {p["name"] for p in record["people"] if not p["own"]} == set(above)


@pytest.mark.one_engine
def test_without_a_number_of_their_own_people_are_reached_through_the_community(
    portal: Flask, client_as: Client
) -> None:
    def drop(session: Session) -> None:
        holder(session, "grid_worker").public_phone = None

    write(portal, drop)
    with portal.app_context():
        duty = db.session.scalar(
            select(Hotline.number).where(
                Hotline.scope == "community", Hotline.supervision.is_(False)
            )
        )
    client = client_as()
    assert client.get(f"/directory/{CELL}").one(".tel.main")["href"] == f"tel:{duty}"
    first = client.get(f"/directory/{CELL}.json").json["people"][0]
    assert first["public_phone"] is None


@pytest.mark.one_engine
def test_the_json_has_exactly_the_documented_keys(portal: Flask, client_as: Client) -> None:
    data = client_as().get(f"/directory/{CELL}.json").json
    assert sorted(data) == KEYS
    assert (data["code"], data["level"], data["parent"]) == (CELL, "cell", BLOCK)
    assert data["name"] == "北辰坊"
    assert sorted(data["bounds"]) == ["east", "north", "south", "west"]
    assert data["bounds"]["north"] == "玉兰路"
    assert {tuple(sorted(p)) for p in data["people"]} == {
        ("duties", "name", "post", "public_phone")
    }
    assert {tuple(sorted(line)) for line in data["hotlines"]} == {("hours", "name", "number")}
    worker = next(p for p in data["people"] if p["post"] == "网格员")
    assert "入户走访与信息登记" in worker["duties"]
    assert [board["size"] for board in data["boards"]] == ["a3", "a4"]
    assert data["boards"][0]["url"] == f"/directory/{CELL}/board.pdf?size=a3"


@pytest.mark.one_engine
@pytest.mark.parametrize("code", [CELL, BLOCK, AREA, COMMUNITY, "420102002", "420102"])
def test_numbers_to_complain_to_come_first(portal: Flask, client_as: Client, code: str) -> None:
    with portal.app_context():
        lines = {line.number: line for line in db.session.scalars(select(Hotline)) if line.number}
    data = client_as().get(f"/directory/{code}.json").json["hotlines"]
    numbers = [line["number"] for line in data]
    watching = [number for number in numbers if lines[number].supervision]
    assert watching == numbers[: len(watching)]
    scopes = [lines[number].scope for number in watching]
    assert scopes == [scope for scope in ("community", "street") if scope in scopes]
    assert numbers[len(watching) : len(watching) + 4] == ["12345", "110", "119", "120"]
    assert len(numbers) == len(set(numbers))
    page = client_as().get(f"/directory/{code}")
    assert [link.removeprefix("tel:") for link in page.links(".hotlines a")][:4] == numbers[:4]


def test_only_numbers_of_the_grid_and_above_are_shown(portal: Flask, client_as: Client) -> None:
    def add(session: Session) -> None:
        other = session.scalars(
            select(Hotline).where(Hotline.grid_code == f"{BLOCK}002", Hotline.scope == "grid")
        ).one()
        other.number = "027-55550000"

    write(portal, add)
    client = client_as()
    assert "027-55550000" in client.get(f"/directory/{BLOCK}002.json").text
    assert "027-55550000" not in client.get(f"/directory/{CELL}.json").text
    assert "027-55550000" not in client.get(f"/directory/{BLOCK}.json").text


@pytest.mark.one_engine
def test_a_page_shows_bounds_map_children_and_the_way_up(client_as: Client) -> None:
    client = client_as()
    page = client.get(f"/directory/{BLOCK}")
    assert page.links(".trail a") == [
        f"/directory/{code}" for code in ("420102", "420102002", COMMUNITY, AREA)
    ]
    assert page.links(".grids a") == [f"/directory/{BLOCK}{n:03d}" for n in range(1, 5)]
    assert len(page.soup.select("dl.bounds")[0].select("dd")) == 4
    picture = page.one(".map img")
    assert picture["alt"]
    drawn = client.get(str(picture["src"]))
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert "桃溪巷片区" in drawn.text
    assert "<script" not in drawn.text
    assert " style=" not in drawn.text
    near = client.get(f"/directory/{CELL}").links("dl.bounds a")
    assert f"/directory/{BLOCK}002" in near


@pytest.mark.one_engine
def test_a_grid_without_boundary_or_people_has_a_page(client_as: Client) -> None:
    client = client_as()
    page = client.get("/directory/420102002")
    assert page.status == 200
    assert page.soup.select(".map") == []
    assert page.soup.select(".person") == []
    assert client.get("/directory/420102002/map.svg").status == 404
    assert client.get("/directory/420102002.json").json["boards"] == []


@pytest.mark.one_engine
def test_the_english_page_has_chinese_only_in_names_of_people_and_places(
    portal: Flask, client_as: Client
) -> None:
    page = client_as(language="en").get(f"/directory/{CELL}")
    words = [post.get_text() for post in page.soup.select(".post")]
    assert words[:3] == ["Grid worker", "Grid leader, Head of the cell", "Information officer"]
    for part in (".post", ".tasks", ".duties", ".hotlines", ".top .tag", ".rights", "main h2"):
        texts = [found.get_text() for found in page.soup.select(part)]
        assert texts, part
        assert not [text for text in texts if CHINESE.search(text)], part
    data = client_as(language="en").get(f"/directory/{CELL}.json").json
    with portal.app_context():
        english = set(db.session.scalars(select(PostRole.name_en)))
    assert {person["post"] for person in data["people"]} <= english


def move(session: Session) -> None:
    """An old code leads to the cell."""
    session.add(GridAlias(old_code=OLD, grid_code=CELL))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (f"/directory/{OLD}", f"/directory/{CELL}"),
        (f"/directory/{OLD}.json", f"/directory/{CELL}.json"),
        (f"/directory/{OLD}?endpoint=x&_scheme=y&_external=1", f"/directory/{CELL}"),
        (f"/directory/{OLD}/map.svg", f"/directory/{CELL}/map.svg"),
        (f"/directory/{OLD}/board.pdf?size=a4", f"/directory/{CELL}/board.pdf?size=a4"),
    ],
)
def test_old_codes_redirect_for_good(
    portal: Flask, client_as: Client, path: str, target: str
) -> None:
    assert client_as().get(path).status == 404
    write(portal, move)
    page = client_as().get(path)
    assert page.status == 301
    assert page.location == target


def dissolve(session: Session) -> None:
    """The cell was in use until yesterday."""
    session.scalars(select(Grid).where(Grid.code == CELL)).one().active_to = (
        clock.today() - timedelta(days=1)
    )


def test_a_dissolved_grid_says_so_and_leads_upwards(portal: Flask, client_as: Client) -> None:
    name = name_of(portal, "grid_worker")
    write(portal, dissolve)
    client = client_as()
    page = client.get(f"/directory/{CELL}")
    assert page.status == 410
    assert f"/directory/{BLOCK}" in page.links("main a")
    assert name not in page.text
    gone = client.get(f"/directory/{CELL}.json")
    assert gone.status == 410
    assert sorted(gone.json) == ["fields", "message"]
    assert client.get(f"/directory/{CELL}/board.pdf").status == 410

    def succeed(session: Session) -> None:
        session.add(GridAlias(old_code=CELL, grid_code=f"{BLOCK}002"))

    write(portal, succeed)
    page = client.get(f"/directory/{CELL}")
    assert (page.status, page.location) == (301, f"/directory/{BLOCK}002")


def test_an_announced_grid_is_not_there_yet(portal: Flask, client_as: Client) -> None:
    def announce(session: Session) -> None:
        session.scalars(select(Grid).where(Grid.code == CELL)).one().active_from = date(2099, 1, 1)

    write(portal, announce)
    assert client_as().get(f"/directory/{CELL}").status == 404


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "path",
    ["420102002999", "1", "x", "99999999999999999999999", "420102002990.xml", "４２０１０２",
     "420102002990%00", "portraits/x.svg", "portraits/99999999999.svg", "420102002999.json"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client_as: Client, path: str) -> None:
    page = client_as().get(f"/directory/{path}")
    assert page.status in (400, 404)
    if path.endswith(".json"):
        assert sorted(page.json) == ["fields", "message"]


@pytest.mark.one_engine
def test_every_number_has_a_portrait(portal: Flask, client_as: Client) -> None:
    client = client_as()
    with portal.app_context():
        used = holder(db.session, "grid_worker").portrait
    known, unknown = (client.get(f"/directory/portraits/{seed}.svg") for seed in (used, 12345))
    assert known.status == unknown.status == 200
    assert known.body != unknown.body
    assert known.headers["Cache-Control"] == unknown.headers["Cache-Control"]


PAGES = [
    "/", "/directory/", "/directory/?q=fang", f"/directory/{CELL}", f"/directory/{CELL}.json",
    f"/directory/{CELL}/map.svg", "/directory/portraits/7.svg", "/robots.txt", "/sitemap.xml",
    f"/map/?grid={CELL}", f"/map/{CELL}.geojson",
]  # fmt: skip


@pytest.mark.one_engine
@pytest.mark.parametrize("path", PAGES)
def test_public_answers_may_be_kept_and_set_no_cookie(client_as: Client, path: str) -> None:
    for client in (client_as(), client_as("leader07")):
        page = client.get(path)
        assert page.status == 200
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"].startswith("public")
        assert "Cookie" in page.headers["Vary"]
        assert "nonce" not in page.headers["Content-Security-Policy"]
        tag = page.headers["ETag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert again.status == 304
        assert again.body == b""
        assert again.headers["ETag"] == tag
        assert "Set-Cookie" not in again.headers
    assert client_as().get(path).body == client_as("leader07").get(path).body


def test_a_change_makes_a_new_answer(portal: Flask, client_as: Client) -> None:
    client = client_as()
    tags = {path: client.get(path).headers["ETag"] for path in PAGES if CELL in path}

    def rename(session: Session) -> None:
        session.scalars(select(Grid).where(Grid.code == CELL)).one().name = "新名坊"

    write(portal, rename)
    for path, tag in tags.items():
        page = client.get(path, headers={"If-None-Match": tag})
        assert page.status == 200, path
        assert "新名坊" in page.text


@pytest.mark.one_engine
def test_an_unknown_page_is_not_kept_with_a_cookie_either(client_as: Client) -> None:
    page = client_as("leader07").get("/directory/420102002999")
    assert page.status == 404
    assert "Set-Cookie" not in page.headers


@pytest.mark.one_engine
@pytest.mark.parametrize("code", [CELL, BLOCK, AREA, COMMUNITY, "420102"])
def test_a_page_stays_small(portal: Flask, client_as: Client, code: str) -> None:
    for path, most in ((f"/directory/{code}", 6), (f"/directory/{code}.json", 5)):
        with count_statements(portal) as statements:
            page = client_as().get(path)
        assert len(statements) <= most
        assert len(page.body) <= 40_000


def test_more_people_and_children_need_no_more_statements(portal: Flask, client_as: Client) -> None:
    def grow(session: Session) -> None:
        for post in session.scalars(select(Post).where(Post.role == "volunteer")):
            post.public = True
        for worker in session.scalars(select(Worker)):
            worker.public_consent_on = worker.public_consent_on or date(2026, 1, 1)
        session.add_all(
            Grid(code=f"{BLOCK}{n}", name=f"新{n}", level="cell", kind="gated", parent_code=BLOCK)
            for n in range(100, 160)
        )

    counts: list[dict[str, Any]] = []
    for _round in range(2):
        found: dict[str, Any] = {}
        for code in (CELL, BLOCK):
            with count_statements(portal) as statements:
                page = client_as().get(f"/directory/{code}")
            found[code] = len(statements)
        counts.append(found)
        if not _round:
            write(portal, grow)
    assert counts[0] == counts[1]
    page = client_as().get(f"/directory/{BLOCK}")
    assert len(page.links(".grids a")) == 40
    assert page.links(".after a") == [f"/directory/?in={BLOCK}"]
