"""The unit that owes a municipal service, on the page of the order: what it has, what it did."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.models import MunicipalUnit, Organisation, UnitCase, WorkOrder
from portal.queries import units as queries
from portal.queries.limits import MUNICIPAL
from portal.rules.work_orders import services
from portal.views.context import format_date


def shown(session: Session, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
    """The unit's clock, apart from ours; nothing for other kinds."""
    if row.kind != MUNICIPAL:
        return []
    found = queries.case_of_order(session, row.id)
    by = services.hand_over_by(session, row) if found is None and not row.stopped else None
    told = {"rows": _facts(session, found) if found else [], "by": format_date(by) if by else ""}
    return [("views/work_orders/unit.html", told)]


def _facts(session: Session, found: UnitCase) -> list[tuple[str, str]]:
    model: Any = MunicipalUnit if found.unit_id else Organisation
    unit = session.get(model, found.unit_id or found.organisation_id)
    late = found.answered_on is None and found.due_on < clock.today()
    due = format_date(found.due_on)
    rows = [
        (_("Responsible unit"), unit.name if unit else ""),
        (_("Handed to the unit on"), format_date(found.handed_on)),
        (_("The unit's day"), _("%(day)s, over", day=due) if late else due),
    ]
    if found.answered_on:
        rows.append((_("Answered on"), format_date(found.answered_on)))
    if found.rechecked_on:
        rows.append((_("Re-checked on"), format_date(found.rechecked_on)))
        rows.append((_("Put right"), _("yes") if found.done_on else _("no")))
    return rows
