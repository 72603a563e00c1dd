"""Rules about grids: code and level fit, the parent is there, a kind only for cells (P1)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError
from portal.models import Grid
from portal.scope import CODE_LENGTHS


def prepare(session: Session, grid: Grid, *, new: bool) -> None:
    """Derive the parent from the code and refuse what cannot be a grid.

    Raises RuleError with the field it belongs to.
    """
    if new:
        _check_code(session, grid)
    if grid.level != "cell":
        grid.kind = None
    elif grid.kind is None:
        raise RuleError(_l("Choose what kind of housing the cell is."), "kind")
    if grid.active_from and grid.active_to and grid.active_to < grid.active_from:
        raise RuleError(_l("The end lies before the beginning."), "active_to")


def _check_code(session: Session, grid: Grid) -> None:
    digits = CODE_LENGTHS[grid.level]
    if not grid.code.isascii() or not grid.code.isdigit() or len(grid.code) != digits:
        raise RuleError(_l("The code of this level has %(digits)d digits.", digits=digits), "code")
    above = scope.ancestors(grid.code)
    grid.parent_code = above[-1] if above else None
    known = set(session.scalars(select(Grid.code).where(Grid.code.in_([grid.code, *above]))))
    if grid.code in known:
        raise RuleError(_l("There is a grid with this code already."), "code")
    if grid.parent_code and grid.parent_code not in known:
        raise RuleError(_l("Add the grid %(code)s above it first.", code=grid.parent_code), "code")
