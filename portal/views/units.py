"""The register of the units that owe municipal services, by name, each with its rating."""

from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from portal import clock
from portal.models import MunicipalUnit, UnitCase
from portal.queries import matters as narrow
from portal.queries import units as queries
from portal.queries.units import Period, Rating
from portal.rules import numberless
from portal.views.context import format_number
from portal.views.entity.base import EntityView
from portal.views.page import Cell, Column, ListPage, Row

BAR = 100  # units of a full bar in its drawing
MONTHS = 6


def _in_use() -> ColumnElement[bool]:
    return MunicipalUnit.in_use.is_(True)


class MunicipalUnitView(EntityView):
    """Who owes which service where; ordered by name, for it is no ranking."""

    entity = MunicipalUnit
    slug = "municipal-units"
    list_title = _l("Units of municipal services")
    one_title = _l("Unit of municipal services")
    list_columns = ["name", "grid", "services", "contact", "in_use"]
    show_groups = [("", ["name", "grid", "services", "contact", "contact_phone", "in_use"])]
    form_columns = ["name", "grid", "services", "contact", "contact_phone", "in_use"]
    filter_columns = ["grid_code"]
    presets = {"in_use": (_l("In use"), narrow.only(_in_use))}
    labels = {
        "services": _l("What it owes"),
        "contact": _l("Contact"),
        "contact_phone": _l("Telephone"),
        "in_use": _l("In use"),
    }
    help_texts = {
        "services": _l("One service a line, for example: street lamps, water mains."),
        "grid": _l("It owes them in this grid and in all below it."),
    }
    order = ("name", "id")

    def prepare(self, row: MunicipalUnit, *, new: bool) -> None:
        """What it owes is no place for numbers of people."""
        numberless.check(row.services, "services")

    def extras(self, row: MunicipalUnit) -> list[tuple[str, dict[str, Any]]]:
        """How it kept its word."""
        return [rating_part(self.datamodel.session, UnitCase.unit_id == row.id)]


def rating_part(session: Any, of: ColumnElement[bool]) -> tuple[str, dict[str, Any]]:
    """The rating of a unit by month, as a table and as bars."""
    today = clock.today()
    periods = _months(today)
    whole = (periods[-1][0], today)
    found = queries.ratings(session, of, [whole, *periods], today)
    names = [_("Six months"), *(_month(first) for first, _end in periods)]
    told = list(zip(names, found, strict=True))
    return "views/units/rating.html", {
        "table": _table(told),
        "bars": [_bar(name, one) for name, one in told if one.due],
        "wide": BAR,
    }


def _month(first: date) -> str:
    return str(format_skeleton("yMMMM", first, locale=get_locale()))


def _months(today: date) -> list[Period]:
    """The last months, this one first."""
    found, first = list[Period](), today.replace(day=1)
    last = today
    for _number in range(MONTHS):
        found.append((first, last))
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    return found


def _table(told: list[tuple[str, Rating]]) -> ListPage:
    labels = [
        _("Period"), _("Handed over"), _("Answered in time"), _("Put right at the first re-check"),
        _("Came back later"),
    ]  # fmt: skip
    rows = []
    for name, one in told:
        figures = [
            format_number(one.handed),
            _share(one.on_time, one.due),
            _share(one.right_first, one.rechecked),
            format_number(one.reopened),
        ]
        cells = [Cell("name", labels[0], name)]
        cells += [
            Cell("figure", label, text, None, "number")
            for label, text in zip(labels[1:], figures, strict=True)
        ]
        rows.append(Row(name, name, cells=cells))
    return ListPage([Column(str(at), label) for at, label in enumerate(labels)], rows, len(rows))


def _share(part: int, whole: int) -> str:
    """``3 / 4 · 75%``; nothing of nothing."""
    if not whole:
        return "—"
    return f"{format_number(part)} / {format_number(whole)} · {part * 100 // whole}%"


def _bar(name: str, one: Rating) -> dict[str, Any]:
    share = round(BAR * one.on_time / one.due, 1)
    return {"name": name, "share": share, "text": _share(one.on_time, one.due)}
