"""Places that need attention: the list, the page of one with what patrols saw there, its steps."""

from dataclasses import replace
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from portal import clock, roles, scope
from portal.models import Matter, PatrolCheck, Place
from portal.models.place_choices import FREQUENCY_UNITS, PLACE_KINDS, PLACE_STATES
from portal.queries import matters as only
from portal.queries import places as queries
from portal.rules import places
from portal.views.context import format_date
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.entity.interface import visible
from portal.views.page import Tone
from portal.views.places import words
from portal.views.places.steps import step_page

TONES: dict[str, Tone] = {"listed": "warn", "righted": "info", "accepted": "good"}
LOOKS = 12


class PlaceView(EntityView):
    """What is on the list, and what was."""

    entity = Place
    slug = "places"
    list_title = _l("Places that need attention")
    one_title = _l("Place that needs attention")
    list_columns = ["name", "kind", "grid", "state", "patrol_every", "next_patrol_on"]
    show_groups = [
        ("", ["name", "kind", "grid", "address", "organisation", "licence", "licence_until"]),
        (_l("Measures and patrols"), [
            "measures", "patrol_every", "patrolled_on", "next_patrol_on", "longitude", "latitude",
        ]),
        (_l("On the list"), [
            "state", "listed_on", "listed_by", "righted_on", "righted_by", "righted_note",
            "accepted_on", "accepted_by", "off_list_on", "remark",
        ]),
    ]  # fmt: skip
    form_columns = [
        "name", "kind", "grid", "address", "organisation", "licence", "licence_until", "measures",
        "patrol_every", "patrol_unit", "listed_on", "longitude", "latitude",
    ]  # fmt: skip
    filter_columns = ["kind", "state", "grid_code"]
    link_filters = ("organisation",)
    choices = {"kind": PLACE_KINDS, "state": PLACE_STATES, "patrol_unit": FREQUENCY_UNITS}
    labels = {
        "name": _l("Name of the place"),
        "licence": _l("Licence number"),
        "licence_until": _l("Licence valid until"),
        "measures": _l("Measures"),
        "patrol_every": _l("How often it is looked at"),
        "patrol_unit": _l("Counted in"),
        "listed_on": _l("On the list since"),
        "listed_by": _l("Put on the list by"),
        "righted_on": _l("Put right on"),
        "righted_by": _l("Put right by"),
        "righted_note": _l("What was done"),
        "accepted_on": lazy_pgettext("place", "Accepted on"),
        "accepted_by": lazy_pgettext("place", "Accepted by"),
        "off_list_on": _l("Off the list since"),
        "remark": _l("Last remark"),
        "patrolled_on": _l("Last looked at"),
        "next_patrol_on": _l("To be looked at by"),
        "organisation": _l("Organisation or shop"),
    }
    help_texts = {
        "name": _l("The place, never a person."),
        "measures": _l("What is done so that nothing happens. No identity numbers, no telephones."),
        "licence": _l("Of work with hazardous goods, of a kitchen, of a place of entertainment."),
        "patrol_every": _l("A number of days; the next line says which days count."),
    }
    presets = {
        "on_list": (_l("On the list"), only.only(queries.on_list)),
        "due": (lazy_pgettext("place", "To be looked at"), only.only(queries.due)),
        "overdue": (_l("Patrol overdue"), only.only(queries.overdue)),
        "to_right": (PLACE_STATES["listed"], only.only(queries.in_state("listed"))),
        "to_accept": (_l("To be accepted"), only.only(queries.in_state("righted"))),
        "off_list": (_l("Off the list"), only.only(queries.off_list)),
    }
    in_the_way = _l("It was looked at: take it off the list instead.")
    order = ("next_patrol_on", "id")

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with what is on it."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="on_list")

    def _prefill(self, form: Any) -> None:
        """In one's own cell, once a week, from today on, unless the address says otherwise."""
        form["patrol_every"].process(None, 7)
        form["patrol_unit"].process(None, "day")
        form["listed_on"].process(None, clock.today())
        words.own_cell(form, "Place")
        super()._prefill(form)

    def prepare(self, row: Place, *, new: bool) -> None:
        """It lies in a cell, and somebody looks at it."""
        places.prepare(self.datamodel.session, row, new=new)

    def tone_state(self, row: Place) -> Tone:
        """The words say the same."""
        return "muted" if row.off_list_on else TONES[row.state]

    def worded_state(self, row: Place) -> str:
        """The state; off the list goes before."""
        return _("Off the list") if row.off_list_on else str(PLACE_STATES[row.state])

    def worded_patrol_every(self, row: Place) -> str:
        """Number and unit together."""
        return words.every(row.patrol_every, row.patrol_unit)

    def tone_next_patrol_on(self, row: Place) -> Tone:
        """Late where somebody should have looked before today."""
        if row.next_patrol_on is None or row.next_patrol_on > clock.today():
            return ""
        return "late" if row.next_patrol_on < clock.today() else "warn"

    def worded_next_patrol_on(self, row: Place) -> str:
        """The day, and that it has passed."""
        if row.next_patrol_on is None:
            return ""
        day = format_date(row.next_patrol_on)
        if row.next_patrol_on < clock.today():
            return _("%(day)s, overdue", day=day)
        return day

    # one place -------------------------------------------------------------------

    def links(self, row: Place) -> list[tuple[str, str, str]]:
        """What can be done with it."""
        if not self.may(roles.WRITE, row):
            return []
        return [
            (str(step.label), f"{self.route_base}/step/{step.name}/{row.id}", step.icon)
            for step in places.steps_of(row)
        ]

    def extras(self, row: Place) -> list[tuple[str, dict[str, Any]]]:
        """What patrols saw there."""
        if not scope.current().can(roles.READ, "Patrol"):
            return []
        session = self.datamodel.session
        checks = queries.of_place(session, row.id, LOOKS)
        matters = queries.matters_of(session, checks, visible(Matter))
        shown = words.looks(checks, matters, _by_day)
        return [("views/places/looks.html", {"looks": shown, "title": _("Last patrols")})]

    @expose("/step/<string:verb>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def step(self, verb: str, pk: str) -> ResponseReturnValue:
        """Put right, accepted, off the list."""
        return step_page(self, pk, verb, places.FLOW, places.steps_of, places.act)


def _by_day(check: PatrolCheck) -> tuple[str, str, str]:
    day = f"{format_date(check.patrol.day)} {words.clock_time(check.checked_at)}"
    return day, f"/patrols/show/{check.patrol_id}", check.patrol.patroller
