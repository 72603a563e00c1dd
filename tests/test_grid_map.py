"""``/grids/map/<pk>``: findings in their places, what mends them, and who sees what."""

import json
from collections.abc import Callable

import pytest
import shapely
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.extensions import db
from portal.models import Grid, Post
from portal.rules.geometry import dump_geometry, load_geometry
from portal.scope import SYSTEM, acting
from tests.support.client import Page, PageClient
from tests.support.counting import count_statements

COMMUNITY, BLOCK = "420102002990", "4201020029900101"
MOVED, BARE, SMALL, VACANT = (
    f"{BLOCK}002", f"{BLOCK}004", "4201020029900301001", "4201020029900203002",
)  # fmt: skip
MOST_STATEMENTS = 9  # beside the session's own two

Client = Callable[..., PageClient]


def key(portal: Flask, code: str) -> int:
    """The key of a grid."""
    with portal.app_context():
        return db.session.scalars(select(Grid.id).where(Grid.code == code)).one()


def spoil(session: Session) -> None:
    """A cell moved, one without a boundary, one with too few households, one without staff."""
    rows = {grid.code: grid for grid in session.scalars(select(Grid))}
    shape = load_geometry(rows[MOVED].boundary or "")
    moved = shapely.transform(shape, lambda points: points + [0.0002, 0.0001])
    rows[MOVED].boundary = dump_geometry(moved)
    rows[BARE].boundary = None
    rows[SMALL].households_declared = 20
    session.execute(delete(Post).where(Post.grid_code == VACANT).execution_options(audited=True))


@pytest.fixture
def spoilt(portal: Flask) -> Flask:
    """The demo community with one finding of almost every kind."""
    with portal.app_context(), acting(SYSTEM):
        spoil(db.session)
        db.session.commit()
    return portal


def findings(page: Page) -> list[str]:
    """What the list says, in order."""
    return [row.get_text(" ", strip=True) for row in page.soup.select(".findlist li")]


def test_without_findings_the_map_says_so(portal: Flask, client_as: Client) -> None:
    page = client_as("station", "en").get(f"/grids/map/{key(portal, COMMUNITY)}")
    assert findings(page) == []
    assert "No gap, no overlap" in page.text
    assert len(page.soup.select("#map-list li")) == len(page.soup.select(".mapsheet a")) == 34


def test_every_finding_is_listed_and_drawn_in_its_place(spoilt: Flask, client_as: Client) -> None:
    client = client_as("station", "en")
    page = client.get(f"/grids/map/{key(spoilt, COMMUNITY)}")
    told = findings(page)
    kinds = {text.split(" ", 1)[1].split("  ")[0] for text in told}
    for word in ("Overlap", "Reaches outside", "No boundary", "Households off", "Posts vacant"):
        assert any(word in kind for kind in kinds), word
    marks = [int(mark["data-mark"]) for mark in page.soup.select(".mapsheet [data-mark]")]
    bare = next(n for n, text in enumerate(told, 1) if "No boundary" in text)
    assert sorted(marks) == [n for n in range(1, len(told) + 1) if n != bare]
    shapes = json.loads(client.get(page.one("[data-map]")["data-map"]).text)["features"]
    numbered = {one["properties"].get("finding"): one for one in shapes}
    assert numbered.keys() - {None} == set(range(1, len(told) + 1))
    for number, text in enumerate(told, 1):
        one = numbered[number]
        if "Overlap" in text or "Reaches outside" in text:
            place = shapely.geometry.shape(one["geometry"])
            assert place.covers(shapely.Point(one["properties"]["at"]))
        if "Households" in text:
            assert one["geometry"] is None
            assert one["properties"]["on"] == SMALL


def test_each_finding_leads_to_what_mends_it(spoilt: Flask, client_as: Client) -> None:
    client = client_as("station", "en")
    page = client.get(f"/grids/map/{key(spoilt, COMMUNITY)}")
    for row in page.soup.select(".findlist li"):
        links = [str(link["href"]) for link in row.select("a")]
        text = row.get_text(" ")
        if "Posts vacant" in text:
            assert links == [f"/posts/add?grid={VACANT}"]
        elif "Households" in text:
            assert links == [f"/grids/edit/{key(spoilt, SMALL)}"]
        else:
            assert links
            assert all(link.startswith("/grids/boundary/") for link in links)
    form = client.get(f"/posts/add?grid={VACANT}")
    assert VACANT in str(form.one("main input[name=grid]")["value"])


def test_findings_are_filtered_by_kind_and_parts_by_level(spoilt: Flask, client_as: Client) -> None:
    client = client_as("station", "en")
    base = f"/grids/map/{key(spoilt, COMMUNITY)}"
    everything = findings(client.get(base))
    page = client.get(f"{base}?level=area&kind=household_standard")
    assert len(findings(page)) == 1 < len(everything)
    assert [row["data-code"] for row in page.soup.select("#map-list li")] == [
        f"{COMMUNITY}0{n}" for n in range(1, 5)
    ]
    shapes = json.loads(client.get(page.one("[data-map]")["data-map"]).text)["features"]
    (finding,) = [one for one in shapes if "finding" in one["properties"]]
    assert finding["properties"]["on"] == SMALL[:14]
    tabs = [tab.get_text() for tab in page.soup.select(".tabs a")]
    assert f"All findings ({len(everything)})" in tabs
    for wrong in ("?kind=x", "?level=x"):
        assert client.get(base + wrong).status == 400
        assert client.get(f"{base}/shapes{wrong}").status == 400


def test_who_may_not_mend_is_led_to_pages_that_open(spoilt: Flask, client_as: Client) -> None:
    client = client_as("block03", "en")
    page = client.get(f"/grids/map/{key(spoilt, '4201020029900103')}")
    assert page.status == 200
    assert page.soup.select("a[href*='/boundary/'], a[href*='/edit/'], a[href*='/add']") == []
    worker = client_as("worker02", "en").get(f"/grids/map/{key(spoilt, MOVED)}")
    assert findings(worker)
    for link in worker.links(".mapduo a[href]"):
        assert client_as("worker02").get(link).status == 200, link


def test_a_grid_out_of_sight_is_not_there(portal: Flask, client_as: Client) -> None:
    client = client_as("leader07")
    for suffix in ("", "/shapes"):
        assert client.get(f"/grids/map/{key(portal, f'{BLOCK}001')}{suffix}").status == 404
        assert client.get(f"/grids/map/999999{suffix}").status == 404


def test_links_lead_to_the_map(portal: Flask, client_as: Client) -> None:
    client, number = client_as("station"), key(portal, COMMUNITY)
    for path in (f"/grids/show/{number}", f"/grids/findings/{number}", "/desk/"):
        assert f"/grids/map/{number}" in client.get(path).links(), path


def test_the_map_takes_few_statements(spoilt: Flask, client_as: Client) -> None:
    client = client_as("station")
    for suffix in ("", "?level=area", "/shapes"):
        with count_statements(spoilt) as statements:
            page = client.get(f"/grids/map/{key(spoilt, COMMUNITY)}{suffix}")
        assert page.status == 200
        assert len(statements) - 3 <= MOST_STATEMENTS, statements
        assert len(page.body) <= 96 * 1024
