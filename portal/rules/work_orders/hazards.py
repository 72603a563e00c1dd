"""A hazard on its order (P6 b, ``limits.hazard`` of time_limits.yaml): under control first where it
is major, then put right by whoever is responsible, then checked again by somebody else.

Not good is not good: what was answered goes back, what was closed is in hand again, by the very
steps that the table has for that (``moving.py``).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from portal import clock
from portal.errors import RuleError
from portal.models import Rectification, WorkOrder
from portal.models.matter_choices import RECHECKS
from portal.rules import numberless
from portal.rules.clocks import workday
from portal.rules.work_orders.case import Case
from portal.rules.work_orders.making import Move

Data = Mapping[str, Any]
LONGEST_RESPONSIBLE = 80
# The step that follows from a re-check that is not good, by the state of the order.
BACK = {"answered": "rework", "closed": "reopen"}

# what must be so ----------------------------------------------------------------------------------


def is_hazard(case: Case, data: Data) -> Any:
    """Only hazards are put right like this."""
    return None if case.order.kind == "hazard" else _l("Only a hazard is put right like this.")


def controlled_first(case: Case, data: Data) -> Any:
    """A major hazard is brought under control before anything else."""
    order = case.order
    waits = order.control_due_at is not None and order.controlled_at is None
    if order.kind == "hazard" and order.grade == "major" and waits:
        return _l("A major hazard is brought under control first: note that down.")
    return None


def not_righted(case: Case, data: Data) -> Any:
    """What was put right and waits for the re-check is not ordered anew."""
    found = case.rectification
    if found is not None and found.is_righted:
        return _l("It was put right already.")
    return None


def ordered(case: Case, data: Data) -> Any:
    """Somebody is responsible, and it is not put right yet."""
    if case.rectification is None:
        return _l("First say who puts it right, and by when.")
    return not_righted(case, data)


def awaits_recheck(case: Case, data: Data) -> Any:
    """It was put right, and nobody has looked again."""
    found = case.rectification
    if found is None or not found.awaits_recheck:
        return _l("There is nothing to check again.")
    return None


def somebody_else(case: Case, data: Data) -> Any:
    """Whoever checks again is not who put it right."""
    found, user_id = case.rectification, case.identity.user_id
    if found is not None and user_id is not None and user_id == found.righted_by_id:
        return _l("Somebody else checks again what you put right.")
    return None


def righted_before_closing(case: Case, data: Data) -> Any:
    """What somebody was told to put right is put right before the order is closed."""
    found = case.rectification
    if found is not None and not found.is_righted:
        return _l("It is not put right yet: note that down first, or send it back.")
    return None


# what it does -------------------------------------------------------------------------------------


def rectify(move: Move) -> dict[str, Any]:
    """Somebody is responsible for putting it right by a day."""
    responsible, right_by = move.told("responsible"), move.data.get("right_by")
    numberless.check(responsible, "responsible")
    if len(responsible) > LONGEST_RESPONSIBLE:
        most = LONGEST_RESPONSIBLE
        raise RuleError(_l("Use at most %(most)s characters.", most=most), "responsible")
    if not isinstance(right_by, date) or right_by < clock.local(move.moment).date():
        raise RuleError(_l("Choose today or a later day."), "right_by")
    found = move.session.get(Rectification, move.order.id)
    if found is None:
        found = Rectification(order_id=move.order.id)
        move.session.add(found)
    found.responsible, found.what, found.right_by = responsible, move.told("what"), right_by
    found.ordered_at, found.ordered_by = move.moment, _name(move)
    return {"responsible": responsible, "right_by": right_by.isoformat()}


def righted(move: Move) -> dict[str, Any]:
    """Put right; somebody else checks again some working days later."""
    found = move.session.get_one(Rectification, move.order.id)
    day = clock.local(move.moment).date()
    found.righted_at, found.righted_by = move.moment, _name(move)
    found.righted_by_id = move.case.identity.user_id
    after = move.clocks.limits["recheck.hazard"]
    found.recheck_on = workday(day, after, move.clocks.calendar)
    found.rechecked_at = found.rechecked_by = found.rechecked_by_id = found.recheck_result = None
    return {"recheck_on": found.recheck_on.isoformat()}


def recheck(move: Move) -> dict[str, Any]:
    """Good, or to be put right again."""
    result = move.told("recheck")
    if result not in RECHECKS:
        raise RuleError(_l("Choose an answer."), "recheck")
    found = move.session.get_one(Rectification, move.order.id)
    found.rechecked_at, found.rechecked_by = move.moment, _name(move)
    found.rechecked_by_id, found.recheck_result = move.case.identity.user_id, result
    if result == "not":
        found.righted_at = found.righted_by = found.righted_by_id = found.recheck_on = None
    return {"recheck": result}


def open_again(move: Move) -> None:
    """The order is in hand again: what was found good counts no more and is put right anew."""
    found = move.case.rectification
    if found is not None and found.recheck_result == "good":
        found.righted_at = found.righted_by = found.righted_by_id = found.recheck_on = None
        found.rechecked_at = found.rechecked_by = found.rechecked_by_id = None
        found.recheck_result = None


def step_back(order: WorkOrder) -> str | None:
    """The step that follows from a re-check that is not good; what was closed and nobody has stays
    closed, with the finding.
    """
    step = BACK.get(order.state)
    return None if step == "reopen" and order.assignee_id is None else step


def _name(move: Move) -> str:
    who = move.case.identity
    return (who.name or who.username)[:80]


EFFECTS: dict[str, Callable[[Move], dict[str, Any]]] = {
    "rectify": rectify,
    "righted": righted,
    "recheck": recheck,
}
