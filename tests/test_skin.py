"""How pages look and work for people: contrast and names (axe), telephone, no scripts, paper."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_appbuilder import fieldwidgets
from flask_appbuilder.upload import BS3FileUploadFieldWidget
from flask_wtf import FlaskForm
from playwright.sync_api import Page
from wtforms import DateField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from portal.forms.widgets import control
from tests.support.browser import Visitor

PORTAL = Path(__file__).resolve().parents[1] / "portal"
SPRITE = PORTAL / "static" / "vendor" / "icons.svg"

# Every kind of page of the staff side with its heading: lists with and without rows, records,
# forms (a leading "!" sends the empty form first), questions, refusals, pages of one's account.
STAFF_PAGES = [
    ("/desk/", ", good day"),
    ("/grids/list/", "Grids"),
    ("/grids/list/?q=nowhere", "Grids"),
    ("/grids/list/?level=cell&kind=gated", "Grids"),
    ("/workers/list/", "Workers"),
    ("/posts/list/?order=-since", "Posts"),
    ("/duties/list/", "Duties"),
    ("/hotlines/list/", "Hotlines"),
    ("/regulations/show/1", ""),
    ("/grids/show/10", ""),
    ("/workers/show/1", ""),
    ("/workers/reveal/1/phone", "Open"),
    ("!/workers/reveal/1/phone", "Open"),
    ("/workers/add", "Add"),
    ("!/workers/add", "Add"),
    ("!/posts/add", "Add"),
    ("/grids/edit/10", "Edit"),
    ("/hotlines/delete/16", "Delete"),
    ("/grids/delete/10", ""),
    ("/account/", "My account"),
    ("/resetmypassword/form", "Change password"),
    ("!/resetmypassword/form", "Change password"),
    ("/logout/", "Sign out"),
    ("/grids/show/999999", "Nothing here"),
]
OFFICE_PAGES = {
    "station": [
        ("/grids/findings/3", "Check of"),
        ("/grids/map/3", "Map of"),
        ("/grids/boundary/12", "Boundary of"),
        ("/grids/bounds/12", "The four bounds of"),
        ("/documents/list/", ""),
        ("/settings/list/", ""),
    ],
    "admin": [
        ("/users/list/", "Accounts"),
        ("/users/show/1", ""),
        ("/users/can/1", ""),
        ("/users/add", "Add"),
        ("!/users/add", "Add"),
        ("/users/edit/1", "Edit"),
        ("!/users/password/1", "New password"),
        ("/grants/list/", "Grants"),
        ("!/grants/add", "Add"),
        ("/roles/show/2", ""),
        ("/settings/edit/6", "Edit"),
    ],
    "auditor": [("/audit/list/", "Audit log"), ("/audit/show/1", "")],
}
PUBLIC_PAGES = [
    ("/", "Find your grid"),
    ("/directory/", "Grid directory"),
    ("/directory/?q=xfl", "Search for xfl"),
    ("/directory/?q=zzzz", "Search for zzzz"),
    ("/directory/420102002990", "幸福里社区"),
    ("/directory/4201020029900101002", "秋实大院"),
    ("/map/?grid=420102002990&level=cell", "Map of"),
    ("/map/?q=fang", "Search the map"),
    ("/login/", "Sign in"),
    ("!/login/", "Sign in"),
    ("/nowhere", "Nothing here"),
]


def _scan(visitor: Visitor, pages: list[tuple[str, str]]) -> list[str]:
    """Open each page in the scheme of the visitor; what axe finds, with the address."""
    page, found = visitor.page, []
    for path, heading in pages:
        address = path.lstrip("!")
        page.goto(address)
        if path.startswith("!"):
            with page.expect_navigation():
                page.locator("main form[method=post] [type=submit]").click()
            assert page.locator(".note.late, .err").count(), f"{address}: no error shown"
        assert page.url.endswith(address), page.url
        assert heading in page.locator("h1").inner_text(), address
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{address} is {wide} px too wide"
        found += [f"{path}: {line}" for line in visitor.axe()]
    return found


def _follow(page: Page, selector: str) -> None:
    """Click what the selector finds first, and wait for the page that comes."""
    with page.expect_navigation():
        page.locator(selector).first.click()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("phone", "scheme"),
    [(False, "light"), (True, "dark")],
    ids=["desktop-light", "phone-dark"],
)
def test_axe_finds_nothing(visit: Callable[..., Visitor], phone: bool, scheme: str) -> None:
    stranger = visit(None, phone=phone)
    stranger.context.add_cookies([{"name": "lang", "value": "en", "url": stranger.address}])
    stranger.page.emulate_media(color_scheme=scheme)
    station = visit("station", phone=phone)
    station.context.add_cookies([{"name": "lang", "value": "en", "url": station.address}])
    station.page.emulate_media(color_scheme=scheme)
    assert _scan(stranger, PUBLIC_PAGES) == []
    assert _scan(station, STAFF_PAGES) == []


@pytest.mark.browser
def test_axe_finds_nothing_in_the_offices(visit: Callable[..., Visitor]) -> None:
    """On a telephone, where there is least room; the same templates as above on a desk."""
    for username, pages in OFFICE_PAGES.items():
        visitor = visit(username, phone=True)
        cookie = {"name": "lang", "value": "en", "url": visitor.address}
        visitor.context.add_cookies([cookie])
        assert _scan(visitor, pages) == [], username


@pytest.mark.browser
def test_dark_follows_the_system(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station", scripts=False)
    brightness = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.goto("/grids/list/")
        colour = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness.append(sum(int(part) for part in re.findall(r"\d+", colour)[:3]))
    assert brightness[0] > 600
    assert brightness[1] < 150


@pytest.mark.browser
def test_a_telephone_without_scripts_is_enough(visit: Callable[..., Visitor]) -> None:
    """Menu, filter, form with an error, form that is kept, question before deletion."""
    visitor = visit("station", phone=True, scripts=False)
    page = visitor.page
    page.goto("/desk/")
    link = page.locator(".side a[href='/hotlines/list/']")
    assert not link.is_visible()
    page.locator(".side summary").click()
    with page.expect_navigation():
        link.click()
    page.locator(".filters summary").click()
    page.locator("select[name=scope]").select_option("community")
    _follow(page, ".filters .apply button")
    assert "scope=community" in page.url
    assert page.locator(".chips li").count() >= 1

    _follow(page, ".head .btn-primary")
    page.locator("main input[name=number]").fill("027-80001234")
    _follow(page, "main form[method=post] [type=submit]")
    assert page.locator("#errors a[href='#name']").count() == 1
    assert page.locator("main input[name=number]").input_value() == "027-80001234"
    page.locator("main input[name=name]").fill("夜间值班")
    page.locator("main select[name=scope]").select_option("community")
    page.locator("main input[name=grid]").fill("420102002990")
    _follow(page, "main form[method=post] [type=submit]")
    assert page.locator("h1").inner_text() == "夜间值班"

    _follow(page, ".head a[href*='/delete/']")
    _follow(page, "main form[method=post] [type=submit]")
    assert page.url.endswith("/hotlines/list/")
    assert page.locator(".note.good").count() == 1


@pytest.mark.browser
def test_lists_become_cards_and_the_main_action_lies_below(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station", phone=True)
    visitor.page.goto("/grids/list/")
    row = visitor.page.locator(".t tbody tr").first.bounding_box()
    assert row is not None
    assert row["height"] > 100
    assert row["width"] <= 390
    add = visitor.page.locator(".head .btn-primary").bounding_box()
    assert add is not None
    assert add["y"] > 700
    assert add["height"] >= 44


@pytest.mark.browser
def test_a_lookup_field_searches_and_keeps_the_code(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station")
    page = visitor.page
    page.goto("/workers/add")
    box = page.locator("#grid-ts-control")
    box.click()
    box.press_sequentially("420102002990010100", delay=5)
    option = page.locator(".ts-dropdown .option", has_text="4201020029900101002")
    option.click()
    assert page.locator("input[name=grid]").input_value() == "4201020029900101002"
    assert page.locator("label[for='grid-ts-control']").count() == 1


@pytest.mark.browser
def test_saving_twice_saves_once(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station")
    page = visitor.page
    page.goto("/hotlines/add?grid=420102002990")
    page.locator("main input[name=name]").fill("一次就够")
    page.locator("main input[name=number]").fill("027-80005678")
    page.locator("main select[name=scope]").select_option("community")
    with page.expect_navigation():
        page.evaluate(
            "() => { const save = document.querySelector('main form [type=submit]');"
            " save.click(); save.click(); }"
        )
    page.goto("/hotlines/list/?q=一次就够")
    assert page.locator(".t tbody tr").count() == 1


@pytest.mark.browser
def test_large_print_and_language_are_on_every_page(visit: Callable[..., Visitor]) -> None:
    visitor = visit("station", scripts=False)
    page = visitor.page
    for address in ("/", "/grids/list/?level=cell"):
        page.goto(address)
        size = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        _follow(page, "a[href*='print=large']")
        assert page.url.endswith(address)
        larger = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        assert larger >= 1.25 * size
        _follow(page, "a[href*='print=normal']")
        before = page.locator("html").get_attribute("lang")
        _follow(page, "a[hreflang]")
        assert page.url.endswith(address)
        assert page.locator("html").get_attribute("lang") != before


@pytest.mark.browser
@pytest.mark.parametrize("address", ["/grids/list/", "/grids/show/10"])
def test_paper_carries_no_menus(visit: Callable[..., Visitor], address: str) -> None:
    page = visit("station").page
    page.goto(address)
    page.emulate_media(media="print")
    for gone in (".bar", ".side", ".acts", ".foot", ".filters"):
        for found in page.locator(gone).all():
            assert not found.is_visible(), gone
    assert page.locator("h1").is_visible()
    assert page.locator(".t td, .dl dd").first.is_visible()


def _icons_of_templates() -> set[str]:
    names: set[str] = set()
    for file in (PORTAL / "templates").rglob("*.html"):
        names.update(re.findall(r"icon\(\"([a-z0-9-]+)\"", file.read_text("utf-8")))
    return names


@pytest.mark.one_engine
def test_every_icon_that_is_named_can_be_drawn(app: Flask) -> None:
    drawn = set(re.findall(r'id="([a-z0-9-]+)"', SPRITE.read_text("utf-8")))
    menu = {icon for _, items in app.extensions["portal_menu"] for _, _, icon, _ in items}
    named = _icons_of_templates()
    assert len(named) > 10
    assert named | menu <= drawn


class Borrowed(FlaskForm):
    """Fields with every widget that Flask-AppBuilder draws in Bootstrap 3."""

    text = StringField("Text", [InputRequired()], widget=fieldwidgets.BS3TextFieldWidget())
    area = TextAreaField("Area", widget=fieldwidgets.BS3TextAreaFieldWidget())
    secret = PasswordField("Secret", widget=fieldwidgets.BS3PasswordFieldWidget())
    day = DateField("Day", description="Why", widget=fieldwidgets.DatePickerWidget())
    moment = StringField("Moment", widget=fieldwidgets.DateTimePickerWidget())
    one = SelectField(
        "One", choices=[("a", "A")], widget=fieldwidgets.Select2Widget(style="width:9em")
    )
    file = StringField("File", widget=BS3FileUploadFieldWidget())


@pytest.mark.one_engine
def test_borrowed_widgets_are_drawn_in_bootstrap_5(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"file": "旧.pdf"}):
        form = Borrowed()
        assert not form.validate()
        drawn = {field.short_name: str(control(field)) for field in form}
    whole = "".join(drawn.values())
    for old in ("input-group-addon", "my_select2", "fa-", "glyphicon", "style=", "data-provide"):
        assert old not in whole
    assert 'type="date"' in drawn["day"]
    assert 'aria-describedby="day-why"' in drawn["day"]
    assert "form-select" in drawn["one"]
    assert 'aria-invalid="true"' in drawn["text"]
    assert 'aria-describedby="text-err"' in drawn["text"]
    assert "is-invalid" in drawn["text"]
    assert 'name="_file-delete"' in drawn["file"]
    assert 'type="file"' in drawn["file"]


@pytest.mark.one_engine
def test_drawing_a_field_does_not_change_it(app: Flask) -> None:
    with app.test_request_context("/"):
        form = Borrowed()
        renamed = str(control(form.text, name="_flt_0_text", id="s-text"))
        assert 'name="_flt_0_text"' in renamed
        assert 'id="s-text"' in renamed
        assert form.text.name == "text"
        assert isinstance(form.text.widget, fieldwidgets.BS3TextFieldWidget)
