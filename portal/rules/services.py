"""Service rounds (服务体系进网格, P2): a linked service comes into a grid, again and again."""

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError
from portal.models import Grid, Organisation, ServiceRound, ServiceVisit
from portal.queries.directory import is_active
from portal.queries.workdays import load_calendar
from portal.rules import numberless
from portal.rules.once import insert_missing
from portal.rules.places import counted_on
from portal.rules.reports import LEVELS

OFTEN = 30  # days between two visits where nobody says


def prepare(session: Session, row: ServiceRound, *, new: bool) -> None:
    """It comes into a grid of the community, as often as it says. Raises RuleError with the
    column.
    """
    level = select(Grid.level).where(Grid.code == row.grid_code, is_active())
    if session.scalar(level) not in LEVELS:
        raise RuleError(_l("Choose the grid into which it comes."), "grid")
    if row.service == "other" and not row.name:
        raise RuleError(_l("Say which service it is."), "name")
    for field in ("name", "what"):
        numberless.check(getattr(row, field), field)
    row.every, row.unit = row.every or OFTEN, row.unit or "day"
    if not 1 <= row.every <= 366:
        raise RuleError(_l("Type a whole number from 1 to %(most)s.", most=366), "every")
    if row.organisation_id is not None:
        lies = select(Organisation.grid_code).where(Organisation.id == row.organisation_id)
        if not (session.scalar(lies) or "").startswith(row.grid_code[:12]):
            raise RuleError(_l("This organisation lies in another community."), "organisation")


def came(session: Session, row: ServiceRound, on: date) -> None:
    """It came: noted once a day; the next time follows. The caller commits. Raises RuleError where
    the round is over.
    """
    if not row.active:
        raise RuleError(_l("This service does not come any more."))
    who = scope.current()
    visit = {
        "round_id": row.id,
        "came_on": on,
        "noted_by": (who.name or who.username)[:80],
        "user_id": who.user_id,
    }
    if insert_missing(session, ServiceVisit.__table__, [visit], ["id"]):
        row.last_on = max(on, row.last_on or on)
        row.next_on = _next(session, row, row.last_on)
    session.flush()


def _next(session: Session, row: ServiceRound, day: date) -> date:
    return counted_on(day, row.every, row.unit, load_calendar(session))
