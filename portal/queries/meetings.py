"""Named conditions on meetings, and what the page of one meeting shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.extensions import db
from portal.models import Grid, Meeting, Reminder
from portal.queries.invitations import inviting

OVER = timedelta(hours=1)  # a meeting that has just begun is still "coming"


def _midnight(days: int = 0) -> datetime:
    day = clock.today() + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=clock.zone()).astimezone(UTC)


def coming(found: Select[Any]) -> Select[Any]:
    """Meetings that are still to be held."""
    return found.where(Meeting.starts_at > clock.now() - OVER, Meeting.state == "planned")


def today(found: Select[Any]) -> Select[Any]:
    """Meetings of today."""
    return found.where(Meeting.starts_at >= _midnight(), Meeting.starts_at < _midnight(1))


def this_week(found: Select[Any]) -> Select[Any]:
    """Meetings from Monday to Sunday of this week."""
    monday = -clock.today().weekday()
    return found.where(
        Meeting.starts_at >= _midnight(monday), Meeting.starts_at < _midnight(monday + 7)
    )


def mine(found: Select[Any]) -> Select[Any]:
    """Meetings still to be held that the account of now is invited to."""
    return coming(found).where(inviting(db.session, scope.current().user_id))


def past(found: Select[Any]) -> Select[Any]:
    """Meetings whose time has come."""
    return found.where(Meeting.starts_at <= clock.now())


@dataclass(frozen=True)
class Told:
    """One reminder on record."""

    worker_id: int
    lead_minutes: int
    state: str
    at: datetime


def reminders_of(session: Session, meeting_id: int) -> Sequence[Told]:
    """What was sent, came too late or reached nobody, longest lead time first."""
    found = (
        select(Reminder.worker_id, Reminder.lead_minutes, Reminder.state, Reminder.at)
        .where(Reminder.meeting_id == meeting_id)
        .order_by(Reminder.lead_minutes.desc(), Reminder.at, Reminder.id)
    )
    return [Told(*row) for row in session.execute(found)]


def grid_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Code → name."""
    found = select(Grid.code, Grid.name).where(Grid.code.in_(sorted(set(codes))))
    return {row.code: row.name for row in session.execute(found)}
