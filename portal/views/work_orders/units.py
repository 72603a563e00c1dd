"""The unit that owes a municipal service, on the page of the order: what it has, what it did."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock, roles
from portal.errors import Forbidden
from portal.forms.entity import EntityForm, form_class
from portal.forms.units import recheck_fields, unit_fields, when_fields
from portal.models import MunicipalUnit, Organisation, UnitCase, WorkOrder
from portal.queries import units as queries
from portal.queries.limits import MUNICIPAL
from portal.rules import units
from portal.rules.sessions import sent_before
from portal.rules.work_orders import case_of
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.population.verbs import happened

VERBS = {
    "hand_over": (_l("Hand over to the unit"), "send"),
    "answered": (_l("Answer of the unit"), "message-reply"),
    "recheck": (_l("Re-check"), "checks"),
}


class UnitMixin:
    """The route ``/unit/<verb>/<pk>`` of the orders."""

    def unit_part(self: Any, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """The unit's clock, apart from ours."""
        if row.kind != MUNICIPAL:
            return []
        session = self.datamodel.session
        found = queries.case_of_order(session, row.id)
        by = units.hand_over_by(session, row) if found is None and not row.stopped else None
        told = {
            "rows": _facts(session, found) if found else [],
            "by": format_date(by) if by else "",
            "verbs": [
                (str(VERBS[name][0]), f"/work-orders/unit/{name}/{row.id}", VERBS[name][1])
                for name in units.verbs(session, row)
            ],
        }
        return [("views/work_orders/unit.html", told)]

    @expose("/unit/<string:verb>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def unit(self: Any, verb: str, pk: str) -> ResponseReturnValue:
        """The form of what is noted of the unit; then the order again."""
        if verb not in VERBS:
            abort(404)
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        if not units.leads(case_of(session, row)):
            raise Forbidden(f"{verb} {pk}")
        form = self._unit_form(verb, row)
        back = f"{self.route_base}/show/{row.id}"
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            if verb not in units.verbs(session, row):
                form.form_errors.append(_("This was done already, or cannot be done now."))
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate() and happened(session, form, self._noted(verb, row.id, form), back):
            flash(_("Saved."), "success")
            return redirect(back)
        row = self.row_for(pk, roles.READ)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=f"{VERBS[verb][0]}{_(': ')}{self.title_of(row)}",
            intro=_("The unit's time is its own: it is not counted against the community."),
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Enter it"),
        ), (400 if request.method == "POST" else 200)

    def _unit_form(self: Any, verb: str, row: WorkOrder) -> EntityForm:
        if verb == "hand_over":
            fields = unit_fields(units.offered(self.datamodel.session, row))
        else:
            fields = recheck_fields() if verb == "recheck" else when_fields()
        return form_class("UnitForm", fields)()

    def _noted(self: Any, verb: str, order_id: int, form: EntityForm) -> Callable[[], None]:
        session = self.datamodel.session

        def act() -> None:
            on = form["on"].data
            if verb == "hand_over":
                units.hand_over(session, order_id, form["unit"].data, on)
            elif verb == "answered":
                units.answered(session, order_id, on)
            else:
                units.recheck(session, order_id, form["right"].data == "yes", on)

        return act


def _facts(session: Any, found: UnitCase) -> list[tuple[str, str]]:
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
