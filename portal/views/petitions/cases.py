"""Petition matters: by matter, what the authority owes and by when; agency with a mandate."""

import io
import secrets
from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms.validators import InputRequired

from portal import clock, roles, scope
from portal.errors import Forbidden
from portal.extensions import db
from portal.forms.entity import EntityForm, form_class
from portal.forms.lookup import LookupField
from portal.forms.petitions import LABELS, accusation_fields, agency_fields, authority_fields
from portal.models import Grid, MatterCategory, PetitionCase, WorkOrder
from portal.models.case_choices import OWED
from portal.queries import accounts
from portal.queries import matters as narrow
from portal.queries.limits import PETITION
from portal.queries.workdays import load_calendar
from portal.rules import accusations, audit, clocks, petitions, sealedfiles
from portal.rules.pictures import LARGEST
from portal.rules.sessions import sent_before
from portal.rules.work_orders import people
from portal.views.context import format_date
from portal.views.entity import forms
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.cells import name_of
from portal.views.population.verbs import happened
from portal.views.work_orders import words

STEPS = {
    **OWED,
    "objection": _l("Objection to the transfer"),
    "review_request": _l("Asking for a review"),
    "second_request": _l("Asking for a second review"),
}
VERBS = {
    "authority": (_l("What the authority did"), "gavel"),
    "agency": (_l("File for the resident"), "writing-sign"),
}


def _late() -> Any:
    return PetitionCase.owed_by < clock.today()


class PetitionView(EntityView):
    """Petitions, by matter; nothing of who petitioned."""

    api_methods = READ_ONLY
    entity = PetitionCase
    slug = "petitions"
    list_title = _l("Petition matters")
    one_title = _l("Petition matter")
    list_template = "views/petitions/list.html"
    search_in = ("number", "summary", "authority")
    list_columns = ["number", "summary", "grid", "authority", "owed", "owed_by"]
    show_groups = [
        ("", ["summary", "category", "grid", "work_order", "authority", "handed_over_on", "claim"]),
        (_l("What the authority did"), [
            "received_on", "notice_on", "objected_on", "accepted_on", "extended_on", "answered_on",
            "review_asked_on", "review_answered_on", "second_asked_on", "second_answered_on",
        ]),
    ]  # fmt: skip
    filter_columns = ["owed", "grid_code"]
    choices = {"owed": OWED}
    labels = LABELS | {
        "authority": _l("Authority that decides"),
        "claim": _l("A claim under article 31 (6)"),
        "owed": _l("The authority owes"),
        "owed_by": _l("Authority's day"),
    }
    presets = {"passed": (_l("Authority's day passed"), narrow.only(_late))}
    order = ("number", "id")
    newest_first = True

    def title_of(self, row: PetitionCase) -> str:
        """The number and the sentence."""
        return f"{row.number} · {row.summary}"

    def worded_category(self, row: PetitionCase) -> str:
        """In the language of the page."""
        return name_of(row.category)

    def may_report(self) -> bool:
        """Whether the list offers to pass an accusation on."""
        return scope.current().can(roles.WRITE, self.class_permission_name)

    def links(self, row: PetitionCase) -> list[tuple[str, str, str]]:
        """Its order."""
        return [(_("Work order"), f"/work-orders/show/{row.order_id}", "clipboard-list")]

    def extras(self, row: PetitionCase) -> list[tuple[str, dict[str, Any]]]:
        """The named person and our clock, then the authority's days."""
        if row.accusation:
            return [("views/petitions/case.html", {"accusation": True})]
        session = self.datamodel.session
        order = session.get_one(WorkOrder, row.order_id)
        names = accounts.names_of(session, [order.assignee_id, row.agent_id])
        keeps = petitions.handles(session, row)
        found = petitions.dues(row, clocks.load_limits(session), load_calendar(session))
        photo = keeps and petitions.mandate_of(row) is not None
        told = {
            "named": names.get(order.assignee_id or 0, ""),
            "ours": _ours(order),
            "agent": _agent(row, names),
            "mandate_url": f"{self.route_base}/mandate/{row.id}" if photo else None,
            "verbs": [
                (str(label), f"{self.route_base}/do/{name}/{row.id}", icon)
                for name, (label, icon) in VERBS.items()
                if keeps
            ],
            "dues": [
                {
                    "what": str(STEPS[one.kind]),
                    "due_on": format_date(one.due_on),
                    "done_on": format_date(one.done_on) if one.done_on else "",
                    "passed": one.owed and one.done_on is None and one.due_on < clock.today(),
                }
                for one in found
            ],
        }
        return [("views/petitions/case.html", told)]

    # doing -------------------------------------------------------------------------

    @expose("/do/<string:verb>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def do(self, verb: str, pk: str) -> ResponseReturnValue:
        """The form of something to write down; then the petition again."""
        if verb not in VERBS:
            abort(404)
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        if not petitions.handles(session, row):
            raise Forbidden(f"{verb} {pk}")
        form = self._form(verb, row)
        back = f"{self.route_base}/show/{row.id}"
        if request.method == "POST" and (earlier := sent_before(session, form.once.data)):
            return redirect(earlier)
        act: Callable[[], None] = {"authority": self._authority, "agency": self._agency}[verb](
            row, form
        )
        if request.method == "POST" and form.validate() and happened(session, form, act, back):
            flash(_("Saved."), "success")
            return redirect(back)
        row = self.row_for(pk, roles.READ)
        return self._form_page(form, f"{VERBS[verb][0]}{_(': ')}{row.number}", back)

    def _form(self, verb: str, row: PetitionCase) -> EntityForm:
        session = self.datamodel.session
        if verb == "authority":
            fields = authority_fields()
            values: dict[str, Any] = {name: getattr(row, name) for name in fields}
        else:
            order = session.get_one(WorkOrder, row.order_id)
            offered = words.people(session, people.near(session, order))
            fields = agency_fields(offered)
            values = {
                "agent": str(row.agent_id or ""),
                "mandate_on": row.mandate_on or clock.today(),
            }
        made = form_class("PetitionForm", fields)
        if request.method == "POST":
            return made()
        form = made(data=values | {"row_version": str(row.version)})
        form.once.data = secrets.token_urlsafe(12)
        return form

    def _authority(self, row: PetitionCase, form: EntityForm) -> Callable[[], None]:
        def act() -> None:
            days = {name: form[name].data for name in petitions.DAYS}
            told, seen = (form["authority"].data, form["claim"].data, days), form.seen_version
            petitions.write_down(self.datamodel.session, row, *told, seen_version=seen)

        return act

    def _agency(self, row: PetitionCase, form: EntityForm) -> Callable[[], None]:
        def act() -> None:
            sent = request.files.get("photo")
            data = sent.stream.read(LARGEST + 1) if sent and sent.filename else None
            agent = form["agent"].data
            key = int(agent) if agent.isdecimal() and len(agent) < 10 else 0
            told, seen = (key, form["mandate_on"].data, data), form.seen_version
            petitions.give_mandate(self.datamodel.session, row, *told, seen_version=seen)

        return act

    @expose("/mandate/<pk>")
    @allowed(roles.WRITE)
    def mandate(self, pk: str) -> Response:
        """The picture of the mandate, for who handles the petition; that is noted."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        file = petitions.mandate_of(row)
        if file is None:
            abort(404)
        if not petitions.handles(session, row):
            raise Forbidden(f"mandate {pk}")
        audit.record(session, "export", row, changes={"photo": row.mandate_file})
        session.commit()
        answer = send_file(io.BytesIO(sealedfiles.read(file)), "image/jpeg")
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    # accusations -------------------------------------------------------------------

    @expose("/accusation", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def accusation(self) -> ResponseReturnValue:
        """Date and destination of an accusation: nothing else is asked for."""
        form, session = self._accusation_form(), self.datamodel.session
        back = f"{self.route_base}/list/"
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            prefixes = scope.current().prefixes(roles.WRITE, "Matter")
            form["grid"].data = prefixes[0] if len(prefixes) == 1 else None
        elif sent_before(session, form.once.data):
            return redirect(back)
        elif form.validate() and happened(session, form, lambda: self._passed_on(form), back):
            flash(_("Noted: its date and where it went."), "success")
            return redirect(back)
        return self._form_page(form, _("Pass on an accusation"), back)

    def _passed_on(self, form: EntityForm) -> None:
        accusations.pass_on(
            self.datamodel.session,
            int(form["category"].data),
            form["grid"].data,
            form["on"].data,
            form["destination"].data,
        )

    def _accusation_form(self) -> EntityForm:
        offered = select(MatterCategory).where(
            MatterCategory.kind == PETITION,
            MatterCategory.route == petitions.HANDED_OFF,
            MatterCategory.parent_code.is_not(None),
            MatterCategory.in_use.is_(True),
        )
        found = db.session.scalars(offered.order_by(MatterCategory.code))
        grid = LookupField(
            _l("In which grid"),
            [InputRequired(_l("Choose the grid where it is."))],
            url="/grids/lookup/?for=Matter",
            resolve=lambda key: forms.resolve(Grid, key, "Matter"),
            search=lambda text: forms.search(Grid, text, "Matter", 4),
        )
        categories = [(str(one.id), name_of(one)) for one in found]
        return form_class("AccusationForm", accusation_fields(categories, grid))()


def _ours(order: WorkOrder) -> str:
    """Our own clock: handing over, then the next report on the named case."""
    due = words.due(order)
    if not due:
        return ""
    if order.state == "reported":
        return _("To be registered and handed over by %(day)s", day=due)
    return _("Next report on the named case by %(day)s", day=due)


def _agent(row: PetitionCase, names: dict[int, str]) -> str:
    if row.mandate_on is None:
        return ""
    day = _("mandate of %(day)s", day=format_date(row.mandate_on))
    return f"{names.get(row.agent_id or 0, '')} · {day}"
