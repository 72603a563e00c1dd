"""Slips pasted, replies, ledgers and figures in a real browser, also on a telephone."""

from datetime import timedelta

import pytest

from portal import clock
from portal.extensions import db
from portal.scope import SYSTEM, acting
from tests.support.matters import CELL, rows_at

pytestmark = pytest.mark.browser
SLIP = f"""工单编号：HN2026-0316-7
来电时间：2026-03-16 10:20
诉求类别：邻里纠纷/漏水渗水
诉求内容：楼上卫生间漏水三天。
来电人：张三丰  联系电话：13900005678
网格编码：{CELL}
"""
STATES = ("reported", "closed", "closed", "rejected")


@pytest.fixture
def year(portal, place):
    """A year of orders of all kinds."""
    place.foreign_writers = True
    with portal.app_context(), acting(SYSTEM):
        now = clock.now()
        for number in range(48):
            came = now - timedelta(days=7 * number)
            kind = ("dispute", "hazard", "request", "municipal")[number % 4]
            order = rows_at(db.session, CELL, number, kind=kind, reported_at=came)["work-orders"]
            order.state = STATES[number % 4] if number % 3 else "reported"
            order.due_at = came + timedelta(days=5)
            if order.state == "rejected":
                order.closed_at = came + timedelta(days=1)
            if order.state == "closed":
                order.answered_at = order.closed_at = came + timedelta(days=3 + number % 5)
                order.satisfaction = ("satisfied", "partly", "not")[number % 3]
                order.result = "已联系楼上住户更换管件，双方签字确认"
        db.session.commit()


@pytest.mark.parametrize("phone", [False, True])
def test_a_slip_is_pasted_looked_through_and_reported(visit, phone):
    leader = visit("leader07", phone=phone)
    page = leader.page
    page.goto("/matters/list/")
    page.click("text=粘贴转办单")
    assert leader.axe() == []
    page.fill("#text", SLIP)
    page.click("main form [type=submit]")
    assert page.input_value("#outside_number") == "HN2026-0316-7"
    assert page.input_value("#reported_at") == "2026-03-16T10:20"
    assert leader.axe() == []
    page.click("main form [type=submit]")
    page.locator("#told .note.good a").first.click()
    page.wait_for_url("**/work-orders/show/*")
    assert "楼上卫生间漏水三天" in page.locator("h1").inner_text()


def pasted(page, text=SLIP):
    """The form, filled in from a slip."""
    page.goto("/matters/paste")
    page.fill("#text", text)
    with page.expect_navigation():  # with its scripts
        page.click("main form [type=submit]")
    page.locator("form[data-slip]").wait_for()


def test_a_slip_is_no_draft_and_no_old_draft_covers_it(visit):
    leader = visit("leader07")
    page = leader.page
    page.goto("/matters/report")
    page.fill("#summary", "写了一半")
    pasted(page)
    assert page.input_value("#summary") == "楼上卫生间漏水三天。"
    assert page.locator("#told .note").count() == 0
    page.fill("#place", "5栋")
    page.goto("/matters/report")  # the slip is left alone; the draft is still there
    page.locator("#told .note.info").wait_for()
    assert page.input_value("#summary") == "写了一半"
    assert page.input_value("#outside_number") == ""
    pasted(page)
    page.click("main form [type=submit]")
    page.locator("#told .note.good").wait_for()
    assert page.locator("[data-notes]").count() == 0
    assert page.input_value("#grid") == CELL  # of the next one only where, and how it came in
    for name in ("summary", "outside_number", "reported_at", "reporter_name", "common"):
        assert page.input_value(f"#{name}") == "", name
    page.goto("/matters/report")
    page.locator("#told .note.info").wait_for()
    assert page.input_value("#summary") == "写了一半"


def test_a_slip_that_is_refused_later_is_not_lost(visit):
    leader = visit("leader07")
    page = leader.page
    pasted(page)
    page.fill("#summary", "漏水三天 420102199001010011")
    leader.context.set_offline(True)
    page.click("main form [type=submit]")
    page.locator("#told .note.warn").wait_for()
    leader.context.set_offline(False)
    page.locator("#errors").wait_for()
    assert "420102199001010011" in page.input_value("#summary")
    page.goto("/matters/report")
    note = page.locator("#told .note.late")
    note.wait_for()
    note.locator("button").first.click()
    page.fill("#summary", "楼上卫生间漏水三天。")
    page.click("main form [type=submit]")
    page.locator("#told .note.good").wait_for()
    assert page.locator("#told .note.late").count() == 0


def test_the_same_without_scripts(visit):
    leader = visit("leader07", phone=True, scripts=False)
    page = leader.page
    page.goto("/matters/paste")
    page.fill("#text", SLIP)
    page.click("main form [type=submit]")
    page.click("main form [type=submit]")
    page.wait_for_url("**/work-orders/show/*")


@pytest.mark.parametrize("phone", [False, True])
def test_ledgers_replies_and_figures(visit, year, phone):
    station = visit("station", phone=phone)
    page = station.page
    wide = 390 if phone else 1280
    for path in ("/ledgers/", "/ledgers/L09/?period=", "/matters/replies", "/work-orders/figures"):
        page.goto(path + (str(clock.today().year) if path.endswith("=") else ""))
        assert station.axe() == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= wide, path
    page.locator("figure.chart details summary").first.click()
    assert page.locator("figure.chart details table").first.is_visible()
    page.emulate_media(color_scheme="dark")
    assert station.axe() == []
