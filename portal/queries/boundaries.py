"""What is read when a boundary changes: the grid, those above, beside and below it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session, undefer

from portal.models import Grid
from portal.queries.directory import is_active
from portal.queries.grid_checks import GridRecord
from portal.scope import CODE_LENGTHS, ancestors, following

COMMUNITY_DIGITS = CODE_LENGTHS["community"]


def family(session: Session, code: str) -> list[GridRecord]:
    """The grid, those above it, the siblings of all of these, and those right below. By code."""
    line = (*ancestors(code), code)
    parents = line[:-1]
    return _records(session, or_(Grid.code.in_(line), Grid.parent_code.in_((*parents, code))))


def inside(session: Session, codes: Iterable[str]) -> list[GridRecord]:
    """Everything below the grids ``codes``. By code; one statement, none for no code."""
    ranges = [and_(Grid.code > code, Grid.code < following(code)) for code in codes]
    return _records(session, or_(*ranges)) if ranges else []


def _records(session: Session, condition: ColumnElement[bool]) -> list[GridRecord]:
    found = session.execute(
        select(Grid.code, Grid.name, Grid.level, Grid.kind, Grid.parent_code, Grid.boundary)
        .where(condition, is_active())
        .order_by(Grid.code)
    )
    return [GridRecord(*row[:5], boundary=row.boundary or None) for row in found]


def for_writing(session: Session, codes: Iterable[str]) -> dict[str, Grid]:
    """Code → row with its boundary, locked until the transaction ends where that is possible."""
    found = session.scalars(
        select(Grid)
        .where(Grid.code.in_(sorted(codes)))
        .options(undefer(Grid.boundary))
        .order_by(Grid.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {grid.code: grid for grid in found}


def bounds_beside(session: Session, code: str, level: str) -> Sequence[Any]:
    """Name, boundary and bounds of the other grids of a level in the same community (of a
    community and above: with the same parent). One statement."""
    upper = ancestors(code)
    home = code[:COMMUNITY_DIGITS] if len(code) > COMMUNITY_DIGITS else (upper or ("",))[-1]
    within = and_(Grid.code > home, Grid.code < following(home)) if home else true()
    return session.execute(
        select(
            Grid.name,
            Grid.boundary,
            Grid.bound_east,
            Grid.bound_south,
            Grid.bound_west,
            Grid.bound_north,
        )
        .where(Grid.level == level, Grid.code != code, Grid.boundary.is_not(None))
        .where(within, is_active())
        .order_by(Grid.code)
    ).all()
