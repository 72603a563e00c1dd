"""Meetings (P8.4): the default series of a community; what people do with a meeting."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import Grid, Meeting, MeetingSeries, PostRole
from portal.queries.invitations import codes_of, invited
from portal.rules import recurrence
from portal.rules.defaults import FOLDER
from portal.rules.inbox import notify
from portal.rules.outside import claims
from portal.rules.reminders import told, url_of

# Attendees that are no posts: nobody to remind, but said in words.
OTHERS = {"residents": _l("Residents"), "roster": _l("By roster")}
MOST_MINUTES = 24 * 60
LONGEST_LIST = 200  # characters


def default_lines() -> list[dict[str, Any]]:
    """The lines of ``defaults/meetings.csv`` as columns of a series, with the ``level`` of grid
    they are for. A line without a rule (talks) has no time of day either.
    """
    with (FOLDER / "meetings.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return [
        {
            "level": line["level"],
            "kind": line["kind"],
            "rrule": line["rrule"] or None,
            "start_time": time.fromisoformat(line["start"]) if line["start"] else None,
            "minutes": int(line["minutes"]),
            "holiday": line["holiday"] or "skip",
            "attendees": line["attendees"],
            "mode": line["mode"],
            "agenda": line["auto_agenda"] or None,
        }
        for line in lines
    ]


def missing_series(session: Session, prefixes: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Grid's code and line of the default data for every series that ``set_up_series`` would add,
    in the order of codes.
    """
    prefixes = tuple(prefixes)
    within = scope.within(Grid.code, prefixes)
    grids = session.execute(select(Grid.code, Grid.level).where(within).order_by(Grid.code)).all()
    there = select(MeetingSeries.grid_code, MeetingSeries.kind).where(
        scope.within(MeetingSeries.grid_code, prefixes)
    )
    known = {tuple(row) for row in session.execute(there)}
    lines = default_lines()
    return [
        (grid.code, line)
        for grid in grids
        for line in lines
        if line["level"] == grid.level and (grid.code, line["kind"]) not in known
    ]


def set_up_series(session: Session, prefixes: Iterable[str], since: date) -> list[MeetingSeries]:
    """Add the default series of every grid in ``prefixes`` that has none of that kind yet; those
    added. Safe to repeat. Raises Forbidden or OutOfScope at the flush.
    """
    added = [
        MeetingSeries(
            grid_code=code,
            since=since,
            **{name: value for name, value in line.items() if name != "level"},
        )
        for code, line in missing_series(session, prefixes)
    ]
    session.add_all(added)
    session.flush()
    return added


# What people do with a series


def prepare_series(session: Session, series: MeetingSeries) -> None:
    """A rule that can be followed, a time of day for it, posts that exist, dates in order."""
    check_attendees(session, series)
    if series.until is not None and series.until < series.since:
        raise RuleError(_l("The end lies before the beginning."), "until")
    if not series.rrule:
        series.rrule = None
        return
    if series.start_time is None:
        raise RuleError(_l("A rule needs a time of day."), "start_time")
    try:
        series.rrule = recurrence.check(series.rrule, series.since)
    except ValueError as error:
        raise RuleError(
            _l(
                "Type a rule like %(weekly)s (every Friday) or %(monthly)s (the last Friday of the"
                " month), one that comes true.",
                weekly="FREQ=WEEKLY;BYDAY=FR",
                monthly="FREQ=MONTHLY;BYDAY=-1FR",
            ),
            "rrule",
        ) from error


def check_attendees(session: Session, row: Meeting | MeetingSeries) -> None:
    """Raise RuleError for no attendees, codes that are none, or more than a day of talking."""
    codes = codes_of(row.attendees)
    known = {*session.scalars(select(PostRole.code)), *OTHERS}
    if not codes or not set(codes) <= known:
        raise RuleError(_l("Choose who takes part."), "attendees")
    row.attendees = ";".join(dict.fromkeys(codes))
    if len(row.attendees) > LONGEST_LIST:
        raise RuleError(_l("Choose fewer posts."), "attendees")
    if not 0 < row.minutes <= MOST_MINUTES:
        raise RuleError(_l("A meeting lasts 1 to 1440 minutes."), "minutes")


# What people do with a meeting


def prepare_meeting(session: Session, meeting: Meeting, moment: datetime) -> None:
    """Check a meeting before it is written; where an announced one gets another time or place,
    its people are told, once, within the same transaction.
    """
    check_attendees(session, meeting)
    before = before_change(meeting)
    starts_at = clock.aware(meeting.starts_at)
    if before is None:
        if starts_at <= moment:
            raise RuleError(_l("This time has passed."), "starts_at")
        return
    changed = clock.aware(before.starts_at) != starts_at
    if changed and meeting.state != "planned":
        raise RuleError(_l("It is cancelled: add a new meeting."), "starts_at")
    if changed and clock.aware(before.starts_at) <= moment:
        raise RuleError(_l("It has begun already, so it keeps its time."), "starts_at")
    if changed and starts_at <= moment:
        raise RuleError(_l("This time has passed."), "starts_at")
    if starts_at > moment and meeting.state == "planned":
        if changed:
            meeting.reminded_at = None
            tell(session, meeting, "meeting_moved", before_at=before.starts_at)
        elif before.place != meeting.place:
            tell(session, meeting, "meeting_place")


@dataclass(frozen=True)
class Before:
    """When and where a meeting was to be before it was changed."""

    starts_at: datetime
    place: str | None


def before_change(meeting: Meeting) -> Before | None:
    """What the database holds of a changed meeting; None for a new one."""
    state: Any = inspect(meeting)
    if not state.has_identity:
        return None
    values = []
    for name in ("starts_at", "place"):
        history = state.attrs[name].load_history()
        values.append(history.deleted[0] if history.deleted else getattr(meeting, name))
    return Before(*values)


def cancel(session: Session, meeting: Meeting, moment: datetime) -> None:
    """Call a meeting off; its people are told. Raises RuleError where it has begun or was called
    off before. The caller commits.
    """
    if meeting.state != "planned" or clock.aware(meeting.starts_at) <= moment:
        raise RuleError(_l("It has begun already, or was cancelled before."))
    meeting.state = "cancelled"
    tell(session, meeting, "meeting_cancelled")


def tell(session: Session, meeting: Meeting, kind: str, before_at: datetime | None = None) -> None:
    """A message to every account that is invited, in the transaction of the change, in place of
    whatever was to be sent about the meeting as it was.
    """
    with session.no_autoflush:
        claims.withdraw(session, url_of(meeting.id), clock.now())
        name = session.scalar(select(Grid.name).where(Grid.code == meeting.grid_code)) or ""
        people = invited(session, [meeting])[meeting.id]
    params = told(meeting, name)
    if before_at is not None:
        params["before_at"] = clock.aware(before_at).isoformat()
    accounts = [person.user_id for person in people if person.user_id is not None]
    about = {"place": meeting.grid_code, "until": clock.aware(meeting.starts_at)}
    notify(session, accounts, kind, params, url_of(meeting.id), **about)
