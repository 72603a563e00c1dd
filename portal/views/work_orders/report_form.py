"""The form of a report: what it is about, where, who said so."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from portal import roles, scope
from portal.forms.entity import EntityForm
from portal.forms.lookup import LookupField
from portal.forms.matters import report_form
from portal.models import Grid, MatterCategory, Worker
from portal.models.matter_choices import MATTER_KINDS
from portal.queries import matters as queries
from portal.queries import replies
from portal.views.entity import forms
from portal.views.entity.cells import name_of
from portal.views.work_orders import origins

# Where a report of somebody in the field usually comes from, and where that of an office.
IN_THE_FIELD = (*("patrol", "visit", "sweep", "meeting", "letterbox", "counter"), *replies.CHANNELS)
IN_AN_OFFICE = (
    *("counter", "hotline", "hotline12345", "letterbox", "superior", "inspection"),
    *("meeting", "patrol", "visit", "sweep"),
)


def report_form_of(session: Session, *, empty: bool = False) -> EntityForm:
    """The form as it was sent, or without anything in it."""
    category = LookupField(
        _l("Another category"),
        [Optional()],
        url="/matter-categories/lookup/?for=Matter",
        resolve=lambda key: forms.resolve(MatterCategory, key, "Matter"),
        search=lambda text: forms.search(MatterCategory, text, "Matter", 4),
        description=_l("Type a word of it."),
    )
    grid = LookupField(
        _l("In which grid"),
        [InputRequired(_l("Choose the grid where it is."))],
        url="/grids/lookup/?for=Matter",
        resolve=lambda key: forms.resolve(Grid, key, "Matter"),
        search=lambda text: forms.search(Grid, text, "Matter", 4),
    )
    worker = LookupField(
        _l("A complaint about a worker: about whom"),
        [Optional()],
        url="/workers/lookup/?for=Matter",
        resolve=lambda key: forms.resolve(Worker, key, "Matter"),
        search=lambda text: forms.search(Worker, text, "Matter", 4),
        description=_l(
            "Neither that person nor their grid sees it; whoever heads the grid above does."
        ),
    )
    office = {roles.CLERK, roles.STATION} & set(scope.current().roles)
    found = report_form(category, grid, worker, IN_AN_OFFICE if office else IN_THE_FIELD)
    found.common = SelectField(
        _l("What is it about"),
        [Optional()],
        choices=_common(session, origins.asked()),
        validate_choice=True,
    )
    return found(None) if empty else found()


def _common(session: Session, on_a_round: bool) -> Any:
    """The short list, by kind; on a round what rounds find comes first."""
    groups: dict[str, list[tuple[str, str]]] = {"": [("", _("Please choose"))]}
    if on_a_round:
        groups |= {str(MATTER_KINDS[kind]): [] for kind in origins.KINDS}
    for one in queries.offered(session):
        if one.common and one.parent_code:
            kind = str(MATTER_KINDS[one.kind])
            groups.setdefault(kind, []).append((str(one.id), name_of(one)))
    return groups
