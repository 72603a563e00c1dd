"""The map of open orders: every number is that of the list behind it, in few statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import shapely
from flask import Flask

from portal import scope
from portal.documents.countmap import STEPS, Counted, draw_counts, steps_of
from portal.extensions import db
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.matters import AREA, BEGAN, BLOCK, CELL, COMMUNITY, id_of, rows_at

Client = Callable[..., PageClient]
OWN, MOST = 2, 4  # the session's own statements; those of the page
WORDS = {"whole": "w", "north": "N", "metres": "m", "open": "open", "none": "0", "late": "late"}


@pytest.fixture
def standing(portal: Flask) -> None:
    """Orders in cells, in a block, in the community; one that few may see; one not overdue."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        ahead = BEGAN + timedelta(days=9_000)
        rows_at(db.session, CELL, 1)
        rows_at(db.session, CELL, 2)["work-orders"].due_at = ahead
        rows_at(db.session, f"{BLOCK}001", 3)
        rows_at(db.session, f"{AREA}01001", 4, visibility="restricted")
        rows_at(db.session, BLOCK, 5, level="block")
        rows_at(db.session, COMMUNITY, 6, level="community")
        rows_at(db.session, f"{COMMUNITY}02", 7, about_user_id=id_of(db.session, "area2"))
        db.session.commit()


def numbers(page: Any) -> dict[str, list[str]]:
    """Name of the grid → open, overdue, as the table says."""
    rows = page.soup.select("main table tbody tr")
    cells = [[one.get_text(" ", strip=True) for one in row.select("th, td")] for row in rows]
    return {row[0]: row[1:3] for row in cells}


def test_numbers_lead_to_exactly_their_rows(client_as: Client, standing: None) -> None:
    station = client_as("station")
    page = station.get("/work-orders/map")
    assert len(numbers(page)) == 34
    links = {link["href"] for link in page.soup.select("main table a[href*='/work-orders/list/']")}
    drawn = {link["href"] for link in page.soup.select("main svg a")}
    assert drawn
    assert drawn <= links
    for link in page.soup.select("main table td a"):
        rows = station.get(str(link["href"])).soup.select("main table tbody tr")
        assert str(len(rows)) == link.get_text(strip=True), link["href"]
    told = page.one("main").get_text(" ", strip=True)
    assert "共7件未办结" in told.replace(" ", "")
    assert len(station.get(f"/work-orders/list/?preset=open&grid_code={COMMUNITY}").soup
               .select("main table tbody tr")) == 7  # fmt: skip


def test_the_drawing_says_the_same_as_the_table(client_as: Client, standing: None) -> None:
    page = client_as("station").get(f"/work-orders/map?grid_code={BLOCK}")
    told = numbers(page)
    shown = {
        part.select_one("title").get_text()
        for part in page.soup.select("main svg [data-code]")
    }  # fmt: skip
    assert len(told) == len(shown) == 3
    for name, (opened, late) in told.items():
        words = f"{name}：未办结 {opened}" + (f" · 超期 {late}" if late != "0" else "")
        assert words in shown
    texts = [text.get_text() for text in page.soup.select("main svg text")]
    assert {"2", "1"} <= set(texts)
    assert {"超期 1", "!1"} & set(texts)
    picture = client_as("station").get(f"/work-orders/map.svg?grid_code={BLOCK}")
    assert picture.response.mimetype == "image/svg+xml"


def test_who_may_not_see_a_matter_finds_it_in_no_number(client_as: Client, standing: None) -> None:
    def opened(username: str, **asked: str) -> list[int]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        page = client_as(username).get(f"/work-orders/map?{query}")
        return sorted(int(row[0]) for row in numbers(page).values() if row[0] != "0")

    assert opened("station") == [1, 1, 2]
    assert opened("station", level="area") == [1, 5]
    assert opened("area1") == [1, 2]  # what is restricted stays with its cell
    assert opened("area2", level="block") == []
    assert "共0件未办结" in client_as("area2").get("/work-orders/map").text.replace(" ", "")
    assert opened("mediator") == opened("street") == []


def test_what_lies_elsewhere_is_not_there(client_as: Client) -> None:
    block = client_as("block02")
    for code in (f"{COMMUNITY}02", COMMUNITY, "42", "x", f"{BLOCK}999"):
        assert block.get(f"/work-orders/map?grid_code={code}").status == 404, code
        assert block.get(f"/work-orders/map.svg?grid_code={code}").status == 404, code
    assert block.get("/work-orders/map?level=town").status == 400
    cell = client_as("worker07")
    assert "没有下级网格" in cell.get("/work-orders/map").text
    assert cell.get("/work-orders/map.svg").status == 404


def test_few_statements_however_many_grids(
    portal: Flask, client_as: Client, standing: None
) -> None:
    station = client_as("station")
    for url in ("/work-orders/map", "/work-orders/map?level=area", "/work-orders/map.svg"):
        station.get(url)
        with count_statements(portal) as seen:
            station.get(url)
        assert len(seen) <= OWN + MOST, seen
        assert not [one for one in seen if "closed_at >=" in one]  # the map tells of none


def test_links_lead_there_and_the_desk_shows_it(client_as: Client, standing: None) -> None:
    station = client_as("station")
    assert station.get("/work-orders/list/").links("a[href='/work-orders/map']")
    assert station.get("/work-orders/by-grid").links(f"a[href$='map?grid_code={COMMUNITY}']")
    for username in ("station", "area1", "block02", "leader"):
        desk = client_as(username).get("/desk/")
        (picture,) = desk.soup.select("img[src^='/work-orders/map.svg']")
        assert client_as(username).get(str(picture["src"])).status == 200
    assert not client_as("worker07").get("/desk/").soup.select("img[src^='/work-orders/']")


@pytest.mark.parametrize("most", range(60))
def test_steps_cover_every_count_once(most: int) -> None:
    steps = steps_of(most)
    assert len(steps) < len(STEPS)
    covered = [count for least, top in steps for count in range(least, top + 1)]
    assert covered == list(range(1, len(covered) + 1))
    assert len(covered) >= most


def test_the_drawing_is_well_formed_and_escapes(portal: Flask) -> None:
    boxes = [shapely.box(114 + x / 100, 30, 114.01 + x / 100, 30.01) for x in range(3)]
    parts = [
        Counted(f"{at}", "<院>", box, 0, "/a?b&c", count=at * 4, late=at, late_url="/l", told="<t>")
        for at, box in enumerate(boxes)
    ]
    drawn = draw_counts("<title>", None, parts, WORDS)
    assert "<院>" not in drawn
    assert "&lt;院&gt;" in drawn
    assert drawn.count(">late ") == 2
    assert 'url(#counts-0)" fill-rule' in drawn
    assert 'url(#counts-4)" fill-rule' in drawn


@pytest.mark.browser
@pytest.mark.parametrize("phone", [False, True])
def test_the_page_is_for_everybody(standing: None, visit: Callable[..., Any], phone: bool) -> None:
    station = visit("station", phone=phone, scripts=False)
    station.page.goto("/work-orders/map")
    assert station.page.locator("main svg [data-code]").count() == 34
    station.page.locator("main svg a:not([data-code])").first.click()  # what is overdue
    assert "/work-orders/list/?preset=overdue" in station.page.url
    reader = visit("station", phone=phone)
    reader.page.goto("/work-orders/map")
    assert reader.axe() == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert reader.page.evaluate(wide) <= 0
