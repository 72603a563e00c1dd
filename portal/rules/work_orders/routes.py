"""What becomes of a matter by the route of its category, instead of being handled here.

``guide``: those concerned are told whom to turn to. ``handoff``: the unit that owes it gets it;
they hear of it within two working days, and that unit's clock is its own. ``report``: the police or
the authority are told first, and who was told, when, is on record. ``convert``: a letter or finding
becomes a matter of another kind, under its number (matter_categories.csv, time_limits.yaml).
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal import clock, roles
from portal.errors import RuleError
from portal.models import (
    Matter,
    MatterCategory,
    MatterPerson,
    Message,
    ResponsibilityDraft,
    SupervisionOrder,
    WorkOrder,
)
from portal.models.matter_choices import URGENCIES
from portal.queries.accounts import holders_over
from portal.queries.limits import PETITION
from portal.rules import clocks
from portal.rules.order_letters import url_of
from portal.rules.outside import claims
from portal.rules.reports import Placed, Report, placed
from portal.rules.work_orders import timing
from portal.rules.work_orders.case import level_of
from portal.rules.work_orders.making import Move, due_of, number_in

LONGEST_UNIT = 80


def guide(move: Move) -> dict[str, Any]:
    """Told whom to turn to: closed with just that."""
    order = move.order
    order.outside_unit, order.result = _unit(move, "turn_to"), move.told("told")
    order.outcome, order.answered_at = "guided", move.moment
    order.accepted_at = order.accepted_at or move.moment
    order.closed_at = move.moment
    timing.stop(order)
    return {"turn_to": order.outside_unit}


def handoff(move: Move) -> dict[str, Any]:
    """To the unit that owes it. What is left to do here is to give notice."""
    order, theirs = move.order, move.data.get("their_due")
    order.outside_unit, order.outcome = _unit(move, "unit"), "handed"
    order.accepted_at = order.accepted_at or move.moment
    if isinstance(theirs, date):
        if theirs < clock.local(move.moment).date():
            raise RuleError(_l("This day is gone."), "their_due")
        order.outside_due_at = clocks.end_of(theirs)
    move.clocks.start_notice(order, move.moment)
    return {"hand_to": order.outside_unit} | due_of(order)


def nobody_outside(session: Session, order: WorkOrder) -> bool:
    """Whether it was found by the staff, who hear of everything by the portal itself."""
    matter = session.get_one(Matter, order.matter_id)
    return matter.reporter_name is None and matter.reporter_contact is None


def notice(move: Move) -> dict[str, Any]:
    """Those concerned have heard where it went: nothing is left to do here."""
    order = move.order
    order.result = move.told("told") or order.result
    order.answered_at = order.closed_at = move.moment
    timing.stop(order)
    return {"hand_to": order.outside_unit}


def take_back(move: Move) -> dict[str, Any]:
    """The unit says that it is not theirs: in hand here again, with the whole time from now on;
    what was closed by the notice is open again.
    """
    order = move.order
    order.outside_unit = order.outside_due_at = order.outside_answered_at = order.outcome = None
    order.closed_at = order.answered_at = order.result = None
    order.satisfaction = order.return_visit_by = None
    order.accepted_at = move.moment
    move.clocks.start_answer(order, move.moment, move.moment)
    return due_of(order)


def unit_answer(move: Move) -> dict[str, Any]:
    """What the unit did; its clock stops."""
    move.order.outside_answered_at = move.moment
    return {"unit": move.order.outside_unit}


def report_out(move: Move) -> dict[str, Any]:
    """The police or the authority were told: whom, and when."""
    order, when = move.order, move.data.get("told_when")
    if not isinstance(when, datetime) or not (
        clock.aware(order.reported_at) - clocks.LATE_ENTRY <= clock.aware(when) <= move.moment
    ):
        words = _l("Say when they were told: not in the future, and no earlier than a day before"
                   " the report.")  # fmt: skip
        raise RuleError(words, "told_when")
    order.told_unit, order.told_at = _unit(move, "told_whom"), clock.aware(when)
    return {"told": order.told_unit, "told_at": clock.aware(when).isoformat()}


def convert(move: Move) -> dict[str, Any]:
    """Of another kind from now on, with that kind's clock; number and trail stay."""
    session, order = move.session, move.order
    category = session.get(MatterCategory, number_in(move.data.get("category")))
    if category is None or not convertible(move.case.category, category):
        raise RuleError(_l("Choose what it becomes."), "category")
    about = number_in(move.data.get("worker")) or None
    told = Report(category.id, order.grid_code, order.summary, about_worker_id=about)
    try:
        stands = placed(session, told, category)
    except RuleError as refusal:
        raise RuleError(refusal.message, "worker") from refusal
    before = order.kind
    matter = session.get_one(Matter, order.matter_id)
    few = stands.hidden or "restricted" in (category.visibility, order.visibility)
    ranked = list(URGENCIES)
    for row in (matter, order):
        row.kind, row.category_id = category.kind, category.id
        row.urgency = min(row.urgency, category.urgency, key=ranked.index)
        row.visibility = "restricted" if few else "normal"
    matter.converted_from, matter.about_worker_id = before, about
    if few or category.kind == "complaint":
        claims.hush(session, url_of(order.id), move.moment)
    order.category = category
    order.accepted_at = move.moment
    if order.controlled_at is None:
        limits = move.clocks.limits
        order.control_due_at = clocks.control(move.moment, order.kind, order.urgency, limits)
    if stands.hidden:
        _hide(move, matter, stands)
    move.clocks.start_answer(order, move.moment, move.moment)
    return {"from_kind": before, "to_kind": category.kind, "category": category.code} | due_of(
        order
    )


def convertible(before: MatterCategory | None, into: MatterCategory) -> bool:
    """Whether what came in as ``before`` can become ``into``."""
    fits = before is not None and before.convert_to == into.kind
    # A petition matter has the authority's days beside it and begins as one (rules/petitions.py).
    return fits and into.kind != PETITION and into.in_use and into.parent_code is not None


def _hide(move: Move, matter: Matter, stands: Placed) -> None:
    """A complaint about a worker stands above all of the worker's grids, and nobody below has part
    in it any more, whoever passed it on included.
    """
    session, order, level = move.session, move.order, level_of(stands.grid_code)
    for row in (matter, order):
        row.grid_code, row.about_user_id, row.level = stands.grid_code, stands.about_user_id, level
    order.level_since = move.moment
    session.flush()
    left = {one.user_id for one in holders_over(session, stands.grid_code, roles.STAFF)}
    left.discard(stands.about_user_id or 0)
    move.passed_on = move.case.identity.user_id not in left
    people, messages = MatterPerson.__table__, Message.__table__
    had = session.scalars(select(people.c.user_id).where(people.c.matter_id == matter.id))
    gone = sorted(set(had) - left)
    session.execute(
        delete(people).where(people.c.matter_id == matter.id, people.c.user_id.in_(gone)),
        execution_options={"audited": True},
    )
    session.execute(
        delete(messages).where(
            messages.c.url == url_of(order.id),
            messages.c.user_id.not_in(sorted(left)),
        )
    )
    told = {
        "grid_code": stands.grid_code,
        "visibility": "restricted",
        "level": level,
        "about_user_id": stands.about_user_id,
    }
    for written in (SupervisionOrder.__table__, ResponsibilityDraft.__table__):
        session.execute(
            update(written).where(written.c.order_id == order.id).values(told),
            execution_options={"audited": True},
        )


def _unit(move: Move, field: str) -> str:
    found = move.told(field)
    if len(found) > LONGEST_UNIT:
        raise RuleError(_l("Use at most %(most)s characters.", most=LONGEST_UNIT), field)
    return found


ROUTE_EFFECTS: dict[str, Callable[[Move], dict[str, Any]]] = {
    "guide": guide,
    "handoff": handoff,
    "notice": notice,
    "take_back": take_back,
    "unit_answer": unit_answer,
    "report_out": report_out,
    "convert": convert,
}
