"""What the marks do: moves that leave the state of an order alone."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal import clock
from portal.errors import RuleError
from portal.models import WorkOrder
from portal.models.matter_choices import SUSPENSIONS
from portal.rules import clocks
from portal.rules.work_orders import people, timing
from portal.rules.work_orders.case import level_above, rank
from portal.rules.work_orders.making import Move, due_of, number_in

MERGE_WITHIN = timedelta(days=7)


def control(move: Move) -> dict[str, Any]:
    """The danger is fenced off, switched off, watched; putting it right comes after."""
    move.order.controlled_at = move.moment
    return {}


def progress(move: Move) -> dict[str, Any]:
    """How far it is. A petition is reported on every ten working days: that clock begins again."""
    if move.order.kind == "petition" and move.order.suspended_at is None:
        move.clocks.start_answer(move.order, move.moment, move.moment)
        return due_of(move.order)
    return {}


def assist(move: Move) -> dict[str, Any]:
    """Somebody of the level or the one above helps; the assignee still answers."""
    order = move.order
    top = min(rank(order.level) + 1, rank("community"))
    level = level_above(order.level) if top > rank(order.level) else order.level
    chosen = {one.user_id: one for one in people.candidates(move.session, order, level)}
    person = chosen.get(number_in(move.data.get("helper")))
    if person is None or person.user_id == order.assignee_id:
        raise RuleError(_l("Choose somebody else who can help."), "helper")
    order.help_asked_at = move.moment
    people.take_part(move.session, order, [person.user_id], "helper")
    return {"helper": person.name}


def ask_more(move: Move) -> dict[str, Any]:
    """The assignee asks the level above for more time; the clock runs on."""
    order, days = move.order, number_in(move.data.get("days"))
    most = clocks.longest_extension(order.kind, order.grade, move.clocks.limits)
    if not 0 < days <= most:
        raise RuleError(_l("At most %(most)s working days can be added.", most=most), "days")
    order.asked_days, order.asked_reason = days, move.told("reason")
    order.asked_at = move.moment
    return {"asked": days}


def refuse_more(move: Move) -> dict[str, Any]:
    """No more time; it can be asked for again."""
    forget_asking(move.order)
    return {}


def forget_asking(order: WorkOrder) -> None:
    """Nobody asks for more time any more."""
    order.asked_days = order.asked_reason = order.asked_at = None


def extend(move: Move) -> dict[str, Any]:
    """More time, once, at most as much as there was."""
    days = number_in(move.data.get("days"))
    move.clocks.extend(move.order, days, move.moment)
    move.order.extended = True
    forget_asking(move.order)
    return {"days": days} | due_of(move.order)


def suspend(move: Move) -> dict[str, Any]:
    """The clock stands still, for a reason and at most 30 days."""
    order, until = move.order, move.data.get("until")
    today = clock.local(move.moment).date()
    if move.told("suspension") not in SUSPENSIONS:
        raise RuleError(_l("Choose a reason."), "suspension")
    if not isinstance(until, date) or not today < until <= today + timedelta(
        days=move.clocks.limits["suspend_days"]
    ):
        raise RuleError(_l("Choose a day within the next 30 days."), "until")
    order.suspended_at, order.suspended_until = move.moment, until
    order.suspend_reason = move.told("suspension")
    order.next_warning_at = None
    return {"suspension": order.suspend_reason, "until": until.isoformat()}


def resume(move: Move) -> dict[str, Any]:
    """The working days that were left are left again."""
    order = move.order
    since = clock.aware(order.suspended_at or move.moment)
    order.suspended_at = order.suspended_until = order.suspend_reason = None
    move.clocks.go_on(order, since, move.moment)
    return due_of(order)


def merge(move: Move) -> dict[str, Any]:
    """Part of another order about the same thing; that one goes on."""
    order = move.order
    other = move.session.scalars(
        select(WorkOrder).where(WorkOrder.number == move.told("into"), WorkOrder.id != order.id)
    ).one_or_none()
    near = other is not None and abs(other.reported_at - order.reported_at) <= MERGE_WITHIN
    alike = other is not None and (other.category_id, other.grid_code, other.about_user_id) == (
        order.category_id,
        order.grid_code,
        order.about_user_id,
    )
    if other is None or other.stopped or not near or not alike:
        words = _l("Give the number of an open order of the same grid and category, within 7 days.")
        raise RuleError(words, "into")
    order.merged_into_id = other.id
    timing.stop(order)
    return {"into": other.number}


def void(move: Move) -> dict[str, Any]:
    """A mistake: it counts for nothing and stays on record."""
    move.order.void = True
    move.order.suspended_at = move.order.suspended_until = move.order.suspend_reason = None
    forget_asking(move.order)
    timing.stop(move.order)
    return {}


MARKS: dict[str, Callable[[Move], dict[str, Any]]] = {
    "control": control,
    "progress": progress,
    "assist": assist,
    "ask_more": ask_more,
    "refuse_more": refuse_more,
    "extend": extend,
    "suspend": suspend,
    "resume": resume,
    "merge": merge,
    "void": void,
}
