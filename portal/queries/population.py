"""Named selections of the changes of the register: what counts, whose they are."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.models import PopulationChange, Resident
from portal.queries.register import living

COUNTED = ("birth", "death", "move_in", "move_out")
"""Kinds by which the number of people changes; a first registration only tells the portal."""


def standing(change: Any = PopulationChange) -> ColumnElement[bool]:
    """Condition: the change was not taken back, and is not itself the taking back of one."""
    later = aliased(PopulationChange)
    taken = exists(select(later.id).where(later.cancels_id == change.id))
    stands: ColumnElement[bool] = change.cancels_id.is_(None) & ~taken
    return stands


def counted(found: Select[Any]) -> Select[Any]:
    """Births, deaths and moves that stand: what a monthly report counts by ``happened_on``."""
    return found.where(PopulationChange.kind.in_(COUNTED), standing())


def taken_back(found: Select[Any]) -> Select[Any]:
    """Corrections."""
    return found.where(PopulationChange.kind == "correction")


def of_households(found: Select[Any]) -> Select[Any]:
    """Changes of heads, splits and merges that stand."""
    return found.where(PopulationChange.kind.in_(("change_of_head", "split", "merge")), standing())


def number_of(session: Session, residents: Sequence[int]) -> int:
    """How many changes these people have that are more than having been entered."""
    mine = PopulationChange.resident_id.in_(residents) & (PopulationChange.kind != "registered")
    came = PopulationChange.before.contains('"new"')
    found = select(func.count()).select_from(PopulationChange).where(mine, ~came, standing())
    return session.scalar(found) or 0


def number_in(session: Session, households: Sequence[int]) -> int:
    """How many changes are on record in these households."""
    mine = PopulationChange.household_id.in_(households)
    return session.scalar(select(func.count()).select_from(PopulationChange).where(mine)) or 0


def history(household_id: int) -> Select[Any]:
    """The changes of one household, newest first: also the splits and merges that filled it."""
    mine = or_(
        PopulationChange.household_id == household_id,
        (PopulationChange.other_household_id == household_id)
        & PopulationChange.kind.in_(("split", "merge")),
    )
    return (
        select(PopulationChange)
        .where(mine)
        .order_by(PopulationChange.happened_on.desc(), PopulationChange.id.desc())
    )


def people(session: Session, household_id: int) -> Sequence[Resident]:
    """Who lives in a household, the head first, then by age."""
    rows = session.scalars(
        select(Resident).where(Resident.household_id == household_id, *living())
    ).all()
    return ordered(rows)


def ordered(people: Iterable[Resident]) -> list[Resident]:
    """The head first, then by age; whose birthday is not known comes last."""
    return sorted(
        people, key=lambda one: (one.relation_to_head != "head", str(one.birth_date or "~"), one.id)
    )
