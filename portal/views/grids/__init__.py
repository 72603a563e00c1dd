"""Grids: the list, the archive of one, its map."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock, roles, scope
from portal.models import Grid, LeadingGroup
from portal.models.choices import CELL_KINDS, DIFFICULTIES, FINDING_KINDS, LEVELS
from portal.queries import grids as grid_queries
from portal.queries import staffing
from portal.queries.grid_checks import grid_records
from portal.queries.settings import household_standards
from portal.rules import grids
from portal.rules.check_grids import check_grids
from portal.views import papers
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.grids import registered
from portal.views.grids.boundary import BoundaryMixin
from portal.views.grids.bounds import BoundsMixin
from portal.views.grids.regrid import RegridMixin
from portal.views.grids.regrid_history import history_of, regriddable
from portal.views.grids.staff_map import StaffMapMixin

MOST_FINDINGS = 200


class GridView(BoundaryMixin, BoundsMixin, RegridMixin, StaffMapMixin, EntityView):
    """Grids of all levels."""

    entity = Grid
    slug = "grids"
    list_title = _l("Grids")
    one_title = _l("Grid")
    list_columns = ["code", "name", "level", "kind", "households_declared", "difficulty"]
    show_groups = [
        (_l("Overview"), ["code", "name", "level", "kind", "parent", "households_declared"]),
        (_l("Bounds"), ["bound_east", "bound_south", "bound_west", "bound_north", "address"]),
        (_l("More"), ["difficulty", "active_from", "active_to", "note"]),
    ]
    form_columns = [
        "level", "code", "name", "kind", "households_declared", "difficulty", "address",
        "bound_east", "bound_south", "bound_west", "bound_north",
        "active_from", "active_to", "note",
    ]  # fmt: skip
    fixed_columns = ("level", "code")
    filter_columns = ["level", "kind", "difficulty", "grid_code"]
    link_filters = ("parent",)
    choices = {"level": LEVELS, "kind": CELL_KINDS, "difficulty": DIFFICULTIES}
    help_texts = {
        "code": _l("The code of the grid above, then 2 digits (area, block) or 3 (cell)."),
        "households_declared": _l("Counts until dwellings are registered."),
    }
    related = (("Grid", "parent"), ("Post", "grid_code"), ("Hotline", "grid_code"))
    order = ("code",)
    presets = {
        "off_standard": (_l("Households off the standard"), grid_queries.off_standard),
        "short_of_staff": (_l("Posts vacant"), staffing.short_of_staff),
        "no_boundary": (_l("No boundary"), grid_queries.without_boundary),
    }

    def prepare(self, row: Grid, *, new: bool) -> None:
        """Code, level and parent fit."""
        grids.prepare(self.datamodel.session, row, new=new)

    def title_of(self, row: Grid) -> str:
        """Grids are called by their name."""
        return row.name

    def links(self, row: Grid) -> list[tuple[str, str, str]]:
        """To its map, public page and check; for who may to its lines and its documents."""
        write = [
            (_("Boundary"), f"{self.route_base}/boundary/{row.id}", "polygon"),
            (_("The four bounds"), f"{self.route_base}/bounds/{row.id}", "scale"),
        ]
        found = [
            *(write if self.may(roles.WRITE, row) else ()),
            (_("Map with findings"), f"{self.route_base}/map/{row.id}", "map-2"),
            (_("Public page"), f"/directory/{row.code}", "external-link"),
            (_("Check this grid"), f"{self.route_base}/findings/{row.id}", "clipboard-list"),
        ]
        if self.may(roles.WRITE, row) and regriddable(row):
            found.insert(2, (_("Regrid"), f"{self.route_base}/regrid/{row.id}", "grid-dots"))
        issuing = scope.current().prefixes(roles.WRITE, "IssuedDocument")
        if scope.covers(issuing, row.code):
            found.append((_("Issue documents"), f"/documents/batch?grid={row.code}", "printer"))
        return found

    def extras(self, row: Grid) -> list[tuple[str, dict[str, Any]]]:
        """What is registered, the map where a boundary is on record, and the documents."""
        found = registered.panel(self.datamodel.session, row)
        if row.boundary is not None:
            found.append(("views/grids/map.html", {"url": f"/directory/{row.code}/map.svg"}))
        issues = scope.covers(scope.current().prefixes(roles.WRITE, "IssuedDocument"), row.code)
        shown = papers.panel(self.datamodel.session, row, issues)
        told = history_of(self.datamodel.session, row.code, self.route_base)
        return [*found, *(one for one in (told, shown) if one)]

    @expose("/findings/<pk>")
    @allowed(roles.READ)
    def findings(self, pk: str) -> ResponseReturnValue:
        """What ``check-grids`` finds about this grid and those below it."""
        row = self.row_for(pk, roles.READ)
        session = self.datamodel.session
        records = grid_records(session, clock.today())
        report = check_grids(records, household_standards(session), row.code)
        return render_template(
            "views/grids/findings.html",
            title=_("Check of %(name)s", name=row.name),
            back_url=f"{self.route_base}/show/{row.id}",
            map_url=f"{self.route_base}/map/{row.id}",
            findings=report.findings[:MOST_FINDINGS],
            more=max(0, len(report.findings) - MOST_FINDINGS),
            checked=report.checked,
            kinds=FINDING_KINDS,
            names={record.code: record.name for record in records},
        )


class LeadingGroupView(EntityView):
    """Leading groups: the people hold posts of that level."""

    entity = LeadingGroup
    slug = "leading-groups"
    list_title = _l("Leading groups")
    one_title = _l("Leading group")
    search_in = ("name", "grid")
    list_columns = ["grid", "name", "office", "formed_on"]
    form_columns = ["grid", "name", "office", "formed_on", "note"]
    filter_columns = ["grid_code"]
