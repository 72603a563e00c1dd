"""The mediation file on the page of its order: opened from there, shown there."""

import secrets
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _

from portal import roles, scope
from portal.errors import Forbidden
from portal.forms.entity import form_class
from portal.forms.mediation import opening_fields
from portal.models import MediationFile, WorkOrder
from portal.models.case_choices import AGREEMENT_FORMS, MEDIATION_OUTCOMES
from portal.queries import mediation as queries
from portal.rules import mediation
from portal.rules.mediation import opening
from portal.rules.sessions import sent_before
from portal.rules.work_orders import case_of
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.mediation.verbs import keys
from portal.views.population.verbs import happened
from portal.views.work_orders import words


class MediationMixin:
    """The route ``/mediate/<pk>`` of the orders."""

    def mediation_part(self: Any, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """The file of a dispute, or the button that opens one; nothing for whom it is not."""
        if row.kind != "dispute" or not scope.current().can(roles.READ, "MediationFile"):
            return []
        session = self.datamodel.session
        file = self._file_of(row)
        if file is not None:
            told = {"file": file, "outcome": _outcome(file)}
            return [("views/mediation/of_order.html", told)]
        if mediation.may_open(session, row):
            return [
                ("views/mediation/of_order.html", {"open_url": f"/work-orders/mediate/{row.id}"})
            ]
        return []

    def _file_of(self: Any, row: WorkOrder) -> MediationFile | None:
        file = queries.file_of(self.datamodel.session, row.id)
        if file is None:
            return None
        found: MediationFile | None = self.view_of("MediationFile").datamodel.find(file.id)
        return found

    def rests_on(self: Any, row: WorkOrder) -> str | None:
        """What the answer can say where a file of the order has ended."""
        file = self._file_of(row) if row.kind == "dispute" else None
        if file is None or file.ended_on is None:
            return None
        return _("Mediation file %(number)s: %(outcome)s", number=file.number,
                 outcome=_outcome(file))  # fmt: skip

    @expose("/mediate/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def mediate(self: Any, pk: str) -> ResponseReturnValue:
        """The form that opens the file of an order; then the file."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        if not opening.leads(case_of(session, row)):
            raise Forbidden(f"mediate {pk}")
        people = words.people(session, opening.candidates(session, row))
        form = form_class("OpeningForm", opening_fields(people))()
        back, made = f"{self.route_base}/show/{row.id}", list[MediationFile]()
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            own = str(scope.current().user_id)
            form["mediators"].data = own if own in dict(people) else None
            if (refused := opening.why_not(session, row)) is not None:
                form.form_errors.append(str(refused))
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate() and happened(
            session, form, lambda: made.append(self._opened(row, form)), back
        ):
            flash(_("The mediation file is open."), "success")
            return redirect(f"/mediation-files/show/{made[0].id}" if made else back)
        row = self.row_for(pk, roles.READ)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("Open a mediation file: %(name)s", name=self.title_of(row)),
            intro=_(
                "Only who handles it sees the file. Parties are entered afterwards, sealed and"
                " masked."
            ),
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Open it"),
        ), (400 if request.method == "POST" else 200)

    def _opened(self: Any, row: WorkOrder, form: Any) -> MediationFile:
        chosen = keys(form["mediators"].data)
        return mediation.open_file(self.datamodel.session, row.id, form["request"].data, chosen)


def _outcome(file: MediationFile) -> str:
    """How it stands, with its day."""
    told = str(MEDIATION_OUTCOMES[file.outcome])
    if file.agreement_form is not None:
        told = _("%(outcome)s (%(form)s)", outcome=told,
                 form=str(AGREEMENT_FORMS[file.agreement_form]))  # fmt: skip
    return f"{told} · {format_date(file.ended_on)}" if file.ended_on else told
