"""Units of municipal services: who may be handed a problem, and how each kept its word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from portal import scope
from portal.models import MunicipalUnit, Organisation, UnitCase, WorkOrder

PROPERTY = "property"


@dataclass(frozen=True)
class Rating:
    """Of the problems handed to a unit in a period: how many; of those that are answered or over,
    how many in time; of those that were re-checked, how many were put right; how many came back.
    """

    handed: int = 0
    due: int = 0
    on_time: int = 0
    rechecked: int = 0
    right_first: int = 0
    reopened: int = 0


Period = tuple[date, date]  # first and last day


def units_for(session: Session, code: str) -> list[MunicipalUnit]:
    """The units that owe something at ``code``: theirs is that grid or one above it, by name."""
    line = [*scope.ancestors(code), code]
    asked = select(MunicipalUnit).where(
        MunicipalUnit.grid_code.in_(line), MunicipalUnit.in_use.is_(True)
    )
    return list(session.scalars(asked.order_by(MunicipalUnit.name, MunicipalUnit.id)))


def companies_for(session: Session, code: str) -> list[Organisation]:
    """The property companies of the grid ``code`` and of all of its block."""
    block = code[: scope.CODE_LENGTHS["block"]]
    asked = select(Organisation).where(
        Organisation.kind == PROPERTY, scope.within(Organisation.grid_code, [block])
    )
    return list(session.scalars(asked.order_by(Organisation.name, Organisation.id).limit(50)))


def case_of_order(session: Session, order_id: int) -> UnitCase | None:
    """What was handed to a unit of an order."""
    return session.scalars(select(UnitCase).where(UnitCase.order_id == order_id)).one_or_none()


def ratings(
    session: Session, of: ColumnElement[bool], periods: Sequence[Period], today: date
) -> list[Rating]:
    """One rating for each period, of the cases that ``of`` holds for, by the day they were handed
    over. What few may see, what was void and what is part of another order is not counted. One
    statement.
    """
    columns = [_sum(condition) for period in periods for condition in _measures(period, today)]
    counted = and_(
        of,
        WorkOrder.visibility == "normal",
        WorkOrder.about_user_id.is_(None),
        WorkOrder.void.is_(False),
        WorkOrder.merged_into_id.is_(None),
    )
    found = session.execute(
        select(*columns)
        .select_from(UnitCase)
        .join(WorkOrder, WorkOrder.id == UnitCase.order_id)
        .where(counted)
    ).one()
    size = len(Rating.__dataclass_fields__)
    return [Rating(*found[start : start + size]) for start in range(0, len(found), size)]


def _measures(period: Period, today: date) -> tuple[ColumnElement[bool], ...]:
    here = UnitCase.handed_on.between(*period)
    judged = or_(UnitCase.on_time.is_not(None), UnitCase.due_on < today)
    return (
        here,
        and_(here, judged),
        and_(here, UnitCase.on_time.is_(True)),
        and_(here, UnitCase.right_first.is_not(None)),
        and_(here, UnitCase.right_first.is_(True)),
        and_(here, WorkOrder.reopened > 0),
    )


def _sum(condition: ColumnElement[bool]) -> Any:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)
