"""Municipal-service problems in the hands of the unit that owes the service (time_limits.yaml).

The unit's clock is 3, 7 or 15 working days by grade, from the day it was handed the problem. The
community's own are one day to hand over and two to re-check: while the unit has it, the order's
deadline is two working days after the unit's, then two after its answer. An order that is in hand
again after closing is re-checked again, and goes back to the unit if need be.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError
from portal.models import MunicipalUnit, Organisation, UnitCase, WorkOrder
from portal.models.matter_choices import RECHECKS
from portal.queries import units as queries
from portal.queries.limits import MUNICIPAL
from portal.rules import clocks
from portal.rules.work_orders import timing
from portal.rules.work_orders.case import Case
from portal.rules.work_orders.making import Move, number_in

Data = Mapping[str, Any]
UNIT, COMPANY = "u", "o"  # before the key of what was chosen
LONGEST_UNIT = 80

# what must be so ----------------------------------------------------------------------------------


def is_municipal(case: Case, data: Data) -> Any:
    """Only municipal problems are handed to a unit with a clock of three, seven or 15 days."""
    if case.order.kind != MUNICIPAL:
        return _l("Only a municipal-service problem is handed over like this.")
    return None


def not_municipal(case: Case, data: Data) -> Any:
    """Municipal problems have a way of their own to the unit that owes the service."""
    if case.order.kind == MUNICIPAL:
        return _l("A municipal-service problem is handed to the unit that owes the service.")
    return None


def no_unit_yet(case: Case, data: Data) -> Any:
    """Nobody was handed it."""
    return _l("A unit has it already.") if case.unit_case is not None else None


def unit_has_it(case: Case, data: Data) -> Any:
    """A unit was handed it and has not answered."""
    if case.unit_case is None:
        return _l("First hand it over to the unit.")
    if case.unit_case.answered_on is not None:
        return _l("The answer of the unit is on record.")
    return None


def unit_has_answered(case: Case, data: Data) -> Any:
    """The unit says that it is put right, and nobody has found it so."""
    if case.unit_case is None or case.unit_case.answered_on is None:
        return _l("First note the answer of the unit.")
    if case.unit_case.done_on is not None:
        return _l("The re-check is on record.")
    return None


def unit_is_done(case: Case, data: Data) -> Any:
    """What a unit was handed is put right before the order is answered."""
    if case.unit_case is not None and case.unit_case.done_on is None:
        return _l("The unit has it: note its answer and the re-check first.")
    return None


# what it does -------------------------------------------------------------------------------------


def hand_over(move: Move) -> dict[str, Any]:
    """To the unit that owes the service, or to a property company: its days begin."""
    order, chosen = move.order, move.told("unit")
    if chosen not in dict(offered(move.session, order)):
        raise RuleError(_l("Choose the unit that owes the service."), "unit")
    on = _day(move, clock.local(clock.aware(order.reported_at)).date())
    key = number_in(chosen[1:])
    is_unit = chosen[0] == UNIT
    unit: Any = move.session.get_one(MunicipalUnit if is_unit else Organisation, key)
    row = UnitCase(
        matter_id=order.matter_id,
        order_id=order.id,
        unit_id=key if is_unit else None,
        organisation_id=None if is_unit else key,
        handed_on=on,
        due_on=on,
    )
    order.outside_unit = unit.name[:LONGEST_UNIT]
    _unit_has_it(move, row, on)
    _ours_after(move, row.due_on)
    move.session.add(row)
    return {"hand_to": order.outside_unit}


def unit_answered(move: Move) -> dict[str, Any]:
    """The unit says that it is put right; now it is re-checked."""
    row = _handed(move)
    on = _day(move, row.handed_on)
    row.answered_on = on
    if row.on_time is None:
        row.on_time = on <= row.due_on
    _ours_after(move, on)
    return {}


def rechecked(move: Move) -> dict[str, Any]:
    """Looked at again: put right, or back to the unit with its time anew."""
    row, result = _handed(move), move.told("recheck")
    if result not in RECHECKS:
        raise RuleError(_l("Choose an answer."), "recheck")
    on, right = _day(move, row.answered_on or row.handed_on), result == "good"
    row.rechecked_on = on
    if row.right_first is None:
        row.right_first = right
    row.done_on = on if right else None
    if not right:
        row.failed += 1
        row.answered_on = None
        _unit_has_it(move, row, on)
        _ours_after(move, row.due_on)
    return {"recheck": result}


def follow_grade(move: Move) -> None:
    """Of another grade, the days of the unit that has it are others, and ours end after them; more
    time that was given here is not taken away.
    """
    row = move.case.unit_case
    if row is None or row.answered_on is not None:
        return
    _unit_has_it(move, row, row.rechecked_on or row.handed_on)
    if not move.order.extended:
        _ours_after(move, row.due_on)


def check_anew(move: Move) -> None:
    """What is in hand again is re-checked again."""
    if move.case.unit_case is not None:
        move.case.unit_case.done_on = None


def _unit_has_it(move: Move, row: UnitCase, since: date) -> None:
    """The unit's days begin ``since`` then."""
    order, known = move.order, move.clocks
    row.due_on = clocks.workday(since, known.limits.days(MUNICIPAL, order.grade), known.calendar)
    order.outside_due_at = clocks.end_of(row.due_on)


def _ours_after(move: Move, day: date) -> None:
    """Ours end two working days after ``day``."""
    known = move.clocks
    days = known.limits["municipal.recheck"]
    known.until(move.order, clocks.workday(day, days, known.calendar), days, move.moment)


def _handed(move: Move) -> UnitCase:
    row = move.case.unit_case
    assert row is not None  # the guards said so
    return row


def _day(move: Move, first: date) -> date:
    on = move.data.get("on")
    if not isinstance(on, date) or not first <= on <= clock.local(move.moment).date():
        raise RuleError(_l("Choose a day from then until today."), "on")
    return on


# what its page asks -------------------------------------------------------------------------------


def offered(session: Session, order: WorkOrder) -> list[tuple[str, str]]:
    """Units and property companies that can be handed the order: value and name."""
    code = order.grid_code
    units = [(f"{UNIT}{one.id}", one.name) for one in queries.units_for(session, code)]
    return units + [
        (f"{COMPANY}{one.id}", one.name) for one in queries.companies_for(session, code)
    ]


def hand_over_by(session: Session, order: WorkOrder) -> date | None:
    """The last day for handing over; None before it is taken in."""
    if order.accepted_at is None:
        return None
    known = timing.load(session)
    day = clock.local(clock.aware(order.accepted_at)).date()
    return clocks.workday(day, known.limits["municipal.hand_over"], known.calendar)


EFFECTS: dict[str, Callable[[Move], dict[str, Any]]] = {
    "hand_over": hand_over,
    "unit_answered": unit_answered,
    "rechecked": rechecked,
}
