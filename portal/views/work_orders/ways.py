"""What the page of an order says of the route of its category, and how its forms begin."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import Optional

from portal import clock
from portal.forms.entity import EntityForm
from portal.forms.lookup import LookupField
from portal.models import MatterCategory, Worker, WorkOrder
from portal.models.matter_choices import LEADS_OF, ROUTES
from portal.queries import hotlines
from portal.rules.flow import Step
from portal.rules.work_orders import FLOW, Case, case_of
from portal.rules.work_orders.routes import convertible
from portal.rules.work_orders.table import RECOMMENDED
from portal.views.entity import forms
from portal.views.entity.cells import name_of

SAID = {
    "guide": _l("Not settled here: tell them whom to turn to."),
    "handoff": _l("Not handled here: hand it over to the unit that owes it."),
    "report": _l("Tell the police or the authority first, then write down whom and when."),
    "convert": _l("Say what it becomes, then it is handled as that."),
}


def first(order: WorkOrder, steps: list[Step]) -> list[Step]:
    """The moves, the one that the route recommends first, then what one would do next."""
    wanted = RECOMMENDED.get(order.category.route)
    return sorted(steps, key=lambda step: (step.name != wanted, not step.main))


def shown(session: Session, order: WorkOrder) -> dict[str, Any] | None:
    """What stands above an order while the move that its route recommends is still to come."""
    # Not ``order.category``: other parts of the page may have read the order anew.
    category = session.get_one(MatterCategory, order.category_id)
    wanted = RECOMMENDED.get(category.route)
    if wanted is None or order.void or order.merged_into_id is not None:
        return None
    if FLOW.refusal(wanted, case_of(session, order), {}) is not None:
        return None
    notes = _notes(session, category)
    return {
        "route": category.route,
        "way": str(ROUTES[category.route]),
        "said": str(SAID[category.route]),
        "notes": notes,
        "numbers": _numbers(session, category, notes, order.grid_code),
    }


def begin(session: Session, form: EntityForm, case: Case) -> None:
    """Fill in what the category knows already."""
    category = case.category
    if category is None:
        return
    for name in ("turn_to", "unit", "told_whom"):
        if name in form and isinstance(form[name], StringField):
            lead = "police" if case.route == "report" else category.lead
            form[name].data = str(LEADS_OF[lead])
    if "told_when" in form:
        form["told_when"].data = clock.now()
    if "told" in form and case.state != "handed":
        notes = _notes(session, category)
        called = _numbers(session, category, notes, case.order.grid_code)
        form["told"].data = "\n".join([*notes, *(f"{name} {number}" for name, number in called)])
    elif "told" in form:
        form["told"].data = _("Handed over to: %(unit)s", unit=case.order.outside_unit)


def becomes(session: Session, category: MatterCategory | None) -> list[tuple[str, Any]]:
    """The categories that a matter can turn into."""
    if category is None or category.convert_to is None:
        return []
    asked = select(MatterCategory).where(MatterCategory.kind == category.convert_to)
    found = session.scalars(asked.order_by(MatterCategory.code))
    return [(str(one.id), name_of(one)) for one in found if convertible(category, one)]


def worker_field(case: Case) -> LookupField | None:
    """Whom a complaint is about, where one can come of it."""
    if case.category is None or case.category.convert_to != "complaint":
        return None
    return LookupField(
        _l("A complaint about a worker: about whom"),
        [Optional()],
        url="/workers/lookup/?for=Matter",
        resolve=lambda key: forms.resolve(Worker, key, "Matter"),
        search=lambda text: forms.search(Worker, text, "Matter", 4),
        description=_l(
            "Neither that person nor their grid sees it; whoever heads the grid above does."
        ),
    )


def _notes(session: Session, category: MatterCategory) -> list[str]:
    group = hotlines.group_of(session, category)
    told = [category.note, group.note if group is not None else None]
    return list(dict.fromkeys(note for note in told if note))


def _numbers(
    session: Session, category: MatterCategory, notes: list[str], code: str
) -> list[tuple[str, str]]:
    chinese = str(get_locale()).startswith("zh")
    return [
        (one.name if chinese else one.name_en or one.name, one.number or "")
        for one in hotlines.beside(session, category, notes, code)
    ]
