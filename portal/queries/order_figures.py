"""Figures of work orders by grid: what is open, late, and how what was closed kept its time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, cast, func, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import Grid, WorkOrder
from portal.queries.directory import is_active
from portal.queries.matters import is_open, overdue

Sums = dict[str, Sequence[int]]  # by the beginning of the codes of their grids
Part = tuple[Sums, Sequence[int]]  # and what a grid has that is not among them

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
    session: Session,
    grids: Sequence[Any],
    seen: ColumnElement[bool],
    whole: Any = None,
    *,
    ended: bool = True,
) -> list[Figures]:
    """The figures of ``grids`` (rows with code and name, all of one level), counting the orders
    that ``seen`` holds for; after them those of ``whole``, the grid above them, if it is given:
    with what stands there itself. One statement, and one more for what ``ended``, however many
    grids there are.
    """
    if not grids:
        return []
    key = func.substr(WorkOrder.grid_code, 1, len(grids[0].code))
    parts: list[Part] = [(standing(session, key, seen), (0, 0, 0))]
    if ended:
        parts.append((closed(session, key, seen), (0, 0)))
    found = [
        Figures(grid.code, grid.name, *_joined(rows.get(grid.code, none) for rows, none in parts))
        for grid in grids
    ]
    if whole is not None:
        sums = _joined(_inside(rows, whole.code) or none for rows, none in parts)
        found.append(Figures(whole.code, whole.name, *sums))
    return found


def standing(session: Session, key: Any, seen: ColumnElement[bool]) -> Sums:
    """By ``key``: how many are open, how many of them overdue, how many supervised."""
    red = WorkOrder.warned == "red"
    asked = select(key, func.count(), _sum(overdue()), _sum(red)).where(is_open(), seen)
    return {row[0]: row[1:] for row in session.execute(asked.group_by(key))}


def closed(session: Session, key: Any, seen: ColumnElement[bool]) -> Sums:
    """By ``key``: how many were closed within 30 days, how many of them in time."""
    kept = WorkOrder.answered_at <= WorkOrder.due_at
    since = WorkOrder.closed_at >= clock.now() - WITHIN
    asked = select(key, func.count(), _sum(kept)).where(since, WorkOrder.state == "closed", seen)
    return {row[0]: row[1:] for row in session.execute(asked.group_by(key))}


def _joined(parts: Iterable[Sequence[int]]) -> list[int]:
    return [number for part in parts for number in part]


def _inside(rows: Sums, code: str) -> list[int]:
    """The sums of the rows whose key lies in a grid."""
    found = [row for key, row in rows.items() if key.startswith(code)]
    return [sum(column) for column in zip(*found, strict=True)]


def _sum(condition: ColumnElement[bool]) -> Any:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)
