"""``/map/`` and its GeoJSON: the drawing, the list beside it, levels, search, old codes, size."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import shapely
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import ConfigError, load_settings
from portal import clock
from portal.documents.partsmap import Mark, Part, draw_parts, tints
from portal.extensions import db
from portal.models import Grid, GridAlias
from portal.rules.geometry import dump_geometry, load_geometry
from portal.scope import SYSTEM, acting
from portal.views.maps import words
from tests.support.client import Page, PageClient
from tests.support.counting import count_statements

CELL, BLOCK, AREA, COMMUNITY = (
    "4201020029900101001", "4201020029900101", "42010200299001", "420102002990",
)  # fmt: skip
CELLS = f"/map/?grid={COMMUNITY}&level=cell"
MOST_STATEMENTS, MOST_BYTES = 4, 48 * 1024

Client = Callable[..., PageClient]


def write(portal: Flask, act: Callable[[Session], None]) -> None:
    """Change the database as the system does."""
    with portal.app_context(), acting(SYSTEM):
        act(db.session)
        db.session.commit()


def listed(page: Page) -> list[str]:
    """Codes of the list beside the map."""
    return [str(row["data-code"]) for row in page.soup.select("#map-list li")]


def drawn(page: Page) -> list[str]:
    """Codes on the drawing."""
    return [str(part["data-code"]) for part in page.soup.select(".mapsheet [data-code]")]


@pytest.mark.one_engine
def test_the_only_divided_community_is_shown_at_once(client_as: Client) -> None:
    page = client_as(None, "en").get("/map/")
    assert page.h1 == "Map of 幸福里社区"
    assert listed(page) == drawn(page) == [f"{COMMUNITY}0{n}" for n in range(1, 5)]
    assert [tab.get_text() for tab in page.soup.select(".tabs a")] == ["Area", "Block", "Cell"]


def test_every_grid_of_a_level_is_drawn_numbered_and_listed_with_its_bounds(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context():
        rows = db.session.execute(
            select(Grid.code, Grid.name, Grid.bound_east, Grid.bound_north)
            .where(Grid.level == "cell")
            .order_by(Grid.code)
        ).all()
    page = client_as().get(CELLS)
    assert listed(page) == drawn(page) == [row.code for row in rows]
    for number, (row, item) in enumerate(
        zip(rows, page.soup.select("#map-list li"), strict=True), 1
    ):
        assert item["data-number"] == str(number)
        assert item.select_one(".name")["href"] == f"/directory/{row.code}"
        for text in (row.name, row.bound_east, row.bound_north):
            assert text in item.get_text()
    assert "4" in page.one(".mapsheet svg").get_text()


@pytest.mark.one_engine
def test_the_map_works_without_scripts_and_leads_down_and_up(client_as: Client) -> None:
    client = client_as()
    top = client.get("/map/")
    down = client.get(top.links(".mapsheet a[href]")[0])
    assert listed(down) == [f"{AREA}0{n}" for n in range(1, 4)]
    lower = client.get(down.links("#map-list a.inside")[0])
    assert listed(lower) == [f"{BLOCK}00{n}" for n in range(1, 5)]
    assert lower.links("#map-list a.inside") == []
    assert f"/map/?grid={AREA}" in lower.links(".trail a")
    assert client.get(lower.links(".trail a")[-1]).status == 200
    assert lower.links("#map-list a.name")[0] == f"/directory/{CELL}"


@pytest.mark.one_engine
def test_a_cell_is_shown_among_the_cells_of_its_block(client_as: Client) -> None:
    page = client_as().get(f"/map/?grid={CELL}")
    assert len(listed(page)) == 4
    chosen = page.soup.select("#map-list li.chosen")
    assert [row["data-code"] for row in chosen] == [CELL]


@pytest.mark.one_engine
def test_a_grid_without_any_boundary_has_a_list_only(client_as: Client) -> None:
    page = client_as(None, "en").get("/map/?grid=420102")
    assert page.soup.select(".mapsheet, .maplive, script[src*=leaflet]") == []
    assert listed(page) == ["420102002"]
    assert "No boundary on record yet" in page.one("#map-list").get_text()


def test_search_finds_grids_and_opens_their_map(client_as: Client) -> None:
    client = client_as(None, "en")
    page = client.get("/map/?q=fang")
    links = page.links(".hits a")
    assert links
    assert all(link.startswith("/map/?grid=") for link in links)
    assert client.get(links[0]).status == 200
    assert "No grid matches" in client.get("/map/?q=nowhere").text


@pytest.mark.parametrize("path", ["/map/?grid={}", "/map/{}.geojson", "/map/?grid={}&level=cell"])
def test_old_codes_move_unknown_ones_are_missing_dissolved_ones_gone(
    portal: Flask, client_as: Client, path: str
) -> None:
    def change(session: Session) -> None:
        session.add(GridAlias(old_code="420102002990199", grid_code=AREA))
        gone = session.scalars(select(Grid).where(Grid.code == CELL)).one()
        gone.active_to = clock.today() - timedelta(days=1)

    write(portal, change)
    client = client_as()
    moved = client.get(path.format("420102002990199"))
    assert moved.status == 301
    assert AREA in str(moved.location)
    assert ("level=cell" in str(moved.location)) == ("level" in path)
    assert client.get(path.format("420102999")).status == 404
    assert client.get(path.format("x")).status == 404
    gone = client.get(path.format(CELL))
    assert gone.status == 410
    assert gone.is_html != ("geojson" in path)
    assert CELL not in client.get(CELLS).text
    assert CELL not in client.get(f"/map/{COMMUNITY}.geojson?level=cell").text


@pytest.mark.one_engine
@pytest.mark.parametrize("level", ["planet", "<script>"])
def test_a_level_that_there_is_not_is_refused(client_as: Client, level: str) -> None:
    for path in (f"/map/?grid={COMMUNITY}&level=", f"/map/{COMMUNITY}.geojson?level="):
        assert client_as().get(path + level).status == 400


def test_geojson_has_public_facts_only_and_the_ground_as_stored(
    portal: Flask, client_as: Client
) -> None:
    page = client_as().get(f"/map/{COMMUNITY}.geojson?level=cell")
    assert page.headers["Content-Type"].startswith("application/geo+json")
    found = json.loads(page.text)
    assert found["type"] == "FeatureCollection"
    with portal.app_context():
        stored = dict(db.session.execute(select(Grid.code, Grid.boundary)).all())
    assert len(found["features"]) == 35
    for one in found["features"]:
        facts = one["properties"]
        assert sorted(facts) == ["bounds", "code", "level", "name", "parent"]
        assert sorted(facts["bounds"]) == ["east", "north", "south", "west"]
        assert one["id"] == facts["code"]
        assert one["geometry"] == json.loads(stored[facts["code"]] or "")


@pytest.mark.one_engine
@pytest.mark.parametrize("path", ["/map/", CELLS, f"/map/?grid={CELL}", "/map/?q=fang",
                                  f"/map/{COMMUNITY}.geojson?level=cell"])  # fmt: skip
def test_the_map_stays_small(portal: Flask, client_as: Client, path: str) -> None:
    with count_statements(portal) as statements:
        page = client_as().get(path)
    assert page.status == 200
    assert len(statements) <= MOST_STATEMENTS
    assert len(page.body) <= MOST_BYTES


def circle(x: float, y: float) -> str:
    """A round boundary of 400 corners."""
    return dump_geometry(shapely.Point(x, y).buffer(0.049, quad_segs=100))


def test_a_city_with_thousands_of_communities_stays_small(portal: Flask, client_as: Client) -> None:
    def build(session: Session) -> None:
        for district in range(1, 14):
            code = f"5101{district:02d}"
            shape = circle(104 + district % 4 / 10, 30 + district // 4 / 10)
            session.add(Grid(code=code, name=f"{district}区", level="district", boundary=shape))
            for street in range(1, 10):
                above = f"{code}{street:03d}"
                session.add(Grid(code=above, name=f"{street}街", level="street", parent_code=code))
                session.flush()
                session.add_all(
                    Grid(code=f"{above}{n:03d}", name=f"{n}社区", level="community",
                         parent_code=above)
                    for n in range(1, 31)
                )  # fmt: skip

    write(portal, build)
    write(portal, lambda session: session.add(area_of("510101001001")))
    client = client_as()
    for path, shown in (("/map/", 14), ("/map/?grid=510101", 9), ("/map/?grid=510101001", 30)):
        with count_statements(portal) as statements:
            page = client.get(path)
        assert len(listed(page)) == shown
        assert len(statements) <= MOST_STATEMENTS
        assert len(page.body) <= 2 * MOST_BYTES
    assert len(drawn(client.get("/map/"))) == 13


def area_of(community: str) -> Grid:
    """An area, so that a second community is divided."""
    return Grid(code=f"{community}01", name="片", level="area", parent_code=community)


@pytest.mark.one_engine
def test_grids_side_by_side_have_different_patterns(portal: Flask) -> None:
    with portal.app_context():
        rows = db.session.execute(select(Grid.code, Grid.boundary).where(Grid.level == "cell"))
        parts = [Part(row.code, "", load_geometry(row.boundary), 1) for row in rows]
    given = tints(parts)
    assert set(given.values()) == {0, 1, 2, 3}
    for one in parts:
        for other in parts:
            shared = one.shape.intersection(other.shape)
            if one is not other and shared.length > 1e-6:
                assert given[one.code] != given[other.code]


@pytest.mark.one_engine
def test_names_on_the_drawing_are_text_and_every_mark_is_there() -> None:
    box = shapely.box(114, 30, 114.01, 30.01)
    hole = shapely.box(114.002, 30.002, 114.002001, 30.002001)
    marks = [Mark(1, "gap", hole), Mark(2, "staffing", None, "1"), Mark(3, "staffing", None, "1")]
    told = {"whole": "w", "part": "p", "north": "N", "metres": "m", "gap": "g"}
    svg = draw_parts('"><b>', box, [Part("1", "<i>x</i>", box, 1, '/"><script>')], told, marks)
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "<script>" not in svg
    assert re.findall(r'data-mark="(\d)"', svg) == ["1", "2", "3"]
    assert not re.search(r"\bstyle=|\bon[a-z]+=", svg)


@pytest.mark.one_engine
def test_words_of_the_drawing_follow_the_language(client_as: Client) -> None:
    assert "整体轮廓" in client_as().get("/map/").text
    assert "Outline of the whole" in client_as(None, "en").get("/map/").text


class TestTiles:
    @pytest.mark.one_engine
    def test_no_tiles_unless_they_are_set(self, portal: Flask, client_as: Client) -> None:
        page = client_as().get("/map/")
        assert "data-tiles" not in page.text
        assert "http" not in page.headers["Content-Security-Policy"]

    @pytest.mark.one_engine
    def test_tiles_that_are_set_are_allowed_by_the_policy(
        self, portal: Flask, client_as: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(
            portal.config, "PORTAL_MAP_TILES", "https://tiles.example.org:8443/{z}/{x}/{y}.png"
        )
        page = client_as().get("/map/")
        assert page.one(".maplive")["data-tiles"].startswith("https://tiles.example.org")
        policy = page.headers["Content-Security-Policy"]
        assert "img-src 'self' data: https://tiles.example.org:8443;" in policy
        assert policy.count("example.org") == 1

    @pytest.mark.one_engine
    @pytest.mark.parametrize(
        "address",
        ["tiles", "//evil.example/{z}/{x}/{y}.png", "https://a.example/{z}/{x}.png",
         "https://a.example;script-src *//{z}/{x}/{y}", "javascript:/{z}/{x}/{y}",
         "/tiles/{z}/{x}/{y}; script-src *"],
    )  # fmt: skip
    def test_other_addresses_are_refused(self, tmp_path, address: str) -> None:
        with pytest.raises(ConfigError, match="PORTAL_MAP_TILES"):
            load_settings({"PORTAL_VAR": str(tmp_path), "PORTAL_MAP_TILES": address})


def test_a_grid_not_yet_in_force_is_not_on_the_map(portal: Flask, client_as: Client) -> None:
    def change(session: Session) -> None:
        grid = session.scalars(select(Grid).where(Grid.code == CELL)).one()
        grid.active_from = date(2999, 1, 1)

    write(portal, change)
    assert CELL not in client_as().get(CELLS).text
    assert client_as().get(f"/map/?grid={CELL}").status == 404


@pytest.mark.one_engine
def test_the_drawing_takes_kinds_of_findings_from_the_catalogue(portal: Flask) -> None:
    with portal.test_request_context("/"):
        assert {"gap", "overlap", "outside_parent", "whole", "part"} <= words("x").keys()
