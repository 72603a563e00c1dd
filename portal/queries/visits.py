"""Which households are to be visited."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import HomeVisit, Household, Resident
from portal.queries.register import living


def lived_in(found: Select[Any]) -> Select[Any]:
    """Households in which somebody lives."""
    return found.where(
        exists(select(Resident.id).where(Resident.household_id == Household.id, *living()))
    )


def due(found: Select[Any]) -> Select[Any]:
    """To be visited today, also those that were due before."""
    return lived_in(found.where(Household.next_visit_on <= clock.today()))


def overdue(found: Select[Any]) -> Select[Any]:
    """Due before today."""
    return lived_in(found.where(Household.next_visit_on < clock.today()))


def never(found: Select[Any]) -> Select[Any]:
    """Nobody was ever met there."""
    return lived_in(found.where(Household.visited_on.is_(None)))


def with_needs(found: Select[Any]) -> Select[Any]:
    """A service is still to be brought."""
    return found.where(Household.needs.is_not(None))


def with_hazards(found: Select[Any]) -> Select[Any]:
    """A hazard was seen and is not settled."""
    return found.where(Household.hazards.is_not(None))


def last(session: Session, household_id: int, most: int) -> Sequence[HomeVisit]:
    """The last visits to a household, newest first."""
    return session.scalars(
        select(HomeVisit)
        .where(HomeVisit.household_id == household_id)
        .order_by(HomeVisit.visited_on.desc(), HomeVisit.id.desc())
        .limit(most)
    ).all()
