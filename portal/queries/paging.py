"""Keyset paging: a page costs the same wherever it lies, and no row is skipped or shown twice."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select
from sqlalchemy import types as sa_types
from sqlalchemy.orm import Session

from portal.queries.search import storable

COUNT_CAP = 10_000
MAX_SIZE = 200
SIZE = 25


class BadCursor(ValueError):
    """An ``after`` or ``before`` that no page of this list has given out."""


@dataclass(frozen=True)
class Slice:
    """Where a page lies: its size, its order and the row it comes after or before."""

    size: int = SIZE
    column: str = "id"
    descending: bool = False
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class Page:
    """The rows of a page and the cursors of its neighbours."""

    rows: list[Any]
    total: int
    capped: bool
    next: str | None
    previous: str | None


def fetch(session: Session, statement: Select[Any], model: Any, part: Slice) -> Page:
    """The page ``part`` of ``statement`` (a select of ``model``) in two statements.

    Raises BadCursor for a cursor that does not fit the order.
    """
    total = count(session, statement, model)
    backwards = part.before is not None
    key = getattr(model, part.column)
    descending = part.descending != backwards
    cursor = part.before if backwards else part.after
    if cursor is not None:
        statement = statement.where(_beyond(key, model.id, _decode(cursor), descending))
    ordered = statement.order_by(*_order(key, model.id, descending))
    rows = list(session.scalars(ordered.limit(part.size + 1)).unique())
    more = len(rows) > part.size
    rows = rows[: part.size]
    if backwards:
        rows.reverse()
    return Page(
        rows,
        min(total, COUNT_CAP),
        total > COUNT_CAP,
        _cursor(rows[-1], part.column) if rows and (more or backwards) else None,
        _cursor(rows[0], part.column) if rows and (more if backwards else bool(cursor)) else None,
    )


def count(session: Session, statement: Select[Any], model: Any) -> int:
    """How many rows, counting keys only and no further than one past the cap."""
    keys = statement.with_only_columns(model.id).order_by(None).limit(COUNT_CAP + 1)
    return session.scalar(select(func.count()).select_from(keys.subquery())) or 0


def ordered(statement: Select[Any], model: Any, part: Slice) -> Select[Any]:
    """``statement`` in the order of ``part``, the key as tie-breaker."""
    return statement.order_by(*_order(getattr(model, part.column), model.id, part.descending))


def _order(column: Any, tie: Any, descending: bool) -> list[Any]:
    """Rows without a value come last, on both engines."""
    parts = [column, tie] if column is not tie else [tie]
    if _nullable(column):
        parts.insert(0, case((column.is_(None), 1), else_=0))
    return [part.desc() if descending else part.asc() for part in parts]


def _nullable(column: Any) -> bool:
    return bool(column.property.columns[0].nullable)


def _beyond(column: Any, tie: Any, cursor: tuple[Any, int], descending: bool) -> Any:
    """Condition: the row comes after the row of ``cursor`` in the order of ``_order``."""
    text, number = cursor
    further_id = tie < number if descending else tie > number
    if column is tie:
        return further_id
    if text is None:
        same = and_(column.is_(None), further_id)
        return or_(same, column.is_not(None)) if descending else same
    # As a parameter: SQLAlchemy compares no column with the constants true and false.
    value = literal(_typed(column.type, text), column.type)
    further = column < value if descending else column > value
    beyond = or_(further, and_(column == value, further_id))
    if not _nullable(column):
        return beyond
    return beyond if descending else or_(beyond, column.is_(None))


def _typed(kind: Any, value: Any) -> Any:
    try:
        if isinstance(kind, sa_types.DateTime):
            return datetime.fromisoformat(value)
        if isinstance(kind, sa_types.Date):
            return date.fromisoformat(value)
        if isinstance(kind, sa_types.Time):
            return time.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadCursor(value) from error
    fits = isinstance(value, kind.python_type)
    if not fits or (isinstance(value, int) and abs(value) >= 2**31):
        raise BadCursor(value)
    if isinstance(value, str) and not storable(value):
        raise BadCursor(value)
    return value


def _cursor(row: Any, column: str) -> str:
    value = getattr(row, column)
    if isinstance(value, date | time):
        value = value.isoformat()
    text = json.dumps([value, row.id], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str) -> tuple[Any, int]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadCursor(text) from error
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) >= 2**31:
        raise BadCursor(text)
    return value, number
