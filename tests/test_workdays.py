"""Working days of China, and what holidays do to the days of a rule."""

from datetime import date, timedelta

import pytest

from portal.models import CalendarDay
from portal.queries.workdays import digest_of, load_calendar
from portal.rules.recurrence import Rule, check, held_days, parse
from portal.workdays import WorkCalendar, statutory

WORKWEEK = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


def held(rrule, holiday, first, last, since=date(2012, 6, 1), until=None, table=None):
    rule = Rule(rrule, since, until, holiday)
    return held_days(rule, WorkCalendar(table or {}), first, last)


def days(found):
    return [day.day for day in found.values()]


@pytest.mark.one_engine
def test_spring_festival_of_2026():
    calendar = WorkCalendar()
    whole = [FEBRUARY[0] + timedelta(days=n) for n in range(28)]
    assert [d.day for d in whole if calendar.working(d)] == [
        2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28,
    ]  # fmt: skip
    assert [d.day for d in whole if calendar.adjusted(d)] == [14, 28]
    assert calendar.holiday(date(2026, 2, 21))
    assert not calendar.holiday(date(2026, 2, 7))  # an ordinary Saturday
    assert calendar.next(date(2026, 2, 14)) == date(2026, 2, 24)
    assert calendar.previous(date(2026, 2, 23)) == date(2026, 2, 14)
    assert calendar.unsure(date(2026, 1, 1), date(2026, 12, 31)) == ()


@pytest.mark.one_engine
def test_a_year_nobody_has_announced_is_statutory_and_says_so():
    calendar = WorkCalendar()
    assert calendar.unsure(date(2026, 12, 1), date(2028, 1, 1)) == (2027, 2028)
    assert not calendar.working(date(2027, 2, 5))  # New Year's Eve, a Friday
    assert not calendar.working(date(2027, 2, 9))  # in lieu of the Saturday
    assert not calendar.working(date(2027, 2, 13))  # nobody knows of an adjusted Saturday


@pytest.mark.one_engine
def test_the_table_goes_first_and_a_whole_year_of_it_is_sure():
    law = statutory(2027, in_lieu=False)
    table = {day: False for day in law if day.weekday() < 5}
    partly = dict(sorted(table.items())[:3])
    assert WorkCalendar(partly).unsure(date(2027, 1, 1), date(2027, 12, 31)) == (2027,)
    table |= {date(2027, 2, 13): True, date(2027, 2, 11): False}
    calendar = WorkCalendar(table)
    assert calendar.unsure(date(2027, 1, 1), date(2027, 12, 31)) == ()
    assert calendar.working(date(2027, 2, 13))
    assert not calendar.working(date(2027, 2, 11))
    assert calendar.working(date(2027, 2, 9))  # the table knows better than "in lieu"
    assert not calendar.working(date(2027, 2, 6))  # a holiday on a Saturday stays one
    assert WorkCalendar({date(2026, 2, 16): True}).working(date(2026, 2, 16))
    assert not WorkCalendar({date(2026, 2, 14): False}).working(date(2026, 2, 14))


@pytest.mark.one_engine
def test_a_calendar_without_a_working_day_ends():
    first = date(2027, 1, 1)
    nothing = {first + timedelta(days=n): False for n in range(-400, 800)}
    assert WorkCalendar(nothing).next(first) == WorkCalendar(nothing).previous(first) == first


def test_the_table_is_read_in_one_statement_and_every_change_shows(session):
    before = digest_of(load_calendar(session))
    row = CalendarDay(day=date(2027, 2, 13), working=True, name="春节调休")
    session.add(row)
    session.flush()
    calendar = load_calendar(session)
    assert calendar.working(date(2027, 2, 13))
    changed = digest_of(calendar)
    row.working = False
    session.flush()
    assert len({before, changed, digest_of(load_calendar(session))}) == 3


@pytest.mark.one_engine
def test_daily_means_working_days_adjusted_ones_included():
    assert days(held(WORKWEEK, "skip", *FEBRUARY)) == [
        2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28,
    ]  # fmt: skip
    assert days(held("FREQ=DAILY", "skip", *FEBRUARY)) == days(held(WORKWEEK, "skip", *FEBRUARY))
    since, until = date(2026, 2, 15), date(2026, 2, 27)
    assert days(held(WORKWEEK, "skip", *FEBRUARY, since, until)) == [24, 25, 26, 27]
    # Every second week is no "every working day": no Saturday joins.
    assert days(held(f"{WORKWEEK};INTERVAL=2", "skip", *FEBRUARY, date(2026, 2, 2))) == [
        2, 3, 4, 5, 6,
    ]  # fmt: skip


@pytest.mark.one_engine
def test_a_weekend_day_that_the_rule_names_is_meant():
    found = days(held(f"{WORKWEEK},SA", "skip", *FEBRUARY))
    assert found == [2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28]
    # but a day of the month that falls on a Sunday moves
    assert held("FREQ=MONTHLY;BYMONTHDAY=1", "next_workday", *FEBRUARY) == {
        date(2026, 2, 1): date(2026, 2, 2)
    }


@pytest.mark.one_engine
def test_moved_meetings_never_meet_twice_on_a_day():
    mondays = held("FREQ=WEEKLY;BYDAY=MO", "next_workday", *FEBRUARY)
    assert mondays == {
        date(2026, 2, 2): date(2026, 2, 2),
        date(2026, 2, 9): date(2026, 2, 9),
        date(2026, 2, 23): date(2026, 2, 24),  # that of the 16th would have moved there too
    }
    both = held("FREQ=WEEKLY;BYDAY=MO,TU", "next_workday", *FEBRUARY)
    assert both[date(2026, 2, 24)] == date(2026, 2, 24)  # held anyway: nothing moves onto it
    assert date(2026, 2, 23) not in both
    assert len(set(both.values())) == len(both)


@pytest.mark.one_engine
def test_moves_that_cross_the_edge_of_the_window_are_found_from_both_sides():
    rule = ("FREQ=WEEKLY;BYDAY=FR", "next_workday")
    assert held(*rule, date(2026, 2, 14), date(2026, 2, 22)) == {}
    assert held(*rule, date(2026, 2, 23), date(2026, 2, 24)) == {
        date(2026, 2, 20): date(2026, 2, 24)
    }
    last = "FREQ=MONTHLY;BYDAY=-1FR"
    september = date(2026, 9, 1), date(2026, 9, 24)
    assert held(last, "previous_workday", *september) == {date(2026, 9, 25): date(2026, 9, 24)}


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "text",
    [
        "", "FREQ=HOURLY", "FREQ=WEEKLY;BYHOUR=9", "BYDAY=MO", "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;INTERVAL=0", "FREQ=DAILY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=DAILY;UNTIL=20270101T000000Z", "FREQ=DAILY\nX=1",
        "FREQ=WEEKLY;INTERVAL=٣",
    ],
)  # fmt: skip
def test_rules_that_nobody_could_follow_are_refused(text):
    with pytest.raises(ValueError, match="|"):
        parse(text)


@pytest.mark.one_engine
def test_a_rule_that_never_comes_true_is_refused_and_a_good_one_tidied():
    with pytest.raises(ValueError, match="BYMONTH"):
        check("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1))
    assert check("rrule:freq=monthly;byday=2we", date(2026, 1, 1)) == "FREQ=MONTHLY;BYDAY=2WE"
