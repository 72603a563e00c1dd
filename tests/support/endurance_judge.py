"""Which reminders there must be, worked out apart from the portal, and what is wrong with those
there are.

The meetings follow from the default data (``meetings.csv``) and the days off of early 2026 as the
State Council announced them, both read here by code of its own.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

CHINA = timezone(timedelta(hours=8))
DEFAULTS = Path(__file__).resolve().parents[2] / "portal" / "defaults" / "meetings.csv"
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)  # what is known here
OFF = {date(2026, 1, day) for day in (1, 2, 3)} | {date(2026, 2, day) for day in range(15, 24)}
WORKED = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28)}
LEADS = {"daily": (30,), "weekly": (1440, 60), "monthly": (4320, 1440, 60)}
LEADS |= {"analysis": LEADS["monthly"]}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MINUTE = timedelta(minutes=1)
GRACE = 2 * MINUTE  # of a round that is lost, the next one makes up for it


@dataclass(frozen=True)
class Expected:
    """One reminder: of the meeting of a grid, for a person, so many minutes before."""

    kind: str
    grid: str
    starts_at: datetime
    worker: int
    lead: int
    user: int | None

    @property
    def due_at(self) -> datetime:
        """The minute it belongs to."""
        return self.starts_at - timedelta(minutes=self.lead)

    @property
    def key(self) -> tuple[str, str, datetime, int, int]:
        """What there is one of."""
        return self.kind, self.grid, self.starts_at, self.worker, self.lead


@dataclass(frozen=True)
class Outage:
    """From a kill to the moment everything runs again, on the portal's clock."""

    what: str
    begun: datetime
    ended: datetime


def worked(day: date) -> bool:
    """Whether people work on a day."""
    return day in WORKED or (day.weekday() < 5 and day not in OFF)


def days_of(rule: str) -> list[date]:
    """The days that a rule of ``meetings.csv`` names."""
    parts = dict(part.split("=") for part in rule.split(";"))
    every = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    if parts["FREQ"] == "WEEKLY":
        return [day for day in every if WEEKDAYS[day.weekday()] in parts["BYDAY"].split(",")]
    number, weekday = int(parts["BYDAY"][:-2]), parts["BYDAY"][-2:]
    found = []
    for month in (1, 2, 3):
        same = [d for d in every if d.month == month and WEEKDAYS[d.weekday()] == weekday]
        found.append(same[number] if number < 0 else same[number - 1])
    return found


def held(rule: str, holiday: str) -> set[date]:
    """The days on which a series meets."""
    days = days_of(rule)
    if holiday == "skip":  # "daily" means working days, those worked in exchange included
        return {d for d in (*days, *WORKED) if worked(d)}
    step = timedelta(days=1 if holiday == "next_workday" else -1)
    found = set()
    for day in days:
        on = day
        while not worked(on):
            on += step
        found.add(on)
    return found


def series() -> Iterator[dict[str, str]]:
    """The lines of ``meetings.csv`` that people are reminded of."""
    with DEFAULTS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["rrule"] and line["kind"] in LEADS:
                yield line


def expected(engine: Engine, begin: datetime, end: datetime) -> list[Expected]:
    """Every reminder due from ``begin`` to ``end``, for the people that the database knows."""
    with engine.connect() as connection:
        grids = connection.execute(text("SELECT code, level FROM grids")).all()
        posts = connection.execute(
            text(
                "SELECT posts.role, posts.grid_code, posts.since, posts.until,"
                " workers.id AS worker, ab_user.id AS account FROM posts"
                " JOIN workers ON workers.id = posts.worker_id"
                " LEFT JOIN ab_user ON ab_user.id = workers.user_id AND ab_user.active"
            )
        ).all()
    found = {}
    for line in series():
        roles = set(line["attendees"].split(";"))
        mine = [post for post in posts if post.role in roles]
        for code in (grid.code for grid in grids if grid.level == line["level"]):
            near = [p for p in mine if p.grid_code.startswith(code) or code.startswith(p.grid_code)]
            for day in held(line["rrule"], line["holiday"]):
                at = datetime.combine(day, time.fromisoformat(line["start"]), CHINA)
                for post in near:
                    if not str(post.since) <= day.isoformat() <= str(post.until or "9999"):
                        continue
                    for lead in LEADS[line["kind"]]:
                        who = (post.worker, lead, post.account)
                        one = Expected(line["kind"], code, at.astimezone(UTC), *who)
                        if begin <= one.due_at <= end:
                            found[one.key] = one
    return sorted(found.values(), key=lambda one: (one.due_at, one.key))


@dataclass(frozen=True)
class Verdict:
    """What was found. ``wrong`` is empty if all went as it must."""

    expected: int
    sent: int
    at_their_minute: int
    late: int
    missed: int
    unreachable: int
    messages: int
    worst: timedelta
    wrong: list[str]

    def __str__(self) -> str:
        return (
            f"{self.expected} reminders expected: {self.sent} sent"
            f" ({self.at_their_minute} at their minute, {self.late} late after a kill,"
            f" worst {self.worst}), {self.missed} missed, {self.unreachable} without an account;"
            f" {self.messages} messages; wrong: {len(self.wrong)}"
        )


ROWS = """
SELECT meetings.kind, meetings.grid_code, meetings.starts_at, meetings.id AS meeting,
 reminders.worker_id, reminders.user_id, reminders.lead_minutes, reminders.channel,
 reminders.state, reminders.due_at, reminders.at
FROM reminders JOIN meetings ON meetings.id = reminders.meeting_id
"""


def judge(
    engine: Engine, begin: datetime, end: datetime, outages: Iterable[Outage] = ()
) -> Verdict:
    """Compare the records and the inboxes with what must be there: none twice, none lost, each at
    its minute unless a kill stood in the way, and then before the meeting or recorded as missed.
    """
    outages = list(outages)
    wanted = {one.key: one for one in expected(engine, begin, end)}
    with engine.connect() as connection:
        rows = connection.execute(text(ROWS)).all()
        asked = "SELECT user_id, url, params FROM messages WHERE url LIKE '/meetings/%'"
        messages = connection.execute(text(asked)).all()
    told = Counter((m.user_id, m.url, json.loads(m.params)["lead"]) for m in messages)
    wrong = [f"twice in the inbox: {key}" for key, count in told.items() if count > 1]
    seen: Counter[Any] = Counter()
    outcome: Counter[str] = Counter()
    worst = timedelta()
    for row in rows:
        starts_at, due_at, at = instant(row.starts_at), instant(row.due_at), instant(row.at)
        key = (row.kind, row.grid_code, starts_at, row.worker_id, row.lead_minutes)
        seen[key] += 1
        address = f"/meetings/show/{row.meeting}"
        inbox = told.pop((row.user_id, address, row.lead_minutes), 0)
        if inbox != (row.state == "sent"):
            wrong.append(f"{row.state}, but {inbox} in the inbox: {key}")
        if not begin <= due_at <= end:
            continue  # before or after the time that is judged
        one = wanted.get(key)
        if one is None or one.due_at != due_at or one.user != row.user_id:
            wrong.append(f"nobody expected: {key} at {due_at}")
            continue
        outcome[row.state] += 1
        wrong += _timely(row.state, one, at, outages)
        if row.state == "sent":
            outcome["at its minute" if at - due_at < MINUTE else "late"] += 1
            worst = max(worst, at - due_at)
    wrong += [f"{count} times: {key}" for key, count in seen.items() if count > 1]
    wrong += [f"lost: {key}" for key in wanted if key not in seen]
    wrong += [f"in the inbox, not on record: {key}" for key in told]
    return Verdict(
        len(wanted), outcome["sent"], outcome["at its minute"], outcome["late"],
        outcome["missed"], outcome["unreachable"], len(messages), worst, wrong,
    )  # fmt: skip


def _timely(state: str, one: Expected, at: datetime, outages: list[Outage]) -> Iterator[str]:
    told = f"{one.key} due {one.due_at}, {state} at {at}"
    if at < one.due_at:
        yield f"too early: {told}"
    if (state == "unreachable") != (one.user is None):
        yield f"of somebody with or without an account: {told}"
    if state == "sent" and at >= one.starts_at:
        yield f"sent after the meeting had begun: {told}"
    if state == "missed" and at < one.starts_at:
        yield f"given up too early: {told}"
    settled = min(at, one.starts_at)  # when it was clear what became of it
    if settled - one.due_at >= MINUTE and not _excused(one.due_at, settled, outages):
        yield f"late without a reason: {told}"


def _excused(due_at: datetime, at: datetime, outages: list[Outage]) -> bool:
    """Whether outages cover the time from the due minute to the record, but for a round each."""
    reached = due_at + MINUTE
    for outage in sorted(outages, key=lambda one: one.begun):
        if outage.begun <= reached + GRACE and outage.ended >= reached - GRACE:
            reached = max(reached, outage.ended + GRACE)
    return at <= reached and reached > due_at + MINUTE


def instant(value: Any) -> datetime:
    """An instant as a database hands it out: aware, or naive in UTC, or text."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
