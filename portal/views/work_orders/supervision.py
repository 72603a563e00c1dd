"""Supervision orders (督办单): written by the round, signed by a leader, answered and closed."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles
from portal.errors import Forbidden
from portal.forms.moves import supervision_form
from portal.models import SupervisionOrder
from portal.models.choices import LEVELS
from portal.models.matter_choices import SUPERVISION_STATES
from portal.queries import matters as queries
from portal.rules.work_orders import supervised
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.editing import committed
from portal.views.page import Tone

VERBS = {
    "sign": _l("Sign"),
    "answer": _l("Answer"),
    "close": _l("Close it"),
}
TONES: dict[str, Tone] = {"open": "late", "answered": "warn", "closed": "good"}


class SupervisionOrderView(EntityView):
    """What is over by half of its time."""

    api_methods = READ_ONLY
    entity = SupervisionOrder
    slug = "supervision-orders"
    list_title = _l("Supervision orders")
    one_title = _l("Supervision order")
    search_in = ("number",)
    list_columns = ["number", "work_order", "grid", "made_at", "due_at", "state"]
    show_groups = [
        ("", ["number", "work_order", "grid", "level", "due_at", "made_at", "state"]),
        (_l("Signature and answer"), ["signed_by", "signed_at", "reply"]),
    ]
    filter_columns = ["state", "level", "grid_code"]
    choices = {"state": SUPERVISION_STATES, "level": LEVELS}
    labels = {"due_at": _l("Deadline that was missed"), "made_at": _l("Written on")}
    presets = {
        "open": (_l("To be answered"), queries.only(queries.supervised("open"))),
        "unsigned": (_l("To be signed"), queries.only(queries.unsigned)),
    }
    order = ("made_at", "id")
    newest_first = True

    def tone_state(self, row: SupervisionOrder) -> Tone:
        """The words say the same."""
        return TONES[row.state]

    def links(self, row: SupervisionOrder) -> list[tuple[str, str, str]]:
        """What can be done with it."""
        return [(str(VERBS[name]), f"{self.route_base}/act/{name}/{row.id}", "pencil")
                 for name in supervised.open_to(row)]  # fmt: skip

    @expose("/act/<string:verb>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def act(self, verb: str, pk: str) -> ResponseReturnValue:
        """Sign, answer or close."""
        if verb not in VERBS:
            abort(404)
        row, session = self.row_for(pk, roles.WRITE), self.datamodel.session
        if verb not in supervised.parts_of(row):
            raise Forbidden(f"{verb} {pk}")
        form: Any = supervision_form(asks=verb == "answer")()
        back = f"{self.route_base}/show/{row.id}"
        if form.validate_on_submit():
            reply = form["reply"].data if "reply" in form else None
            if committed(session, form, lambda: supervised.act(session, row, verb, reply)):
                flash(_("Saved."), "success")
                return redirect(back)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=f"{VERBS[verb]}{_(': ')}{row.number}",
            intro="",
            action_url=request.path,
            cancel_url=back,
            submit_label=str(VERBS[verb]),
        ), (400 if request.method == "POST" else 200)
