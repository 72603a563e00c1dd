"""Finding a grid without signing in: the first page, the search, walking down from the top."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from portal import clock
from portal.extensions import db
from portal.models import Grid, Hotline
from portal.queries import directory
from portal.rules.imports import KINDS, Options, run_import
from portal.scope import SYSTEM, acting
from tests.support.client import Page, PageClient
from tests.support.counting import count_statements

CELL, BLOCK, COMMUNITY = "4201020029900101001", "4201020029900101", "420102002990"
MANY = 3_600
PAGE_BYTES, PAGE_STATEMENTS = 40_000, 4

Client = Callable[..., PageClient]


def change(portal: Flask, code: str, **values: object) -> None:
    """Set columns of a grid."""
    with portal.app_context(), acting(SYSTEM):
        grid = db.session.scalars(select(Grid).where(Grid.code == code)).one()
        for name, value in values.items():
            setattr(grid, name, value)
        db.session.commit()


def codes(page: Page) -> list[str]:
    """The grids that a page of results lists."""
    return [href.rsplit("/", 1)[1] for href in page.links(".hits a")]


@pytest.fixture
def many(portal: Flask) -> int:
    """Streets and communities until there are about 3,600 grids."""
    with portal.app_context(), acting(SYSTEM):
        known = len(db.session.scalars(select(Grid.id)).all())
        streets = [
            Grid(code=f"420102{n:03d}", name=f"测试{n}街道", level="street", parent_code="420102")
            for n in range(100, 160)
        ]
        db.session.add_all(streets)
        db.session.flush()
        db.session.add_all(
            Grid(
                code=f"{street.code}{n:03d}",
                name=f"试验{n}社区",
                level="community",
                parent_code=street.code,
            )
            for street in streets
            for n in range(1, 60)
        )
        db.session.commit()
    return known + len(streets) * 60


@pytest.mark.parametrize(
    "words",
    ["北辰坊", "辰坊", "beichenfang", "chenfang", "bcf", CELL, "北辰坊 玉兰路", "bcf yulanlu"],
)
def test_a_grid_is_found_by_characters_pinyin_initials_code_and_address(
    client_as: Client, words: str
) -> None:
    page = client_as().get(f"/directory/?q={quote(words)}")
    assert page.status == 200
    assert codes(page) == [CELL]
    trail = page.one(".hits li").get_text(" ", strip=True)
    assert "江岸区 › 示范街道 › 幸福里社区 › 幸福里第一片格" in trail
    assert "玉兰路86—122号" in trail


def test_an_address_word_finds_every_grid_there(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        there = db.session.scalars(
            select(Grid.code).where(Grid.address.contains("玉兰路")).order_by(Grid.code)
        ).all()
    assert len(there) > 1
    assert codes(client_as().get("/directory/?q=玉兰路")) == list(there)


def test_a_house_number_that_is_not_on_record_leads_to_its_road(client_as: Client) -> None:
    page = client_as().get("/directory/?q=玉兰路9号2栋")
    assert codes(page) == codes(client_as().get("/directory/?q=玉兰路"))
    assert "玉兰路9号2栋" in page.one("main .note").get_text()


def test_nothing_found_says_what_to_do(client_as: Client) -> None:
    page = client_as().get("/directory/?q=zzzz")
    assert page.status == 200
    assert codes(page) == []
    assert page.links("main .empty a") == ["tel:12345", "/directory/"]


@pytest.mark.parametrize(
    "path",
    ["/directory/?q=%25_", "/directory/?q=" + "x" * 900, "/directory/?q=%ff"],
)
def test_odd_searches_are_answered(client_as: Client, path: str) -> None:
    assert client_as().get(path).status == 200


@pytest.mark.parametrize("query", ["after=1", "before=x'", "after=%00", "after=" + "9" * 40])
def test_an_address_that_no_page_gave_out_is_refused(client_as: Client, query: str) -> None:
    assert client_as().get(f"/directory/?q=fang&{query}").status == 400


@pytest.mark.parametrize("code", ["420103", "999999999999", "abc", "４２０１０２"])
def test_below_an_unknown_grid_there_is_nothing(client_as: Client, code: str) -> None:
    assert client_as().get(f"/directory/?in={code}").status == 404


def test_one_walks_down_from_the_top(client_as: Client) -> None:
    client = client_as()
    assert codes(client.get("/directory/")) == ["420102"]
    assert codes(client.get("/directory/?in=420102")) == ["420102002"]
    page = client.get(f"/directory/?in={BLOCK}")
    assert codes(page) == [f"{BLOCK}{n:03d}" for n in range(1, 5)]
    assert page.links("main a.back") == [f"/directory/{BLOCK}"]


def test_pages_cover_every_grid_once_there_and_back(
    client_as: Client, many: int, portal: Flask
) -> None:
    client, seen, path = client_as(), [], "/directory/?q=420102"
    backwards: list[str] = []
    for _page in range(200):
        page = client.get(path)
        seen += codes(page)
        following = page.links("main a[rel=next]")
        if not following:
            break
        path = following[0]
    assert len(seen) == len(set(seen)) == many
    assert seen == sorted(seen)
    for _page in range(3):
        path = page.links("main a[rel=prev]")[0]
        page = client.get(path)
        backwards = codes(page) + backwards
    end = len(seen) - len(seen) % directory.SIZE
    assert backwards == seen[end - 3 * directory.SIZE : end]


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_the_page_budget_holds_with_thousands_of_grids(
    portal: Flask, client_as: Client, many: int, language: str
) -> None:
    assert many >= MANY
    client = client_as(language=language)
    for path in (
        "/", "/directory/", "/directory/?in=420102", "/directory/?q=社区", "/directory/?q=sq",
        "/directory/?q=无此路9号", "/directory/?q=420102&after=420102150",
    ):  # fmt: skip
        client.get(path)
        with count_statements(portal) as statements:
            page = client.get(path)
        assert page.status == 200, path
        assert len(statements) <= PAGE_STATEMENTS, path
        assert len(page.body) <= PAGE_BYTES, path


def test_the_first_page_leads_into_the_only_divided_community(client_as: Client) -> None:
    page = client_as().get("/")
    links = page.links("main a")
    assert {f"/directory/{COMMUNITY}", f"/directory/{BLOCK}", f"/directory/{CELL}"} <= set(links)
    assert len(page.links(".cells a")) == 34
    assert links.index("tel:12345") < links.index("tel:110")


def test_supervision_numbers_stand_before_all_others(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        watching = select(Hotline.scope, Hotline.number).where(Hotline.supervision.is_(True))
        numbers = {line.scope: line.number for line in db.session.execute(watching)}
    calls = [link.removeprefix("tel:") for link in client_as().get("/").links(".hotlines a")]
    expected = [numbers["community"], numbers["street"], "12345", "110", "119", "120"]
    assert calls[:6] == expected


def test_several_communities_are_listed_and_none_is_preferred(
    portal: Flask, client_as: Client
) -> None:
    other = "420102002991"
    with portal.app_context(), acting(SYSTEM):
        db.session.add(
            Grid(code=other, name="安康社区", level="community", parent_code="420102002")
        )
        db.session.flush()
        area = Grid(code=f"{other}01", name="安康一片", level="area", parent_code=other)
        db.session.add(area)
        db.session.commit()
    page = client_as().get("/")
    links = page.links("main .grids a")
    assert links[:2] == [f"/directory/{COMMUNITY}", f"/directory/{other}"]
    assert page.links(".cells a") == []
    assert "tel:12345" in page.links("main a")


def test_an_empty_portal_has_a_first_page(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), db.engine.begin() as connection:
        for table in reversed(db.metadata.sorted_tables):
            of_grids = table.name == "team_members" or "grid_code" in table.columns
            if of_grids and table.name not in ("audit_entries", "grids"):
                connection.execute(delete(table))
        for digits in (19, 16, 14, 12, 9, 6):
            connection.execute(delete(Grid).where(func.length(Grid.code) == digits))
    client = client_as()
    assert client.get("/").status == 200
    assert codes(client.get("/directory/")) == []


def test_what_is_not_in_use_is_not_listed(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        today = clock.today()
    change(portal, CELL, active_to=today - timedelta(days=1))
    change(portal, f"{BLOCK}002", active_from=today + timedelta(days=1))
    change(portal, f"{BLOCK}003", active_from=today, active_to=today)
    client = client_as()
    assert codes(client.get(f"/directory/?q={CELL}")) == []
    assert codes(client.get(f"/directory/?in={BLOCK}")) == [f"{BLOCK}003", f"{BLOCK}004"]
    listed = client.get("/").links(".cells a")
    assert f"/directory/{CELL}" not in listed
    assert len(listed) == 32
    assert f"/directory/{CELL}<" not in client.get("/sitemap.xml").text


def test_search_engines_may_read_the_directory_only(client_as: Client) -> None:
    client = client_as()
    lines = client.get("/robots.txt").text.splitlines()
    assert "Allow: /directory/" in lines
    assert "Disallow: /" in lines
    assert any(line.startswith("Sitemap: http") for line in lines)
    assert client.get("/sitemap.xml").text.count("<loc>") == 51


def test_the_imported_divisions_are_found(portal: Flask, client_as: Client, tmp_path: Path) -> None:
    file = tmp_path / "divisions.csv"
    file.write_text(
        "code,name,streetCode,areaCode,cityCode,provinceCode\n"
        "420106001001,水陆社区,420106001,420106,4201,42\n",
        encoding="utf-8",
    )
    with portal.app_context(), acting(SYSTEM):
        report = run_import(db.session, KINDS["divisions"], file, Options())
        db.session.commit()
    assert report.created == 1
    page = client_as().get("/directory/?q=shuilu")
    assert codes(page) == ["420106001001"]
    assert client_as().get("/directory/420106001001").status == 200
