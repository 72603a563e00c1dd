"""Figures of work orders by grid: what is open, late, and how what was closed kept its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, cast, func, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import Grid, WorkOrder
from portal.queries.directory import is_active
from portal.queries.matters import is_open

WITHIN = timedelta(days=30)
BELOW = {
    "district": "street",
    "street": "community",
    "community": "area",
    "area": "block",
    "block": "cell",
}


@dataclass(frozen=True)
class Figures:
    """Of one grid with everything below it: ``closed`` within 30 days, ``in_time`` of them."""

    code: str
    name: str
    open: int = 0
    overdue: int = 0
    supervised: int = 0
    closed: int = 0
    in_time: int = 0


def grids_below(session: Session, code: str) -> Sequence[Any]:
    """Code and name of the grids right below one, in the order of their codes."""
    level = session.scalar(select(Grid.level).where(Grid.code == code))
    asked = select(Grid.code, Grid.name).where(
        Grid.level == BELOW.get(level or ""), scope.within(Grid.code, [code]), is_active()
    )
    return session.execute(asked.order_by(Grid.code)).all()


def by_grid(
    session: Session, grids: Sequence[Any], seen: ColumnElement[bool], whole: Any = None
) -> list[Figures]:
    """The figures of ``grids`` (rows with code and name, all of one level), counting the orders
    that ``seen`` holds for; after them those of ``whole``, the grid above them, if it is given:
    with what stands there itself. Two statements, however many grids there are.
    """
    if not grids:
        return []
    size = len(grids[0].code)
    key = func.substr(WorkOrder.grid_code, 1, size)
    now = clock.now()
    late = (WorkOrder.due_at < now) & WorkOrder.suspended_at.is_(None)
    late &= WorkOrder.state != "answered"
    standing = {
        row[0]: row[1:]
        for row in session.execute(
            select(key, func.count(), _sum(late), _sum(WorkOrder.warned == "red"))
            .where(is_open(), seen)
            .group_by(key)
        )
    }
    kept = WorkOrder.answered_at <= WorkOrder.due_at
    closed = {
        row[0]: row[1:]
        for row in session.execute(
            select(key, func.count(), _sum(kept))
            .where(WorkOrder.closed_at >= now - WITHIN, WorkOrder.state == "closed", seen)
            .group_by(key)
        )
    }
    found = [
        Figures(
            grid.code,
            grid.name,
            *standing.get(grid.code, (0, 0, 0)),
            *closed.get(grid.code, (0, 0)),
        )
        for grid in grids
    ]
    if whole is not None:
        opened, ended = (_inside(rows, whole.code) for rows in (standing, closed))
        found.append(Figures(whole.code, whole.name, *(opened or (0, 0, 0)), *(ended or (0, 0))))
    return found


def _inside(rows: dict[str, Any], code: str) -> list[int]:
    """The sums of the rows whose key lies in a grid."""
    found = [row for key, row in rows.items() if key.startswith(code)]
    return [sum(column) for column in zip(*found, strict=True)]


def _sum(condition: ColumnElement[bool]) -> Any:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)
