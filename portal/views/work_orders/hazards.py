"""What the page of an order says of a hazard: who puts it right, by when, the re-check."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Rectification, WorkOrder
from portal.models.matter_choices import RECHECKS
from portal.views.context import format_date
from portal.views.page import Field


def shown(session: Session, order: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
    """The card of a hazard that somebody puts right; nothing for anything else."""
    found = session.get(Rectification, order.id) if order.kind == "hazard" else None
    if found is None:
        return []
    return [("views/work_orders/hazard.html", {"fields": _fields(found)})]


def facts(details: dict[str, Any]) -> list[str]:
    """What a step of the trace tells of it."""
    found = []
    if details.get("responsible"):
        found.append(_("put right by %(unit)s", unit=details["responsible"]))
    if details.get("right_by"):
        found.append(_("by %(when)s", when=format_date(date.fromisoformat(details["right_by"]))))
    if details.get("recheck_on"):
        day = format_date(date.fromisoformat(details["recheck_on"]))
        found.append(_("to be checked again by %(day)s", day=day))
    if details.get("recheck") in RECHECKS:
        found.append(str(RECHECKS[details["recheck"]]))
    return found


def _fields(row: Rectification) -> list[Field]:
    told = [
        Field("responsible", _("Organisation or unit that puts it right"), row.responsible),
        Field("what", _("What is to be done"), row.what, kind="long"),
        _day("right_by", _("By when"), row.right_by, late=not row.is_righted),
    ]
    if row.righted_at is not None:
        told.append(Field("righted", _("Put right on"), _who(row.righted_at, row.righted_by)))
    if row.recheck_on is not None and row.awaits_recheck:
        told.append(_day("recheck_on", _("To be checked again by"), row.recheck_on, late=True))
    if row.rechecked_at is not None and row.recheck_result is not None:
        result = str(RECHECKS[row.recheck_result])
        who = _who(row.rechecked_at, row.rechecked_by)
        told.append(Field("rechecked", _("Last re-check"), f"{result} · {who}"))
    return told


def _day(name: str, label: str, day: date, *, late: bool) -> Field:
    """A day; ``late``: it counts as overdue once it has passed."""
    text = format_date(day)
    if late and day < clock.today():
        return Field(name, label, _("%(day)s, overdue", day=text), kind="badge", tone="late")
    return Field(name, label, text, kind="date")


def _who(instant: Any, name: str | None) -> str:
    day = format_date(clock.local(clock.aware(instant)).date())
    return f"{day} · {name}" if name else day
