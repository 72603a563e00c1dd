"""The SELECTs of map pages: a grid, and the grids of one level that lie in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from portal.models import Grid
from portal.queries.directory import PLAIN, is_active
from portal.scope import ancestors, following

MOST_PARTS = 400  # grids on one map; a list of all of them is the directory's
# What may be shown in a grid of each level; nothing above: the top grids.
LEVELS_IN: dict[str, tuple[str, ...]] = {
    "district": ("street",),
    "street": ("community",),
    "community": ("area", "block", "cell"),
    "area": ("block", "cell"),
    "block": ("cell",),
    "cell": (),
}
BOUNDS = (Grid.bound_east, Grid.bound_south, Grid.bound_west, Grid.bound_north)


@dataclass(frozen=True)
class MapRows:
    """Rows of a map in order of their codes: the chosen grid (None: the top), its parts of one
    level, and whether there are more than ``MOST_PARTS`` of them."""

    whole: Any
    parts: Sequence[Any]
    more: bool


def in_grid(session: Session, code: str, level: str) -> MapRows:
    """Grid ``code`` and the active grids of ``level`` in it. One statement.

    A cell has nothing below it: it is shown among the cells of its block.
    """
    home = code if level else ancestors(code)[-1]
    part = and_(Grid.code > home, Grid.code < following(home), is_active())
    part = and_(part, Grid.level == level) if level else and_(part, Grid.parent_code == home)
    return _rows(session, or_(part, Grid.code == home), home)


def at_top(session: Session) -> MapRows:
    """The active grids with nothing above them. One statement."""
    return _rows(session, and_(Grid.parent_code.is_(None), is_active()), "")


def _rows(session: Session, condition: Any, home: str) -> MapRows:
    found = session.execute(
        select(*PLAIN, Grid.id, *BOUNDS, Grid.boundary)
        .where(condition)
        .order_by(case((Grid.code == home, 0), else_=1), Grid.code)
        .limit(MOST_PARTS + 2)
    ).all()
    whole = next((row for row in found if row.code == home), None)
    parts = [row for row in found if row.code != home]
    return MapRows(whole, parts[:MOST_PARTS], len(parts) > MOST_PARTS)
