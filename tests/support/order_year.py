"""A year of work orders, counted by hand within the list of working days: what the clocks and the
round say is compared with it, so it uses neither.
"""

import random
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
from sqlalchemy import update

from portal.models import WorkOrder
from portal.rules import tick as rounds

ZONE = ZoneInfo("Asia/Shanghai")
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
WORKED = [day for day in YEAR if chinese_calendar.is_workday(day)]
HOURS = (time(0), time(7, 55), time(8), time(12), time(23, 55))
ROUNDS = [datetime.combine(day, hour, ZONE).astimezone(UTC) for day in YEAR for hour in HOURS]
WEEK = timedelta(days=7)
DAYS = {"patrol": 2, "request": 3, "hazard": 5, "dispute": 7, "major": 30}


def on(day: date, hour: time) -> datetime:
    """The instant when the clock on the wall shows it."""
    return datetime.combine(day, hour, ZONE).astimezone(UTC)


def place_of(day: date) -> int:
    """How many working days the year has up to ``day``."""
    return bisect_right(WORKED, day)


class Life:
    """One order's year, counted in places within the list of working days."""

    def __init__(self, chance: random.Random) -> None:
        self.day = chance.choice(YEAR[:230])
        self.kind = chance.choice(list(DAYS))
        limit = DAYS[self.kind]
        due = place_of(self.day) + limit - 1
        quarter = max(1, -(-limit // 4))
        self.places = {"yellow": due - quarter + 1, "orange": due,
                       "red": due + max(1, -(-limit // 2))}  # fmt: skip
        self.suspended: date | None = None
        self.until: date | None = None
        if chance.random() < 0.3:
            span = (WORKED[due] - self.day).days
            self.suspended = self.day + timedelta(days=chance.randint(0, span))
            self.until = self.suspended + timedelta(days=chance.randint(1, 30))
        last = self.until or self.day
        self.ends = last + timedelta(days=chance.randint(1, 60))

    def expected(self) -> dict[str, datetime]:
        """Kind → the round that warns of it."""
        found: dict[str, datetime] = {}
        for kind, place in self.places.items():
            hour = time(8) if kind == "yellow" else time(23, 59)
            instant = on(WORKED[place], hour)
            if self.suspended and self.until and instant > on(self.suspended, time(10)):
                left = place + 1 - place_of(self.suspended)
                due_left = self.places["orange"] + 1 - place_of(self.suspended)
                left += due_left == 0  # the last day is there again
                instant = on(WORKED[place_of(self.until) + left - 1], hour)
            if instant < on(self.ends, time(10)):
                at_round = ROUNDS[bisect_left(ROUNDS, instant)]
                if at_round < on(self.ends, time(10)):
                    found[kind] = at_round
        return found

    def told_of(self) -> list[datetime]:
        """The rounds that ask how far a major hazard is: one for each week without a word."""
        if self.kind != "major":
            return []
        begins, weeks = on(self.day, time(9)), set[int]()
        found = []
        for moment in ROUNDS[bisect_left(ROUNDS, begins + WEEK) :]:
            still = self.suspended is not None and self.until is not None and (
                on(self.suspended, time(10)) < moment < on(self.until + timedelta(days=1), time(0))
            )  # fmt: skip
            week = (moment - begins) // WEEK
            if not still and week not in weeks:
                weeks.add(week)
                found.append(moment)
        return found

    def columns(self, assignee: int) -> dict[str, Any]:
        """The order as it is put into the database."""
        kind, grade = (self.kind, "general") if self.kind != "major" else ("hazard", "major")
        return {
            "kind": kind, "grade": grade, "accepted_at": on(self.day, time(9)),
            "assignee_id": assignee,
        }  # fmt: skip


def live(session: Any, lives: list[Life], ids: list[int]) -> rounds.Round:
    """Run the year: what people do at ten o'clock, and the rounds."""
    stops: dict[date, list[tuple[int, date | None]]] = {}
    ends: dict[date, list[int]] = {}
    for life, order_id in zip(lives, ids, strict=True):
        if life.suspended:
            stops.setdefault(life.suspended, []).append((order_id, life.until))
        ends.setdefault(life.ends, []).append(order_id)
    total = rounds.Round()
    for moment in ROUNDS:
        there = moment.astimezone(ZONE)
        if there.hour == 12:
            for order_id, until in stops.get(there.date(), ()):
                change(session, [order_id], suspended_at=on(there.date(), time(10)),
                       suspended_until=until, suspend_reason="weather")  # fmt: skip
            change(session, ends.get(there.date(), []), state="answered")
            session.commit()
        total.add(rounds.tick(session, moment))
    return total


def change(session: Any, ids: list[int], **values: Any) -> None:
    """What the pages would write when the clock is to stand still."""
    if ids:
        statement = update(WorkOrder.__table__).where(WorkOrder.__table__.c.id.in_(ids))
        session.connection().execute(statement.values(next_warning_at=None, **values))


def some_lives(number: int) -> list[Life]:
    """Always the same ones."""
    chance = random.Random(4)
    return [Life(chance) for _number in range(number)]


def expected(lives: list[Life], ids: list[int]) -> list[tuple[int, str, datetime]]:
    """(order's id, kind, round) of every warning, in order."""
    lived = list(zip(ids, lives, strict=True))
    warned = [(key, kind, at) for key, life in lived for kind, at in life.expected().items()]
    return sorted(warned + [(key, "weekly", at) for key, life in lived for at in life.told_of()])
