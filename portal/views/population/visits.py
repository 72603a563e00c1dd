"""Visits at home: those made, and the list of those due with "no change" in one tap."""

from dataclasses import replace
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.models import HomeVisit
from portal.models.population_choices import (
    VISIT_HAZARDS,
    VISIT_NEEDS,
    VISIT_PURPOSES,
    VISIT_RESULTS,
)
from portal.views import wording
from portal.views.context import format_date
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Preset, Tone

DUE_COLUMNS = ("name", "visited_on", "next_visit_on", "needs")
DUE_PRESETS = ("visit_due", "visit_overdue", "never_visited")
TONES: dict[str, Tone] = {"no_change": "good", "changed": "info", "nobody_home": "warn"}


class HomeVisitView(EntityView):
    """Visits that were made."""

    api_methods = READ_ONLY
    entity = HomeVisit
    slug = "visits"
    list_title = _l("Home visits")
    one_title = _l("Home visit")
    list_columns = ["visited_on", "household", "grid", "result", "visitor", "needs", "hazards"]
    show_groups = [
        ("", ["visited_on", "household", "grid", "purpose", "result", "visitor"]),
        (_l("Found"), ["needs", "hazards", "note", "next_visit_on"]),
    ]
    filter_columns = ["result", "purpose", "grid_code"]
    link_filters = ("household",)
    search_in = ("household",)
    choices = {"purpose": VISIT_PURPOSES, "result": VISIT_RESULTS}
    order = ("visited_on", "id")
    newest_first = True

    def title_of(self, row: HomeVisit) -> str:
        """The day and the result."""
        return f"{format_date(row.visited_on)} · {VISIT_RESULTS[row.result]}"

    def tone_result(self, row: HomeVisit) -> Tone:
        """The words say the same."""
        return TONES.get(row.result, "")

    def worded_needs(self, row: HomeVisit) -> str:
        """Words for the codes."""
        return wording.coded(row.needs, VISIT_NEEDS)

    def worded_hazards(self, row: HomeVisit) -> str:
        """Words for the codes."""
        return wording.coded(row.hazards, VISIT_HAZARDS)

    @expose("/")
    @allowed(roles.READ)
    def due(self) -> ResponseReturnValue:
        """The households to be visited, each with one tap for "no change"."""
        view = self.view_of("Household")
        preset = request.args.get("preset", "")
        preset = preset if preset in DUE_PRESETS else DUE_PRESETS[0]
        asked = query.parse(view)
        part = replace(asked.part, column="next_visit_on", descending=False)
        if preset == "never_visited":
            part = replace(asked.part, column=view.default_order[0], descending=False)
        asked = replace(asked, preset=preset, part=part)
        page = view.list_page(asked, DUE_COLUMNS)
        return render_template(
            "views/population/due.html",
            view=self,
            page=replace(page, next_url=_here(page.next_url), prev_url=_here(page.prev_url)),
            tabs=[
                Preset(name, str(view.presets[name][0]), f"/visits/?preset={name}", name == preset)
                for name in DUE_PRESETS
            ],
            title=str(_l("Visits to make")),
            may_write=scope.current().can(roles.WRITE, "HomeVisit"),
        )


def _here(url: Any) -> str | None:
    """A neighbour of the page on this page instead of the list of households."""
    return url.replace("/households/list/", "/visits/", 1) if url else None
