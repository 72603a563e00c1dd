"""What ``/metrics`` tells of the database, counted when it is asked."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Delivery, Meeting, Message, Task

GRACE = timedelta(minutes=2)  # the round of reminders runs every minute


def open_tasks(session: Session) -> dict[str, int]:
    """How much long work waits and runs."""
    found = dict.fromkeys(("queued", "running"), 0)
    asked = (
        select(Task.state, func.count()).where(Task.state.in_(tuple(found))).group_by(Task.state)
    )
    for state, count in session.execute(asked):
        found[state] = count
    return found


def deliveries(session: Session) -> dict[str, int]:
    """What waits to leave the portal, and what did not get out, by state."""
    told = ("waiting", "held", "sending", "failed", "given_up")
    found = dict.fromkeys(told, 0)
    asked = select(Delivery.state, func.count()).where(Delivery.state.in_(told))
    for state, count in session.execute(asked.group_by(Delivery.state)):
        found[state] = count
    return found


def unread_messages(session: Session) -> int:
    """Unread messages of all inboxes."""
    return session.scalar(select(func.count(Message.id)).where(Message.read_at.is_(None))) or 0


def overdue_meetings(session: Session) -> int:
    """Meetings that have begun and whose reminders the round has not settled (sent or missed)."""
    asked = select(func.count(Meeting.id)).where(
        Meeting.reminded_at.is_(None),
        Meeting.state == "planned",
        Meeting.starts_at < clock.now() - GRACE,
    )
    return session.scalar(asked) or 0
