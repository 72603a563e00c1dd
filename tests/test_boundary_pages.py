"""The pages of a boundary and of the four bounds over HTTP: refusals keep what was typed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import AuditEntry, Grid
from portal.rules.boundary_ground import load
from portal.rules.geometry import dump_geometry, load_geometry, wgs84_to_gcj02
from portal.scope import SYSTEM, acting
from tests.support.boundaries import moved
from tests.support.client import Page, PageClient
from tests.support.counting import count_statements

CELL, BESIDE = "4201020029900102002", "4201020029900102003"
Client = Callable[..., PageClient]


def row_of(portal: Flask, code: str = CELL) -> tuple[int, str]:
    """Key and stored boundary."""
    with portal.app_context():
        found = db.session.execute(select(Grid.id, Grid.boundary).where(Grid.code == code)).one()
    return found.id, found.boundary


def wider(portal: Flask) -> str:
    """The cell with one corner pulled twenty metres into the one beside it."""
    with portal.app_context(), acting(SYSTEM):
        shapes = {
            record.code: load_geometry(record.boundary or "")
            for record in load(db.session, CELL).records
            if record.level == "cell"
        }
    for number, point in enumerate(shapely.get_coordinates(shapes[CELL])[:-1]):
        at = shapely.Point(point)
        if {code for code, shape in shapes.items() if shape.distance(at) < 1e-7} == {CELL, BESIDE}:
            return dump_geometry(moved(shapes[CELL], number, 0, -20))
    raise AssertionError


def typed(page: Page) -> str:
    """What stands in the text field; a browser leaves out the line break it begins with."""
    return page.one("textarea[name=geometry]").get_text().removeprefix("\r\n")


def send(client: PageClient, path: str, **values: Any) -> Page:
    return client.submit(path, values)


def test_saving_is_refused_with_square_metres_and_names_and_keeps_the_drawing(
    portal: Flask, client_as: Client
) -> None:
    key, stored = row_of(portal)
    client, text = client_as("station", "en"), wider(portal)
    page = send(client, f"/grids/boundary/{key}", geometry=text, do="save")
    assert page.status == 400
    assert "m²" in page.one("#findings").get_text()
    assert "花语里" in page.one("#findings").get_text()
    assert typed(page) == text
    assert page.one("head title").get_text().startswith("Error")
    assert row_of(portal)[1] == stored


@pytest.mark.one_engine
def test_checking_shows_the_same_and_writes_nothing(portal: Flask, client_as: Client) -> None:
    key, stored = row_of(portal)
    client, text = client_as("station", "en"), wider(portal)
    page = send(client, f"/grids/boundary/{key}", geometry=text, do="check")
    assert page.status == 200
    assert page.soup.select(".mapsheet [data-mark]")
    followed = send(client, f"/grids/boundary/{key}", geometry=text, do="check", follow="y")
    assert followed.soup.select("#findings") == []
    told = [item.get_text(" ") for item in followed.soup.select("#state .edlist li")]
    assert len(told) == 2
    assert any("花语里" in line and "−" in line for line in told)
    assert row_of(portal)[1] == stored


def test_following_saves_both_in_one_transaction(portal: Flask, client_as: Client) -> None:
    key, _stored = row_of(portal)
    beside = row_of(portal, BESIDE)[1]
    client, text = client_as("station", "en"), wider(portal)
    page = send(client, f"/grids/boundary/{key}", geometry=text, do="save", follow="y")
    assert page.status == 302
    assert load_geometry(row_of(portal)[1]).equals(load_geometry(text))
    assert row_of(portal, BESIDE)[1] != beside
    with portal.app_context():
        entries = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "update", AuditEntry.actor == "station")
        ).all()
    assert {entry.grid_code for entry in entries} == {CELL, BESIDE}
    assert "Boundaries saved" in client.get(page.location or "").text


def test_a_line_changed_meanwhile_is_told_and_the_drawing_kept(
    portal: Flask, client_as: Client
) -> None:
    key, _stored = row_of(portal)
    client, text = client_as("station", "en"), wider(portal)
    path = f"/grids/boundary/{key}"
    form = client.get(path).form() | {"geometry": text, "do": "save", "follow": "y"}
    with portal.app_context(), acting(SYSTEM):
        other = db.session.scalars(select(Grid).where(Grid.code == "4201020029900401001")).one()
        other.boundary = None
        db.session.commit()
    page = client.post(path, form)
    assert page.status == 400
    assert "Somebody changed a boundary here meanwhile" in page.text
    assert typed(page) == text
    again = client.post(path, page.form() | {"do": "save"})
    assert again.status == 302


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "text",
    ["", "x", "{}", "[]", '{"type":"Point","coordinates":[1,2]}', "null", "\u4e00" * 50,
     '{"type":"Polygon","coordinates":[[[114,30],[114.001,30.001],[114,30.001],[114.001,30],'
     "[114,30]]]}"],
)  # fmt: skip
def test_what_is_no_boundary_is_refused_and_kept(
    portal: Flask, client_as: Client, text: str
) -> None:
    key, stored = row_of(portal)
    for do in ("save", "check"):
        page = send(client_as("station", "en"), f"/grids/boundary/{key}", geometry=text, do=do)
        assert page.status == 400
        assert page.soup.select("#errors")
        assert typed(page) == text
    assert row_of(portal)[1] == stored


@pytest.mark.one_engine
def test_a_text_too_long_for_a_form_is_sent_to_the_import(portal: Flask, client_as: Client) -> None:
    path = f"/grids/boundary/{row_of(portal)[0]}"
    page = send(client_as("station", "en"), path, geometry="x" * 400_001, do="save")
    assert page.status == 400
    assert "import it as a GeoJSON file" in page.one("#errors").get_text()


@pytest.mark.one_engine
def test_coordinates_of_chinese_maps_are_converted(portal: Flask, client_as: Client) -> None:
    key, stored = row_of(portal)
    shifted = shapely.transform(load_geometry(stored), wgs84_to_gcj02)
    path = f"/grids/boundary/{key}"
    page = send(
        client_as("station"), path, geometry=dump_geometry(shifted), system="gcj02", do="check"
    )
    assert page.status == 200
    back = load_geometry(typed(page))
    assert back.hausdorff_distance(load_geometry(stored)) < 2e-7
    assert page.one("select[name=system] option[selected]")["value"] == "wgs84"


class TestCheck:
    """What the editor asks while somebody draws."""

    def ask(self, client: PageClient, key: int, body: Any) -> Page:
        token = client.get(f"/grids/boundary/{key}").one("#editor")["data-token"]
        headers = {"X-CSRFToken": str(token)}
        return client._page(
            client.raw.post(f"/grids/boundary/{key}/check", json=body, headers=headers), "", False
        )

    @pytest.mark.one_engine
    def test_findings_changes_and_areas(self, portal: Flask, client_as: Client) -> None:
        key, stored = row_of(portal)
        client, geometry = client_as("station", "en"), json.loads(wider(portal))
        found = self.ask(client, key, {"geometry": geometry}).json
        assert found["ok"] is False
        assert "overlap" in found["message"]
        assert any(one["kind"] == "overlap" and "m²" in one["short"] for one in found["findings"])
        assert all(one["geometry"]["type"] for one in found["findings"])
        followed = self.ask(client, key, {"geometry": geometry, "follow": True}).json
        assert followed["ok"] is True
        assert followed["findings"] == []
        assert [one["own"] for one in followed["changes"]] == [True, False]
        same = self.ask(client, key, {"geometry": json.loads(stored)}).json
        assert same["changes"] == []
        assert row_of(portal)[1] == stored

    @pytest.mark.one_engine
    @pytest.mark.parametrize(
        "body", [None, [], {}, {"geometry": "x"}, {"geometry": {}}, {"geometry": {"type": "Point"}}]
    )
    def test_what_is_no_geometry_is_told(self, portal: Flask, client_as: Client, body: Any) -> None:
        page = self.ask(client_as("station", "en"), row_of(portal)[0], body)
        assert page.status == 400
        assert page.json["message"]

    @pytest.mark.one_engine
    def test_it_needs_the_token(self, portal: Flask, client_as: Client) -> None:
        client = client_as("station")
        answer = client.raw.post(f"/grids/boundary/{row_of(portal)[0]}/check", json={})
        assert answer.status_code == 400
        assert b"geometry" not in answer.data

    def test_it_reads_little(self, portal: Flask, client_as: Client) -> None:
        client, key = client_as("station"), row_of(portal)[0]
        geometry = json.loads(wider(portal))
        token = client.get(f"/grids/boundary/{key}").one("#editor")["data-token"]
        with count_statements(portal) as statements:
            client.raw.post(
                f"/grids/boundary/{key}/check",
                json={"geometry": geometry, "follow": True},
                headers={"X-CSRFToken": str(token)},
            )
        assert len(statements) <= 5, statements


@pytest.mark.one_engine
def test_the_surroundings_have_roles_and_stay_small(portal: Flask, client_as: Client) -> None:
    page = client_as("station").get(f"/grids/boundary/{row_of(portal)[0]}/around")
    roles = [one["properties"]["role"] for one in page.json["features"]]
    assert roles.count("above") == 3
    assert 4 <= roles.count("beside") <= 33
    assert len(page.body) <= 48 * 1024
    block = row_of(portal, CELL[:16])[0]
    below = client_as("station").get(f"/grids/boundary/{block}/around").json["features"]
    assert [one["properties"]["role"] for one in below].count("below") == 3


@pytest.mark.parametrize("who", ["block03", "leader07", "clerk1", "leader", "street"])
def test_others_neither_see_nor_use_the_editor(portal: Flask, client_as: Client, who: str) -> None:
    key = row_of(portal, "4201020029900102003")[0]
    client = client_as(who)
    page = client.get(f"/grids/show/{key}")
    if page.status == 200:
        assert page.soup.select("a[href*='/boundary/'], a[href*='/bounds/']") == []
    for path in ("boundary/{}", "boundary/{}/around", "bounds/{}"):
        assert client.get(f"/grids/{path.format(key)}").status in (403, 404)


class TestBounds:
    @pytest.mark.one_engine
    def test_suggestions_wait_until_they_are_taken(self, portal: Flask, client_as: Client) -> None:
        key, _text = row_of(portal)
        client, path = client_as("station"), f"/grids/bounds/{row_of(portal)[0]}"
        before = client.get(path).form()
        page = send(client, path, road_south="试验街", do="suggest")
        offers = [str(b["value"]) for b in page.soup.select("[data-side=south] button")]
        assert offers[:2] == ["south|试验街（与花语里相邻）", "south|试验街"]
        assert page.soup.select("[data-side=south] button")[0].get_text(strip=True) == (
            "南至试验街（与花语里相邻）"
        )
        assert page.form()["bound_south"] == before["bound_south"]
        assert page.form()["road_south"] == "试验街"
        taken = client.post(path, page.form() | {"take": offers[0]})
        assert taken.form()["bound_south"] == "试验街（与花语里相邻）"
        assert taken.form()["bound_east"] == before["bound_east"]
        saved = client.post(path, taken.form() | {"do": "save"})
        assert saved.status == 302
        with portal.app_context():
            grid = db.session.get(Grid, key)
            assert grid.bound_south == "试验街（与花语里相邻）"
            assert grid.bound_east == before["bound_east"]
        # On the drawn map the road alone is written.
        svg = client.get(f"/directory/{CELL}/map.svg").text
        assert "试验街" in svg.replace("</text>", "")
        assert "与花语里相邻" not in svg

    @pytest.mark.one_engine
    def test_too_long_texts_and_old_pages_are_refused(
        self, portal: Flask, client_as: Client
    ) -> None:
        client, path = client_as("station", "en"), f"/grids/bounds/{row_of(portal)[0]}"
        page = send(client, path, bound_east="东" * 121, do="save")
        assert page.status == 400
        assert page.form()["bound_east"] == "东" * 121
        form = client.get(path).form()
        assert client.post(path, form | {"bound_east": "甲路", "do": "save"}).status == 302
        late = client.post(path, form | {"bound_east": "乙路", "do": "save"})
        assert late.status == 400
        assert late.form()["bound_east"] == "乙路"
        for wrong in ("x", "south", "up|x", "south|" + "东" * 121):
            page = client.post(path, client.get(path).form() | {"take": wrong})
            assert page.status == 200

    @pytest.mark.one_engine
    def test_a_grid_without_a_boundary_still_has_roads(
        self, portal: Flask, client_as: Client
    ) -> None:
        key = row_of(portal, "420102002")[0]
        with portal.app_context(), acting(SYSTEM):
            db.session.scalars(select(Grid).where(Grid.code == CELL)).one().boundary = None
            db.session.commit()
        path = f"/grids/bounds/{row_of(portal)[0]}"
        page = send(client_as("station"), path, road_east="甲路", do="suggest")
        offers = [str(b["value"]) for b in page.soup.select("[data-side=east] button")]
        assert offers == ["east|甲路"]
        assert client_as("station").get(f"/grids/bounds/{key}").status in (403, 404)
