"""What the page of a grid tells of regridding: whether it may be, and what happened to it."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.queries import regrid_history
from portal.rules.regrid.history import sentence


def regriddable(row: Any) -> bool:
    """Whether it is in use, and there may be cells at or below it."""
    return row.active_to is None or row.active_to >= clock.today()


def history_of(session: Session, code: str, base: str) -> tuple[str, dict[str, Any]] | None:
    """The panel with the history of a grid; None where nothing happened to it. One statement
    where nothing did.
    """
    told = [(one, sentence(one)) for one in regrid_history.changes(session, code)]
    if not told:
        return None
    return "views/grids/regrid/history.html", {"changes": told, "base": base}
