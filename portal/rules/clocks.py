"""The clocks of work orders: what must be done by when, and when people are warned (P4).

A limit in working days ends at 23:59 on the n-th working day after the day it starts on, which does
not count. ``due_at`` is that minute; ``yellow_at`` the beginning (08:00) of the working day in the
course of which no more than a quarter of the limit comes to be left, one day at least; ``red_at``
the end of the working day by which it is over by half of the limit, by one day at least.
``escalate_by`` is half of the time of the level that has the order. Numbers come from
``defaults/time_limits.yaml`` or from the settings.

Everything here is computed from what it is given. Whether a calendar knows the years it is asked
for, the caller asks ``calendar.unsure(first, last)``.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError
from portal.models.matter_choices import STANDING
from portal.queries.limits import PETITION, PREFIX, Limits, default_numbers
from portal.queries.settings import numbers
from portal.workdays import WorkCalendar

OPENS, CLOSES = time(8), time(18)  # the working hours, on the wall clock
LAST_MINUTE = time(23, 59)
LATE_ENTRY = timedelta(days=1)  # danger is entered within a day after it was acted upon
# From the first warning of a deadline to the last; a later one is never followed by an earlier.
STAGES = {"yellow": "yellow_at", "orange": "due_at", "red": "red_at"}
RANK = {kind: place for place, kind in enumerate(STAGES)}


@dataclass(frozen=True)
class Deadline:
    """The instants of one clock, aware, in UTC; the names are those of the columns of an order.

    ``escalate_by`` is empty for the clock of taking in, which no level hands on.
    """

    due_at: datetime
    yellow_at: datetime
    red_at: datetime
    escalate_by: datetime | None = None


def load_limits(session: Session) -> Limits:
    """The limits in force: the file's, and the station's where it changed one."""
    found = numbers(session)
    return Limits({name: found[f"{PREFIX}{name}"] for name in default_numbers()})


def intake(reported_at: datetime, kind: str, calendar: WorkCalendar, limits: Limits) -> Deadline:
    """When a matter must be taken in: one working day, a petition handed over within two. What
    comes after hours or on a day off counts from the next working day.
    """
    days = limits["petition.accept" if kind == PETITION else "accept"]
    start = counted_from(reported_at, calendar)
    return _deadline(workday(start, days, calendar), days, calendar, limits)


def notice(handed_at: datetime, calendar: WorkCalendar, limits: Limits) -> Deadline:
    """When those concerned must have heard to whom a matter was handed over (``not_ours``)."""
    days = limits["notice"]
    return _deadline(workday(_day(handed_at), days, calendar), days, calendar, limits)


def counted_from(instant: datetime, calendar: WorkCalendar) -> date:
    """The working day on which something that came at ``instant`` lies on the desk."""
    there = clock.local(instant)
    if calendar.working(there.date()) and there.time() < CLOSES:
        return there.date()
    return calendar.next(there.date())


def answer(
    accepted_at: datetime, kind: str, grade: str | None, calendar: WorkCalendar, limits: Limits
) -> Deadline:
    """When the answer must be given, counted from taking in, whatever levels the order goes
    through. For a petition when the next report on the named case is due: ask again after each.
    """
    days = limits.days(kind, grade)
    start = _day(accepted_at)
    found = _deadline(workday(start, days, calendar), days, calendar, limits)
    half = workday(start, limits.share("escalate", days), calendar)
    return Deadline(found.due_at, found.yellow_at, found.red_at, _end(half))


def until(day: date, days: int, calendar: WorkCalendar, limits: Limits) -> Deadline:
    """A deadline at the end of ``day``, of which ``days`` working days are ours."""
    return _deadline(day, days, calendar, limits)


def at_level(
    deadline: Deadline, since: datetime, calendar: WorkCalendar, limits: Limits
) -> Deadline:
    """The same deadline for the level that has the order ``since`` then: half of the working days
    that are left to it. The total does not start anew.
    """
    left = workdays_between(_day(since), _day(deadline.due_at), calendar)
    if left <= 0:
        half = deadline.due_at
    else:
        half = _end(workday(_day(since), limits.share("escalate", left), calendar))
    return Deadline(
        deadline.due_at, deadline.yellow_at, deadline.red_at, min(half, deadline.due_at)
    )


def control(reported_at: datetime, kind: str, urgency: str, limits: Limits) -> datetime | None:
    """By when a danger must be under control, in hours that run day and night; None where there is
    none.
    """
    names = [f"control.{urgency}"] + (["control.hazard"] if kind == "hazard" else [])
    hours = [found for name in names if (found := limits.get(name)) is not None]
    return clock.aware(reported_at) + timedelta(hours=min(hours)) if hours else None


def longest_extension(kind: str, grade: str | None, limits: Limits) -> int:
    """How many working days one extension may add; none for petitions, where only the authority
    has one.
    """
    if kind == PETITION:
        return 0
    return limits.get(f"{kind}.extend") or (
        limits.days(kind, grade) * limits["extend_percent"] // 100
    )


def extended(
    deadline: Deadline,
    kind: str,
    grade: str | None,
    accepted_at: datetime,
    calendar: WorkCalendar,
    limits: Limits,
    days: int | None = None,
) -> Deadline:
    """``deadline`` put off once, by as much as is allowed or by ``days`` working days. Warnings
    follow the whole limit, the added days included. Raises RuleError for more than is allowed.
    """
    most = longest_extension(kind, grade, limits)
    added = most if days is None else days
    if not 0 < added <= most:
        raise RuleError(_l("At most %(most)s working days can be added.", most=most), "days")
    due = workday(_day(deadline.due_at), added, calendar)
    found = _deadline(due, limits.days(kind, grade) + added, calendar, limits)
    half = deadline.escalate_by
    if half is not None:
        half = _end(workday(_day(half), added * limits["escalate_percent"] // 100, calendar))
    return Deadline(found.due_at, found.yellow_at, found.red_at, half)


def resumed(
    deadline: Deadline, suspended_at: datetime, resumed_at: datetime, calendar: WorkCalendar
) -> Deadline:
    """``deadline`` after a suspension: the working days that were left are left again, and what was
    overdue is overdue by as much.
    """
    before = _day(deadline.due_at)
    left = workdays_between(_day(suspended_at), before, calendar)
    if deadline.due_at < clock.aware(suspended_at):
        due = _overdue(resumed_at, -left, calendar)
    elif left:
        due = workday(_day(resumed_at), left, calendar)
    else:  # the last day was begun: it is there again
        due = _day(resumed_at)
        if not calendar.working(due) or _end(due) <= clock.aware(resumed_at):
            due = calendar.next(due)

    def moved(instant: datetime) -> datetime:
        apart = workdays_between(before, _day(instant), calendar)
        return _at(workday(due, apart, calendar), clock.local(instant).time())

    half = deadline.escalate_by
    return Deadline(
        moved(deadline.due_at),
        moved(deadline.yellow_at),
        moved(deadline.red_at),
        moved(half) if half is not None else None,
    )


def end_of(day: date) -> datetime:
    """The last minute of ``day`` on the wall clock: when a suspension until ``day`` ends."""
    return _end(day)


def deadline_of(order: Any) -> Deadline | None:
    """The clock that an order holds (or a row with its columns); None where it has none."""
    if order.due_at is None or order.yellow_at is None or order.red_at is None:
        return None
    due, yellow, red = (
        clock.aware(instant) for instant in (order.due_at, order.yellow_at, order.red_at)
    )
    half = order.escalate_by
    return Deadline(due, yellow, red, clock.aware(half) if half is not None else None)


def stands_still(order: Any) -> bool:
    """Whether nobody has to do anything on the order now."""
    return bool(
        order.state in STANDING
        or order.void
        or order.merged_into_id is not None
        or order.suspended_at is not None
    )


def next_warning(order: Any, moment: datetime) -> datetime | None:
    """What ``next_warning_at`` of an order (or a row with its columns) is as of ``moment``: the
    first of its instants that nobody was warned of yet, at once if it has passed; None while the
    clock stands still. Whoever gives an order a new deadline empties ``warned`` first.
    """
    deadline = None if stands_still(order) else deadline_of(order)
    if deadline is None:
        return None
    told = RANK.get(order.warned or "", -1)
    ahead = [getattr(deadline, STAGES[kind]) for kind in STAGES if RANK[kind] > told]
    return max(min(ahead), clock.aware(moment)) if ahead else None


# working days ------------------------------------------------------------------------------------


def workday(day: date, number: int, calendar: WorkCalendar) -> date:
    """The ``number``-th working day after ``day``, before it where negative; ``day`` for 0."""
    step = calendar.next if number > 0 else calendar.previous
    for _turn in range(abs(number)):
        day = step(day)
    return day


def workdays_between(first: date, last: date, calendar: WorkCalendar) -> int:
    """How many working days there are after ``first``, up to ``last``; negative if it is before."""
    if last < first:
        return -workdays_between(last, first, calendar)
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sum(calendar.working(day) for day in days)


def _deadline(due: date, days: int, calendar: WorkCalendar, limits: Limits) -> Deadline:
    left = min(max(limits.share("yellow", days), 1), days)  # its own day counted
    over = max(limits.share("red", days), 1)
    return Deadline(
        due_at=_end(due),
        yellow_at=_at(workday(due, 1 - left, calendar), OPENS),
        red_at=_end(workday(due, over, calendar)),
    )


def _overdue(instant: datetime, days: int, calendar: WorkCalendar) -> date:
    """The day that is over by ``days`` working days at ``instant``."""
    base = _day(instant)
    if not calendar.working(base) or (not days and _end(base) > clock.aware(instant)):
        base = calendar.previous(base)
    return workday(base, -days, calendar)


def _day(instant: datetime) -> date:
    return clock.local(instant).date()


def _end(day: date) -> datetime:
    return _at(day, LAST_MINUTE)


def _at(day: date, wall: time) -> datetime:
    return datetime.combine(day, wall, tzinfo=clock.zone()).astimezone(UTC)
