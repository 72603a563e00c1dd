"""Places that need attention, and what patrols saw there, as lists and pages ask for them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, joinedload

from portal import clock, scope
from portal.models import Matter, Patrol, PatrolCheck, PatrolFinding, Place


def on_list() -> ColumnElement[bool]:
    """Places on the list."""
    return Place.off_list_on.is_(None)


def off_list() -> ColumnElement[bool]:
    """Places that were taken off the list."""
    return Place.off_list_on.is_not(None)


def due() -> ColumnElement[bool]:
    """To be looked at today, also those that were due before."""
    return Place.next_patrol_on <= clock.today()


def overdue() -> ColumnElement[bool]:
    """Somebody should have looked at them before today."""
    return Place.next_patrol_on < clock.today()


def in_state(state: str) -> Any:
    """Places on the list in ``state``."""

    def condition() -> ColumnElement[bool]:
        return and_(Place.state == state, on_list())

    return condition


def lying_in(session: Session, keys: Iterable[int], prefixes: Iterable[str]) -> set[int]:
    """Those of the places ``keys`` that lie within ``prefixes``."""
    asked = select(Place.id).where(
        Place.id.in_(sorted(set(keys))), scope.within(Place.grid_code, prefixes)
    )
    return set(session.scalars(asked))


def of_place(session: Session, place_id: int, most: int) -> Sequence[PatrolCheck]:
    """The last looks at a place, newest first, with their patrols."""
    return session.scalars(
        select(PatrolCheck)
        .where(PatrolCheck.place_id == place_id)
        .options(joinedload(PatrolCheck.patrol))
        .order_by(PatrolCheck.id.desc())
        .limit(most)
    ).all()


def of_patrol(session: Session, patrol_id: int, seen: ColumnElement[bool]) -> Sequence[PatrolCheck]:
    """What was looked at on a patrol, in order, with the places that ``seen`` holds for."""
    return session.scalars(
        select(PatrolCheck)
        .join(Place, Place.id == PatrolCheck.place_id)
        .where(PatrolCheck.patrol_id == patrol_id, seen)
        .options(joinedload(PatrolCheck.place))
        .order_by(PatrolCheck.id)
    ).all()


def of_today(session: Session, user_id: int | None, seen: ColumnElement[bool]) -> Sequence[Any]:
    """What an account looked at today, newest first, with the places that ``seen`` holds for."""
    return session.scalars(
        select(PatrolCheck)
        .join(Place, Place.id == PatrolCheck.place_id)
        .join(Patrol, Patrol.id == PatrolCheck.patrol_id)
        .where(Patrol.user_id == user_id, Patrol.day == clock.today(), seen)
        .options(joinedload(PatrolCheck.place))
        .order_by(PatrolCheck.id.desc())
        .limit(100)
    ).all()


def matters_of(
    session: Session, checks: Iterable[PatrolCheck], seen: ColumnElement[bool]
) -> dict[int, list[tuple[int, str]]]:
    """Check → (key, number) of the matters that came of it and that ``seen`` holds for."""
    keys = [check.id for check in checks if check.result == "finding"]
    if not keys:
        return {}
    found: dict[int, list[tuple[int, str]]] = {}
    asked = (
        select(PatrolFinding.check_id, Matter.id, Matter.number)
        .join(Matter, Matter.id == PatrolFinding.matter_id)
        .where(PatrolFinding.check_id.in_(keys), seen)
        .order_by(Matter.id)
    )
    for check_id, matter_id, number in session.execute(asked):
        found.setdefault(check_id, []).append((matter_id, number))
    return found
