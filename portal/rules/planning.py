"""Occurrences of meeting series, written ahead (domain.md, Meeting).

Planning is level-triggered: it compares what a series should have with what is there, so running
it twice, late or from two processes at once changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Meeting, MeetingSeries, Reminder, Setting
from portal.queries.workdays import digest_of, load_calendar
from portal.rules import audit
from portal.rules.once import insert_missing
from portal.rules.recurrence import Rule, held_days
from portal.workdays import WorkCalendar

log = logging.getLogger(__name__)

AHEAD = timedelta(days=35)
ENOUGH = timedelta(days=28)  # a series that is planned so far need not be looked at
MARK = "meetings.calendar"  # setting: the calendar that the occurrences rest on
COPIED = ("kind", "grid_code", "minutes", "place", "attendees", "mode", "agenda")
MEETINGS = Meeting.__table__
SERIES = MeetingSeries.__table__


@dataclass
class Planned:
    """What a planning did: meetings written, changed and taken away."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __str__(self) -> str:
        return f"added {self.added}, changed {self.changed}, removed {self.removed}"


def plan_due(session: Session, moment: datetime) -> Planned:
    """Plan what is not planned far enough as of ``moment``; everything, after the calendar of
    working days has changed. The caller acts as the system and commits.
    """
    calendar = load_calendar(session)
    digest = digest_of(calendar)
    mark = session.scalar(select(Setting).where(Setting.key == MARK))
    if mark is None or mark.value != digest:
        if mark is None:
            mark = Setting(key=MARK, note="calendar that the meetings were planned by")
            session.add(mark)
        mark.value = digest
        session.flush()
        return plan_all(session, moment, calendar)
    today = clock.local(moment).date()
    wanting = or_(
        MeetingSeries.planned_until.is_(None), MeetingSeries.planned_until < today + ENOUGH
    )
    found = select(MeetingSeries).where(wanting, MeetingSeries.rrule.is_not(None), _lives(today))
    return plan(session, session.scalars(found).all(), moment, calendar)


def plan_all(session: Session, moment: datetime, calendar: WorkCalendar | None = None) -> Planned:
    """Plan every series as of ``moment``; the caller commits."""
    today = clock.local(moment).date()
    found = select(MeetingSeries).where(MeetingSeries.rrule.is_not(None), _lives(today))
    return plan(session, session.scalars(found).all(), moment, calendar)


def _lives(today: date) -> Any:
    return or_(MeetingSeries.until.is_(None), MeetingSeries.until >= today)


def plan(
    session: Session,
    series: Sequence[MeetingSeries],
    moment: datetime,
    calendar: WorkCalendar | None = None,
) -> Planned:
    """Write down the meetings of ``series`` for five weeks from ``moment`` on.

    A meeting that is planned already is changed, or taken away, where the series or the calendar
    says so: only if it lies ahead, nobody has touched it and nobody was reminded. Statements do not
    grow with the number of series. The caller may write the series, and commits.
    """
    if not series:
        return Planned()
    session.flush()
    work = _Planning(moment, calendar or load_calendar(session))
    there = _there(session, [one.id for one in series], work)
    for one in series:
        try:
            work.compare(one, there.get(one.id, {}))
        except ValueError:  # one bad rule does not stop the others
            log.exception("series %s cannot be planned", one.id)
    done = work.write(session)
    _note_planned(session, [one for one in series if one.id in work.until], work)
    return done


def _there(session: Session, ids: Sequence[int], work: "_Planning") -> dict[int, dict[date, Any]]:
    """Series → day of the rule → the meeting on record, from ``moment`` on."""
    reminded = exists().where(Reminder.meeting_id == Meeting.id)
    columns = [MEETINGS.c[name] for name in (*COPIED, "id", "series_id", "rule_date", "starts_at")]
    found = select(
        *columns, MEETINGS.c.version, MEETINGS.c.state, reminded.label("reminded")
    ).where(
        Meeting.series_id.in_(ids),
        or_(Meeting.starts_at > work.moment, Meeting.rule_date >= work.today),
    )
    there: dict[int, dict[date, Any]] = {}
    for row in session.execute(found):
        there.setdefault(row.series_id, {})[row.rule_date] = row
    return there


@dataclass
class _Planning:
    """One planning: what is to be written, changed, taken away."""

    moment: datetime
    calendar: WorkCalendar
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    gone: list[Any] = field(default_factory=list)
    until: dict[int, date] = field(default_factory=dict)
    days: dict[tuple[Rule, date], dict[date, date]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of ``moment`` where the community is."""
        return clock.local(self.moment).date()

    def last_day(self, series: MeetingSeries) -> date:
        """Up to which day a series is planned now: further only once a week."""
        far = self.today + AHEAD
        known = series.planned_until
        return known if known is not None and self.today + ENOUGH <= known <= far else far

    def compare(self, series: MeetingSeries, there: dict[date, Any]) -> None:
        """Find out what a series lacks and what it has too much."""
        last = self.last_day(series)
        furthest = max((clock.local(row.starts_at).date() for row in there.values()), default=last)
        held = self._held(series, max(last, furthest))
        for day, on in held.items():
            starts_at = instant(on, series.start_time or time())
            wanted = {name: getattr(series, name) for name in COPIED} | {"starts_at": starts_at}
            row = there.get(day)
            if row is None:
                if on <= last and starts_at > self.moment:
                    self.new.append(wanted | {"series_id": series.id, "rule_date": day})
            elif self._free(row) and any(_differs(row, n, v) for n, v in wanted.items()):
                self.changed.append({"row": row, "values": wanted})
        self.gone += [row for day, row in there.items() if day not in held and self._free(row)]
        self.until[series.id] = max(last, series.planned_until or last)

    def _held(self, series: MeetingSeries, last: date) -> dict[date, date]:
        """Many series have the same rule: the days are worked out once for all of them."""
        if series.rrule is None:
            return {}
        rule = Rule(series.rrule, series.since, series.until, series.holiday)
        if (rule, last) not in self.days:
            self.days[rule, last] = held_days(rule, self.calendar, self.today, last)
        return self.days[rule, last]

    def _free(self, row: Any) -> bool:
        """Whether a meeting may still follow its series: ahead, untouched, nobody reminded."""
        ahead = clock.aware(row.starts_at) > self.moment
        return ahead and row.version == 1 and row.state == "planned" and not row.reminded

    def write(self, session: Session) -> Planned:
        """Write everything, with entries of the audit log."""
        self.new.sort(key=lambda row: (row["series_id"], row["rule_date"]))
        added = insert_missing(session, MEETINGS, self.new, ("series_id", "grid_code"))
        _change(session, self.changed)
        if self.gone:
            ids = [row.id for row in self.gone]
            session.execute(
                delete(MEETINGS)
                .where(MEETINGS.c.id.in_(ids), MEETINGS.c.version == 1)
                .execution_options(audited=True)
            )
        audit.record_bulk(session, "insert", "meetings", _told_added(added))
        audit.record_bulk(
            session, "update", "meetings", [_told(entry["row"]) for entry in self.changed]
        )
        audit.record_bulk(session, "delete", "meetings", [_told(row) for row in self.gone])
        if self.changed or self.gone:
            session.expire_all()  # the rows were written past the session
        return Planned(len(added), len(self.changed), len(self.gone))


def instant(day: date, at: time) -> datetime:
    """A time of the community's wall clock in UTC. One that daylight saving skips is the instant
    it would have been; of one that comes twice, the first.
    """
    return datetime.combine(day, at, tzinfo=clock.zone()).astimezone(UTC)


def _differs(row: Any, name: str, value: Any) -> bool:
    known = getattr(row, name)
    return (clock.aware(known) if name == "starts_at" else known) != value


def _change(session: Session, changed: list[dict[str, Any]]) -> None:
    if not changed:
        return
    names = (*COPIED, "starts_at")
    statement = (
        update(MEETINGS)
        .where(MEETINGS.c.id == bindparam("of_id"), MEETINGS.c.version == 1)
        .values({name: bindparam(f"to_{name}", type_=MEETINGS.c[name].type) for name in names})
        .values(updated_at=clock.now())
    )
    rows = [
        {"of_id": entry["row"].id} | {f"to_{name}": entry["values"][name] for name in names}
        for entry in changed
    ]
    session.connection().execute(statement, rows)


def _told_added(added: Sequence[Any]) -> list[dict[str, Any]]:
    """One entry for each series: its meetings follow from the rule."""
    counts: dict[tuple[int, str], int] = {}
    for row in added:
        key = (row.series_id, row.grid_code)
        counts[key] = counts.get(key, 0) + 1
    return [
        {
            "row_id": None,
            "row_label": f"meeting_series {series}",
            "grid_code": code,
            "changes": {"rows": count},
        }
        for (series, code), count in counts.items()
    ]


def _told(row: Any) -> dict[str, Any]:
    return {
        "row_id": row.id,
        "row_label": f"meetings {row.id}",
        "grid_code": row.grid_code,
        "changes": {"starts_at": clock.aware(row.starts_at).isoformat()},
    }


def _note_planned(session: Session, series: Sequence[MeetingSeries], work: _Planning) -> None:
    behind = [one for one in series if one.planned_until != work.until[one.id]]
    if not behind:
        return
    statement = (
        update(SERIES)
        .where(SERIES.c.id == bindparam("of_id"))
        .values(planned_until=bindparam("to_day", type_=SERIES.c.planned_until.type))
    )
    rows = [{"of_id": one.id, "to_day": work.until[one.id]} for one in behind]
    session.connection().execute(statement, rows)
    for one in behind:
        session.expire(one, ["planned_until"])
