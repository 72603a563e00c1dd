"""What of the register lies in a cell, on the page of the cell."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.models import Grid
from portal.queries import quality
from portal.views.context import format_number
from portal.views.page import Tile


def panel(session: Session, grid: Grid) -> list[tuple[str, dict[str, Any]]]:
    """The template and its context, for who may look into the register of the cell."""
    reads = scope.current().prefixes(roles.READ, "Resident")
    if grid.level != "cell" or not scope.covers(reads, grid.code):
        return []
    part = quality.counted(session, grid.code, len(grid.code)).get(grid.code)
    below = f"grid_code={grid.code}"
    tiles = []
    if part is not None and (part.homes or part.people):
        declared = "–" if part.declared is None else format_number(part.declared)
        hint = _("%(number)s declared", number=declared)
        tiles = [
            Tile(
                _("Homes"), format_number(part.homes), f"/dwellings/list/?{below}", hint,
            ),
            Tile(_("Households"), format_number(part.households), f"/households/list/?{below}"),
            Tile(_("People"), format_number(part.people), f"/residents/list/?{below}&preset=here"),
        ]  # fmt: skip
    context = {"tiles": tiles, "url": f"/register-quality/?{below}"}
    return [("views/grids/registered.html", context)]
