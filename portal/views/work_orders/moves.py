"""The moves of a work order on its page: their forms, and what becomes of them."""

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _

from portal import roles
from portal.errors import Forbidden, OutOfScope
from portal.forms.entity import EntityForm
from portal.forms.moves import move_form
from portal.models import WorkOrder
from portal.models.choices import LEVELS
from portal.rules import work_orders
from portal.rules.flow import Step
from portal.rules.sessions import sent_before
from portal.rules.work_orders import FLOW, Case, case_of, people, services
from portal.rules.work_orders.case import level_above, rank
from portal.rules.work_orders.moving import BY_SLIP
from portal.views.entity.access import allowed
from portal.views.population.verbs import happened
from portal.views.work_orders import ways, words
from portal.views.work_orders.extension import by_slip


class MovesMixin:
    """The pages ``/work-orders/move/<key>/<move>``."""

    @expose("/move/<pk>/<string:move>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def move(self: Any, pk: str, move: str) -> ResponseReturnValue:
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
            title=f"{step.label}{_(': ')}{self.title_of(row) if shown else row.number}",
            intro=str(step.help) if step.help else "",
            action_url=request.path,
            cancel_url=back if shown else f"{self.route_base}/extension/{row.id}",
            submit_label=str(step.label),
        ), _answered(form)

    def _row_to_move(self: Any, pk: str, move: str) -> WorkOrder:
        """The order; whoever decides on more time need not see the rest of it."""
        asked = by_slip(self.datamodel.session, pk) if move in BY_SLIP else None
        found: WorkOrder = asked or self.row_for(pk, roles.READ)
        return found

    def _moved(self: Any, row: WorkOrder, name: str, form: EntityForm) -> None:
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

    def _options(self: Any, step: Step, case: Case) -> dict[str, list[tuple[str, Any]]]:
        """Levels, people, categories and units to choose from."""
        order = case.order
        found: dict[str, list[tuple[str, Any]]] = {}
        if "level" in step.fields:
            found["level"] = [(one, LEVELS[one]) for one in people.reachable(order, case.own_rank)]
        if "assignee" in step.fields and found["level"]:
            found["people"] = self._people(order, found["level"][-1][0])
        if "category" in step.fields:
            found["category"] = ways.becomes(self.datamodel.session, case.category)
        if step.name == "hand_over":
            found["unit"] = services.offered(self.datamodel.session, order)
        if "helper" in step.fields:
            level = order.level if rank(order.level) >= rank("community") else level_above(
                order.level
            )  # fmt: skip
            own = order.assignee_id
            found["people"] = [one for one in self._people(order, level) if one[0] != str(own)]
        return found

    def _people(self: Any, order: WorkOrder, level: str) -> list[tuple[str, Any]]:
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
