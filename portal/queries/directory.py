"""The SELECTs of the public directory that find grids. Nothing here depends on who asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal import clock
from portal.models import Grid
from portal.queries.paging import COUNT_CAP, count
from portal.queries.search import matches
from portal.scope import ancestors, following

Rows = Sequence[Any]  # rows of the columns that the function's SELECT names

SIZE = 25
COMMUNITIES = 12  # communities with teams that the first page names

PLAIN: tuple[Any, ...] = (
    Grid.code,
    Grid.name,
    Grid.level,
    Grid.kind,
    Grid.address,
    Grid.parent_code,
)


@dataclass(frozen=True)
class Found:
    """One page of grids in order of their codes; ``total`` is exact unless ``capped``."""

    rows: Rows
    total: int
    capped: bool
    after: str | None = None
    before: str | None = None


def is_active(grid: Any = Grid) -> ColumnElement[bool]:
    """Grids in use today."""
    today = clock.today()
    return and_(
        or_(grid.active_from.is_(None), grid.active_from <= today),
        or_(grid.active_to.is_(None), grid.active_to >= today),
    )


def find(session: Session, words: str, after: str = "", before: str = "") -> Found:
    """Grids that every word of ``words`` matches: characters, pinyin, initials or code.

    Two statements; ``after`` and ``before`` are codes of the neighbouring pages.
    """
    return _page(session, select(*PLAIN).where(matches(Grid, words), is_active()), after, before)


def below(session: Session, parent: str | None, after: str = "", before: str = "") -> Found:
    """The grids right below ``parent``; without one, those with nothing above. Two statements."""
    here = Grid.parent_code == parent if parent else Grid.parent_code.is_(None)
    return _page(session, select(*PLAIN).where(here, is_active()), after, before)


def _page(session: Session, statement: Select[Any], after: str, before: str) -> Found:
    total = count(session, statement, Grid)
    backwards = bool(before) and not after
    if after:
        statement = statement.where(Grid.code > after)
    elif before:
        statement = statement.where(Grid.code < before)
    order = Grid.code.desc() if backwards else Grid.code
    rows = list(session.execute(statement.order_by(order).limit(SIZE + 1)) if total else ())
    more = len(rows) > SIZE
    rows = rows[:SIZE]
    if backwards:
        rows.reverse()
    first, last = (rows[0].code, rows[-1].code) if rows else (None, None)
    return Found(
        rows,
        min(total, COUNT_CAP),
        total > COUNT_CAP,
        last if more or backwards else None,
        first if (more if backwards else bool(after)) else None,
    )


def names_above(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Code → name of every grid above the given ones. One statement, none if there is nothing."""
    upper = sorted({code for given in codes for code in ancestors(given)})
    if not upper:
        return {}
    found = session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(upper)))
    return {row.code: row.name for row in found}


def numbers_below(session: Session, codes: Sequence[str]) -> dict[str, int]:
    """Code → how many active grids lie right below. One statement."""
    found = session.execute(
        select(Grid.parent_code, func.count())
        .where(Grid.parent_code.in_(codes), is_active())
        .group_by(Grid.parent_code)
    )
    return {code: number for code, number in found if code}


def start(session: Session) -> Rows:
    """Where the first page leads: top grids, and communities that have grids of their own.

    The second kind has level ``community``; at most ``COMMUNITIES`` of them. One statement.
    """
    part = aliased(Grid)
    divided = and_(
        Grid.level == "community", exists().where(part.parent_code == Grid.code, is_active(part))
    )
    top = select(Grid.id).where(Grid.parent_code.is_(None), is_active())
    with_parts = (
        select(Grid.id).where(divided, is_active()).order_by(Grid.code).limit(COMMUNITIES + 1)
    )
    return session.execute(
        select(*PLAIN)
        .where(or_(Grid.id.in_(top), Grid.id.in_(with_parts)))
        .order_by(Grid.code)
        .limit(100)
    ).all()


def tree(session: Session, community: str) -> Rows:
    """Areas, blocks and cells of a community, a parent before its children. One statement."""
    return session.execute(
        select(*PLAIN)
        .where(Grid.code > community, Grid.code < following(community), is_active())
        .order_by(Grid.code)
        .limit(400)
    ).all()


def published(session: Session, limit: int) -> Rows:
    """Codes of active grids and when each changed last, for search engines. One statement."""
    return session.execute(
        select(Grid.code, Grid.updated_at).where(is_active()).order_by(Grid.code).limit(limit)
    ).all()
