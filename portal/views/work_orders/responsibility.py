"""Responsibility (责任认定): what the person concerned says, what the station decides."""

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles
from portal.errors import Forbidden, OutOfScope
from portal.forms.entity import EntityForm
from portal.forms.moves import move_form
from portal.models import ResponsibilityDraft
from portal.models.matter_choices import RESPONSIBILITY_STATES
from portal.queries import accounts
from portal.queries import matters as queries
from portal.rules import responsibility
from portal.rules.responsibility import FLOW, case_of
from portal.rules.sessions import sent_before
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Tone
from portal.views.population.verbs import happened

TONES: dict[str, Tone] = {
    "open": "warn",
    "heard": "warn",
    "recorded": "late",
    "not_recorded": "good",
}


class ResponsibilityView(EntityView):
    """What is one's own; to whoever decides also the others', by day and never by person."""

    api_methods = READ_ONLY
    entity = ResponsibilityDraft
    slug = "responsibility-drafts"
    list_title = _l("Responsibility for delays")
    one_title = _l("Responsibility for a delay")
    search_in = ("number",)
    list_columns = ["number", "grid", "drafted_at", "hear_by", "state"]
    show_groups = [
        ("", ["number", "grid", "person", "due_at", "drafted_at", "hear_by", "state"]),
        (_l("Heard and decided"), [
            "statement", "stated_at", "reason", "decided_by", "decided_at",
        ]),
    ]  # fmt: skip
    filter_columns = ["state", "grid_code"]
    choices = {"state": RESPONSIBILITY_STATES}
    labels = {
        "number": _l("Work order"),
        "due_at": _l("Deadline that was missed"),
        "person": _l("The person concerned"),
        "drafted_at": _l("Drafted on"),
        "hear_by": _l("Heard until"),
        "statement": _l("What the person says"),
        "stated_at": _l("Answered on"),
        "decided_by": _l("Decided by"),
        "decided_at": _l("Decided on"),
    }
    presets = {
        "to_decide": (_l("To be decided"), queries.only(queries.to_decide)),
        "to_answer": (_l("I am to be heard"), queries.only(queries.to_be_heard)),
    }
    order = ("drafted_at", "id")
    newest_first = True

    def title_of(self, row: ResponsibilityDraft) -> str:
        """The number of the order."""
        return row.number

    def tone_state(self, row: ResponsibilityDraft) -> Tone:
        """The words say the same."""
        return TONES[row.state]

    def worded_person(self, row: ResponsibilityDraft) -> str:
        """What the person is called on their card."""
        return accounts.names_of(self.datamodel.session, [row.user_id]).get(row.user_id or 0, "")

    def links(self, row: ResponsibilityDraft) -> list[tuple[str, str, str]]:
        """What can be done now; the order, to whoever sees it."""
        case = case_of(self.datamodel.session, row)
        found = [
            (str(step.label), f"{self.route_base}/move/{row.id}/{step.name}", step.icon)
            for step in FLOW.open_to(case)
        ]
        if self.view_of("WorkOrder").datamodel.find(row.order_id) is not None:
            url = f"/work-orders/show/{row.order_id}"
            found.append((_("The order itself"), url, "clipboard-list"))
        return found

    @expose("/move/<pk>/<string:move>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def move(self, pk: str, move: str) -> ResponseReturnValue:
        """The form of an answer or a decision; then the record again."""
        step = FLOW.steps.get(move)
        if step is None:
            abort(404)
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        back = f"{self.route_base}/show/{row.id}"
        refused = FLOW.refusal(move, case_of(session, row), {})
        if refused is not None and refused.kind == "not_you":
            raise Forbidden(f"{move} {pk}")
        form = move_form(step.needs, step.takes, {})()
        if request.method == "GET":
            form.once.data, form.seen.data = secrets.token_urlsafe(12), str(row.version)
            if refused is not None:
                form.form_errors.append(str(refused.message))
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate() and happened(session, form, lambda: self._done(row.id, move, form),
                                          back):  # fmt: skip
            flash(_("%(what)s: done.", what=str(step.label)), "success")
            return redirect(back)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=f"{step.label}{_(': ')}{self.title_of(self.row_for(pk, roles.READ))}",
            intro=str(step.help),
            action_url=request.path,
            cancel_url=back,
            submit_label=str(step.label),
        ), (400 if request.method == "POST" else 200)

    def _done(self, pk: int, name: str, form: EntityForm) -> None:
        data: dict[str, Any] = {field.name: field.data for field in form.shown_fields()}
        seen = str(form.seen.data or "")
        try:
            responsibility.act(
                self.datamodel.session,
                pk,
                name,
                data,
                seen_version=int(seen) if seen.isdecimal() else None,
            )
        except OutOfScope:
            abort(404)
