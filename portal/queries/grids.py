"""Named conditions on grids: off the household standard, without a boundary."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from portal.extensions import db
from portal.models import Grid
from portal.queries.households import in_cell
from portal.queries.settings import household_standards


def off_standard(found: Select[Any]) -> Select[Any]:
    """Cells in service whose count of households lies outside the standard of their kind (P1)."""
    limits = household_standards(db.session)
    count = in_cell(db.session)
    outside = [
        and_(Grid.kind == kind, ~count.between(least, most))
        for kind, (least, most) in limits.items()
    ]
    return found.where(Grid.level == "cell", or_(*outside))


def without_boundary(found: Select[Any]) -> Select[Any]:
    """Grids that no boundary is on record for."""
    return found.where(Grid.boundary.is_(None))


def grid_on_map(session: Session, code: str) -> Any:
    """Key, code, name and boundary of a grid, or None."""
    columns = select(Grid.id, Grid.code, Grid.name, Grid.boundary)
    return session.execute(columns.where(Grid.code == code)).one_or_none()


def ids_of(session: Session, codes: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Code → key and name of the grids with these codes. One statement, none for no code."""
    wanted = sorted(codes)
    if not wanted:
        return {}
    found = session.execute(select(Grid.code, Grid.id, Grid.name).where(Grid.code.in_(wanted)))
    return {code: (key, name) for code, key, name in found}
