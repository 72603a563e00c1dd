"""Service rounds: which linked service comes into which grid, and "came" in one tap."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, roles
from portal.errors import RuleError
from portal.models import ServiceRound
from portal.models.place_choices import FREQUENCY_UNITS, SERVICES
from portal.queries import matters as only
from portal.queries import services as queries
from portal.rules import services
from portal.views.context import format_date
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.entity.editing import conflict
from portal.views.page import Tone
from portal.views.places import words

VISITS = 12


class ServiceRoundView(EntityView):
    """Services that come into the grids on a cycle."""

    entity = ServiceRound
    slug = "service-rounds"
    list_title = _l("Services coming into the grids")
    one_title = _l("Service round")
    search_in = ("name", "grid")
    list_columns = ["service", "grid", "every", "last_on", "next_on"]
    show_groups = [
        ("", ["service", "name", "organisation", "grid", "what", "every", "last_on", "next_on",
              "active"]),
    ]  # fmt: skip
    form_columns = [
        "service", "name", "organisation", "grid", "what", "every", "unit", "next_on", "active",
    ]  # fmt: skip
    filter_columns = ["service", "grid_code"]
    link_filters = ("organisation",)
    choices = {"service": SERVICES, "unit": FREQUENCY_UNITS}
    labels = {
        "service": _l("Service"),
        "name": _l("In other words"),
        "organisation": _l("Organisation or shop"),
        "what": _l("What it does there"),
        "every": _l("How often it comes"),
        "unit": _l("Counted in"),
        "last_on": _l("Came last on"),
        "next_on": _l("Comes next on"),
        "active": _l("Still comes"),
    }
    help_texts = {
        "name": _l("Needed for another service; otherwise only where it is called differently."),
        "every": _l("A number of days; the next line says which days count."),
    }
    presets = {
        "due": (_l("Due in the grid"), only.only(queries.due)),
        "overdue": (_l("Did not come"), only.only(queries.overdue)),
        "active": (_l("Still comes"), only.only(queries.active)),
    }
    in_the_way = _l("It came already: note instead that it does not come any more.")
    order = ("next_on", "id")

    def title_of(self, row: ServiceRound) -> str:
        """The service, in its own words where there are any."""
        return row.name or str(SERVICES[row.service])

    def worded_service(self, row: ServiceRound) -> str:
        """The same in lists."""
        return self.title_of(row)

    def worded_every(self, row: ServiceRound) -> str:
        """Number and unit together."""
        return words.every(row.every, row.unit)

    def tone_next_on(self, row: ServiceRound) -> Tone:
        """Late where it should have come before today."""
        if not row.active or row.next_on > clock.today():
            return ""
        return "late" if row.next_on < clock.today() else "warn"

    def worded_next_on(self, row: ServiceRound) -> str:
        """The day, and that it has passed."""
        if not row.active:
            return _("does not come any more")
        day = format_date(row.next_on)
        return _("%(day)s, overdue", day=day) if row.next_on < clock.today() else day

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with those that come."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="active")

    def _prefill(self, form: Any) -> None:
        """From today on, unless the address says otherwise."""
        form["every"].process(None, 30)
        form["unit"].process(None, "day")
        form["next_on"].process(None, clock.today())
        form["active"].process(None, True)
        words.own_cell(form, "ServiceRound")
        super()._prefill(form)

    def prepare(self, row: ServiceRound, *, new: bool) -> None:
        """It comes into a grid, as often as it says."""
        services.prepare(self.datamodel.session, row, new=new)

    def extras(self, row: ServiceRound) -> list[tuple[str, dict[str, Any]]]:
        """One tap where it came; when it came before."""
        visits = queries.last(self.datamodel.session, row.id, VISITS)
        shown = [(format_date(one.came_on), one.noted_by) for one in visits]
        may = row.active and self.may(roles.WRITE, row)
        return [("views/places/came.html", {"visits": shown, "row": row, "may": may})]

    @expose("/came/<pk>", methods=["POST"])
    @allowed(roles.WRITE)
    def came(self, pk: str) -> ResponseReturnValue:
        """It came today, in one tap."""
        row, session = self.row_for(pk, roles.WRITE), self.datamodel.session
        to_list = request.form.get("back") == "today"
        back = "/patrols/today" if to_list else f"{self.route_base}/show/{row.id}"
        name = self.title_of(row)
        try:
            services.came(session, row, clock.today())
            session.commit()
        except RuleError as refusal:
            session.rollback()
            flash(str(refusal), "danger")
            return redirect(back)
        except (IntegrityError, StaleDataError) as error:
            session.rollback()
            flash(conflict(error), "danger")
            return redirect(back)
        day = format_date(row.next_on)
        flash(_("%(name)s came. Next time on %(day)s.", name=name, day=day), "success")
        return redirect(back)
