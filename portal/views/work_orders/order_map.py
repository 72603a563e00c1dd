"""Open orders on the map: the grids below one's own, shaded and numbered, a table beside them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import pgettext
from markupsafe import Markup

from portal import roles, scope
from portal.documents.countmap import Counted, draw_counts
from portal.models import WorkOrder
from portal.queries import maps, order_figures
from portal.queries.grids import grid_on_map
from portal.queries.order_figures import Figures
from portal.views.context import format_number
from portal.views.entity.access import allowed
from portal.views.entity.interface import visible
from portal.views.maps import level_asked, level_tabs, shape_of, words
from portal.views.page import Cell, Column, ListPage, Row

LEVEL_OF = {size: level for level, size in scope.CODE_LENGTHS.items()}


@dataclass(frozen=True)
class Mapped:
    """The grids of a map with their figures; ``whole`` counts what stands above them too."""

    rows: maps.MapRows
    level: str
    figures: list[Figures]
    whole: Figures | None


class OrderMapMixin:
    """The routes ``/map`` and ``/map.svg`` of the orders."""

    @expose("/map")
    @allowed(roles.READ)
    def order_map(self: Any) -> ResponseReturnValue:
        """The grids of ``?level=`` in ``?grid_code=``, or in the reader's own."""
        mapped = _mapped(self.datamodel.session)
        whole, title = mapped.rows.whole, _("Open orders on the map")
        return render_template(
            "views/work_orders/map.html",
            title=title,
            subtitle=whole.name,
            compare_url=f"{self.route_base}/by-grid?{urlencode({'grid_code': whole.code})}",
            tabs=level_tabs(LEVEL_OF[len(whole.code)], mapped.level, {"grid_code": whole.code}),
            drawing=Markup(_drawing(mapped, title)),  # noqa: S704 every text is escaped
            table=_table(mapped.figures),
            above=_above(mapped),
            more=mapped.rows.more,
        )

    @expose("/map.svg")
    @allowed(roles.READ)
    def order_map_svg(self: Any) -> Response:
        """The drawing alone, for desks."""
        mapped = _mapped(self.datamodel.session)
        drawing = _drawing(mapped, _("Open orders on the map"))
        return Response(drawing or abort(404), mimetype="image/svg+xml")


def _mapped(session: Any) -> Mapped:
    """Three statements, however many grids there are. Out of scope is not there."""
    prefixes = scope.current().prefixes(roles.READ, "WorkOrder")
    code = request.args.get("grid_code", "").strip() or prefixes[0]
    known = code.isascii() and code.isdigit() and len(code) in LEVEL_OF
    if not known or not scope.covers(prefixes, code):
        abort(404)
    level = level_asked(LEVEL_OF[len(code)])
    if level:
        rows = maps.in_grid(session, code, level)
    else:  # a cell has nothing below it
        rows = maps.MapRows(grid_on_map(session, code), (), more=False)
    if rows.whole is None:
        abort(404)
    seen = visible(WorkOrder)
    found = order_figures.by_grid(session, rows.parts, seen, rows.whole, ended=False)
    return Mapped(rows, level, found[:-1], found[-1] if found else None)


def _drawing(mapped: Mapped, title: str) -> str:
    counts = {one.code: one for one in mapped.figures}
    parts = [
        _counted(row, counts[row.code], shape)
        for row in mapped.rows.parts
        if (shape := shape_of(row.boundary)) is not None
    ]
    if not parts:
        return ""
    said = words("") | {
        "open": pgettext("order", "Open"),
        "none": "0",
        "late": pgettext("order", "Overdue"),
    }
    whole = shape_of(mapped.rows.whole.boundary)
    return draw_counts(f"{title}{_(': ')}{mapped.rows.whole.name}", whole, parts, said)


def _counted(row: Any, one: Figures, shape: Any) -> Counted:
    told = [f"{pgettext('order', 'Open')} {format_number(one.open)}"]
    if one.overdue:
        told.append(f"{pgettext('order', 'Overdue')} {format_number(one.overdue)}")
    return Counted(
        row.code,
        row.name,
        shape,
        0,
        _rows(one.code, "open") if one.open else "",
        count=one.open,
        late=one.overdue,
        late_url=_rows(one.code, "overdue"),
        told=f"{one.name}{_(': ')}{' · '.join(told)}",
    )


def _rows(code: str, preset: str) -> str:
    """The list of exactly what was counted."""
    return "/work-orders/list/?" + urlencode({"preset": preset, "grid_code": code})


def _table(figures: list[Figures]) -> ListPage:
    labels = [_("Grid"), pgettext("order", "Open"), pgettext("order", "Overdue")]
    columns = [Column(str(at), label) for at, label in enumerate(labels)]
    return ListPage(columns, [_row(one, labels) for one in figures], len(figures))


def _row(one: Figures, labels: list[str]) -> Row:
    told = ((one.open, "open"), (one.overdue, "overdue"))
    cells = [Cell("name", labels[0], one.name)] + [
        Cell(preset, label, format_number(n), _rows(one.code, preset) if n else None, "number")
        for label, (n, preset) in zip(labels[1:], told, strict=True)
    ]
    inside = len(one.code) < scope.CODE_LENGTHS["cell"]
    further = "/work-orders/map?" + urlencode({"grid_code": one.code})
    return Row(one.code, one.name, further if inside else _rows(one.code, "open"), cells=cells)


def _above(mapped: Mapped) -> tuple[str, str] | None:
    """How many open orders stand with the whole itself or between it and the grids of the map, and
    where all of them are listed.
    """
    if mapped.whole is None:
        return None
    rest = mapped.whole.open - sum(one.open for one in mapped.figures)
    told = {"all": format_number(mapped.whole.open), "rest": format_number(rest)}
    text = (
        _("%(all)s open in all, %(rest)s of them stand with a grid above these.", **told)
        if rest
        else _("%(all)s open in all.", **told)
    )
    return text, _rows(mapped.whole.code, "open")
