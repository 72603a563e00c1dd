"""Ending sessions, and forms that are sent once (both forget what nobody can come back with)."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import EndedSession, SentForm

KEPT = timedelta(days=1)  # longer than a session or the token of a form lives


def end_session(session: Session, sid: str | None) -> None:
    """Note that the session ``sid`` was signed out; the caller commits."""
    session.execute(delete(EndedSession).where(EndedSession.ended_at < clock.now() - KEPT))
    ended = select(EndedSession.id).where(EndedSession.sid == sid)
    if sid is not None and session.scalar(ended) is None:
        session.add(EndedSession(sid=sid))


def sent_before(session: Session, token: str | None) -> str | None:
    """The address of the record that this form has added already, or None."""
    if not token:
        return None
    return session.scalar(select(SentForm.url).where(SentForm.token == token[:24]))


def note_sent(session: Session, token: str | None, url: str) -> None:
    """Note, in the transaction that adds the record, which form added it.

    A second form with the same token fails on the unique key, so one of the two adds nothing.
    """
    if not token:
        return
    session.execute(delete(SentForm).where(SentForm.sent_at < clock.now() - KEPT))
    session.add(SentForm(token=token[:24], url=url))
    session.flush()
