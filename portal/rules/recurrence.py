"""From a rule to days: RFC 5545 recurrence, holidays, adjusted working days (domain.md, Meeting).

A rule works on the community's wall clock, so it deals in days; the time of day is put to them
afterwards. What a holiday does to a day of the rule, in this order:

1. The day is worked, or it is an ordinary weekend day that the rule names itself (a reception on
   Saturdays): the meeting is held on it.
2. ``skip``: it is not held. A rule that names all five weekdays means "every working day", so the
   weekend days that are worked in exchange belong to it too.
3. ``next_workday``, ``previous_workday``: it moves. A series never meets twice on one day: where a
   day of the rule is held anyway, the moved one is dropped; of several that would move to the same
   day, the nearest one does.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrule, rrulestr

from portal.workdays import SATURDAY, WorkCalendar

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKWEEK = set(WEEKDAYS[:5])
MARGIN = timedelta(days=31)  # no run of days off is longer, so no move crosses more
# What each frequency may be narrowed by: more would be legal, but nobody could read it any more,
# and a rule that never comes true would be searched for until the year 9999.
PARTS = {
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
NUMBERS = {"INTERVAL": 400, "COUNT": 10_000, "BYMONTHDAY": 31, "BYSETPOS": 31, "BYMONTH": 12}
NEGATIVE = {"BYMONTHDAY", "BYSETPOS"}
DAY = re.compile(r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
LOOK_AHEAD = timedelta(days=366 * 2)


@dataclass(frozen=True)
class Rule:
    """When a series meets: its RRULE, the days it is in force, what holidays do."""

    rrule: str
    since: date
    until: date | None
    holiday: str


def parse(text: str) -> dict[str, str]:
    """The parts of an RRULE, upper case; ValueError for one that the portal does not take."""
    plain = text.strip().upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in plain.split(";") if part]
    parts = {name: value for name, _sign, value in pairs}
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS or len(parts) != len(pairs):
        raise ValueError(text)
    for name, value in parts.items():
        if name not in ALWAYS | PARTS[frequency] or not _fits(name, value):
            raise ValueError(text)
    return parts


def _fits(name: str, value: str) -> bool:
    values = value.split(",")
    if name == "BYDAY":
        return all(DAY.fullmatch(one) for one in values)
    if name == "WKST":
        return value in WEEKDAYS
    if name == "UNTIL":  # a day; an instant would be a second time of day
        return re.fullmatch(r"\d{8}", value, re.ASCII) is not None
    if name in NUMBERS:
        sign = "-?" if name in NEGATIVE else ""
        whole = re.compile(rf"{sign}\d{{1,5}}", re.ASCII)
        return all(whole.fullmatch(v) and 0 < abs(int(v)) <= NUMBERS[name] for v in values)
    return name == "FREQ"


def check(text: str, since: date) -> str:
    """The rule in one form, for storing. Raises ValueError where it cannot be read, or names no
    day within two years.
    """
    plain = ";".join(f"{name}={value}" for name, value in parse(text).items())
    if not rule_days(Rule(plain, since, None, "skip"), since, since + LOOK_AHEAD):
        raise ValueError(text)
    return plain


def rule_days(rule: Rule, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last`` that the rule itself names, holidays or not."""
    parse(rule.rrule)
    last = min(last, rule.until or last)
    if last < first:
        return []
    found = rrulestr(rule.rrule, dtstart=datetime.combine(rule.since, time()))
    assert isinstance(found, rrule)
    days = found.between(_midnight(first), _midnight(last), inc=True)
    return [moment.date() for moment in days]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def held_days(rule: Rule, calendar: WorkCalendar, first: date, last: date) -> dict[date, date]:
    """Day of the rule → day the meeting is held, for meetings held from ``first`` to ``last``."""
    parts = parse(rule.rrule)
    days = set(rule_days(rule, first - MARGIN, last + MARGIN))
    if rule.holiday == "skip" and every_working_day(parts):
        days |= _adjusted(rule, calendar, first, last)
    named = {one[-2:] for one in parts.get("BYDAY", "").split(",")}
    held: dict[date, date] = {}
    moved: list[tuple[timedelta, date, date]] = []
    for day in sorted(days):
        weekend_meant = day.weekday() >= SATURDAY and WEEKDAYS[day.weekday()] in named
        if calendar.working(day) or (weekend_meant and not calendar.holiday(day)):
            held[day] = day
        elif rule.holiday != "skip":
            forward = rule.holiday == "next_workday"
            to = calendar.next(day) if forward else calendar.previous(day)
            moved.append((abs(to - day), day, to))
    taken = set(held)
    for _distance, day, to in sorted(moved):
        if to not in taken:
            held[day] = to
            taken.add(to)
    return {day: to for day, to in sorted(held.items()) if first <= to <= last}


def every_working_day(parts: dict[str, str]) -> bool:
    """Whether a rule means every working day: it names all five weekdays, every week."""
    if parts.get("INTERVAL", "1") != "1" or "COUNT" in parts:
        return False
    named = set(parts.get("BYDAY", "").split(",")) - {""}
    if parts["FREQ"] == "DAILY" and not named:
        return True
    return parts["FREQ"] in ("DAILY", "WEEKLY") and named >= WORKWEEK


def _adjusted(rule: Rule, calendar: WorkCalendar, first: date, last: date) -> set[date]:
    first, last = max(first, rule.since), min(last, rule.until or last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day for day in days if calendar.adjusted(day)}
