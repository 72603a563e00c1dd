"""Keyset paging: a page costs the same wherever it lies, and no row is skipped or shown twice."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, String, and_, cast, func, literal, or_, select
from sqlalchemy import types as sa_types
from sqlalchemy.orm import Session

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
    key = _sortable(model, part.column)
    descending = part.descending != backwards
    cursor = part.before if backwards else part.after
    if cursor is not None:
        statement = statement.where(_beyond(key, model.id, _decode(cursor), descending))
    order = (key.desc(), model.id.desc()) if descending else (key, model.id)
    rows = list(session.scalars(statement.order_by(*order).limit(part.size + 1)).unique())
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


def _sortable(model: Any, name: str) -> Any:
    column = getattr(model, name)
    kind = column.type
    if name == "id" or not column.property.columns[0].nullable:
        return column
    if isinstance(kind, sa_types.Integer):
        return func.coalesce(column, literal(-1))
    if isinstance(kind, sa_types.Date | sa_types.DateTime):
        return func.coalesce(cast(column, String), literal(""))
    return func.coalesce(column, literal(""))


def _beyond(key: Any, tie: Any, cursor: tuple[Any, int], descending: bool) -> Any:
    value, number = cursor
    if key is tie:
        return key < number if descending else key > number
    if isinstance(key.type, sa_types.DateTime) and isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif isinstance(key.type, sa_types.Date) and isinstance(value, str):
        value = date.fromisoformat(value)
    further = key < value if descending else key > value
    tied = tie < number if descending else tie > number
    return or_(further, and_(key == value, tied))


def _cursor(row: Any, column: str) -> str:
    value = getattr(row, column)
    nullable = type(row).__mapper__.columns[column].nullable
    if value is None:
        value = (
            -1 if isinstance(type(row).__mapper__.columns[column].type, sa_types.Integer) else ""
        )
    elif isinstance(value, datetime) and nullable:
        value = str(value)
    elif isinstance(value, date):
        value = value.isoformat()
    text = json.dumps([value, row.id], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str) -> tuple[Any, int]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError) as error:
        raise BadCursor(text) from error
    if not isinstance(number, int) or isinstance(value, list | dict | bool):
        raise BadCursor(text)
    return value, number
