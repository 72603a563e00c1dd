"""The table of moves: from where, to where, by whom, with what (domain.md, time_limits.yaml)."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from portal import roles
from portal.models.matter_choices import ORDER_LEVELS, ORDER_STATES
from portal.rules.flow import Flow, Guard, Party, Step
from portal.rules.work_orders.case import HEADS, Case, rank

Data = Mapping[str, Any]
SETTLED_KINDS = ("patrol", "municipal", "request", "hazard", "letter", "dispute")

# who ----------------------------------------------------------------------------------------------

CELL_PEOPLE = Party(
    "cell_people",
    _l("worker or leader of the cell"),
    lambda case: case.has(roles.GRID_WORKER, roles.GRID_LEADER),
)
HEAD = Party("head", _l("head of its level"), lambda case: case.has(HEADS[case.order.level]))
ABOVE = Party(
    "above",
    _l("head of a level above"),
    lambda case: case.own_rank > rank(case.order.level) and case.has(*list(HEADS.values())[:4]),
)
STATION = Party("station", _l("station"), lambda case: case.has(roles.STATION))
CHECKERS = Party(
    "checkers",
    _l("head of the block or area, station"),
    lambda case: case.has(roles.BLOCK_LEADER, roles.AREA_LEADER, roles.STATION),
)
AREA = Party("area", _l("area sponsor"), lambda case: case.has(roles.AREA_LEADER))
LEADER = Party("leader", _l("leader of the community"), lambda case: case.has(roles.LEADER))
STREET = Party(
    "street",
    _l("street"),
    lambda case: case.has(roles.STREET) and case.order.level == "street",
)
ASSIGNEE = Party("assignee", _l("assignee"), lambda case: case.is_assignee)
HELPER = Party("helper", _l("helper"), lambda case: "helper" in case.parts)
DISPATCHER = Party(
    "dispatcher",
    _l("dispatcher"),
    lambda case: (
        case.identity.user_id is not None and case.identity.user_id == case.order.dispatcher_id
    ),
)

# what must be so ----------------------------------------------------------------------------------


def _settles(case: Case, data: Data) -> Any:
    order = case.order
    if order.urgency == "immediate":
        return _l("Immediate danger is not settled like this: it takes an order of its own.")
    if order.kind not in SETTLED_KINDS:
        return _l("This kind of matter is not settled on the spot.")
    if order.crowd or order.grade in ("difficult", "major"):
        return _l("Only what is general is settled on the spot.")
    return None


def _in_reach(case: Case, data: Data) -> Any:
    level = data.get("level")
    if level and level not in ORDER_LEVELS:
        return _l("Choose a level.")
    if level and rank(level) > case.own_rank:
        return _l("You can give it to your own level or below, not higher.")
    return None


def _analysed(case: Case, data: Data) -> Any:
    order = case.order
    if order.state != "escalated" or order.level != "community":
        return None
    if order.station_signed_id is None or order.area_signed_id is None:
        return _l("First the analysis: the station and the sponsor of the area sign it.")
    return None


def _others_work(case: Case, data: Data) -> Any:
    if case.is_assignee:
        return _l("Somebody else checks what you did.")
    return None


def _below_community(case: Case, data: Data) -> Any:
    if rank(case.order.level) >= rank("community"):
        return _l("There is no level above it: analyse it, or report it to the street.")
    return None


def _at_community(case: Case, data: Data) -> Any:
    if case.order.level != "community":
        return _l("It is analysed at the level of the community.")
    return None


def _unsigned(case: Case, data: Data) -> Any:
    order = case.order
    if case.identity.user_id in (order.station_signed_id, order.area_signed_id):
        return _l("You have signed it already.")
    by_station, by_area = case.has(roles.STATION), case.has(roles.AREA_LEADER)
    free = (by_station and order.station_signed_id is None) or (
        by_area and order.area_signed_id is None
    )
    return None if free else _l("Your side has signed it already.")


def _not_petition(case: Case, data: Data) -> Any:
    if case.order.kind == "petition":
        return _l("The regulation on petitions knows no such thing: there is the review.")
    return None


def _first_extension(case: Case, data: Data) -> Any:
    return _l("More time is given once only.") if case.order.extended else None


def _runs(case: Case, data: Data) -> Any:
    return _l("Its clock stands still already.") if case.at_rest else None


def _rests(case: Case, data: Data) -> Any:
    return None if case.at_rest else _l("Its clock is running.")


def _uncontrolled(case: Case, data: Data) -> Any:
    if case.order.control_due_at is None or case.order.controlled_at is not None:
        return _l("There is no danger to bring under control.")
    return None


def _unvisited(case: Case, data: Data) -> Any:
    if case.order.satisfaction is not None:
        return _l("The answer to the return visit is on record.")
    return None


def _guard(check: Any, field: str | None = None) -> Guard:
    return Guard(check.__name__.strip("_"), check, field)


# the table ----------------------------------------------------------------------------------------

OPEN = frozenset(state for state in ORDER_STATES if state not in ("rejected", "closed"))
WORKING = frozenset({"dispatched", "handling"})


def _from(*states: str) -> frozenset[str]:
    return frozenset(states)


FLOW = Flow(
    ORDER_STATES,
    (
        Step("settle", _l("Settle on the spot"), _from("reported"), "closed", (CELL_PEOPLE,),
             ("result",), guards=(_guard(_settles),), icon="checks", main=True,
             help=_l("One sentence: what was done. Some of these are looked at again.")),
        Step("accept", _l("Take in"), _from("reported"), "accepted", (HEAD, ABOVE, STATION),
             icon="inbox", main=True),
        Step("reject", _l("Do not take in"), _from("reported"), "rejected", (HEAD, ABOVE, STATION),
             ("reason",), ("hand_to",), icon="ban",
             help=_l("The reason or the article; what is not ours also names who it goes to.")),
        Step("dispatch", _l("Dispatch"), _from("accepted", "escalated"), "dispatched",
             (HEAD, ABOVE, STATION), ("grade", "level", "assignee"), ("note",),
             guards=(_guard(_in_reach, "level"), _guard(_analysed)), icon="send", main=True),
        Step("take", _l("Take"), _from("dispatched"), "handling", (ASSIGNEE,),
             icon="hand-grab", main=True),
        Step("return", _l("Return"), _from("dispatched"), "accepted", (ASSIGNEE,), ("reason",),
             icon="arrow-back-up"),
        Step("answer", _l("Answer"), _from("handling"), "answered", (ASSIGNEE,), ("result",),
             icon="message-check", main=True,
             help=_l("What came of it, and what shows it.")),
        Step("escalate", _l("Escalate"), _from("handling"), "escalated", (ASSIGNEE, HEAD),
             ("tried",), guards=(_guard(_below_community),), icon="arrow-up",
             help=_l("What was tried. The time allowed does not begin again.")),
        Step("analyse", _l("Analyse"), _from("escalated"), None, (STATION, AREA), (),
             ("analysis",), guards=(_guard(_at_community), _guard(_unsigned)),
             icon="writing-sign", main=True,
             help=_l("Who signs first writes it; the station and the sponsor of the area sign.")),
        Step("report_up", _l("Report to the street"), _from("escalated"), "reported_up",
             (STATION,), ("reason",), guards=(_guard(_at_community),), icon="building-bank"),
        Step("street_answer", _l("Answer of the street"), _from("reported_up"), "accepted",
             (STREET, STATION), ("note",), icon="message-reply", main=True),
        Step("check", _l("Check"), _from("answered"), "closed", (HEAD, CHECKERS), (),
             ("note",), guards=(_guard(_others_work),), icon="circle-check", main=True),
        Step("rework", _l("Not good enough"), _from("answered"), "handling",
             (HEAD, CHECKERS), ("reason",), guards=(_guard(_others_work),),
             icon="rotate"),
        Step("return_visit", _l("Return visit"), _from("closed"), None,
             (CELL_PEOPLE, HEAD, CHECKERS), ("satisfaction",), ("note",),
             guards=(_guard(_others_work), _guard(_unvisited)), icon="phone-call"),
        Step("reopen", _l("Reopen"), _from("closed"), "handling", (STATION,), ("reason",),
             guards=(_guard(_not_petition),), icon="refresh"),
        Step("control", _l("Danger under control"), OPEN, None, (ASSIGNEE, CELL_PEOPLE, HEAD),
             ("note",), guards=(_guard(_uncontrolled),), at_rest=True, icon="shield-check"),
        Step("progress", _l("Progress note"), WORKING, None, (ASSIGNEE, HELPER), ("note",),
             at_rest=True, icon="notes"),
        Step("assist", _l("Ask for help"), _from("handling"), None, (ASSIGNEE,),
             ("helper", "note"), icon="lifebuoy"),
        Step("nudge", _l("Nudge"), WORKING, None, (DISPATCHER, HEAD, ABOVE, STATION), (),
             ("note",), guards=(_guard(_others_work),), icon="bell-ringing"),
        Step("extend", _l("Give more time"), WORKING, None, (ABOVE, LEADER), ("days", "reason"),
             guards=(_guard(_first_extension), _guard(_others_work)), icon="clock-plus"),
        Step("suspend", _l("Pause"), WORKING, None, (HEAD, ABOVE, STATION),
             ("suspension", "until"), ("note",), guards=(_guard(_not_petition), _guard(_runs)),
             icon="player-pause"),
        Step("resume", _l("Resume"), WORKING, None, (ASSIGNEE, HEAD, ABOVE, STATION), (),
             ("note",), guards=(_guard(_rests),), at_rest=True, icon="player-play"),
        Step("merge", _l("Merge"), _from("reported", "accepted"), None, (HEAD, ABOVE, STATION),
             ("into",), icon="git-merge"),
        Step("void", _l("Void"), OPEN, None, (STATION,), ("reason",), at_rest=True, icon="trash"),
    ),
)  # fmt: skip
