"""What 12345 and superior platforms handed down, with what came of it: one row for each matter."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from portal import clock
from portal.models import Grid, Matter, MatterCategory, WorkOrder
from portal.models.matter_choices import ENDED, ORDER_LEVELS
from portal.scope import CODE_LENGTHS

CHANNELS = ("hotline12345", "superior")
DONE = ("answered", *ENDED)


def handed_down() -> ColumnElement[bool]:
    """Matters that came from 12345 or a superior platform and count."""
    return and_(Matter.channel.in_(CHANNELS), WorkOrder.void.is_(False))


def answered_since(day: date) -> ColumnElement[bool]:
    """Those that were answered, closed or refused on ``day`` or later."""
    start = clock.aware(datetime.combine(day, time(0), clock.zone()))
    return and_(WorkOrder.state.in_(DONE), answered_at() >= start)


def answered_at() -> ColumnElement[Any]:
    """When it was answered; what was refused or settled, when it was closed."""
    return func.coalesce(WorkOrder.answered_at, WorkOrder.closed_at)


def statement(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The columns of a reply, in the order in which the matters came."""
    length = case(
        *((WorkOrder.level == level, CODE_LENGTHS[level]) for level in ORDER_LEVELS),
        else_=CODE_LENGTHS["community"],
    )
    return (
        select(
            *(Matter.outside_number, Matter.reported_at, Matter.channel, Matter.summary),
            *(Matter.detail, Matter.place, Matter.grid_code, Matter.urgency),
            MatterCategory.code.label("category"),
            MatterCategory.name.label("category_name"),
            MatterCategory.name_en.label("category_name_en"),
            Matter.outside_due_at.label("due_by"),
            *(WorkOrder.outside_unit, WorkOrder.result, WorkOrder.satisfaction, WorkOrder.state),
            answered_at().label("finished_at"),
            Grid.name.label("grid_name"),
        )
        .select_from(Matter)
        .join(WorkOrder, WorkOrder.matter_id == Matter.id)
        .join(MatterCategory, MatterCategory.id == Matter.category_id)
        .outerjoin(Grid, Grid.code == func.substr(WorkOrder.grid_code, 1, length))
        .where(condition, handed_down())
        .order_by(Matter.id)
    )


def record(row: Any) -> dict[str, Any]:
    """A row of ``statement`` by the columns of the import and of the reply.

    Who reported it stays empty: the number finds it there, and no list of who reported leaves the
    portal. Who has it: the unit that it was given to, else the grid of the level that has it.
    """
    done = row["state"] in DONE
    return dict(row) | {
        "reported_at": _minute(row["reported_at"], "%Y-%m-%d %H:%M:%S"),
        "due_by": _minute(row["due_by"]),
        "handled_by": row["outside_unit"] or row["grid_name"],
        "finished_at": _minute(row["finished_at"]) if done else None,
        "result": row["result"] if done else None,
        "reporter_name": None,
        "reporter_contact": None,
    }


def _minute(instant: datetime | None, shape: str = "%Y-%m-%d %H:%M") -> str | None:
    return clock.local(instant).strftime(shape) if instant is not None else None
