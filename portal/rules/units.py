"""Municipal-service problems in the hands of the unit that owes the service (time_limits.yaml).

The unit's clock is 3, 7 or 15 working days by grade, from the day it was handed the problem. The
community's own are one day to hand over and two to re-check: while the unit has it, the order's
deadline is two working days after the unit's, then two after its answer. An order that is in hand
again after closing is re-checked again, and goes back to the unit if need be.
"""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, RuleError
from portal.models import MunicipalUnit, Organisation, UnitCase, WorkOrder
from portal.queries import units as queries
from portal.queries.limits import MUNICIPAL
from portal.rules import clocks, trace
from portal.rules.trace import Step
from portal.rules.work_orders import Case, case_of, timing
from portal.rules.work_orders.case import HEADS
from portal.rules.work_orders.moving import locked

STATES = ("accepted", "dispatched", "handling", "escalated")
UNIT, COMPANY = "u", "o"  # before the key of what was chosen


def leads(case: Case) -> bool:
    """Whether who acts deals with the unit: the assignee, the head of its level, the station."""
    return case.is_assignee or case.has(HEADS[case.order.level], roles.STATION)


def offered(session: Session, order: WorkOrder) -> list[tuple[str, str]]:
    """Units and property companies that can be handed the order: value and name."""
    code = order.grid_code
    units = [(f"{UNIT}{one.id}", one.name) for one in queries.units_for(session, code)]
    return units + [
        (f"{COMPANY}{one.id}", one.name) for one in queries.companies_for(session, code)
    ]


def verbs(session: Session, order: WorkOrder) -> list[str]:
    """What who acts now can note of the unit."""
    if order.kind != MUNICIPAL or not leads(case_of(session, order)):
        return []
    row = queries.case_of_order(session, order.id)
    if order.stopped or order.state not in STATES:
        return []
    if row is None:
        return ["hand_over"]
    if row.done_on is not None and not order.reopened:
        return []
    return ["recheck"] if row.answered_on is not None else ["answered"]


def hand_over_by(session: Session, order: WorkOrder) -> date | None:
    """The last day for handing over; None before it is taken in."""
    if order.accepted_at is None:
        return None
    known = timing.load(session)
    day = clock.local(clock.aware(order.accepted_at)).date()
    return clocks.workday(day, known.limits["municipal.hand_over"], known.calendar)


def hand_over(session: Session, order_id: int, chosen: str, on: date) -> UnitCase:
    """Hand the problem to the unit that owes the service; the caller commits. Raises OutOfScope,
    Forbidden, and RuleError with ``unit`` or ``on``.
    """
    order = _begin(session, order_id, "hand_over")
    if chosen not in dict(offered(session, order)):
        raise RuleError(_l("Choose the unit that owes the service."), "unit")
    _check_day(on, clock.local(clock.aware(order.reported_at)).date())
    key = int(chosen[1:])
    unit: Any = session.get_one(MunicipalUnit if chosen[0] == UNIT else Organisation, key)
    row = UnitCase(
        matter_id=order.matter_id,
        order_id=order.id,
        unit_id=key if chosen[0] == UNIT else None,
        organisation_id=key if chosen[0] == COMPANY else None,
        handed_on=on,
        due_on=on,
    )
    name = unit.name
    with scope.acting(scope.SYSTEM):
        order.outside_unit = name
        _unit_has_it(session, order, row, on)
        session.add(row)
        session.flush()
    _note(session, order, "hand_over", {"hand_to": name})
    return row


def answered(session: Session, order_id: int, on: date) -> None:
    """The unit says that it is put right; now it is re-checked. Raises as ``hand_over``."""
    order = _begin(session, order_id, "answered")
    row = _case(session, order)
    _check_day(on, row.handed_on)
    with scope.acting(scope.SYSTEM):
        row.answered_on = on
        if row.on_time is None:
            row.on_time = on <= row.due_on
        known = timing.load(session)
        days = known.limits["municipal.recheck"]
        known.until(order, clocks.workday(on, days, known.calendar), days, clock.now())
        session.flush()
    _note(session, order, "unit_answered", {})


def recheck(session: Session, order_id: int, right: bool, on: date) -> None:
    """Looked at again: put right, or back to the unit with its time anew. Raises as above."""
    order = _begin(session, order_id, "recheck")
    row = _case(session, order)
    _check_day(on, row.answered_on or row.handed_on)
    with scope.acting(scope.SYSTEM):
        row.rechecked_on = on
        if row.right_first is None:
            row.right_first = right
        row.done_on = on if right else None
        if not right:
            row.failed += 1
            row.answered_on = None
            _unit_has_it(session, order, row, on)
        session.flush()
    _note(session, order, "rechecked", {"right": right})


def _unit_has_it(session: Session, order: WorkOrder, row: UnitCase, since: date) -> None:
    """The unit's days begin; ours end two working days after them."""
    known = timing.load(session)
    row.due_on = clocks.workday(since, known.limits.days(MUNICIPAL, order.grade), known.calendar)
    order.outside_due_at = clocks.end_of(row.due_on)
    days = known.limits["municipal.recheck"]
    known.until(order, clocks.workday(row.due_on, days, known.calendar), days, clock.now())


def _begin(session: Session, order_id: int, verb: str) -> WorkOrder:
    order = locked(session, order_id)
    if not leads(case_of(session, order)):
        raise Forbidden(f"{verb} {order.number}")
    if verb not in verbs(session, order):
        raise RuleError(_l("This was done already, or cannot be done now."))
    return order


def _case(session: Session, order: WorkOrder) -> UnitCase:
    row = queries.case_of_order(session, order.id)
    assert row is not None  # ``verbs`` said so
    return row


def _check_day(on: date, first: date) -> None:
    if not first <= on <= clock.today():
        raise RuleError(_l("Choose a day from then until today."), "on")


def _note(session: Session, order: WorkOrder, move: str, details: dict[str, Any]) -> None:
    who = scope.current()
    entry = Step(move, order.state, order.state, None, details)
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        trace.append(session, order, entry, clock.now(), who)
        session.flush()
