"""The form of a report on a telephone: it outlives a reload, a lost connection, a lost answer and
the end of the session, and arrives once.
"""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import func, select

from portal import scope
from portal.extensions import db
from portal.models import Matter, MatterCategory, MatterPhoto, WorkOrder

pytestmark = pytest.mark.browser
REPORT = "/matters/report"


@pytest.fixture
def about(portal):
    """The key of a category of the short list."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        return str(db.session.scalar(select(MatterCategory.id).filter_by(code="DI0201")))


@pytest.fixture
def phone(visit):
    """A worker with a telephone, on the form."""
    visitor = visit("worker07", phone=True)
    visitor.page.goto(REPORT)
    return visitor


def sentences(portal):
    """What was reported, in order."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        return list(db.session.scalars(select(Matter.summary).order_by(Matter.id)))


def write(page, about, summary, **more):
    """Fill in the form."""
    page.select_option("#common", about)
    page.fill("#summary", summary)
    if more:
        page.locator("details.rest").evaluate("box => { box.open = true; }")
    for name, value in more.items():
        page.fill(f"#{name}", value)


def press(page):
    """The main button."""
    page.click("form[data-report] [type=submit]")


def number_shown(page):
    """The link that the page shows for what was sent."""
    link = page.locator("#told .note.good a").first
    link.wait_for()
    return link.inner_text(), link.get_attribute("href")


def test_without_a_connection_it_is_kept_and_sent_once_later(portal, phone, about):
    page = phone.page
    write(page, about, "楼上装修噪声")
    phone.context.set_offline(True)
    press(page)
    note = page.locator("#told .note.warn")
    note.wait_for()
    assert "楼上装修噪声" in note.inner_text()
    assert page.input_value("#summary") == ""  # ready for the next one
    write(page, about, "楼道堆物")
    press(page)
    expect(page.locator("#told .note.warn li")).to_have_count(2)
    assert phone.axe() == []
    assert sentences(portal) == []
    phone.context.set_offline(False)
    expect(page.locator("#told .note.good")).to_have_count(2)
    number, url = number_shown(page)
    assert sentences(portal) == ["楼上装修噪声", "楼道堆物"]
    assert page.locator("#told .note.warn").count() == 0
    assert phone.axe() == []
    with portal.app_context(), scope.acting(scope.SYSTEM):
        order = db.session.scalars(select(WorkOrder).order_by(WorkOrder.id.desc())).first()
        assert (order.number, f"/work-orders/show/{order.id}") == (number, url)
    page.reload()
    page.wait_for_timeout(500)
    assert len(sentences(portal)) == 2


def test_a_closed_page_sends_when_it_is_opened_again(portal, phone, about):
    page = phone.page
    phone.context.set_offline(True)
    write(page, about, "路灯不亮")
    press(page)
    page.locator("#told .note.warn").wait_for()
    page.close()
    phone.context.set_offline(False)
    again = phone.context.new_page()
    again.goto(REPORT)
    number_shown(again)
    assert sentences(portal) == ["路灯不亮"]


def test_a_lost_answer_makes_no_second_report(portal, phone, about):
    page, lost = phone.page, []

    def lose(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)  # it arrived
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(f"**{REPORT}", lose)
    write(page, about, "井盖破损")
    press(page)
    page.locator("#told .note.warn").wait_for()
    assert lost == [201]
    page.click("#told .note.warn button")
    number_shown(page)
    assert sentences(portal) == ["井盖破损"]


def test_a_reload_keeps_what_was_typed_but_for_who_reported_it(portal, phone, about):
    page = phone.page
    write(page, about, "三楼漏水", place="5栋", reporter_name="张三", reporter_contact="某处")
    page.check("[name=urgency][value=urgent]")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "三楼漏水" in kept and "张三" not in kept and "某处" not in kept
    page.reload()
    note = page.locator("#told .note.info")
    note.wait_for()
    assert page.input_value("#summary") == "三楼漏水"
    assert page.input_value("#place") == "5栋"
    assert page.input_value("#common") == about
    assert page.is_checked("[name=urgency][value=urgent]")
    assert page.input_value("#reporter_name") == ""
    assert page.locator("#place").is_visible()
    assert phone.axe() == []
    note.locator("button").click()
    assert page.input_value("#summary") == ""
    page.reload()
    assert page.locator("#told .note").count() == 0


def test_of_somebody_else_on_the_same_phone_nothing_is_seen(visit, phone, about):
    page = phone.page
    write(page, about, "三楼漏水")
    other = visit("worker08", phone=True)
    state = phone.context.storage_state()
    other.page.goto(REPORT)
    for entry in state["origins"][0]["localStorage"]:
        other.page.evaluate("one => localStorage.setItem(one.name, one.value)", entry)
    other.page.reload()
    assert other.page.input_value("#summary") == ""


def test_what_is_refused_later_stands_in_the_form_again(portal, phone, about):
    page = phone.page
    phone.context.set_offline(True)
    write(page, about, "住户身份证 420102199001010011", reporter_name="张三")
    press(page)
    page.locator("#told .note.warn").wait_for()
    phone.context.set_offline(False)
    page.locator("#errors").wait_for()
    assert "420102199001010011" in page.input_value("#summary")
    assert page.input_value("#reporter_name") == "张三"
    assert page.locator("#summary-err").count() == 1
    assert phone.axe() == []
    page.fill("#summary", "住户有事")
    press(page)
    number_shown(page)
    assert page.locator("#errors").count() == 0
    assert sentences(portal) == ["住户有事"]


def test_who_reported_it_is_asked_for_again_after_a_reload(portal, phone, about):
    page = phone.page

    def no_post(route):
        if route.request.method == "POST":
            route.abort("internetdisconnected")
        else:
            route.fallback()

    page.route(f"**{REPORT}", no_post)
    write(page, about, "三楼漏水", reporter_name="张三")
    press(page)
    page.locator("#told .note.warn").wait_for()
    assert "张三" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    page.unroute(f"**{REPORT}", no_post)
    note = page.locator("#told .note.late")
    note.wait_for()
    assert sentences(portal) == []  # not sent without it
    note.locator("button").first.click()
    expect(page.locator("#summary")).to_have_value("三楼漏水")
    page.fill("#reporter_name", "张三")
    press(page)
    number_shown(page)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert db.session.scalars(select(Matter)).one().reporter_name == "张三"


def test_a_browser_that_keeps_nothing_sends_it_as_ever(portal, phone, about):
    page = phone.page
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    write(page, about, "楼道灯坏")
    press(page)
    page.wait_for_url("**/work-orders/show/*")
    assert sentences(portal) == ["楼道灯坏"]


def test_two_refused_ones_lose_nothing(portal, phone, about):
    page = phone.page
    phone.context.set_offline(True)
    for one in ("一 420102199001010011", "二 420102199001010011"):
        write(page, about, one)
        press(page)
        expect(page.locator("#summary")).to_have_value("")
    phone.context.set_offline(False)
    page.locator("#told .note.late").wait_for()
    assert page.input_value("#summary").startswith("一")
    assert "二" in page.locator("#told .note.late").inner_text()
    page.locator("#told .note.late button").first.click()
    assert page.input_value("#summary").startswith("二")
    assert "一" in page.locator("#told .note.late").inner_text()
    page.reload()
    assert page.input_value("#summary").startswith("二")
    assert "一" in page.locator("#told .note.late").inner_text()


def test_after_the_session_ended_it_waits_for_the_sign_in(portal, phone, about):
    page = phone.page
    cookies = phone.context.cookies()
    phone.context.clear_cookies(name="session")
    write(page, about, "楼道灯坏")
    press(page)
    login = page.locator("#told .note.warn a")
    login.wait_for()
    assert login.get_attribute("href") == f"/login/?next={REPORT}"
    assert sentences(portal) == []
    phone.context.add_cookies(cookies)
    page.reload()
    number_shown(page)
    assert sentences(portal) == ["楼道灯坏"]


def test_the_position_is_asked_for_when_it_is_tapped(portal, phone, about):
    page = phone.page
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"longitude": 114.30511, "latitude": 30.59276, "accuracy": 12})
    write(page, about, "井盖破损", place="路口")
    assert page.input_value("#longitude") == ""
    page.click("[data-position]")
    expect(page.locator("#latitude")).to_have_value("30.59276")
    assert page.input_value("#longitude") == "114.30511"
    assert "12" in page.inner_text("#position-told")
    page.fill("#latitude", "30.5")
    press(page)
    number_shown(page)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = db.session.scalars(select(Matter)).one()
        assert (row.longitude, row.latitude) == (114.30511, 30.5)


def test_a_missing_field_is_told_without_a_connection(phone):
    page = phone.page
    phone.context.set_offline(True)
    press(page)
    page.locator("#errors").wait_for()
    assert page.locator("#common-err, #summary-err").count() == 2
    assert page.locator("#told .note").count() == 0


def test_without_scripts_it_is_an_ordinary_form(portal, visit, about):
    visitor = visit("worker07", phone=True, scripts=False)
    page = visitor.page
    page.goto(REPORT)
    assert not page.locator("[data-position]").is_visible()
    page.select_option("#common", about)
    page.fill("#summary", "楼道灯坏")
    press(page)
    page.wait_for_url("**/work-orders/show/*")
    assert sentences(portal) == ["楼道灯坏"]


@pytest.mark.parametrize("phone_sized", [True, False])
def test_the_form_fits_and_one_hand_reaches_it(visit, phone_sized):
    visitor = visit("worker07", phone=phone_sized)
    page = visitor.page
    page.goto(REPORT)
    page.locator("details.rest").evaluate("box => { box.open = true; }")
    assert visitor.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if phone_sized:
        box = page.locator("form[data-report] [type=submit]").bounding_box()
        assert box["height"] >= 44 and box["width"] > 200 and box["y"] > 700  # under the thumb
        small = page.evaluate(
            "[...document.querySelectorAll('form[data-report] :is(button, select, .form-control)')]"
            ".filter(one => one.offsetParent && one.offsetHeight < 44).map(one => one.id)"
        )
        assert small == []


PHOTO = BytesIO()
Image.new("RGB", (320, 240), (120, 140, 160)).save(PHOTO, "PNG")


def choose(page, data=None):
    """A photo, or a file that is none."""
    page.locator("details.rest").evaluate("box => { box.open = true; }")
    buffer = PHOTO.getvalue() if data is None else data
    page.set_input_files("#photos", {"name": "a.png", "mimeType": "image/png", "buffer": buffer})


def test_a_report_with_photos_leaves_no_draft_and_arrives_once(portal, phone, about):
    page, held = phone.page, []
    page.route(f"**{REPORT}", lambda route: held.append(route) if route.request.method == "POST"
               else route.fallback())  # fmt: skip
    write(page, about, "井盖破损")
    choose(page)
    press(page)
    expect(page.locator("#told .note.info")).to_be_visible()
    press(page)  # impatient
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_url("**/work-orders/show/*")
    assert page.locator(".note.good, .alert-success").count() == 1  # it says so
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert db.session.scalar(select(func.count(MatterPhoto.id))) == 1
    page.unroute(f"**{REPORT}")
    page.goto(REPORT)
    assert page.input_value("#summary") == ""
    assert page.locator("#told .note").count() == 0
    assert sentences(portal) == ["井盖破损"]


def test_photos_that_are_refused_leave_everything_in_the_form(portal, phone, about):
    page = phone.page
    write(page, about, "井盖破损")
    choose(page, b"no picture")
    press(page)
    page.locator("#errors").wait_for()
    assert page.locator("#photos-err").count() == 1
    assert page.input_value("#summary") == "井盖破损"
    assert phone.axe() == []
    choose(page)
    press(page)
    page.wait_for_url("**/work-orders/show/*")
    assert sentences(portal) == ["井盖破损"]


def test_photos_without_a_connection_stay_on_the_page(portal, phone, about):
    page = phone.page
    write(page, about, "井盖破损")
    choose(page)
    phone.context.set_offline(True)
    press(page)
    expect(page.locator("#told .note.late")).to_be_visible()
    assert page.evaluate("document.getElementById('photos').files.length") == 1
    assert phone.axe() == []
    phone.context.set_offline(False)
    press(page)
    page.wait_for_url("**/work-orders/show/*")
    assert sentences(portal) == ["井盖破损"]


def test_photos_after_the_session_ended_lead_to_the_sign_in(portal, phone, about):
    page = phone.page
    phone.context.clear_cookies(name="session")
    write(page, about, "井盖破损")
    choose(page)
    press(page)
    page.wait_for_function("() => !document.querySelector('form[data-report]')")
    assert sentences(portal) == []
