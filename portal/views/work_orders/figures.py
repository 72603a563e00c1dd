"""Figures of the orders of a grid in a period, month by month and by kind, drawn and as tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_skeleton
from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale, pgettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import Grid, WorkOrder
from portal.models.matter_choices import MATTER_KINDS, SATISFACTIONS
from portal.queries import order_months
from portal.queries.order_months import Figures, Tally
from portal.rules.ledgers import period_of, worded
from portal.views import charts
from portal.views.context import format_number
from portal.views.entity.access import allowed
from portal.views.entity.interface import visible
from portal.views.page import Cell, Column, ListPage, Preset, Row, Tile

YEAR = 12  # months
MOST_MONTHS = 36
TOO_LONG = _l("Choose at most three years.")


class FiguresMixin:
    """The route ``/figures`` of the orders."""

    @expose("/figures")
    @allowed(roles.READ)
    def figures(self: Any) -> ResponseReturnValue:
        """The figures of ``grid_code``, or of the reader's own grid, in ``period``: a year, a
        quarter or a month; without one the last twelve months.
        """
        prefixes = scope.current().prefixes(roles.READ, "WorkOrder")
        code = request.args.get("grid_code", "").strip() or prefixes[0]
        if not (code.isascii() and code.isdigit() and scope.covers(prefixes, code)):
            abort(404)
        session = self.datamodel.session
        name = session.scalar(select(Grid.name).where(Grid.code == code))
        if name is None:
            abort(404)
        period, refusal = request.args.get("period", "").strip(), ""
        try:
            months, told = _months(period)
        except RuleError as refused:
            refusal, period = str(refused), ""
            months, told = _months("")
        here = visible(WorkOrder) & scope.within(WorkOrder.grid_code, [code])
        found = order_months.figures(session, months, here)
        return render_template(
            "views/work_orders/figures.html",
            title=_("Figures of the orders"),
            subtitle=f"{name} · {told}",
            refusal=refusal,
            periods=_periods(code, period),
            tiles=_tiles(found, code),
            drawings=_drawings(found),
            kinds=_kinds(found, code),
            answers=_answers(found),
            answered=_answered(found),
        ), (400 if refusal else 200)


def _months(period: str) -> tuple[list[date], str]:
    """The months that are asked for, none of the future, and what the period is called."""
    today = clock.today()
    if not period:
        last = today.replace(day=1)
        back = last.year * 12 + last.month - YEAR
        first = date(back // 12, back % 12 + 1, 1)
        return order_months.months_of(first, today), _("The last 12 months")
    asked = period_of(period)
    if asked.first > today:
        raise RuleError(_l("This lies in the future."), "period")
    months = order_months.months_of(asked.first, min(asked.last, today))
    if len(months) > MOST_MONTHS:
        raise RuleError(TOO_LONG, "period")
    return months, worded(asked)


def _periods(code: str, period: str) -> list[Preset]:
    today = clock.today()
    quarter = f"{today.year}-Q{(today.month - 1) // 3 + 1}"
    offered = [
        ("", _("The last 12 months")),
        (f"{today:%Y-%m}", _("This month")),
        (quarter, _("This quarter")),
        (f"{today.year}", _("This year")),
        (f"{today.year - 1}", _("Last year")),
    ]
    base = "/work-orders/figures?" + urlencode({"grid_code": code})
    return [
        Preset(name or "last", label, f"{base}&period={name}" if name else base, name == period)
        for name, label in offered
    ]


def _tiles(found: Figures, code: str) -> list[Tile]:
    total = found.total
    rows = "/work-orders/list/?" + urlencode({"grid_code": code, "preset": ""})
    return [
        Tile(_("Received"), format_number(total.received)),
        Tile(pgettext("order", "Closed"), format_number(total.closed)),
        Tile(_("Closed in time"), _percent(total.in_time, total.closed) or "—"),
        Tile(_("Open now"), format_number(total.open), f"{rows}open"),
        Tile(_("Overdue now"), format_number(total.late), f"{rows}overdue",
             tone="late" if total.late else ""),
    ]  # fmt: skip


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 // whole}%" if whole else ""


@dataclass(frozen=True)
class Drawn:
    """A drawing under its heading, with the same numbers as a table."""

    heading: str
    drawing: charts.Drawing
    table: ListPage


def _drawings(found: Figures) -> list[Drawn]:
    received, closed, kept = _("Received"), pgettext("order", "Closed"), _("Closed in time")
    opened, missed = _("Open at the end of the month"), _("Deadline missed")
    tallies = [tally for _month, tally in found.months]
    share = [one.in_time * 100 // one.closed if one.closed else None for one in tallies]
    return [
        _drawn(_("What came and what was closed"), found, [
            (received, [one.received for one in tallies]),
            (closed, [one.closed for one in tallies]),
        ]),
        _drawn(_("What stood open"), found, [
            (opened, [one.open for one in tallies]), (missed, [one.late for one in tallies]),
        ]),
        _drawn(_("Closed in time"), found, [(kept, share)], most=100, unit="%"),
    ]  # fmt: skip


def _drawn(
    heading: str,
    found: Figures,
    series: Sequence[tuple[str, Sequence[int | None]]],
    *,
    most: int | None = None,
    unit: str = "",
) -> Drawn:
    months = [month for month, _tally in found.months]
    names = [name for name, _numbers in series]
    told = _("%(what)s, month by month; the table below has the numbers.",
             what=_(", ").join(names))  # fmt: skip
    steps = [str(format_skeleton("MMM", month, locale=get_locale())) for month in months]
    drawing = charts.columns(told, steps, series, most=most, unit=unit)
    labels = [_("Month"), *names]
    rows = [
        _row(f"{month:%Y-%m}", labels, [_figure(row[at], unit) for _name, row in series])
        for at, month in enumerate(months)
    ]
    return Drawn(heading, drawing, _page(labels, rows))


def _figure(number: int | None, unit: str) -> str:
    return "" if number is None else f"{format_number(number)}{unit}"


def _answered(found: Figures) -> ListPage:
    labels = [_("Month"), *(str(words) for words in SATISFACTIONS.values())]
    rows = [
        _row(f"{month:%Y-%m}", labels, [one.satisfied, one.partly, one.not_satisfied])
        for month, one in found.months
    ]
    return _page(labels, rows)


def _kinds(found: Figures, code: str) -> dict[str, Any]:
    """A bar and a line of the table for each kind."""
    most = max((tally.received for tally in found.kinds.values()), default=0) or 1
    labels = [
        _("Kind"), _("Received"), pgettext("order", "Closed"), _("Closed in time"), _("Open now"),
        _("Overdue now"),
    ]  # fmt: skip
    bars, rows = [], []
    for kind, tally in sorted(found.kinds.items(), key=lambda one: -one[1].received):
        name = str(MATTER_KINDS[kind])
        bars.append(
            {
                "name": name,
                "all": round(100 * tally.received / most, 1),
                "text": format_number(tally.received),
            }
        )
        rows.append(_row(name, labels, _of_kind(tally), _links(kind, code, tally)))
    return {"bars": bars, "table": _page(labels, rows)}


def _of_kind(tally: Tally) -> list[int | str]:
    share = _percent(tally.in_time, tally.closed)
    return [tally.received, tally.closed, share, tally.open, tally.late]


def _links(kind: str, code: str, tally: Tally) -> dict[int, str]:
    base = {"grid_code": code, "kind": kind}
    found = {}
    if tally.open:
        found[3] = "/work-orders/list/?" + urlencode(base | {"preset": "open"})
    if tally.late:
        found[4] = "/work-orders/list/?" + urlencode(base | {"preset": "overdue"})
    return found


def _answers(found: Figures) -> list[charts.Share]:
    total = found.total
    numbers = (total.satisfied, total.partly, total.not_satisfied)
    names = [str(words) for words in SATISFACTIONS.values()]
    return charts.shares(list(zip(names, numbers, strict=True)))


def _row(
    name: str, labels: list[str], figures: Iterable[int | str], links: dict[int, str] | None = None
) -> Row:
    cells = [Cell("name", labels[0], name)]
    for at, (label, figure) in enumerate(zip(labels[1:], figures, strict=True)):
        text = format_number(figure) if isinstance(figure, int) else figure
        cells.append(Cell("figure", label, text, (links or {}).get(at), "number"))
    return Row(name, name, cells=cells)


def _page(labels: list[str], rows: list[Row]) -> ListPage:
    return ListPage([Column(str(at), label) for at, label in enumerate(labels)], rows, len(rows))
