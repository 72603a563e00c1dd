"""The round of reminders: each person of a meeting, once per lead time and channel, ever.

The round is level-triggered. It asks which reminders are due as of a moment and not on record, so
a round that was lost is made up for by the next, and one that is repeated does nothing. What makes
it happen once is the unique key of ``Reminder``: the record and what it stands for are written in
one transaction. A meeting that has begun is closed: what was not sent by then is recorded as
missed and never sent.
"""

import logging
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Grid, Meeting, Reminder
from portal.queries.invitations import Invited, invited
from portal.rules.inbox import Letter, deliver
from portal.rules.once import insert_missing

log = logging.getLogger(__name__)

# Minutes before the beginning, by kind of meeting (domain.md). Receptions follow a roster.
LEADS: dict[str, tuple[int, ...]] = {
    "daily": (30,),
    "weekly": (24 * 60, 60),
    "monthly": (3 * 24 * 60, 24 * 60, 60),
    "analysis": (3 * 24 * 60, 24 * 60, 60),
    "talk": (24 * 60, 60),
    "reception": (),
}
A_DAY = 24 * 60
LATE = timedelta(minutes=10)  # by more than this, the message says that it comes late
LOT = 200  # meetings in one transaction
MEETINGS, REMINDERS = Meeting.__table__, Reminder.__table__
KEY = ("meeting_id", "worker_id", "lead_minutes", "channel")


@dataclass
class Round:
    """What a round did: reminders by outcome."""

    sent: int = 0
    missed: int = 0
    unreachable: int = 0
    failed: int = 0

    def add(self, other: "Round") -> None:
        """Count what another part of the round did."""
        for name, number in asdict(other).items():
            setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in asdict(self).items())


@dataclass(frozen=True)
class Due:
    """One reminder that is due: of a meeting, for a person, ``lead`` minutes before. ``told``:
    others had theirs in an earlier round.
    """

    meeting: Any
    person: Invited
    lead: int
    channel: str
    state: str
    due_at: datetime
    told: bool

    @property
    def key(self) -> tuple[int, int, int, str]:
        """What there is only one of."""
        return self.meeting.id, self.person.worker_id, self.lead, self.channel


def _to_inboxes(session: Session, due: Sequence[Due], moment: datetime) -> None:
    deliver(session, (_letter(one, moment) for one in due))


# Each gets what was newly recorded as sent, within the transaction of the record. What goes into an
# inbox goes on by e-mail and to group robots as its account and the grid's groups want it
# (``rules/outside``), once, and not after the meeting has begun.
CHANNELS: dict[str, Callable[[Session, Sequence[Due], datetime], None]] = {"inbox": _to_inboxes}


def remind(session: Session, moment: datetime) -> Round:
    """Send every reminder that is due as of ``moment`` and record what is too late or cannot
    reach anybody. Commits, some hundred meetings at a time; a meeting whose reminders the database
    refuses is counted as failed and tried again by the next round. The caller acts as the system.
    """
    done = Round()
    due = session.execute(_meetings_due(moment)).all()
    for start in range(0, len(due), LOT):
        lot = due[start : start + LOT]
        try:
            done.add(_remind(session, lot, moment))
            session.commit()
        except DBAPIError:
            session.rollback()
            log.exception("reminders of %s meetings were refused: one by one", len(lot))
            done.add(_one_by_one(session, lot, moment))
    return done


def _one_by_one(session: Session, lot: Sequence[Any], moment: datetime) -> Round:
    done = Round()
    for meeting in lot:
        try:
            done.add(_remind(session, [meeting], moment))
            session.commit()
        except DBAPIError:
            session.rollback()
            log.exception("reminders of meeting %s were refused", meeting.id)
            done.failed += 1
    return done


def _meetings_due(moment: datetime) -> Select[*tuple[Any, ...]]:
    """Meetings that are not closed and have a lead time that has come, or have begun."""
    by_kind = [
        and_(
            Meeting.kind == kind,
            Meeting.starts_at <= moment + timedelta(minutes=max(leads, default=0)),
        )
        for kind, leads in LEADS.items()
    ]
    return (
        select(
            Meeting.id, Meeting.kind, Meeting.grid_code, Meeting.starts_at, Meeting.minutes,
            Meeting.place, Meeting.attendees, Meeting.mode, Meeting.agenda,
            Grid.name.label("grid_name"),
        )
        .join(Grid, Grid.code == Meeting.grid_code)
        .where(Meeting.state == "planned", Meeting.reminded_at.is_(None), or_(*by_kind))
        .order_by(Meeting.id)
    )  # fmt: skip


def _remind(session: Session, meetings: Sequence[Any], moment: datetime) -> Round:
    closed = _close(session, [m.id for m in meetings if _begun(m, moment)], moment)
    open_ones = [m for m in meetings if m.id in closed or not _begun(m, moment)]
    calling = [meeting for meeting in open_ones if LEADS[meeting.kind]]
    people = invited(session, calling)
    known = _on_record(session, [meeting.id for meeting in calling])
    told_before = {(key[0], *key[2:]) for key, state in known.items() if state == "sent"}
    due = {
        one.key: one
        for meeting in calling
        for one in _due(meeting, people[meeting.id], told_before, moment)
        if one.key not in known
    }
    rows = [_row(due[key], moment) for key in sorted(due)]
    new = insert_missing(session, REMINDERS, rows, (*KEY, "state"))
    fresh = [due[tuple(row[:4])] for row in new]
    for channel, send in CHANNELS.items():
        sent = [one for one in fresh if one.channel == channel and one.state == "sent"]
        if sent:
            send(session, sent, moment)
    counts = {name: sum(one.state == name for one in fresh) for name in asdict(Round())}
    return Round(**counts)


def _begun(meeting: Any, moment: datetime) -> bool:
    return clock.aware(meeting.starts_at) <= moment


def _close(session: Session, ids: Sequence[int], moment: datetime) -> set[int]:
    """Close meetings that have begun; those that nobody else closed, called off or moved."""
    if not ids:
        return set()
    begun = (
        MEETINGS.c.id.in_(ids),
        MEETINGS.c.reminded_at.is_(None),
        MEETINGS.c.state == "planned",
        MEETINGS.c.starts_at <= moment,
    )
    statement = update(MEETINGS).where(*begun).values(reminded_at=moment).returning(MEETINGS.c.id)
    return set(session.execute(statement, execution_options={"audited": True}).scalars())


def _on_record(session: Session, ids: Sequence[int]) -> dict[tuple[int, int, int, str], str]:
    """What there is of these meetings, with its state."""
    if not ids:
        return {}
    columns = [REMINDERS.c[name] for name in (*KEY, "state")]
    found = session.execute(select(*columns).where(REMINDERS.c.meeting_id.in_(ids)))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in found}


def _due(
    meeting: Any,
    people: Sequence[Invited],
    told_before: Container[tuple[int, int, str]],
    moment: datetime,
) -> Iterator[Due]:
    """Everything that is due for a meeting by ``moment``, on record or not."""
    starts_at = clock.aware(meeting.starts_at)
    in_time = "missed" if starts_at <= moment else "sent"
    for lead in LEADS[meeting.kind]:
        due_at = starts_at - timedelta(minutes=lead)
        if due_at > moment:
            continue
        for person in people:
            state = "unreachable" if person.user_id is None else in_time
            for channel in CHANNELS:
                before = (meeting.id, lead, channel) in told_before
                yield Due(meeting, person, lead, channel, state, due_at, before)


def _row(due: Due, moment: datetime) -> dict[str, Any]:
    return {
        "meeting_id": due.meeting.id,
        "worker_id": due.person.worker_id,
        "user_id": due.person.user_id,
        "lead_minutes": due.lead,
        "channel": due.channel,
        "state": due.state,
        "due_at": due.due_at,
        "at": moment,
    }


def _letter(due: Due, moment: datetime) -> Letter:
    assert due.person.user_id is not None
    kind = "meeting" if due.lead < A_DAY else "meeting_ahead"
    if moment - due.due_at > LATE:
        kind = "meeting_late"
    params = told(due.meeting, due.meeting.grid_name) | {"lead": due.lead}
    return Letter(
        due.person.user_id,
        kind,
        params,
        url_of(due.meeting.id),
        # Who joined since is told; the group of the grid was.
        place=None if due.told else due.meeting.grid_code,
        until=clock.aware(due.meeting.starts_at),
    )


def told(meeting: Any, grid_name: str) -> dict[str, Any]:
    """What a message says of a meeting: when, where, how long, and what first."""
    starts_at = clock.aware(meeting.starts_at)
    agenda = (meeting.agenda or "").strip().partition("\n")[0]
    return {
        "time": clock.local(starts_at).strftime("%H:%M"),
        "starts_at": starts_at.isoformat(),
        "meeting": meeting.kind,
        "grid": grid_name,
        "mode": meeting.mode,
        "place": meeting.place or grid_name,
        "minutes": meeting.minutes,
        "agenda": agenda,
    }


def url_of(meeting_id: int) -> str:
    """The page of a meeting."""
    return f"/meetings/show/{meeting_id}"
