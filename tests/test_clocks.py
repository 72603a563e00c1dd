"""The clocks of work orders: exact days around Spring Festival 2026, and what holds on any day.

15 to 23 February 2026 are off; Saturdays 14 and 28 February are worked in exchange.
"""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.errors import RuleError
from portal.models import Setting
from portal.queries.limits import Limits, default_numbers
from portal.rules import clocks
from portal.rules.settings import MEANINGS, check_value
from portal.workdays import WorkCalendar

CALENDAR, LIMITS = WorkCalendar(), Limits(default_numbers())


def at(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def told(deadline):
    instants = (deadline.yellow_at, deadline.due_at, deadline.red_at, deadline.escalate_by)
    return [clock.local(one).strftime("%m-%d %H:%M") if one else None for one in instants]


def intake(moment, kind="patrol"):
    return told(clocks.intake(at(moment), kind, CALENDAR, LIMITS))


def answer(moment, kind, grade="general"):
    return told(clocks.answer(at(moment), kind, grade, CALENDAR, LIMITS))


def test_numbers_are_those_of_the_file_and_words_exist_for_each():
    assert LIMITS.days("dispute", "general") == 7
    assert LIMITS.days("patrol", None) == 2
    assert LIMITS.days("petition", "major") == 10
    assert LIMITS["yellow_percent"] == 25
    assert LIMITS["red_percent"] == LIMITS["escalate_percent"] == 50
    assert LIMITS["extend_percent"] == 100
    assert LIMITS["suspend_days"] == 30
    assert len([name for name in default_numbers() if name.endswith("general")]) == 7
    assert all(f"limits.{name}" in MEANINGS for name in default_numbers())
    assert "%(" not in str(MEANINGS["limits.dispute.general"])


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        ("2026-02-12T10:00", "02-13 23:59"),  # Thursday → Friday
        ("2026-02-12T18:00", "02-14 23:59"),  # after hours counts from Friday → worked Saturday
        ("2026-02-13T05:00", "02-14 23:59"),  # before hours lies on the desk the same day
        ("2026-02-14T17:59", "02-24 23:59"),  # the Saturday that is worked → after the festival
        ("2026-02-14T20:00", "02-25 23:59"),
        ("2026-02-18T10:00", "02-25 23:59"),  # during the festival counts from the 24th
        ("2026-02-27T10:00", "02-28 23:59"),  # Friday → the Saturday worked in exchange
        ("2026-03-01T10:00", "03-03 23:59"),  # a Sunday counts from Monday
        ("2026-10-09T19:00", "10-12 23:59"),  # Friday evening counts from the worked Saturday
    ],
)
def test_taking_in_within_one_working_day(reported, due):
    assert intake(reported)[1] == due


def test_taking_in_warns_at_the_beginning_of_its_last_day_and_after_one_more():
    assert intake("2026-02-13T10:00") == ["02-14 08:00", "02-14 23:59", "02-24 23:59", None]
    # a petition: two working days; the last one is more than a quarter
    assert intake("2026-02-13T10:00", "petition") == [
        "02-24 08:00", "02-24 23:59", "02-25 23:59", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accepted", "kind", "grade", "expected"),
    [
        # 2 days: the last one is yellow, one day over is red, half after one day
        ("2026-02-12T09:00", "patrol", "general",
         ["02-14 08:00", "02-14 23:59", "02-24 23:59", "02-13 23:59"]),
        # 3 days: 13, 14, 24
        ("2026-02-12T09:00", "request", "general",
         ["02-24 08:00", "02-24 23:59", "02-26 23:59", "02-14 23:59"]),
        # 7 days: 13, 14, 24, 25, 26, 27, 28; 1.75 days left on the 27th; over by 4: March 2 to 5
        ("2026-02-12T09:00", "dispute", "general",
         ["02-27 08:00", "02-28 23:59", "03-05 23:59", "02-25 23:59"]),
        # 20 days: five are left from the morning of March 12 on
        ("2026-02-12T09:00", "dispute", "difficult",
         ["03-12 08:00", "03-18 23:59", "04-01 23:59", "03-04 23:59"]),
        # 30 days, accepted on a Sunday
        ("2026-03-01T09:00", "hazard", "major",
         ["04-01 08:00", "04-13 23:59", "05-07 23:59", "03-20 23:59"]),
        # a petition: the report on the named case
        ("2026-02-12T09:00", "petition", None,
         ["03-02 08:00", "03-04 23:59", "03-11 23:59", "02-26 23:59"]),
    ],
)  # fmt: skip
def test_the_answer_in_working_days(accepted, kind, grade, expected):
    assert answer(accepted, kind, grade) == expected


def test_the_day_of_an_instant_is_the_one_on_the_wall():
    early = datetime(2026, 2, 11, 16, 30, tzinfo=UTC)  # 00:30 on the 12th in Shanghai
    found = clocks.answer(early, "patrol", "general", CALENDAR, LIMITS)
    assert found.due_at == datetime(2026, 2, 14, 15, 59, tzinfo=UTC)


def test_the_station_s_table_goes_before_the_library():
    closed = WorkCalendar({date(2026, 2, 13): False})
    found = clocks.answer(at("2026-02-12T09:00"), "patrol", "general", closed, LIMITS)
    assert told(found)[1] == "02-24 23:59"


def test_danger_in_hours_day_and_night():
    night = at("2026-02-15T23:30")
    assert clocks.control(night, "hazard", "immediate", LIMITS) == night + timedelta(hours=2)
    assert clocks.control(night, "request", "urgent", LIMITS) == night + timedelta(hours=24)
    assert clocks.control(night, "hazard", "normal", LIMITS) == night + timedelta(hours=24)
    assert clocks.control(night, "request", "normal", LIMITS) is None


def test_one_extension_and_how_long():
    accepted = at("2026-02-12T09:00")
    first = clocks.answer(accepted, "request", "general", CALENDAR, LIMITS)  # until the 24th
    longer = clocks.extended(first, "request", "general", accepted, CALENDAR, LIMITS)
    # six days in all: one and a half are left on the 26th, three over on March 3
    assert told(longer) == ["02-26 08:00", "02-27 23:59", "03-03 23:59", "02-24 23:59"]
    shorter = clocks.extended(first, "request", "general", accepted, CALENDAR, LIMITS, days=1)
    assert told(shorter)[1] == "02-25 23:59"
    assert clocks.longest_extension("dispute", "general", LIMITS) == 20
    for kind, days in (("request", 4), ("request", 0), ("petition", None)):
        with pytest.raises(RuleError):
            clocks.extended(first, kind, "general", accepted, CALENDAR, LIMITS, days)


def test_a_suspension_leaves_the_days_that_were_left():
    accepted = at("2026-02-12T09:00")
    first = clocks.answer(accepted, "dispute", "general", CALENDAR, LIMITS)  # until Feb 28

    def again(suspended, resumed):
        return told(clocks.resumed(first, at(suspended), at(resumed), CALENDAR))

    # on the 24th four days are left: from March 3 on they are the 4th, 5th, 6th and 9th
    assert again("2026-02-24T10:00", "2026-03-03T10:00") == [
        "03-06 08:00", "03-09 23:59", "03-13 23:59", "03-04 23:59",
    ]  # fmt: skip
    # through the festival: nothing is lost and nothing won
    assert again("2026-02-14T10:00", "2026-02-23T23:59") == told(first)
    # the last day was begun: it is there again, on the day of the return or the next working day
    assert again("2026-02-28T10:00", "2026-03-03T10:00")[1] == "03-03 23:59"
    assert again("2026-02-28T10:00", "2026-03-06T23:59")[1] == "03-09 23:59"
    # overdue by one working day stays overdue by one
    assert again("2026-03-02T10:00", "2026-03-10T10:00")[1] == "03-09 23:59"
    assert again("2026-03-01T10:00", "2026-03-10T10:00")[1] == "03-09 23:59"


def test_a_higher_level_has_half_of_what_is_left():
    accepted = at("2026-02-12T09:00")
    first = clocks.answer(accepted, "dispute", "general", CALENDAR, LIMITS)
    higher = clocks.at_level(first, at("2026-02-24T15:00"), CALENDAR, LIMITS)
    assert told(higher) == [*told(first)[:3], "02-26 23:59"]
    late = clocks.at_level(first, at("2026-03-05T15:00"), CALENDAR, LIMITS)
    assert late.escalate_by == first.due_at


def an_order(**changes):
    found = clocks.answer(at("2026-02-12T09:00"), "dispute", "general", CALENDAR, LIMITS)
    fields = {
        "state": "handling", "void": False, "merged_into_id": None, "suspended_at": None,
        "warned": None, **vars(found),
    }  # fmt: skip
    return SimpleNamespace(**fields | changes)


def test_the_next_warning_is_the_next_that_nobody_was_told():
    order, now = an_order(), at("2026-02-12T09:00")
    assert clocks.next_warning(order, now) == order.yellow_at
    assert clocks.next_warning(an_order(warned="yellow"), now) == order.due_at
    assert clocks.next_warning(an_order(warned="orange"), now) == order.red_at
    assert clocks.next_warning(an_order(warned="red"), now) is None
    late = at("2026-03-01T09:00")  # given back after the deadline: at once
    assert clocks.next_warning(an_order(warned="yellow"), late) == late
    for still in (
        {"state": "answered"}, {"state": "closed"}, {"state": "rejected"}, {"void": True},
        {"state": "reported_up"}, {"merged_into_id": 1}, {"suspended_at": now}, {"due_at": None},
    ):  # fmt: skip
        assert clocks.next_warning(an_order(**still), now) is None
    naive = an_order(yellow_at=order.yellow_at.replace(tzinfo=None))  # as SQLite gives it back
    assert clocks.next_warning(naive, now) == order.yellow_at


def test_a_year_that_nobody_knows_is_named():
    assert CALENDAR.unsure(date(2026, 12, 30), date(2027, 1, 10)) == (2027,)


# what holds on any day ----------------------------------------------------------------------------

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 600 * 24 * 60).map(lambda number: FIRST + timedelta(minutes=number))
KINDS = st.sampled_from(("dispute", "hazard", "request", "complaint", "letter", "patrol"))
GRADES = st.sampled_from(("general", "difficult", "major"))


def day(instant):
    return clock.local(instant).date()


@given(MOMENTS, KINDS, GRADES)
def test_a_deadline_is_a_working_day_and_its_instants_are_in_order(accepted, kind, grade):
    found = clocks.answer(accepted, kind, grade, CALENDAR, LIMITS)
    days = LIMITS.days(kind, grade)
    assert accepted < found.yellow_at < found.due_at < found.red_at
    assert all(CALENDAR.working(day(one)) for one in vars(found).values())
    # counted in another way: one day after the other
    seen, last = 0, day(accepted)
    while seen < days:
        last += timedelta(days=1)
        seen += CALENDAR.working(last)
    assert day(found.due_at) == last
    left = clocks.workdays_between(day(found.yellow_at), day(found.due_at), CALENDAR)
    assert left < max(days / 4, 1) <= left + 1  # it comes to be so on this day
    over = clocks.workdays_between(day(found.due_at), day(found.red_at), CALENDAR)
    assert max(days / 2, 1) <= over < max(days / 2, 1) + 1


@given(MOMENTS, MOMENTS, KINDS, GRADES)
def test_later_is_never_earlier(one, other, kind, grade):
    first, second = sorted((one, other))
    for rule in (
        lambda moment: clocks.intake(moment, kind, CALENDAR, LIMITS),
        lambda moment: clocks.answer(moment, kind, grade, CALENDAR, LIMITS),
    ):
        early, late = rule(first), rule(second)
        assert early.due_at <= late.due_at
        assert early.yellow_at <= late.yellow_at
        assert early.red_at <= late.red_at


@given(MOMENTS, GRADES, st.integers(0, 60 * 24), st.integers(0, 40 * 24))
def test_a_suspension_keeps_what_is_left_and_what_is_over(accepted, grade, after, long):
    first = clocks.answer(accepted, "letter", grade, CALENDAR, LIMITS)
    suspended = accepted + timedelta(hours=after)
    back = suspended + timedelta(hours=long)
    found = clocks.resumed(first, suspended, back, CALENDAR)
    assert CALENDAR.working(day(found.due_at))
    assert found.yellow_at < found.due_at < found.red_at
    was = clocks.workdays_between(day(suspended), day(first.due_at), CALENDAR)
    now = clocks.workdays_between(day(back), day(found.due_at), CALENDAR)
    assert (found.due_at > back) == (first.due_at >= suspended)
    # part of a last day that ended meanwhile, or of no working day at all, is one whole day
    assert now == was or (was == 0 and abs(now) <= 1)


@given(MOMENTS, GRADES, st.integers(0, 60 * 24), st.integers(0, 900), st.integers(0, 900))
def test_who_returns_later_has_until_later(accepted, grade, after, one, other):
    first = clocks.answer(accepted, "letter", grade, CALENDAR, LIMITS)
    suspended = accepted + timedelta(hours=after)
    early, late = (
        clocks.resumed(first, suspended, suspended + timedelta(hours=hours), CALENDAR)
        for hours in sorted((one, other))
    )
    assert early.due_at <= late.due_at


@given(MOMENTS, KINDS, GRADES)
def test_an_extension_is_never_more_than_allowed(accepted, kind, grade):
    first = clocks.answer(accepted, kind, grade, CALENDAR, LIMITS)
    longer = clocks.extended(first, kind, grade, accepted, CALENDAR, LIMITS)
    added = clocks.workdays_between(day(first.due_at), day(longer.due_at), CALENDAR)
    assert added == (20 if kind == "dispute" else LIMITS.days(kind, grade))
    assert longer.yellow_at > first.yellow_at
    assert longer.escalate_by >= first.escalate_by


# what the station changes -------------------------------------------------------------------------


def test_the_station_may_change_a_limit(session):
    assert clocks.load_limits(session).numbers == default_numbers()
    row = session.query(Setting).filter_by(key="limits.dispute.general").one()
    row.value = "9"
    check_value(row)
    session.flush()
    changed = clocks.load_limits(session)
    assert changed.days("dispute", "general") == 9
    found = clocks.answer(at("2026-03-02T09:00"), "dispute", "general", CALENDAR, changed)
    assert told(found)[1] == "03-13 23:59"
    row.value = "400"
    with pytest.raises(RuleError):
        check_value(row)
