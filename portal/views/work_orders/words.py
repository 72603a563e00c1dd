"""What the pages of orders say: states, deadlines, the trace."""

import json
from collections.abc import Callable, Mapping
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
from portal.models.matter_choices import (
    GRADES,
    MATTER_KINDS,
    ORDER_STATES,
    SATISFACTIONS,
    SUSPENSIONS,
)
from portal.queries.accounts import Holder
from portal.queries.workdays import calendar_for_words
from portal.rules import clocks, trace
from portal.rules.work_orders.move_words import actor_name, move_name
from portal.views.context import format_date
from portal.views.work_orders import hazards


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


def asked(order: WorkOrder) -> str:
    """That more time is asked for; empty where it is not."""
    if order.asked_at is None or order.asked_days is None:
        return ""
    days = ngettext("%(num)d working day more", "%(num)d working days more", order.asked_days)
    return _("Asked for: %(days)s. %(reason)s", days=days, reason=order.asked_reason or "")


def minute(instant: datetime) -> str:
    """Day and minute on the wall clock."""
    chinese = str(get_locale()).startswith("zh")
    pattern = "y年M月d日（E）HH:mm" if chinese else "EEE d MMM y, HH:mm"
    moment = clock.local(clock.aware(instant))
    return str(format_datetime(moment, pattern, tzinfo=clock.zone(), locale=get_locale()))


def timeline(session: Session, order: WorkOrder) -> list[Line]:
    """Everything that happened, the newest first; the same for everybody who sees the order."""
    entries = session.scalars(trace.entries_of(order.id)).all()
    return [
        Line(
            minute(one.at),
            str(actor_name(one)),
            str(move_name(one.move)),
            str(ORDER_STATES.get(one.to_state, one.to_state))
            if one.from_state != one.to_state
            else "",
            one.note or "",
            _facts(json.loads(one.details)),
        )
        for one in reversed(entries)
    ]


def _facts(details: dict[str, Any]) -> list[str]:
    """What an entry tells beside its note."""
    found = [words(details) for name, words in FACTS.items() if details.get(name)]
    return [one for one in (*found, *hazards.facts(details)) if one]


def _listed(name: str, words: Mapping[str, Any]) -> Callable[[dict[str, Any]], str]:
    return lambda details: str(words.get(details[name], ""))


def _signed(details: dict[str, Any]) -> str:
    if details["as"] == "station":
        return _("signed by the station")
    return _("signed by the sponsor of the area")


def _days(details: dict[str, Any]) -> str:
    days = int(details["days"])
    return ngettext("%(num)d working day more", "%(num)d working days more", days)


def _asked_days(details: dict[str, Any]) -> str:
    return _days({"days": details["asked"]})


def _told(details: dict[str, Any]) -> str:
    when = minute(datetime.fromisoformat(details["told_at"]))
    return _("%(unit)s was told on %(when)s", unit=details["told"], when=when)


def _converted(details: dict[str, Any]) -> str:
    before, after = (MATTER_KINDS.get(details[name]) for name in ("from_kind", "to_kind"))
    return f"{before} → {after}"


def _by(details: dict[str, Any]) -> str:
    return _("by %(when)s", when=minute(datetime.fromisoformat(details["due_at"])))


FACTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "assignee": lambda told: _("given to %(name)s", name=told["assignee"]),
    "helper": lambda told: _("%(name)s helps", name=told["helper"]),
    "level": _listed("level", LEVELS),
    "grade": _listed("grade", GRADES),
    "satisfaction": _listed("satisfaction", SATISFACTIONS),
    "suspension": _listed("suspension", SUSPENSIONS),
    "outcome": _listed("outcome", MEDIATION_OUTCOMES),
    "as": _signed,
    "days": _days,
    "asked": _asked_days,
    "hand_to": lambda told: _("goes to %(unit)s", unit=told["hand_to"]),
    "turn_to": lambda told: _("turn to %(unit)s", unit=told["turn_to"]),
    "told": _told,
    "to_kind": _converted,
    "batch": lambda told: _("import %(number)s was taken back", number=told["batch"]),
    "into": lambda told: _("part of %(number)s", number=told["into"]),
    "due_at": _by,
}


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
