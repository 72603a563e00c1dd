"""What the pages of orders say: states, deadlines, the trace."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.extensions import db
from portal.models import Grid, WorkOrder
from portal.models.case_choices import MEDIATION_OUTCOMES
from portal.models.choices import LEVELS, ROLES
from portal.models.matter_choices import GRADES, ORDER_STATES, SATISFACTIONS, SUSPENSIONS
from portal.queries.accounts import Holder
from portal.queries.workdays import calendar_for_words
from portal.rules import clocks, trace
from portal.rules.work_orders import FLOW
from portal.views.context import format_date


@dataclass(frozen=True)
class Line:
    """An entry of the trace, worded."""

    when: str
    who: str
    what: str
    state: str
    note: str = ""
    facts: list[str] = field(default_factory=list)


def is_late(order: WorkOrder) -> bool:
    """Whether its clock runs and is past its end."""
    if order.due_at is None or clocks.stands_still(order):
        return False
    return clock.aware(order.due_at) < clock.now()


def state(order: WorkOrder) -> str:
    """The state with what stands beside it."""
    found = str(ORDER_STATES[order.state])
    if order.void:
        return _("Void")
    if order.merged_into_id is not None:
        return _("Part of another order")
    if order.suspended_at is not None:
        return _("%(state)s, paused", state=found)
    return _("%(state)s, overdue", state=found) if is_late(order) else found


def due(order: WorkOrder) -> str:
    """The day; while the clock runs also how many working days are left or gone."""
    if order.due_at is None or order.state in ("closed", "rejected"):
        return ""
    day = clock.local(clock.aware(order.due_at)).date()
    told = format_date(day)
    if clocks.stands_still(order):
        return told
    left = clocks.workdays_between(clock.today(), day, calendar_for_words(db.session))
    if is_late(order):
        over = max(1, -left)
        over_words = ngettext("%(num)d working day over", "%(num)d working days over", over)
        return f"{told} · {over_words}"
    if left == 0:
        return f"{told} · " + _("today")
    return f"{told} · " + ngettext("%(num)d working day left", "%(num)d working days left", left)


def minute(instant: datetime) -> str:
    """Day and minute on the wall clock."""
    chinese = str(get_locale()).startswith("zh")
    pattern = "y年M月d日（E）HH:mm" if chinese else "EEE d MMM y, HH:mm"
    moment = clock.local(clock.aware(instant))
    return str(format_datetime(moment, pattern, tzinfo=clock.zone(), locale=get_locale()))


def move_name(move: str) -> str:
    """The word for a move."""
    step = FLOW.steps.get(move)
    if step is not None:
        return str(step.label)
    told = {
        "report": _("Report it"),
        "supervise": _("Supervised"),
        "mediate": _("Mediation file opened"),
        "mediated": _("Mediation ended"),
        "hand_over": _("Handed over to the unit"),
        "unit_answered": _("Answer of the unit"),
        "rechecked": _("Re-checked"),
    }
    return told.get(move, move)


def timeline(session: Session, order: WorkOrder) -> list[Line]:
    """Everything that happened, the newest first; the same for everybody who sees the order."""
    entries = session.scalars(trace.entries_of(order.id)).all()
    return [
        Line(
            minute(one.at),
            one.actor_name if one.actor != "system" else _("the portal itself"),
            move_name(one.move),
            str(ORDER_STATES.get(one.to_state, one.to_state))
            if one.from_state != one.to_state
            else "",
            one.note or "",
            _facts(json.loads(one.details)),
        )
        for one in reversed(entries)
    ]


def _facts(details: dict[str, Any]) -> list[str]:
    found = []
    if details.get("assignee"):
        found.append(_("given to %(name)s", name=details["assignee"]))
    if details.get("helper"):
        found.append(_("%(name)s helps", name=details["helper"]))
    for name, words in (
        ("level", LEVELS),
        ("grade", GRADES),
        ("satisfaction", SATISFACTIONS),
        ("suspension", SUSPENSIONS),
        ("outcome", MEDIATION_OUTCOMES),
    ):
        if details.get(name) in words:
            found.append(str(words[details[name]]))
    if details.get("as"):
        signed = _("signed by the station") if details["as"] == "station" else _(
            "signed by the sponsor of the area"
        )  # fmt: skip
        found.append(signed)
    if details.get("days"):
        days = int(details["days"])
        found.append(ngettext("%(num)d working day more", "%(num)d working days more", days))
    if details.get("hand_to"):
        found.append(_("goes to %(unit)s", unit=details["hand_to"]))
    if details.get("into"):
        found.append(_("part of %(number)s", number=details["into"]))
    if details.get("due_at"):
        found.append(_("by %(when)s", when=minute(datetime.fromisoformat(details["due_at"]))))
    return found


def people(session: Session, holders: list[Holder]) -> list[tuple[str, str]]:
    """Options: the name, the role and the place of each."""
    codes = {one.grid_code for one in holders}
    named = session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(codes)))
    grids = {row.code: row.name for row in named}
    return [
        (
            str(one.user_id),
            _(
                "%(name)s (%(role)s, %(grid)s)",
                name=one.name,
                role=str(ROLES.get(one.role, one.role)),
                grid=grids.get(one.grid_code, ""),
            ),
        )
        for one in holders
    ]
