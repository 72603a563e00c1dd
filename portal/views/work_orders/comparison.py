"""The grids below one's own beside each other: what is open and late in each, with a drawing."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy import select

from portal import roles, scope
from portal.models import Grid, WorkOrder
from portal.queries import order_figures
from portal.queries.order_figures import Figures
from portal.views.context import format_number
from portal.views.entity.access import allowed
from portal.views.entity.interface import visible
from portal.views.page import Cell, Column, ListPage, Row

BAR = 100  # units of the longest bar in its drawing


class ComparisonMixin:
    """The route ``/by-grid`` of the orders."""

    @expose("/by-grid")
    @allowed(roles.READ)
    def by_grid(self: Any) -> ResponseReturnValue:
        """The grids right below ``grid_code``, or below the reader's own."""
        prefixes = scope.current().prefixes(roles.READ, "WorkOrder")
        code = request.args.get("grid_code", "").strip() or prefixes[0]
        if not (code.isascii() and code.isdigit() and scope.covers(prefixes, code)):
            abort(404)
        session = self.datamodel.session
        name = session.scalar(select(Grid.name).where(Grid.code == code))
        if name is None:
            abort(404)
        grids = order_figures.grids_below(session, code)
        figures = order_figures.by_grid(session, grids, visible(WorkOrder))
        return render_template(
            "views/work_orders/by_grid.html",
            title=_("Orders by grid"),
            subtitle=name,
            map_url=f"{self.route_base}/map?{urlencode({'grid_code': code})}",
            table=_table(figures),
            bars=_bars(figures),
            wide=BAR,
        )


def _table(figures: list[Figures]) -> ListPage:
    labels = [_("Grid"), pgettext("order", "Open"), pgettext("order", "Overdue"), _("Supervised"),
              _("Closed in 30 days"), _("Of these in time")]  # fmt: skip
    columns = [Column(str(at), label) for at, label in enumerate(labels)]
    return ListPage(columns, [_row(one, labels) for one in figures], len(figures))


def _row(one: Figures, labels: list[str]) -> Row:
    def rows(**params: str) -> str:
        return "/work-orders/list/?" + urlencode(params | {"grid_code": one.code})

    share = f"{one.in_time * 100 // one.closed}%" if one.closed else ""
    told = [
        (format_number(one.open), rows(preset="open") if one.open else None),
        (format_number(one.overdue), rows(preset="overdue") if one.overdue else None),
        (format_number(one.supervised), None),
        (format_number(one.closed), None),
        (share, None),
    ]
    cells = [Cell("name", labels[0], one.name)]
    cells += [
        Cell("figure", label, text, url, "number")
        for label, (text, url) in zip(labels[1:], told, strict=True)
    ]
    below = len(one.code) < scope.CODE_LENGTHS["cell"]
    further = f"/work-orders/by-grid?grid_code={one.code}" if below else rows(preset="open")
    return Row(one.code, one.name, further, cells=cells)


def _bars(figures: list[Figures]) -> list[dict[str, Any]]:
    """Bars of open orders, the part that is overdue in another colour, with the numbers beside."""
    most = max((one.open for one in figures), default=0) or 1
    opened, late = pgettext("order", "Open"), pgettext("order", "Overdue")
    return [
        {
            "name": one.name,
            "open": round(BAR * one.open / most, 1),
            "late": round(BAR * one.overdue / most, 1),
            "text": f"{opened} {format_number(one.open)} · {late} {format_number(one.overdue)}",
        }
        for one in figures
    ]
