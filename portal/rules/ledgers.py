"""Electronic ledgers (电子台账, P7) of matters: what a paper book told, of a grid and a period.

Which ledgers there are, what they are called, what they are built from, which paper books they
replace and how confidential they are stands in ``defaults/ledgers.csv``. A ledger shows what the
person may see anyway (``rules/confidential.py``) and never who reported. A petition is a matter
here like any other; nothing is told by petitioner (care.md).
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from babel.dates import format_skeleton
from flask_babel import force_locale, format_decimal, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import Task, WorkOrder
from portal.models.matter_choices import CAUSES, GRADES, MATTER_KINDS, ORDER_STATES, SATISFACTIONS
from portal.queries import archives, ledgers, paging
from portal.queries.accounts import names_of
from portal.queries.boards import publisher
from portal.queries.ledgers import LedgerPaper
from portal.rules import audit, tasks
from portal.rules.confidential import seen, sees_all
from portal.rules.defaults import FOLDER

TASK = "ledger"
MOST_LINES = 5000  # on paper
FEW = 200  # lines that are drawn in seconds
RESOURCE = "WorkOrder"
QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])", re.ASCII)
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
YEAR = re.compile(r"\d{4}", re.ASCII)
MARKS = {
    "internal": _l("Internal: for those who work with it"),
    "restricted": _l("Restricted: for those who handle it"),
}
PARTIAL = _l("What only few may see is not in it: whoever handles that has it in their ledger.")
GONE = _l("This ledger is not yours to print any more.")


@dataclass(frozen=True)
class Book:
    """A ledger of matters: its code and names, the kinds of matters it tells of, the paper books it
    replaces, and how confidential it is ("" for not at all)."""

    code: str
    zh: str
    en: str
    kinds: tuple[str, ...]
    replaces: str
    confidential: str

    @property
    def name(self) -> str:
        """What it is called in the language in force."""
        return self.zh if str(get_locale()).startswith("zh") else self.en

    @property
    def mark(self) -> str:
        """How confidential it is, in words."""
        return str(MARKS[self.confidential]) if self.confidential else ""


@cache
def books() -> dict[str, Book]:
    """The ledgers that are built from matters, by code."""
    with (FOLDER / "ledgers.csv").open(encoding="utf-8", newline="") as file:
        found = [
            Book(
                line["code"],
                line["zh"],
                line["en"],
                tuple(part[7:] for part in line["built_from"].split(";") if part[:7] == "matter:"),
                line["replaces_paper"],
                line["confidential"],
            )
            for line in csv.DictReader(file)
        ]
    assert all(kind in MATTER_KINDS for one in found for kind in one.kinds)
    return {one.code: one for one in found if one.kinds}


@dataclass(frozen=True)
class Period:
    """From the first to the last day; ``name`` is 2026, 2026-Q1 or 2026-03 where it is one."""

    first: date
    last: date
    name: str = ""

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return clock.aware(datetime.combine(self.first, time(0), clock.zone()))

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        after = self.last + timedelta(days=1)
        return clock.aware(datetime.combine(after, time(0), clock.zone()))


def period_of(name: str = "", first: date | None = None, last: date | None = None) -> Period:
    """The period called ``name`` (2026, 2026-Q1, 2026-03), or from ``first`` to ``last``; without
    any this month. Raises RuleError with ``period`` or ``last``.
    """
    if first is not None or last is not None:
        last = last or clock.today()
        first = first or last.replace(day=1)
        if last < first:
            raise RuleError(_l("The end lies before the beginning"), "last")
        return Period(first, last)
    name = name.strip() or f"{clock.today():%Y-%m}"
    if found := MONTH.fullmatch(name):
        begun = (int(found[1]), int(found[2]), 1)
    elif found := QUARTER.fullmatch(name):
        begun = (int(found[1]), int(found[2]) * 3 - 2, 3)
        name = f"{found[1]}-Q{found[2]}"
    elif YEAR.fullmatch(name):
        begun = (int(name), 1, 12)
    else:
        raise RuleError(_l("Give a year, a quarter or a month: 2026, 2026-Q1, 2026-03."), "period")
    year, month, months = begun
    if not 2000 <= year < 2100:
        raise RuleError(_l("Give a year, a quarter or a month: 2026, 2026-Q1, 2026-03."), "period")
    after = month + months - 1
    following = date(year + after // 12, after % 12 + 1, 1)
    return Period(date(year, month, 1), following - timedelta(days=1), name)


def shown_to(action: str, grid: str) -> ColumnElement[bool]:
    """Condition: the orders that the identity of now may ``action``. Raises Forbidden without the
    right, OutOfScope where not all of ``grid`` is theirs: a ledger must be what its title says.
    """
    who = scope.current()
    if not who.can(action, RESOURCE):
        raise Forbidden(f"{action} {RESOURCE}")
    own = who.prefixes(action, RESOURCE)
    if not scope.covers(own, grid):
        raise OutOfScope(f"{action} {RESOURCE} {grid}")
    return seen(WorkOrder, who, scope.within(WorkOrder.grid_code, own))


def condition(book: Book, period: Period, grid: str, action: str = roles.READ) -> Any:
    """The orders of a ledger, as far as the identity of now may ``action`` them. Raises as
    ``shown_to``.
    """
    told = ledgers.entries(book.kinds, period.start, period.end, grid)
    return shown_to(action, grid) & told


def heads(book: Book) -> list[tuple[str, str]]:
    """Names and labels of the columns of a ledger, as its paper book has them."""
    found = [
        ("number", _("Number")),
        ("reported_on", _("Reported on")),
        ("grid", _("Grid")),
        ("category", _("Category")),
        ("cause", _("Cause")),
        ("summary", _("Summary")),
        ("grade", _("Grade")),
        ("handler", _("Who handles it")),
        ("due_on", _("Deadline")),
        ("state", _("State")),
        ("result", _("Result")),
        ("closed_on", _("Closed on")),
        ("satisfaction", _("Satisfaction")),
    ]
    return [one for one in found if one[0] != "cause" or "dispute" in book.kinds]


def lines(session: Session, orders: list[WorkOrder], book: Book) -> Iterator[tuple[str, ...]]:
    """The orders as lines of the ledger, worded; one statement for their names."""
    names = names_of(session, {one.assignee_id for one in orders})
    wanted = [name for name, _label in heads(book)]
    for order in orders:
        told = _told(order, names)
        yield tuple(told[name] for name in wanted)


def _told(order: WorkOrder, names: dict[int, str]) -> dict[str, str]:
    english = not str(get_locale()).startswith("zh")
    category = order.category
    state = str(ORDER_STATES[order.state])
    return {
        "number": order.number,
        "reported_on": _day(order.reported_at),
        "grid": order.grid.name,
        "category": (category.name_en if english else None) or category.name,
        "cause": str(CAUSES.get(category.cause or "", "")),
        "summary": order.summary,
        "grade": str(GRADES.get(order.grade or "", "")),
        "handler": names.get(order.assignee_id or 0) or order.outside_unit or "",
        "due_on": _day(order.due_at),
        "state": _("Part of another order") if order.merged_into_id is not None else state,
        "result": order.result or "",
        "closed_on": _day(order.closed_at),
        "satisfaction": str(SATISFACTIONS.get(order.satisfaction or "", "")),
    }


def _day(instant: datetime | None) -> str:
    return f"{clock.local(instant):%Y-%m-%d}" if instant is not None else ""


def walk(session: Session, book: Book, period: Period, grid: str) -> Iterator[tuple[str, ...]]:
    """All lines of a ledger that the identity of now may export. Raises as ``shown_to``."""
    wanted = condition(book, period, grid, roles.EXPORT)
    for orders in ledgers.walk(session, wanted):
        yield from lines(session, orders, book)


def note_export(session: Session, book: Book, period: Period, grid: str, what: str) -> None:
    """Note in the audit log that a ledger went out as ``what``; the caller commits."""
    days = f"{period.first.isoformat()}/{period.last.isoformat()}"
    entry = {"row_id": None, "row_label": f"{book.code} {days}", "grid_code": grid}
    changes = {"ledger": book.code, "as": what, "period": days}
    audit.record_bulk(session, "export", WorkOrder.__tablename__, [entry | {"changes": changes}])


# -- on paper -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What somebody wants printed: a ledger, from a day to a day (ISO 8601), of a grid."""

    book: str
    first: str
    last: str
    period: str
    grid: str
    lang: str


def ask(session: Session, user_id: int, book: Book, period: Period, grid: str) -> Task:
    """Have a ledger drawn in the queue; the caller commits. Raises as ``shown_to``, and RuleError
    where it is too long for one file.
    """
    wanted = ledgers.with_names(condition(book, period, grid, roles.EXPORT))
    count = paging.count(session, wanted, WorkOrder)
    if count > MOST_LINES:
        raise RuleError(
            _l(
                "More than %(most)s lines do not go into one file: choose a shorter period or a"
                " smaller grid.",
                most=format_decimal(MOST_LINES),
            )
        )
    order = Order(
        book.code, period.first.isoformat(), period.last.isoformat(), period.name, grid,
        str(get_locale()),
    )  # fmt: skip
    return tasks.start(session, user_id, TASK, asdict(order), 1, grid, quick=count <= FEW)


def load(session: Session, order: Order) -> LedgerPaper:
    """The record of what was asked for, as the identity of now may export it. Raises as
    ``shown_to``.
    """
    book = books()[order.book]
    period = Period(date.fromisoformat(order.first), date.fromisoformat(order.last), order.period)
    grid = archives.grid(session, order.grid)
    if grid is None:
        raise OutOfScope(f"no grid {order.grid}")
    with force_locale(order.lang):
        return LedgerPaper(
            order.lang,
            book.name,
            book.code,
            grid.name,
            tuple(row.name for row in archives.above(session, grid.code)),
            publisher(session, grid.code),
            clock.today().isoformat(),
            scope.current().name or scope.current().username,
            worded(period),
            book.mark,
            book.replaces,
            tuple(heads(book)),
            tuple(walk(session, book, period, grid.code)),
            not sees_all(scope.current(), grid.code),
        )


def worded(period: Period) -> str:
    """The period as people say it; in addresses and names of files it has its ``name``."""
    if not period.name:
        return f"{period.first.isoformat()} – {period.last.isoformat()}"
    if found := QUARTER.fullmatch(period.name):
        return _("Quarter %(quarter)s of %(year)s", quarter=found[2], year=found[1])
    parts = "yMMMM" if MONTH.fullmatch(period.name) else "y"
    return str(format_skeleton(parts, period.first, locale=get_locale()))
