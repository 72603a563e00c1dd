"""Mediation files and what belongs in one, as pages, papers and the round ask for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models.mediation import (
    MediationAttendance,
    MediationFile,
    MediationMediator,
    MediationParty,
    MediationSession,
    MediationTerm,
)
from portal.queries.settings import numbers

SOON = timedelta(days=7)  # sessions of the week to come


@dataclass(frozen=True)
class Contents:
    """Everything in a file, in its order; ``there``: session → the parties who came."""

    parties: list[MediationParty]
    sessions: list[MediationSession]
    terms: list[MediationTerm]
    mediators: list[int]
    there: dict[int, list[int]] = field(default_factory=dict)


def contents(session: Session, file_id: int) -> Contents:
    """What lies in a file."""
    own = select(MediationSession.id).where(MediationSession.file_id == file_id)
    asked = select(MediationAttendance.session_id, MediationAttendance.party_id).where(
        MediationAttendance.session_id.in_(own)
    )
    there: dict[int, list[int]] = {}
    for session_id, party_id in session.execute(asked):
        there.setdefault(session_id, []).append(party_id)
    return Contents(
        parties=_of(session, MediationParty, file_id, MediationParty.seq),
        sessions=_of(session, MediationSession, file_id, MediationSession.held_at),
        terms=_of(session, MediationTerm, file_id, MediationTerm.seq),
        mediators=mediators(session, file_id),
        there=there,
    )


def _of(session: Session, model: Any, file_id: int, order: Any) -> list[Any]:
    rows: Select[Any] = select(model).where(model.file_id == file_id)
    return list(session.scalars(rows.order_by(order, model.id)))


def mediators(session: Session, file_id: int) -> list[int]:
    """The accounts that mediate."""
    asked = select(MediationMediator.user_id).where(MediationMediator.file_id == file_id)
    return list(session.scalars(asked.order_by(MediationMediator.user_id)))


def file_of(session: Session, order_id: int) -> MediationFile | None:
    """The file of an order."""
    asked = select(MediationFile).where(MediationFile.order_id == order_id)
    return session.scalars(asked).one_or_none()


# lists --------------------------------------------------------------------------------------------


def mine() -> ColumnElement[bool]:
    """Files in which who asks mediates, under way or with promises to follow up."""
    own = exists().where(
        MediationMediator.file_id == MediationFile.id,
        MediationMediator.user_id == scope.current().user_id,
    )
    return and_(own, MediationFile.outcome.in_(("open", "agreed")))


def running() -> ColumnElement[bool]:
    """Files under mediation."""
    return MediationFile.outcome == "open"


def sessions_ahead() -> ColumnElement[bool]:
    """Files under mediation with a session within a week that is not recorded yet, or was to be
    recorded.
    """
    planned = exists().where(
        MediationSession.file_id == MediationFile.id,
        MediationSession.record.is_(None),
        MediationSession.held_at < clock.now() + SOON,
    )
    return and_(running(), planned)


def to_follow_up() -> ColumnElement[bool]:
    """Files with a promise whose day has come and of which nobody knows whether it was kept."""
    due = exists().where(
        MediationTerm.file_id == MediationFile.id,
        MediationTerm.due_on <= clock.today(),
        MediationTerm.performance.is_(None),
    )
    return and_(MediationFile.outcome == "agreed", due)


def to_confirm(session: Callable[[], Session]) -> Callable[[], ColumnElement[bool]]:
    """Agreements whose time for the joint application to the court runs out."""

    def condition() -> ColumnElement[bool]:
        today = clock.today()
        ahead = today + timedelta(days=numbers(session())["mediation.warn_days"])
        return and_(
            MediationFile.confirmation == "open", MediationFile.confirm_by.between(today, ahead)
        )

    return condition
