"""``/grids/boundary/<pk>``: draw or move a boundary; checked before it is saved."""

import json
from collections.abc import Iterable
from typing import Any

import shapely
from flask import Response, current_app, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles
from portal.documents.partsmap import Mark, Part, draw_parts
from portal.errors import RuleError
from portal.forms.boundary import BoundaryForm
from portal.models.choices import FINDING_KINDS, LEVELS
from portal.rules import boundaries
from portal.rules.boundaries import Proposal
from portal.rules.boundary_ground import Ground, load, rest_of_parent, shape_of
from portal.rules.check_grids import Finding
from portal.rules.geometry import Boundary, area_m2, geometry_mapping, read_boundary
from portal.views.entity.access import allowed
from portal.views.maps import collection, words

AROUND = 0.6  # of the size of the grid: how far beside it other grids are shown
MOST_BESIDE = 300


class BoundaryMixin:
    """The editor of a boundary."""

    @expose("/boundary/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def boundary(self: Any, pk: str) -> ResponseReturnValue:
        """The editor; POST checks (``do=check``) or saves. 400 with everything kept where
        something stands in the way of saving."""
        row = self.row_for(pk, roles.WRITE)
        form = BoundaryForm()
        session = self.datamodel.session
        ground = load(session, row.code)
        if request.method == "GET":
            form.geometry.data, form.seen.data = ground.grid.boundary or "", ground.digest
            return self._editor(row, form, ground, None), 200
        if not form.validate():
            return self._editor(row, form, ground, None), 400
        try:
            new = read_boundary(form.geometry.data or "", row.name, form.system.data)
            ground = load(session, row.code, new.geometry)
            proposal = boundaries.propose(ground, new, follow=form.follow.data)
        except RuleError as refusal:
            form.geometry.errors = [str(refusal)]
            return self._editor(row, form, ground, None), 400
        if form.system.data != "wgs84" or new.mended:
            form.geometry.data, form.system.data = new.text, "wgs84"
        if request.form.get("do") == "check":
            return self._editor(row, form, ground, proposal, new), 200
        saved = self._saved(form, ground, proposal)
        if saved is not None:
            flash(saved, "success")
            return redirect(f"{self.route_base}/map/{row.id}")
        session.rollback()
        row = self.row_for(pk, roles.WRITE)
        return self._editor(row, form, ground, proposal, new), 400

    def _saved(self: Any, form: BoundaryForm, ground: Ground, proposal: Proposal) -> str | None:
        """Save, and what to say then; None with the reason in the form where that is refused."""
        session = self.datamodel.session
        try:
            if form.seen.data != ground.digest:
                form.seen.data = ground.digest  # looked at now: the next time it counts
                raise RuleError(boundaries.changed_meanwhile())
            number = boundaries.save(session, ground, proposal)
            session.commit()
        except RuleError as refusal:
            form.form_errors.append(str(refusal))
            return None
        except (StaleDataError, IntegrityError):
            form.form_errors.append(str(boundaries.changed_meanwhile()))
            return None
        names = _(", ").join(change.name for change in proposal.changes)
        return _("Boundaries saved: %(names)s.", names=names) if number else _("Nothing changed.")

    @expose("/boundary/<pk>/check", methods=["POST"])
    @allowed(roles.WRITE)
    def check_boundary(self: Any, pk: str) -> ResponseReturnValue:
        """What saving ``{"geometry", "follow"}`` would do, as JSON; nothing is written."""
        row = self.row_for(pk, roles.WRITE)
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict) or not isinstance(asked.get("geometry"), dict):
            return jsonify({"message": _("Draw the boundary first."), "fields": {}}), 400
        try:
            new = read_boundary(asked["geometry"], row.name)
            ground = load(self.datamodel.session, row.code, new.geometry)
            proposal = boundaries.propose(ground, new, follow=asked.get("follow") is True)
        except RuleError as refusal:
            return jsonify({"message": str(refusal), "fields": {}}), 400
        return jsonify(
            {
                "ok": not boundaries.refusal(proposal),
                "message": str(boundaries.refusal(proposal)),
                "area": square_metres(new.area_m2),
                "findings": [_told(finding) for finding in proposal.findings],
                "known": [_told(finding) for finding in proposal.known],
                "changes": [
                    {
                        "name": change.name,
                        "told": _difference(change),
                        "own": change.code == row.code,
                        "geometry": geometry_mapping(change.shape),
                    }
                    for change in proposal.changes
                ],
            }
        )

    @expose("/boundary/<pk>/around")
    @allowed(roles.WRITE)
    def around_boundary(self: Any, pk: str) -> Response:
        """The grids above, beside and below as GeoJSON: what the editor shows and snaps to."""
        row = self.row_for(pk, roles.WRITE)
        ground = load(self.datamodel.session, row.code)
        found = [_around(name, role, shape) for role, name, _code, shape in surroundings(ground)]
        rest = rest_of_parent(ground)
        if rest is not None:
            found.append(_around(_("Ground that no grid has"), "rest", rest))
        return collection(found)

    def _editor(
        self: Any,
        row: Any,
        form: BoundaryForm,
        ground: Ground,
        proposal: Proposal | None,
        new: Boundary | None = None,
    ) -> str:
        drawn = new.geometry if new is not None else shape_of(ground.grid)
        return render_template(
            "views/grids/boundary.html",
            title=_("Boundary of %(name)s", name=row.name),
            level=str(LEVELS[row.level]),
            form=form,
            action_url=request.path,
            back_url=f"{self.route_base}/show/{row.id}",
            drawing=_drawing(ground, drawn, proposal),
            proposal=proposal,
            refusal=boundaries.refusal(proposal) if proposal else "",
            told=[_told(finding) for finding in proposal.findings] if proposal else [],
            known=[_told(finding) for finding in proposal.known] if proposal else [],
            changes=[(c.name, _difference(c)) for c in proposal.changes] if proposal else [],
            area=square_metres(area_m2(drawn)) if drawn is not None else "",
            around_url=f"{request.path}/around",
            check_url=f"{request.path}/check",
            bounds_url=f"{self.route_base}/bounds/{row.id}",
            stored=ground.grid.boundary or "",
            tiles=current_app.config["PORTAL_MAP_TILES"],
            tiles_note=current_app.config["PORTAL_MAP_TILES_NOTE"],
        )


def square_metres(number: float) -> str:
    """An area in words."""
    return _("%(area)s m²", area=format_decimal(round(number, 1)))


def _difference(change: boundaries.Change) -> str:
    parts = []
    if change.gained_m2:
        parts.append(f"+{square_metres(change.gained_m2)}")
    if change.lost_m2:
        parts.append(f"−{square_metres(change.lost_m2)}")
    return _(", ").join(parts) or _("Corners only")


def _told(finding: Finding) -> dict[str, Any]:
    """A finding for the page and for the map."""
    area = f" {square_metres(finding.area_m2)}" if finding.area_m2 is not None else ""
    return {
        "kind": finding.kind,
        "short": f"{FINDING_KINDS[finding.kind]}{area}",
        "message": str(finding.message),
        "geometry": geometry_mapping(finding.shape) if finding.shape is not None else None,
    }


def _around(name: str, role: str, shape: Any) -> str:
    facts = {"name": name, "role": role}
    one = {"type": "Feature", "properties": facts, "geometry": geometry_mapping(shape)}
    return json.dumps(one, ensure_ascii=False)


def surroundings(ground: Ground) -> Iterable[tuple[str, str, str, Any]]:
    """(role, name, code, shape) of the grids around; roles: ``above``, ``beside``, ``below``."""
    here = ground.grid
    records = {record.code: record for record in ground.records}
    own = shape_of(here)
    parent = records.get(here.parent_code or "")
    frame = own if own is not None else shape_of(parent) if parent else None
    window = _window(frame) if frame is not None else None
    beside = 0
    for record in ground.records:
        shape = shape_of(record) if record.code != here.code else None
        if shape is None:
            continue
        if record.parent_code == here.code:
            yield "below", record.name, record.code, shape
        elif here.code.startswith(record.code):
            if window is None or record is parent or shape.intersects(window):
                yield "above", record.name, record.code, shape
        elif record.level == here.level and (window is None or shape.intersects(window)):
            beside += 1
            if beside <= MOST_BESIDE:
                yield "beside", record.name, record.code, shape


def _window(frame: Any) -> Any:
    west, south, east, north = frame.bounds
    wide, high = (east - west) * AROUND, (north - south) * AROUND
    return shapely.box(west - wide, south - high, east + wide, north + high)


def _drawing(ground: Ground, drawn: Any, proposal: Proposal | None) -> Markup:
    """The proposal among the grids around it, with what is wrong; without scripts and on paper."""
    beside = [
        Part(code, name, shape, 0)
        for role, name, code, shape in surroundings(ground)
        if role == "beside"
    ]
    marks = [
        Mark(number, finding.kind, finding.shape)
        for number, finding in enumerate(proposal.findings if proposal else (), 1)
        if finding.shape is not None
    ]
    if drawn is None and not beside:
        return Markup("")
    title = _("Drawing of the boundary among the grids beside it")
    told = words(_("Grids beside it"))
    svg = draw_parts(title, None, beside, told, marks, drawn)
    return Markup(svg)  # noqa: S704 every text in it is escaped
