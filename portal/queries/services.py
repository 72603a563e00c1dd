"""Service rounds as lists and pages ask for them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ServiceRound, ServiceVisit


def active() -> ColumnElement[bool]:
    """Services that come."""
    return ServiceRound.active.is_(True)


def due() -> ColumnElement[bool]:
    """To come today, also those that should have come before."""
    return and_(active(), ServiceRound.next_on <= clock.today())


def overdue() -> ColumnElement[bool]:
    """They should have come before today."""
    return and_(active(), ServiceRound.next_on < clock.today())


def last(session: Session, round_id: int, most: int) -> Sequence[ServiceVisit]:
    """When a service came, newest first."""
    return session.scalars(
        select(ServiceVisit)
        .where(ServiceVisit.round_id == round_id)
        .order_by(ServiceVisit.came_on.desc())
        .limit(most)
    ).all()
