"""``/ledgers/``: the electronic ledgers of matters, on the screen, as a spreadsheet, on paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import Grid, WorkOrder
from portal.models.matter_choices import ORDER_STATES
from portal.queries import ledgers as queries
from portal.queries import paging
from portal.rules import ledgers
from portal.rules.confidential import sees_all
from portal.rules.ledgers import Book, Period
from portal.views.entity import export, query
from portal.views.entity.access import account, allowed, require
from portal.views.page import Cell, Column, Filter, ListPage, Preset, Row

SCREEN = (
    "number", "reported_on", "category", "summary", "grid", "handler", "due_on", "state",
    "closed_on",
)  # fmt: skip
KINDS = {"number": "code", "reported_on": "date", "due_on": "date", "closed_on": "date",
         "state": "badge"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a ledger, a period, a grid."""

    book: Book
    period: Period
    grid: str

    def params(self, **more: str) -> str:
        """The same as part of an address."""
        told = {"grid_code": self.grid}
        if self.period.name:
            told["period"] = self.period.name
        else:
            told |= {"from": str(self.period.first), "to": str(self.period.last)}
        return urlencode(told | more)


class LedgerView(BaseView):
    """Each ledger is a list that writes itself; nobody types it again."""

    route_base = "/ledgers"
    default_view = "index"
    class_permission_name = "WorkOrder"
    list_title = _l("Electronic ledgers")

    @expose("/")
    @allowed(roles.READ)
    def index(self) -> ResponseReturnValue:
        """Which ledgers there are, and which paper books need not be kept any more."""
        labels = [_("Ledger"), _("Takes the place of"), _("Confidentiality")]
        rows = [
            Row(
                book.code,
                book.name,
                f"/ledgers/{book.code}/",
                cells=[
                    Cell("name", labels[0], book.name),
                    Cell("replaces", labels[1], book.replaces.replace("、", _(", "))),
                    Cell("mark", labels[2], book.mark or _("For all staff of the grid")),
                ],
            )
            for book in ledgers.books().values()
        ]
        columns = [Column(str(at), label) for at, label in enumerate(labels)]
        return render_template(
            "views/ledgers/index.html",
            title=str(self.list_title),
            table=ListPage(columns, rows, len(rows)),
        )

    @expose("/<string:code>/")
    @allowed(roles.READ)
    def show(self, code: str) -> ResponseReturnValue:
        """A page of a ledger."""
        asked, refusal = _asked(code)
        wanted = queries.with_names(ledgers.condition(asked.book, asked.period, asked.grid))
        counted = queries.named_and_counted(db.session, asked.grid, wanted)
        if counted is None:
            abort(404)
        name, total = counted
        part = paging.Slice(
            column="reported_at",
            after=request.args.get("after") or None,
            before=request.args.get("before") or None,
        )
        try:
            found = paging.fetch(db.session, wanted, WorkOrder, part, known=total)
        except paging.BadCursor:
            abort(400)
        exported = scope.current().prefixes(roles.EXPORT, "WorkOrder")
        may_export = scope.covers(exported, asked.grid)
        return render_template(
            "views/ledgers/show.html",
            title=asked.book.name,
            subtitle=f"{name} · {ledgers.worded(asked.period)}",
            asked=asked,
            refusal=refusal,
            partial=ledgers.PARTIAL if not sees_all(scope.current(), asked.grid) else "",
            page=_page(asked, found),
            grid_field=_grid_field(asked.grid, name),
            xlsx_url=f"/ledgers/{code}/xlsx?{asked.params()}" if may_export else None,
            pdf_url=f"/ledgers/{code}/pdf?{asked.params()}" if may_export else None,
        ), (400 if refusal else 200)

    @expose("/<string:code>/xlsx")
    @allowed(roles.EXPORT)
    def xlsx(self, code: str) -> ResponseReturnValue:
        """The whole ledger as a spreadsheet."""
        asked, refusal = _asked(code, roles.EXPORT)
        if refusal:
            abort(400)
        name = db.session.scalar(select(Grid.name).where(Grid.code == asked.grid))
        if name is None:
            abort(404)
        ledgers.note_export(db.session, asked.book, asked.period, asked.grid, "xlsx")
        db.session.commit()
        told = [
            f"{_('Period')}{_(': ')}{ledgers.worded(asked.period)}",
            f"{_('Grid')}{_(': ')}{name}",
        ]
        origin = export.origin(asked.book.name, told)
        if asked.book.mark:
            origin[0] = (origin[0][0], asked.book.mark)
        if not sees_all(scope.current(), asked.grid):
            origin.append((_("Note"), str(ledgers.PARTIAL)))
        days = asked.period.name or f"{asked.period.first}-{asked.period.last}"
        return export.sent("xlsx", f"{code}-{days}", _rows(asked), origin)

    @expose("/<string:code>/pdf", methods=["POST"])
    @allowed(roles.EXPORT)
    def pdf(self, code: str) -> ResponseReturnValue:
        """Have it drawn; the page of that work."""
        asked, refusal = _asked(code, roles.EXPORT)
        if refusal:
            abort(400)
        try:
            task = ledgers.ask(db.session, account(), asked.book, asked.period, asked.grid)
            db.session.commit()
        except RuleError as refused:
            db.session.rollback()
            flash(str(refused), "danger")
            return redirect(f"/ledgers/{code}/?{asked.params()}")
        return redirect(f"/tasks/{task.id}")


def _asked(code: str, action: str = roles.READ) -> tuple[Asked, str]:
    """What is asked for, and why the period cannot be used (then it is this month). 404 for what
    is none of theirs.
    """
    book = ledgers.books().get(code)
    if book is None:
        abort(404)
    require(action, "WorkOrder")
    own = scope.current().prefixes(action, "WorkOrder")
    text = request.args.get("grid_code", "").strip()
    grid = query.code_meant(text).split(" ")[0] if text else own[0]
    if not (grid.isascii() and grid.isdigit()):
        abort(404)
    try:
        ledgers.shown_to(action, grid)
    except OutOfScope:
        abort(404)
    refusal = ""
    try:
        days = [_day(request.args.get(one, "")) for one in ("from", "to")]
        period = ledgers.period_of(request.args.get("period", ""), *days)
    except RuleError as refused:
        period, refusal = ledgers.period_of(), str(refused)
    return Asked(book, period, grid), refusal


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise RuleError(_l("Not a date")) from None
    if not 2000 <= found.year < 2100:
        raise RuleError(_l("Not a date"))
    return found


def _page(asked: Asked, found: paging.Page) -> ListPage:
    labels = dict(ledgers.heads(asked.book))
    names = list(labels)
    rows = []
    told = ledgers.lines(db.session, found.rows, asked.book)
    for order, line in zip(found.rows, told, strict=True):
        texts: dict[str, str] = dict(zip(names, line, strict=True))
        cells = [_cell(name, labels[name], texts[name]) for name in SCREEN]
        rows.append(Row(order.id, order.number, f"/work-orders/show/{order.id}", cells=cells))
    base = f"/ledgers/{asked.book.code}/"
    return ListPage(
        columns=[Column(name, labels[name]) for name in SCREEN],
        rows=rows,
        total=found.total,
        capped=found.capped,
        next_url=f"{base}?{asked.params(after=found.next)}" if found.next else None,
        prev_url=f"{base}?{asked.params(before=found.previous)}" if found.previous else None,
        presets=_presets(asked),
    )


def _cell(name: str, label: str, text: str) -> Cell:
    kind: Any = KINDS.get(name, "text")
    tone: Any = "good" if text == str(ORDER_STATES["closed"]) and name == "state" else ""
    return Cell(name, label, text, None, kind, tone)


def _grid_field(code: str, name: str) -> Filter:
    return Filter("grid_code", _("Grid"), "grid", [], f"{code} — {name}", "/grids/lookup/")


def _presets(asked: Asked) -> list[Preset]:
    """Periods that are asked for most."""
    today = clock.today()
    before = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    quarter = (today.month - 1) // 3 + 1
    last = f"{today.year - 1}-Q4" if quarter == 1 else f"{today.year}-Q{quarter - 1}"
    offered = [
        (f"{today:%Y-%m}", _("This month")),
        (f"{before:%Y-%m}", _("Last month")),
        (f"{today.year}-Q{quarter}", _("This quarter")),
        (last, _("Last quarter")),
        (f"{today.year}", _("This year")),
        (f"{today.year - 1}", _("Last year")),
    ]
    base = f"/ledgers/{asked.book.code}/"
    return [
        Preset(
            name,
            label,
            f"{base}?{urlencode({'grid_code': asked.grid, 'period': name})}",
            name == asked.period.name,
        )
        for name, label in offered
    ]


def _rows(asked: Asked) -> Iterator[list[str]]:
    yield [label for _name, label in ledgers.heads(asked.book)]
    for line in ledgers.walk(db.session, asked.book, asked.period, asked.grid):
        yield list(line)
