"""Ledgers of matters: the orders of some kinds in a period and a grid, in the order of a book."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_
from sqlalchemy.orm import Session, joinedload

from portal import scope
from portal.models import MatterCategory, WorkOrder
from portal.models.grid import Grid
from portal.queries.paging import COUNT_CAP

AT_ONCE = 500


@dataclass(frozen=True)
class LedgerPaper:
    """A ledger as it is printed: texts in the language ``lang``. ``mark`` says how confidential it
    is, ``replaces`` which paper books it stands for; ``heads`` and ``lines`` are its table.
    ``partial``: there may be more that whoever it was printed for does not see.
    """

    lang: str
    title: str
    code: str
    grid: str
    above: tuple[str, ...]
    publisher: str
    day: str
    printed_by: str
    period: str
    mark: str
    replaces: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, ...], ...]
    partial: bool


def entries(
    kinds: tuple[str, ...], start: datetime, end: datetime, grid: str
) -> ColumnElement[bool]:
    """Orders of ``kinds`` that were reported from ``start`` on and before ``end`` within ``grid``;
    what is void was a mistake.
    """
    return and_(
        WorkOrder.kind.in_(kinds),
        WorkOrder.reported_at >= start,
        WorkOrder.reported_at < end,
        WorkOrder.void.is_(False),
        scope.within(WorkOrder.grid_code, [grid]),
    )


def with_names(condition: ColumnElement[bool]) -> Select[WorkOrder]:
    """The orders together with their category and grid."""
    brief = joinedload(WorkOrder.grid).load_only(Grid.code, Grid.name)
    about = joinedload(WorkOrder.category).load_only(
        MatterCategory.name, MatterCategory.name_en, MatterCategory.cause
    )
    return select(WorkOrder).where(condition).options(brief, about)


def named_and_counted(
    session: Session, grid: str, wanted: Select[WorkOrder]
) -> tuple[str, int] | None:
    """The name of a grid and how many orders are wanted, no further than lists count; None where
    there is no such grid. One statement.
    """
    keys = wanted.with_only_columns(WorkOrder.id).order_by(None).limit(COUNT_CAP + 1)
    number = select(func.count()).select_from(keys.subquery()).scalar_subquery()
    row = session.execute(select(Grid.name, number).where(Grid.code == grid)).one_or_none()
    return (row[0], row[1] or 0) if row is not None else None


def walk(session: Session, condition: ColumnElement[bool]) -> Iterator[list[WorkOrder]]:
    """All of them in the order in which they came, a part at a time; nothing is kept in memory."""
    place = tuple_(WorkOrder.reported_at, WorkOrder.id)
    last: tuple[datetime, int] | None = None
    while True:
        asked = with_names(condition).order_by(WorkOrder.reported_at, WorkOrder.id).limit(AT_ONCE)
        if last is not None:
            came = literal(last[0], WorkOrder.reported_at.type)
            asked = asked.where(place > tuple_(came, literal(last[1])))
        found = list(session.scalars(asked))
        if not found:
            return
        last = (found[-1].reported_at, found[-1].id)
        yield found
        for row in found:
            session.expunge(row)
