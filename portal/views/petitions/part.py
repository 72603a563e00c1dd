"""What the authority owes on the page of a petition's order."""

from typing import Any

from flask_babel import gettext as _

from portal import scope
from portal.models import WorkOrder
from portal.models.case_choices import OWED
from portal.queries.limits import PETITION
from portal.roles import READ
from portal.rules import petitions
from portal.views.context import format_date


def petition_part(view: Any, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
    """The authority's side of a petition, for whoever sees it."""
    if row.kind != PETITION or not scope.current().can(READ, "PetitionCase"):
        return []
    found = petitions.case_of_order(view.datamodel.session, row.id)
    case = view.view_of("PetitionCase").datamodel.find(found.id) if found else None
    if case is None:
        return []
    owed = ""
    if case.owed is not None:
        owed = _(
            "%(what)s: until %(day)s", what=str(OWED[case.owed]), day=format_date(case.owed_by)
        )
    told = {"url": f"/petitions/show/{case.id}", "authority": case.authority or "", "owed": owed}
    return [("views/petitions/of_order.html", told)]
