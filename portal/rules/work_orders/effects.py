"""What each move does to an order. Who may do it, and when, was asked before (``table.py``).

The order has its new state already, so that its clock knows whether it runs. An effect returns
what the trace tells of it beside the note: plain JSON values.
"""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l

from portal import clock, roles
from portal.errors import RuleError
from portal.models.matter_choices import GRADES, SATISFACTIONS
from portal.rules.work_orders import hazards, people, services, timing
from portal.rules.work_orders.case import level_above
from portal.rules.work_orders.making import Move, due_of, number_in
from portal.rules.work_orders.marks import MARKS
from portal.rules.work_orders.routes import ROUTE_EFFECTS


def settle(move: Move) -> dict[str, Any]:
    """Done on the spot: one sentence; one in ten is looked at again."""
    order = move.order
    order.grade, order.result, order.settled = "general", move.told("result"), True
    order.assignee_id = move.case.identity.user_id
    order.accepted_at = order.answered_at = move.moment
    order.to_sample = move.clocks.drawn(order, "sample.settled")
    _close(move)
    return {"to_sample": order.to_sample}


def accept(move: Move) -> dict[str, Any]:
    """Taken in: the time for the answer begins."""
    order = move.order
    order.accepted_at = move.moment
    move.clocks.start_answer(order, move.moment, move.moment)
    return due_of(order)


def reject(move: Move) -> dict[str, Any]:
    """Not taken in; what is not ours says where it goes."""
    timing.stop(move.order)
    move.order.closed_at = move.moment
    move.order.result = move.told("reason")
    if move.told("hand_to"):
        move.order.outside_unit = move.told("hand_to")[:80]
    return {"hand_to": move.told("hand_to") or None}


def dispatch(move: Move) -> dict[str, Any]:
    """Graded and given to a named person at a level; the time still counts from the acceptance."""
    order, level = move.order, move.told("level")
    grade = move.told("grade")
    if grade not in GRADES:
        raise RuleError(_l("Choose a grade."), "grade")
    if level not in people.reachable(order, move.case.own_rank):
        raise RuleError(_l("Choose a level."), "level")
    if order.crowd and grade != "major":
        raise RuleError(_l("Many people are concerned: this makes it major."), "grade")
    chosen = {one.user_id: one for one in people.candidates(move.session, order, level)}
    person = chosen.get(number_in(move.data.get("assignee")))
    if person is None:
        raise RuleError(_l("Choose somebody of this level."), "assignee")
    regraded = grade != order.grade
    order.grade, order.level, order.level_since = grade, level, move.moment
    order.assignee_id, order.dispatcher_id = person.user_id, move.case.identity.user_id
    order.help_asked_at = None
    if regraded and not order.extended:
        move.clocks.start_answer(order, clock.aware(order.accepted_at or move.moment), move.moment)
    if regraded:
        services.follow_grade(move)
    move.clocks.at_level(order, move.moment)
    people.take_part(move.session, order, [person.user_id], "assignee")
    who = move.case.identity
    people.take_part(move.session, order, [who.user_id], "dispatcher", who)
    return {"grade": grade, "level": level, "assignee": person.name} | due_of(order)


def give_back(move: Move) -> dict[str, Any]:
    """Returned to whoever dispatched it."""
    move.order.assignee_id = None
    return {}


def answer(move: Move) -> dict[str, Any]:
    """Answered: the clock stops until somebody says that it is not good enough."""
    order = move.order
    order.result, order.answered_at = move.told("result"), move.moment
    order.next_warning_at = None
    return {"late": order.due_at is not None and move.moment > clock.aware(order.due_at)}


def escalate(move: Move) -> dict[str, Any]:
    """To the next level; the time allowed does not begin again."""
    order = move.order
    order.level = level_above(order.level)
    order.level_since, order.assignee_id = move.moment, None
    order.analysis = order.station_signed_id = order.area_signed_id = None
    return {"level": order.level} | due_of(order)


def analyse(move: Move) -> dict[str, Any]:
    """Signed by one of the two; who signs first writes the analysis."""
    order, who = move.order, move.case.identity.user_id
    if move.told("analysis"):
        order.analysis = move.told("analysis")
    if not order.analysis:
        raise RuleError(_l("Write down the analysis."), "analysis")
    as_station = order.station_signed_id is None and move.case.has(roles.STATION)
    if as_station:
        order.station_signed_id = who
    else:
        order.area_signed_id = who
    return {"analysis": order.analysis, "as": "station" if as_station else "area"}


def report_up(move: Move) -> dict[str, Any]:
    """To the street, whose clock is its own: that of the community stands still."""
    order = move.order
    order.level, order.level_since = "street", move.moment
    order.next_warning_at = None
    return {}


def street_answer(move: Move) -> dict[str, Any]:
    """Back from the street: the working days that were left are left again."""
    order = move.order
    order.level = "community"
    move.clocks.go_on(order, clock.aware(order.level_since or move.moment), move.moment)
    order.level_since = move.moment
    return due_of(order)


def check(move: Move) -> dict[str, Any]:
    """Checked by somebody else and closed."""
    _close(move)
    return {}


def rework(move: Move) -> dict[str, Any]:
    """Not good enough: back to whoever answered, with the same deadline."""
    move.order.answered_at = None
    hazards.open_again(move)
    timing.run(move.order, move.moment)
    return due_of(move.order)


def return_visit(move: Move) -> dict[str, Any]:
    """What those concerned say of it. Not satisfied reopens once by itself (``moving.py``)."""
    if move.told("satisfaction") not in SATISFACTIONS:
        raise RuleError(_l("Choose an answer."), "satisfaction")
    move.order.satisfaction = move.told("satisfaction")
    return {"satisfaction": move.order.satisfaction}


def reopen(move: Move) -> dict[str, Any]:
    """In hand again, with the time of its grade from now on."""
    order = move.order
    if order.assignee_id is None:
        raise RuleError(_l("Nobody has it: report it anew."), None)
    order.reopened += 1
    order.closed_at = order.answered_at = order.satisfaction = order.return_visit_by = None
    order.settled, order.extended, order.grade = False, False, order.grade or "general"
    order.outcome = None
    hazards.open_again(move)
    services.check_anew(move)
    order.accepted_at = order.level_since = move.moment
    move.clocks.start_answer(order, move.moment, move.moment)
    return {"reopened": order.reopened} | due_of(order)


def nothing(move: Move) -> dict[str, Any]:
    """What only leaves its entry in the trace."""
    return {}


def _close(move: Move) -> None:
    order = move.order
    order.closed_at = move.moment
    timing.stop(order)
    if move.clocks.drawn(order, f"visit.{order.kind}"):
        order.return_visit_by = move.clocks.return_visit_by(move.moment)


EFFECTS: dict[str, Callable[[Move], dict[str, Any]]] = {
    "settle": settle,
    "accept": accept,
    "reject": reject,
    "dispatch": dispatch,
    "take": nothing,
    "return": give_back,
    "answer": answer,
    "escalate": escalate,
    "analyse": analyse,
    "report_up": report_up,
    "street_answer": street_answer,
    "check": check,
    "rework": rework,
    "return_visit": return_visit,
    "reopen": reopen,
    "nudge": nothing,
    **MARKS,
    **ROUTE_EFFECTS,
    **hazards.EFFECTS,
    **services.EFFECTS,
}
