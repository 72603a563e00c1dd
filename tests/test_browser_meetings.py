"""Meetings in a real browser: a talk is called on the telephone, moved, and called off."""

import pytest
from sqlalchemy import select

from portal import clock, scope
from portal.extensions import db
from portal.models import Meeting
from portal.rules.planning import plan_all

pytestmark = pytest.mark.browser
AREA = "42010200299001"


@pytest.fixture
def planned(portal):
    """The meetings of the next five weeks."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        plan_all(db.session, clock.now())
        db.session.commit()
        found = select(Meeting.id).where(Meeting.kind == "weekly", Meeting.grid_code == AREA)
        return db.session.scalars(found.order_by(Meeting.starts_at)).first()


@pytest.mark.parametrize(("phone", "scripts"), [(True, True), (False, False)])
def test_a_talk_is_called_moved_and_called_off(visit, planned, phone, scripts):
    leader = visit("area1", phone=phone, scripts=scripts)
    page = leader.page
    page.goto("/meetings/add")
    if scripts:
        page.click(".ts-control input")
        page.keyboard.type(AREA)
        page.click(f".ts-dropdown .option[data-value='{AREA}']")
    else:
        page.fill("[name=grid]", AREA)
    page.fill("[name=starts_at]", "2031-03-04T19:00")
    page.fill("[name=place]", "网格之家")
    page.click("main form [type=submit]")
    page.wait_for_url("**/meetings/show/*")
    assert "2031年3月4日（周二）19:00" in page.inner_text("h1")
    page.click(".head a[href*='/meetings/edit/']")
    page.fill("[name=starts_at]", "2031-03-05T19:30")
    page.click("main form [type=submit]")
    page.wait_for_url("**/meetings/show/*")
    assert "3月5日（周三）19:30" in page.inner_text("h1")
    page.click(".head a[href*='/meetings/cancel/']")
    page.click("main form [type=submit]")
    page.wait_for_url("**/meetings/show/*")
    assert "已取消" in page.inner_text("main")
    page.goto("/inbox/")
    assert "会议取消：民情恳谈会" not in page.inner_text("main")  # the area's head is not invited


def test_the_pages_are_accessible_and_fit_the_telephone(visit, planned):
    for phone in (False, True):
        station = visit("station", phone=phone)
        for path in (
            "/meetings/list/", f"/meetings/show/{planned}", f"/meetings/edit/{planned}",
            f"/meetings/cancel/{planned}", "/meeting-series/list/", "/meeting-series/add",
            "/meeting-series/defaults", "/calendar-days/list/",
        ):  # fmt: skip
            station.page.goto(path)
            assert station.axe() == [], path
            wide = station.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path


def test_a_rule_is_chosen_by_its_words(visit, planned):
    station = visit("station")
    station.page.goto("/meeting-series/add")
    options = station.page.locator("#rrule-words option")
    offered = options.evaluate_all("all => all.map(o => o.value)")
    assert len(offered) == len(set(offered)) == 34
    assert {"每个工作日", "每逢周五", "每月最后一个周五", "每月第2个周三"} <= set(offered)
