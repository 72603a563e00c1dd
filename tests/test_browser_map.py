"""Maps in a real browser: the list and the map tell of each other, paper, telephone, no scripts."""

from collections.abc import Callable

import pytest

from tests.support.browser import Visitor

pytestmark = pytest.mark.browser
CELLS = "/map/?grid=420102002990&level=cell"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_list_and_map_tell_of_each_other(visit: Callable[..., Visitor], phone: bool) -> None:
    page = visit(None, phone=phone).page
    # A page that still scrolls to what has the focus runs away from under the mouse.
    page.emulate_media(reduced_motion="reduce")
    page.goto(CELLS)
    page.locator(".maplive[data-ready]").wait_for()
    assert not page.locator(".mapsheet").is_visible()
    assert page.locator(".maplive path.leaflet-interactive").count() == 34
    assert page.locator(".maplive .leaflet-tooltip").count() == 34
    assert page.evaluate(OVERFLOW) <= 0
    # The keyboard goes through the list; the map shows where one is.
    page.locator("#map-list a.name").nth(6).focus()
    assert page.locator(".maplive path[stroke='#b5310a']").count() == 1
    page.locator("#map-list a.name").nth(7).focus()
    assert page.locator(".maplive path[stroke='#b5310a']").count() == 1
    page.locator(".leaflet-pan-anim").wait_for(state="detached")
    page.locator(".maplive path.leaflet-interactive").nth(3).click(force=True)
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert popup.locator("a").first.get_attribute("href").startswith("http")
    with page.expect_navigation():
        popup.locator("a").first.click()
    assert "/directory/" in page.url


def test_without_scripts_the_drawing_does(visit: Callable[..., Visitor]) -> None:
    page = visit(None, scripts=False, phone=True).page
    page.goto("/map/")
    assert page.locator(".mapsheet svg").is_visible()
    assert not page.locator(".maplive").is_visible()
    with page.expect_navigation():
        page.locator("#map-list a.inside").first.click()
    assert page.locator("#map-list li").count() == 3


def test_paper_shows_the_drawing_with_its_legend(visit: Callable[..., Visitor]) -> None:
    page = visit().page
    page.goto(CELLS)
    page.locator(".maplive[data-ready]").wait_for()
    page.emulate_media(media="print")
    assert page.locator(".mapsheet svg").is_visible()
    assert not page.locator(".maplive").is_visible()
    sheets = page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    assert sheets == 1


def test_staff_see_the_same_with_findings(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station")
    page = visitor.page
    page.goto("/grids/map/3")
    page.locator(".maplive[data-ready]").wait_for()
    assert page.locator("#map-list li").count() == 34
    assert visitor.axe() == []
