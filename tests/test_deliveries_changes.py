"""What changes between planning and sending, and servers that refuse or do not answer."""

import pytest
from sqlalchemy import select, text

from portal.models import Meeting, MeetingSeries, Reminder, WorkOrder
from portal.rules import matters, meetings, work_orders
from portal.rules.outside import claims, sending
from portal.rules.planning import plan
from portal.rules.reminders import remind
from portal.rules.reports import Report
from portal.scope import acting
from tests.support.matters import category, id_of, who
from tests.support.outside import CELL, at

pytest_plugins = ("tests.support.ways_out",)
AREA = CELL[:14]
ONE, TWO = "leader07", "worker07"


# what few may know after all ----------------------------------------------------------------------


def test_what_becomes_the_business_of_few_goes_out_bare_and_to_no_group(here, office, crowd):
    here.robot(crowd.url, AREA)
    here.wish(ONE, orders="all")
    here.set("2026-03-03T23:00")
    with acting(who(here.session, TWO)):
        told = Report(category(here.session, "LT0504").id, CELL, "四楼吵架砸门")
        order = matters.report(here.session, told)
        here.session.commit()
    assert {(row.channel, row.state, row.bare) for row in here.rows()} == {
        ("email", "held", False),
        ("webhook", "held", False),
    }
    with acting(who(here.session, ONE)):
        becomes = {"category": str(category(here.session, "DI0101").id)}
        work_orders.move(here.session, order.id, "convert", becomes)
        here.session.commit()
    assert here.session.get_one(WorkOrder, order.id).visibility == "restricted"
    done = here.round("2026-03-04T07:00")
    assert done.sent == len(office.given) > 0
    assert crowd.told == []
    whole = "".join(
        mail["Subject"] + "".join(part.get_content() for part in mail.iter_parts())
        for mail in office.mails()
    )
    assert f"/work-orders/show/{order.id}" in whole and "吵架" not in whole
    assert [row.state for row in here.rows() if row.channel == "webhook"] == ["skipped"]


def test_what_was_given_up_and_is_hushed_goes_out_bare_when_tried_again(here, office, crowd):
    office.refused = {f"{ONE}@demo.invalid": 550}
    here.robot(crowd.url, AREA)
    crowd.mute = True
    here.put(ONE, kind="order_red")
    assert here.round().given_up == 2
    claims.hush(here.session, "/work-orders/show/1", here.now)
    claims.hush(here.session, "/work-orders/show/2", here.now)
    here.session.commit()
    office.refused, crowd.mute = {}, False
    assert claims.again(here.session, [row.id for row in here.rows()]) == 1
    assert here.round("2026-03-03T10:01").sent == 1
    (mail,) = office.mails()
    assert "漏水" not in mail["Subject"] and crowd.told == []


def test_a_round_under_way_sends_nothing_that_was_hushed_meanwhile(here, office, crowd):
    here.robot(crowd.url, AREA)
    here.put(ONE)
    began, keys = here.now, [row.id for row in here.rows()]
    here.set("2026-03-03T10:00:01")
    claims.hush(here.session, "/work-orders/show/1", here.now)
    here.session.commit()
    assert claims.claim(here.session, keys, began) == []
    assert here.round().sent == 1 == len(office.given)


# meetings -----------------------------------------------------------------------------------------


@pytest.fixture
def daily(here, crowd):
    """The daily of a cell on a Tuesday at half past eight, reminded of and not yet sent."""
    series = here.session.scalars(
        select(MeetingSeries).where(MeetingSeries.kind == "daily", MeetingSeries.grid_code == CELL)
    ).one()
    plan(here.session, [series], at("2026-03-03T00:00"))
    here.session.commit()
    here.wish(ONE, meetings="all")
    here.robot(crowd.url, CELL)
    here.set("2026-03-03T08:00")
    remind(here.session, here.now)
    assert [row.channel for row in here.rows()] == ["webhook", "email"]
    found = select(Meeting).where(Meeting.series_id == series.id).order_by(Meeting.starts_at)
    return here.session.scalars(found).first()


def test_a_meeting_that_is_called_off_is_not_reminded_of(here, office, crowd, daily):
    meetings.cancel(here.session, daily, here.now)
    here.session.commit()
    assert here.round().sent == 2
    assert [row.state for row in here.rows()] == ["missed", "missed", "sent", "sent"]
    (mail,), (told,) = office.mails(), crowd.texts()
    assert mail["Subject"].startswith("会议取消") and "会议取消" in told


def test_of_a_meeting_that_is_moved_twice_only_the_last_time_is_told(here, office, crowd, daily):
    for hour in (10, 11):
        here.session.refresh(daily)
        daily.starts_at = at(f"2026-03-03T{hour}:00")
        with here.session.no_autoflush:
            meetings.prepare_meeting(here.session, daily, here.now)
        here.session.commit()
    assert here.round().sent == 2
    (mail,), (told,) = office.mails(), crowd.texts()
    assert "11:00" in mail["Subject"] and "10:00" not in mail["Subject"] and "11:00" in told


def test_who_joins_a_meeting_is_reminded_and_its_group_is_not_told_again(
    here, office, crowd, daily
):
    here.wish(TWO, meetings="all")
    here.round()
    mine = select(Reminder).where(Reminder.user_id == id_of(here.session, TWO))
    here.session.delete(here.session.scalars(mine).one())  # joined after the others were told
    here.session.commit()
    here.set("2026-03-03T08:10")
    remind(here.session, here.now)
    assert here.round().sent == 1
    assert sorted(office.to()) == [f"{ONE}@demo.invalid", f"{TWO}@demo.invalid"]
    assert len(crowd.told) == 1


# servers that do not answer, or refuse ------------------------------------------------------------


def test_a_robot_that_does_not_answer_is_asked_once_in_a_round(here, crowd):
    crowd.mute = True
    here.robot(crowd.url, AREA)
    for _number in range(3):
        here.put(ONE)
    done = here.round()
    assert crowd.knocks == 1
    assert (done.given_up, done.failed, done.sent) == (1, 2, 3)
    groups = [(row.state, row.error) for row in here.rows() if row.channel == "webhook"]
    # Of those that were not tried it is sure that they did not arrive: they are tried again.
    assert sorted(groups) == [("failed", "timeout"), ("failed", "timeout"), ("given_up", "unsure")]


@pytest.mark.parametrize("answer", ["554 5.7.1", "550 5.7.1", 530, 552, 450])
def test_what_a_server_answers_to_all_is_no_matter_of_the_address(here, office, answer):
    office.refused = {"": answer}
    here.put(ONE, TWO)
    assert here.round().failed == 2
    assert here.states() == [("failed", "refused", 1)] * 2
    office.refused = {}
    assert here.round("2026-03-03T10:01").sent == 2


@pytest.mark.parametrize("answer", ["550 5.1.1", 551, 553])
def test_an_address_that_is_not_known_is_given_up(here, office, answer):
    office.refused = {"": answer}
    here.put(ONE)
    assert here.round().given_up == 1
    assert here.states() == [("given_up", "address", 1)]


@pytest.mark.parametrize(
    ("shuts", "error"), [(True, "unreachable"), ("554 5.7.1 looks like advertising", "refused")]
)
def test_what_was_not_handed_over_yet_is_tried_again(here, office, shuts, error):
    office.shuts = shuts
    here.put(ONE)
    assert here.round().failed == 1
    assert here.states() == [("failed", error, 1)]
    office.shuts = False
    assert here.round("2026-03-03T10:01").sent == 1


# lots and robots ----------------------------------------------------------------------------------


def test_the_end_of_a_lot_tears_no_mail_apart(here, office, monkeypatch):
    monkeypatch.setattr(sending, "LOT", 5)
    here.wish(ONE, warnings="all")
    here.wish(TWO, warnings="all")
    here.set("2026-03-03T23:00")
    for number in range(3):
        for user in (ONE, TWO):
            here.put(user, kind="order_orange", params={"number": f"N{number}"})
    assert here.round("2026-03-04T07:00").sent == 6
    assert len(office.given) == 2 == len(set(office.to()))
    here.set("2026-03-04T23:00")
    for number in range(7):  # too many for a lot by themselves
        here.put(ONE, kind="order_orange", params={"number": f"M{number}"})
    assert here.round("2026-03-05T07:00").sent == 7


def test_a_host_that_is_no_longer_named_is_not_told(here, crowd):
    here.robot(crowd.url, AREA)
    here.put(ONE, kind="order_orange")
    here.app.config["PORTAL_WEBHOOK_HOSTS"] = None
    assert here.round().skipped == 1
    assert crowd.told == [] and here.states() == [("skipped", "off", 0)]


def test_one_address_that_cannot_be_opened_silences_no_other_group(here, crowd):
    locked = here.robot("https://qyapi.weixin.qq.com/x", AREA)
    here.robot(crowd.url, AREA)
    here.session.execute(
        text("UPDATE group_robots SET hook = 'AAAA' WHERE id = :id"), {"id": locked.id}
    )
    here.session.commit()
    here.put(ONE, kind="order_orange")
    done = here.round()
    assert (done.sent, done.failed) == (1, 1) and len(crowd.told) == 1
    assert [(row.state, row.error) for row in here.rows()] == [
        ("failed", "settings"),
        ("sent", None),
    ]


def test_what_was_meant_for_a_deleted_robot_goes_to_no_other_one(here, crowd):
    first = here.robot(crowd.url, AREA)
    key = first.id
    here.put(ONE, kind="order_orange")
    here.session.delete(first)
    here.session.commit()
    here.robot(crowd.url, AREA, id=key)  # SQLite gives numbers again
    assert here.round().skipped == 1
    assert crowd.told == []
