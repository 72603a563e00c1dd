"""Keyset paging: a page costs the same wherever it lies, and no row is skipped or shown twice."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select, true, tuple_
from sqlalchemy import types as sa_types
from sqlalchemy.orm import Session

from portal.queries.search import storable

COUNT_CAP = 10_000
MAX_SIZE = 200
SIZE = 25
SCOPE_ORDER = ("grid_code", "id")  # orders in which a scope is one range


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

    @property
    def turned(self) -> bool:
        """Whether the rows are read in falling order: so they are before a cursor, too."""
        return self.descending != (self.before is not None)


@dataclass(frozen=True)
class Page:
    """The rows of a page and the cursors of its neighbours."""

    rows: list[Any]
    total: int
    capped: bool
    next: str | None
    previous: str | None


def fetch(
    session: Session,
    statement: Select[Any],
    model: Any,
    part: Slice,
    *,
    scoped: Select[Any] | None = None,
    walked: Select[Any] | None = None,
    rare: bool = True,
    known: int | None = None,
) -> Page:
    """The page ``part`` of ``statement`` (a select of ``model``) in two statements.

    Without ``scoped`` the list is read through in its order. With it (all rows in scope, with what
    a page loads) ``statement`` may find few among very many, or be in another order than the scope:
    the keys of what is found are gathered first, no further than the count goes, and the page is
    read by its keys. Of what is found more often, the list is read through all the same: there is
    soon another one. ``walked`` is the same search without its index, for that; only a search in
    an order of its own, where all of a name may stand at the end, gathers every key (a third
    statement). Not ``rare``: nothing but the order is another one, and counting tells which way.
    ``known``: how many there are, where somebody has counted already.

    Raises BadCursor for a cursor that does not fit the order.
    """
    counting = known is None and (scoped is None or not rare)
    total = count(session, statement, model) if counting else known or 0
    if scoped is None or total > COUNT_CAP:
        rows = _walk(session, statement, model, part)
    else:
        total, keys = _gather(session, statement, model, part, COUNT_CAP + 1)
        if total <= COUNT_CAP:
            rows = _rows_of(session, scoped, model, keys)
        elif walked is None or part.column in SCOPE_ORDER:
            rows = _walk(session, statement if walked is None else walked, model, part)
        else:
            keys = _gather(session, statement, model, part, None)[1]
            rows = _rows_of(session, scoped, model, keys)
    return _page(rows, total, part)


def _page(rows: list[Any], total: int, part: Slice) -> Page:
    backwards = part.before is not None
    more = len(rows) > part.size
    rows = rows[: part.size]
    if backwards:
        rows.reverse()
    behind = more if backwards else bool(part.after)
    return Page(
        rows,
        min(total, COUNT_CAP),
        total > COUNT_CAP,
        _cursor(rows[-1], part.column) if rows and (more or backwards) else None,
        _cursor(rows[0], part.column) if rows and behind else None,
    )


def count(session: Session, statement: Select[Any], model: Any) -> int:
    """How many rows, counting keys only and no further than one past the cap."""
    return counts(session, [(statement, model)])[0]


def counts(session: Session, asked: Sequence[tuple[Select[Any], Any]]) -> list[int]:
    """``count`` of several statements (with the model of each), all in one."""
    if not asked:
        return []
    numbers = []
    for place, (statement, model) in enumerate(asked):
        keys = statement.with_only_columns(model.id).order_by(None).limit(COUNT_CAP + 1)
        number = select(func.count()).select_from(keys.subquery()).scalar_subquery()
        numbers.append(number.label(f"number_{place}"))
    return [number or 0 for number in session.execute(select(*numbers)).one()]


def ordered(statement: Select[Any], model: Any, part: Slice) -> Select[Any]:
    """``statement`` in the order of ``part``, the key as tie-breaker."""
    key = _key(model, part.column)
    return statement.order_by(*_order(key, model.id, part.descending, _nullable(key)))


def _walk(session: Session, statement: Select[Any], model: Any, part: Slice) -> list[Any]:
    """One row more than the page, read in the order of ``part``."""
    key = _key(model, part.column)
    found = _placed(statement, key, (key, model.id), part)
    if getattr(model, "search_indexed", False) and (hint := _order_hint(model, key)):
        found = found.with_hint(model, hint, "sqlite")
    return list(session.scalars(found).unique())


def _order_hint(model: Any, key: Any) -> str:
    """How SQLite walks in this order: it would rather read all of the scope and sort it. Empty
    where no index is in the order, and for the order of the scope, which it finds by itself.
    """
    if key.key == "id":
        return "NOT INDEXED"  # the keys need no index
    name = f"ix_{model.__tablename__}_{key.key}_id_grid_code"
    known = any(index.name == name for index in model.__table__.indexes)
    return f"INDEXED BY {name}" if known else ""


def _gather(
    session: Session, statement: Select[Any], model: Any, part: Slice, most: int | None
) -> tuple[int, list[int]]:
    """How many rows are found, ``most`` at most, and the keys of one row more than the page."""
    key = _key(model, part.column)
    found = statement.with_only_columns(model.id.label("id"), key.label("key")).order_by(None)
    # Materialized: the planner would rather walk in the order and hope to meet what is searched.
    hits = found.limit(most).cte("hits").prefix_with("MATERIALIZED")
    page = _placed(select(hits.c.id, hits.c.key), key, (hits.c.key, hits.c.id), part).subquery()
    total = select(func.count().label("total")).select_from(hits).subquery()
    place = _order(page.c.key, page.c.id, part.turned, _nullable(key))
    both = select(total.c.total, page.c.id).select_from(total.outerjoin(page, true()))
    rows = session.execute(both.order_by(*place)).all()
    return rows[0].total, [row.id for row in rows if row.id is not None]


def _rows_of(session: Session, scoped: Select[Any], model: Any, keys: list[int]) -> list[Any]:
    """The rows with these keys, in the order of the keys; a row that is gone since is left out."""
    if not keys:
        return []
    found = {row.id: row for row in session.scalars(scoped.where(model.id.in_(keys))).unique()}
    return [found[key] for key in keys if key in found]


def _placed(statement: Select[Any], key: Any, columns: tuple[Any, Any], part: Slice) -> Select[Any]:
    """``statement`` from where the page begins, in its order; ``columns`` hold key and id."""
    cursor = part.after if part.before is None else part.before
    nullable = _nullable(key)
    if cursor is not None:
        place = _decode(cursor)
        statement = statement.where(_beyond(key, columns, place, part.turned, nullable))
    return statement.order_by(*_order(*columns, part.turned, nullable)).limit(part.size + 1)


def _key(model: Any, column: str) -> Any:
    """The column whose values are in the order of ``column``: names sort by their pinyin."""
    return getattr(model, getattr(model, "sorted_by", {}).get(column, column))


def _order(column: Any, tie: Any, descending: bool, nullable: bool) -> list[Any]:
    """Rows without a value come last, on both engines."""
    parts = [column, tie] if column is not tie else [tie]
    if nullable:
        parts.insert(0, case((column.is_(None), 1), else_=0))
    return [part.desc() if descending else part.asc() for part in parts]


def _nullable(column: Any) -> bool:
    return bool(column.property.columns[0].nullable)


def _beyond(
    key: Any, columns: tuple[Any, Any], cursor: tuple[Any, int], descending: bool, nullable: bool
) -> Any:
    """Condition: the row comes after the row of ``cursor`` in the order of ``_order``."""
    (column, tie), (text, number) = columns, cursor
    further_id = tie < number if descending else tie > number
    if column is tie:
        return further_id
    if text is None:
        if not nullable:
            raise BadCursor(cursor)
        same = and_(column.is_(None), further_id)
        return or_(same, column.is_not(None)) if descending else same
    # As a parameter: SQLAlchemy compares no column with the constants true and false.
    value = literal(_typed(key.type, text), key.type)
    # As one pair: an index finds its place, where "greater, or equal and" would be read through.
    mine, its = tuple_(column, tie), tuple_(value, literal(number))
    beyond = mine < its if descending else mine > its
    if not nullable:
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
    value = getattr(row, getattr(row, "sorted_by", {}).get(column, column))
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
