"""``/grids/map/<pk>``: a grid, what lies in it, and each finding of the check in its place."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _

from portal import clock, roles, scope
from portal.documents.partsmap import Mark
from portal.models.choices import FINDING_KINDS
from portal.queries import maps
from portal.queries.grid_checks import grid_records
from portal.queries.grids import ids_of
from portal.queries.settings import household_standards
from portal.rules.check_grids import Finding, check_grids
from portal.rules.geometry import geometry_mapping
from portal.views.entity.access import allowed
from portal.views.maps import Tab, collection, features, level_asked, level_tabs, make_sheet

MOST_FINDINGS = 200
MOST_LINKS = 3  # ways to mend one finding


@dataclass(frozen=True)
class Told:
    """A finding in the list: its number on the map, the part it stands on (where it has no place
    of its own), and (label, address) of what mends it."""

    number: int
    finding: Finding
    on: str
    links: list[tuple[str, str]]

    @property
    def kind(self) -> str:
        """The kind in words."""
        return str(FINDING_KINDS[self.finding.kind])


class StaffMapMixin:
    """The map of a grid for those who work there."""

    @expose("/map/<pk>")
    @allowed(roles.READ)
    def map(self: Any, pk: str) -> ResponseReturnValue:
        """The grid with its parts of ``?level=`` and its findings (of ``?kind=``)."""
        row = self.row_for(pk, roles.READ)
        rows, findings, told = self._mapped(row)
        level = level_asked(row.level)
        title = _("Map of %(name)s", name=row.name)
        sheet = make_sheet(title, rows, row.code, self._map_urls, [_mark(one) for one in told])
        asked = {"level": level} if level else {}
        kind = request.args.get("kind", "")
        shown = asked | ({"kind": kind} if kind else {})
        return render_template(
            "views/grids/staff_map.html",
            title=title,
            back_url=f"{self.route_base}/show/{row.id}",
            findings_url=f"{self.route_base}/findings/{row.id}",
            edit_url=f"{self.route_base}/boundary/{row.id}" if self.may(roles.WRITE, row) else "",
            sheet=sheet,
            told=told,
            more=max(0, len(findings) - MOST_FINDINGS),
            tabs=level_tabs(row.level, level, {"kind": kind} if kind else {}),
            kinds=_kinds(findings, kind, asked),
            shapes_url=f"{request.path}/shapes?{urlencode(shown)}" if sheet.drawing else "",
            tiles=current_app.config["PORTAL_MAP_TILES"],
            tiles_note=current_app.config["PORTAL_MAP_TILES_NOTE"],
        )

    @expose("/map/<pk>/shapes")
    @allowed(roles.READ)
    def map_shapes(self: Any, pk: str) -> Response:
        """The same as GeoJSON: grids, then findings with their number in the list."""
        row = self.row_for(pk, roles.READ)
        rows, _findings, told = self._mapped(row)
        return collection([*features(rows), *(_feature(one) for one in told)])

    def _mapped(self: Any, row: Any) -> tuple[maps.MapRows, list[Finding], list[Told]]:
        """The rows of the map, all findings about the subtree, and those to be shown."""
        session = self.datamodel.session
        kind = request.args.get("kind", "")
        if kind and kind not in FINDING_KINDS:
            abort(400)
        rows = maps.in_grid(session, row.code, level_asked(row.level))
        records = grid_records(session, clock.today())
        findings = check_grids(records, household_standards(session), row.code).findings
        shown = [one for one in findings if kind in ("", one.kind)][:MOST_FINDINGS]
        return rows, findings, self._told(shown, rows)

    def _told(self: Any, findings: Sequence[Finding], rows: maps.MapRows) -> list[Told]:
        known = ids_of(self.datamodel.session, {c for one in findings for c in one.grids})
        parts = [part.code for part in rows.parts]
        return [
            Told(number, one, _part_of(one, parts), self._ways(one, known))
            for number, one in enumerate(findings, 1)
        ]

    def _ways(
        self: Any, finding: Finding, known: dict[str, tuple[int, str]]
    ) -> list[tuple[str, str]]:
        """Where each grid of the finding is put right, for those who may; otherwise its page."""
        base = self.route_base
        found = []
        for code in finding.grids[:MOST_LINKS]:
            key, name = known.get(code, (0, code))
            if not _covered(roles.WRITE, "Grid", code) and finding.kind != "staffing":
                found.append((name, f"/directory/{code}"))
            elif finding.kind == "staffing" and _covered(roles.WRITE, "Post", code):
                found.append((_("Fill a post of %(name)s", name=name), f"/posts/add?grid={code}"))
            elif finding.kind == "staffing":
                found.append((name, f"/posts/list/?grid_code={code}"))
            elif finding.kind == "household_standard":
                found.append((_("Households of %(name)s", name=name), f"{base}/edit/{key}"))
            else:
                found.append((_("Boundary of %(name)s", name=name), f"{base}/boundary/{key}"))
        return found

    def _map_urls(self: Any, row: Any) -> tuple[str, str]:
        inside = "" if row.level == "cell" else f"{self.route_base}/map/{row.id}"
        if _covered(roles.READ, "Grid", row.code):
            return f"{self.route_base}/show/{row.id}", inside
        return f"/directory/{row.code}", ""


def _covered(action: str, resource: str, code: str) -> bool:
    return scope.covers(scope.current().prefixes(action, resource), code)


def _kinds(findings: Iterable[Finding], kind: str, asked: dict[str, str]) -> list[Tab]:
    """One tab per kind that was found, with how many there are, and one for all."""
    counts = Counter(one.kind for one in findings)
    if not counts:
        return []
    everything = _("All findings (%(number)s)", number=sum(counts.values()))
    tabs = [Tab(everything, f"?{urlencode(asked)}", not kind)]
    for name, text in FINDING_KINDS.items():
        if name in counts or name == kind:
            label = _("%(kind)s (%(number)s)", kind=str(text), number=counts[name])
            tabs.append(Tab(label, f"?{urlencode(asked | {'kind': name})}", name == kind))
    return tabs


def _part_of(finding: Finding, parts: Sequence[str]) -> str:
    """The part on the map that a finding without a place belongs to."""
    if finding.shape is not None:
        return ""
    return next((code for code in parts if finding.grids[0].startswith(code)), "")


def _mark(told: Told) -> Mark:
    return Mark(told.number, told.finding.kind, told.finding.shape, told.on)


def _feature(told: Told) -> str:
    shape = told.finding.shape
    facts: dict[str, Any] = {"finding": told.number, "kind": told.finding.kind}
    geometry = None
    if shape is None:
        facts["on"] = told.on
    else:
        point = shape.representative_point()
        facts["at"] = [round(point.x, 7), round(point.y, 7)]
        geometry = geometry_mapping(shape)
    return json.dumps({"type": "Feature", "properties": facts, "geometry": geometry})
