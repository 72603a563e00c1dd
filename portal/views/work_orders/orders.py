"""Work orders: the list with its ready-made views, the page of one with its trace, its moves."""

import secrets
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope
from portal.forms.entity import EntityForm
from portal.forms.moves import move_form
from portal.models import WorkOrder
from portal.models.choices import LEVELS
from portal.models.matter_choices import (
    GRADES,
    MATTER_KINDS,
    ORDER_STATES,
    OUTCOMES,
    SATISFACTIONS,
    SUSPENSIONS,
    URGENCIES,
)
from portal.queries import accounts
from portal.queries import matters as queries
from portal.rules import work_orders
from portal.rules.flow import Step
from portal.rules.sessions import sent_before
from portal.rules.work_orders import FLOW, Case, case_of, people
from portal.rules.work_orders.case import level_above, rank
from portal.rules.work_orders.moving import BY_SLIP
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.cells import name_of
from portal.views.mediation.opening import MediationMixin
from portal.views.page import Tone
from portal.views.petitions.part import petition_part
from portal.views.population.verbs import happened
from portal.views.work_orders import hazards, ways, words
from portal.views.work_orders.comparison import ComparisonMixin
from portal.views.work_orders.extension import ExtensionMixin, by_slip
from portal.views.work_orders.figures import FiguresMixin
from portal.views.work_orders.order_map import OrderMapMixin
from portal.views.work_orders.photos import shown
from portal.views.work_orders.units import UnitMixin

STATE_TONES: dict[str, Tone] = {
    "reported": "warn",
    "accepted": "warn",
    "rejected": "muted",
    "dispatched": "info",
    "handed": "warn",
    "handling": "info",
    "answered": "info",
    "escalated": "warn",
    "reported_up": "info",
    "closed": "good",
}


class WorkOrderView(
    ComparisonMixin,
    FiguresMixin,
    OrderMapMixin,
    ExtensionMixin,
    MediationMixin,
    UnitMixin,
    EntityView,
):
    """The handling of matters."""

    api_methods = READ_ONLY
    entity = WorkOrder
    slug = "work-orders"
    list_title = _l("Work orders")
    one_title = _l("Work order")
    list_template = "views/work_orders/list.html"
    list_columns = ["number", "summary", "category", "grid", "state", "due_at"]
    show_groups = [
        ("", ["state", "summary", "category", "kind", "urgency", "grade", "grid", "level"]),
        (_l("Who and until when"), [
            "assignee", "reported_at", "accepted_at", "due_at", "escalate_by", "control_due_at",
            "suspended_until", "suspend_reason", "told_unit", "told_at", "outside_unit",
            "outside_due_at", "outside_answered_at",
        ]),
        (_l("Outcome"), [
            "analysis", "outcome", "result", "answered_at", "closed_at", "return_visit_by",
            "satisfaction",
        ]),
    ]  # fmt: skip
    filter_columns = ["kind", "state", "grade", "urgency", "level", "grid_code"]
    choices = {
        "kind": MATTER_KINDS,
        "state": ORDER_STATES,
        "grade": GRADES,
        "urgency": URGENCIES,
        "level": LEVELS,
        "suspend_reason": SUSPENSIONS,
        "satisfaction": SATISFACTIONS,
        "outcome": OUTCOMES,
    }
    presets = {
        "open": (lazy_pgettext("order", "Open"), queries.only(queries.is_open)),
        "mine": (lazy_pgettext("order", "Mine"), queries.only(queries.mine)),
        "helping": (_l("I help"), queries.only(queries.helping)),
        "intake": (_l("To be taken in"), queries.only(queries.waiting("reported"))),
        "dispatch": (
            _l("To be dispatched"),
            queries.only(queries.waiting("accepted", "escalated")),
        ),
        "analyse": (_l("To be analysed"), queries.only(queries.to_analyse)),
        "notice": (_l("Notice to be given"), queries.only(queries.waiting("handed"))),
        "check": (_l("To be checked"), queries.only(queries.waiting("answered"))),
        "asked": (_l("More time asked for"), queries.only(queries.asked_for)),
        "due_soon": (_l("Due soon"), queries.only(queries.due_soon)),
        "overdue": (lazy_pgettext("order", "Overdue"), queries.only(queries.overdue)),
        "to_right": (_l("Hazards to be put right"), queries.only(queries.to_right)),
        "recheck": (_l("Re-checks due"), queries.only(queries.to_recheck)),
        "to_visit": (_l("To be asked about"), queries.only(queries.to_sample)),
    }
    order = ("due_at", "id")

    def title_of(self, row: WorkOrder) -> str:
        """The number and the sentence."""
        return f"{row.number} · {row.summary}"

    def tone_state(self, row: WorkOrder) -> Tone:
        """Late where it is; the words say the same."""
        return "late" if words.is_late(row) else STATE_TONES[row.state]

    def worded_state(self, row: WorkOrder) -> str:
        """The state, and what stands beside it."""
        return words.state(row)

    def worded_category(self, row: WorkOrder) -> str:
        """In the language of the page."""
        return name_of(row.category)

    def worded_due_at(self, row: WorkOrder) -> str:
        """The day, and how many working days are left."""
        return words.due(row)

    def worded_assignee(self, row: WorkOrder) -> str:
        """What the person is called on their card."""
        session = self.datamodel.session
        return accounts.names_of(session, [row.assignee_id]).get(row.assignee_id or 0, "")

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with what is open."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="open")

    def may_report(self) -> bool:
        """Whether the list offers to report a matter."""
        return scope.current().can(roles.WRITE, "Matter")

    # one order -------------------------------------------------------------------

    def links(self, row: WorkOrder) -> list[tuple[str, str, str]]:
        """The matter."""
        return [(_("The matter itself"), f"/matters/show/{row.matter_id}", "file-text")]

    def extras(self, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """What can be done now; everything that happened."""
        session = self.datamodel.session
        steps = work_orders.moves_of(session, row) if self._acts(row) else []
        steps = ways.first(row, steps)
        return [
            (
                "views/work_orders/moves.html",
                {
                    "row": row,
                    "steps": steps,
                    "url": f"{self.route_base}/move/{row.id}",
                    "asked": words.asked(row),
                    "danger": row.urgency == "immediate" and row.state == "reported",
                },
            ),
            *self.mediation_part(row),
            *petition_part(self, row),
            *self.unit_part(row),
            *hazards.shown(session, row),
            shown(session, row.matter_id),
            ("views/work_orders/trace.html", {"entries": words.timeline(session, row)}),
        ]

    def leading(self, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """What the route of its category says, and whom to call."""
        said = ways.shown(self.datamodel.session, row) if self._acts(row) else None
        return [("views/work_orders/way.html", said)] if said else []

    def _acts(self, row: WorkOrder) -> bool:
        return scope.current().can(roles.WRITE, "WorkOrder")

    # moves -----------------------------------------------------------------------

    @expose("/move/<pk>/<string:move>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def move(self, pk: str, move: str) -> ResponseReturnValue:
        """The form of a move; then the order again."""
        step = FLOW.steps.get(move)
        if step is None:
            abort(404)
        row, session = self._row_to_move(pk, move), self.datamodel.session
        back, case = f"{self.route_base}/show/{row.id}", case_of(session, row)
        refused = FLOW.refusal(move, case, {})
        if refused is not None and refused.kind == "not_you":
            raise Forbidden(f"{move} {pk}")
        options = self._options(step, case)
        form = move_form(step.needs, step.takes, options, lambda: ways.worker_field(case))()
        if request.method == "GET":
            form.once.data, form.seen.data = secrets.token_urlsafe(12), str(row.trail_count)
            self._begin(form, row)
            if move == "answer":
                form["result"].data = self.rests_on(row)
            ways.begin(session, form, case)
            if refused is not None:
                form.form_errors.append(str(refused.message))
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate() and happened(
            session, form, lambda: self._moved(row, move, form), back
        ):
            flash(_("%(what)s: done.", what=str(step.label)), "success")
            return redirect(back if self.datamodel.find(row.id) else f"{self.route_base}/list/")
        row = self._row_to_move(pk, move)
        shown = self.datamodel.find(row.id) is not None
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=f"{step.label}: {self.title_of(row) if shown else row.number}",
            intro=str(step.help) if step.help else "",
            action_url=request.path,
            cancel_url=back if shown else f"{self.route_base}/extension/{row.id}",
            submit_label=str(step.label),
        ), _answered(form)

    def _row_to_move(self, pk: str, move: str) -> WorkOrder:
        """The order; whoever decides on more time need not see the rest of it."""
        asked = by_slip(self.datamodel.session, pk) if move in BY_SLIP else None
        found: WorkOrder = asked or self.row_for(pk, roles.READ)
        return found

    def _moved(self, row: WorkOrder, name: str, form: EntityForm) -> None:
        data = {field.name: field.data for field in form.shown_fields() if field.name != "seen"}
        seen = str(form.seen.data or "")
        try:
            work_orders.move(
                self.datamodel.session,
                row.id,
                name,
                data,
                seen_entries=int(seen) if seen.isdecimal() else None,
            )
        except OutOfScope:
            abort(404)

    def _options(self, step: Step, case: Case) -> dict[str, list[tuple[str, Any]]]:
        """Levels and people to choose from."""
        order = case.order
        found: dict[str, list[tuple[str, Any]]] = {}
        if "level" in step.fields:
            found["level"] = [(one, LEVELS[one]) for one in people.reachable(order, case.own_rank)]
        if "assignee" in step.fields and found["level"]:
            found["people"] = self._people(order, found["level"][-1][0])
        if "category" in step.fields:
            found["category"] = ways.becomes(self.datamodel.session, case.category)
        if "helper" in step.fields:
            level = order.level if rank(order.level) >= rank("community") else level_above(
                order.level
            )  # fmt: skip
            own = order.assignee_id
            found["people"] = [one for one in self._people(order, level) if one[0] != str(own)]
        return found

    def _people(self, order: WorkOrder, level: str) -> list[tuple[str, Any]]:
        session = self.datamodel.session
        return words.people(session, people.candidates(session, order, level))

    @staticmethod
    def _begin(form: EntityForm, row: WorkOrder) -> None:
        if "grade" in form:
            form["grade"].data = row.grade or ("major" if row.crowd else "general")
        if "days" in form and row.asked_days:
            form["days"].data = row.asked_days
        if "level" in form and len(form["level"].choices) > 1:
            offered = [value for value, _label in form["level"].choices[1:]]
            form["level"].data = row.level if row.level in offered else offered[-1]


def _answered(form: EntityForm) -> int:
    """200 for the form, 400 where something is missing, 409 where it cannot be done now."""
    if request.method != "POST":
        return 200
    return 409 if form.form_errors else 400
