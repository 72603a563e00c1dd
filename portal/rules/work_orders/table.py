"""The table of moves: from where, to where, by whom, with what (domain.md, time_limits.yaml)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from portal import roles
from portal.models.matter_choices import ORDER_STATES
from portal.rules.flow import Flow, Party, Step
from portal.rules.work_orders import hazards, services
from portal.rules.work_orders.case import HEADS, rank
from portal.rules.work_orders.guards import (
    analysed,
    asked,
    at_community,
    below_community,
    first_extension,
    guard,
    handed_over,
    in_reach,
    not_petition,
    others_work,
    rests,
    routed,
    runs,
    settles,
    stands_alone,
    told_first,
    unasked,
    uncontrolled,
    unit_silent,
    unsigned,
    untold,
    unvisited,
)

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
REPORTER = Party("reporter", _l("who reported it"), lambda case: "reporter" in case.parts)
DISPATCHER = Party(
    "dispatcher",
    _l("dispatcher"),
    lambda case: (
        case.identity.user_id is not None and case.identity.user_id == case.order.dispatcher_id
    ),
)

# the table ----------------------------------------------------------------------------------------

OPEN = frozenset(state for state in ORDER_STATES if state not in ("rejected", "closed"))
TO_RIGHT = frozenset({"accepted", "dispatched", "handling", "escalated", "answered"})
WORKING = frozenset({"dispatched", "handling"})
WITH_UNIT = frozenset({"accepted", "dispatched", "handling", "escalated"})

TOLD_FIRST = guard(told_first)
THEIRS = _l("The unit's time is its own: it is not counted against the community.")
# What one would do first with a matter, by the route of its category.
RECOMMENDED = {
    "guide": "guide",
    "handoff": "handoff",
    "report": "report_out",
    "convert": "convert",
}


def _from(*states: str) -> frozenset[str]:
    return frozenset(states)


FLOW = Flow(
    ORDER_STATES,
    (
        Step("settle", _l("Settle on the spot"), _from("reported"), "closed", (CELL_PEOPLE,),
             ("result",), guards=(guard(settles), TOLD_FIRST), icon="checks", main=True,
             help=_l("One sentence: what was done. Some of these are looked at again.")),
        Step("accept", _l("Take in"), _from("reported"), "accepted", (HEAD, ABOVE, STATION),
             guards=(TOLD_FIRST,), icon="inbox", main=True),
        Step("guide", _l("Show the way"), _from("reported", "accepted"), "closed",
             (CELL_PEOPLE, HEAD, ABOVE, STATION), ("turn_to", "told"),
             guards=(routed("guide"),), icon="map-pin", main=True,
             help=_l("Whom they were told to turn to, and what they were told. It is closed with"
                     " this.")),
        Step("handoff", _l("Hand over"), _from("reported", "accepted"), "handed",
             (HEAD, ABOVE, STATION), ("unit",), ("their_due", "note"),
             guards=(routed("handoff"), guard(services.not_municipal)),
             icon="building-community", main=True,
             help=_l("The unit that owes it. Those concerned hear of it within two working days;"
                     " how long the unit takes is its own clock.")),
        Step("notice", _l("Give notice"), _from("handed"), "closed",
             (CELL_PEOPLE, HEAD, ABOVE, STATION), ("told",), icon="mail", main=True,
             help=_l("What those concerned were told of where it went.")),
        Step("take_back", _l("Take it back"), _from("handed", "closed"), "accepted",
             (HEAD, ABOVE, STATION), ("reason",), guards=(guard(handed_over),),
             icon="arrow-back-up", help=_l("The unit says that it is not theirs.")),
        Step("convert", _l("Convert"), _from("reported"), "accepted", (HEAD, ABOVE, STATION),
             ("category",), ("worker", "note"), guards=(routed("convert"),), icon="repeat",
             main=True,
             help=_l("It keeps its number; from now on the clock of the new kind counts.")),
        Step("reject", _l("Do not take in"), _from("reported"), "rejected", (HEAD, ABOVE, STATION),
             ("reason",), ("hand_to",), guards=(TOLD_FIRST,), icon="ban",
             help=_l("The reason or the article; what is not ours also names who it goes to.")),
        Step("dispatch", _l("Dispatch"), _from("accepted", "escalated"), "dispatched",
             (HEAD, ABOVE, STATION), ("grade", "level", "assignee"), ("note",),
             guards=(guard(in_reach, "level"), guard(analysed), TOLD_FIRST), icon="send",
             main=True),
        Step("take", _l("Take"), _from("dispatched"), "handling", (ASSIGNEE,),
             icon="hand-grab", main=True),
        Step("return", _l("Return"), _from("dispatched"), "accepted", (ASSIGNEE,), ("reason",),
             icon="arrow-back-up"),
        Step("answer", _l("Answer"), _from("handling"), "answered", (ASSIGNEE,), ("result",),
             guards=(guard(hazards.controlled_first), guard(services.unit_is_done)),
             icon="message-check", main=True,
             help=_l("What came of it, and what shows it.")),
        Step("escalate", _l("Escalate"), _from("handling"), "escalated", (ASSIGNEE, HEAD),
             ("tried",), guards=(guard(below_community),), icon="arrow-up",
             help=_l("What was tried. The time allowed does not begin again.")),
        Step("analyse", _l("Analyse"), _from("escalated"), None, (STATION, AREA), (),
             ("analysis",), guards=(guard(at_community), guard(unsigned)),
             icon="writing-sign", main=True,
             help=_l("Who signs first writes it; the station and the sponsor of the area sign.")),
        Step("report_up", _l("Report to the street"), _from("escalated"), "reported_up",
             (STATION,), ("reason",), guards=(guard(at_community),), icon="building-bank"),
        Step("street_answer", _l("Answer of the street"), _from("reported_up"), "accepted",
             (STREET, STATION), ("note",), icon="message-reply", main=True),
        Step("check", _l("Check"), _from("answered"), "closed", (HEAD, CHECKERS), (),
             ("note",),
             guards=(guard(others_work), guard(hazards.righted_before_closing)),
             icon="circle-check", main=True),
        Step("rework", _l("Not good enough"), _from("answered"), "handling",
             (HEAD, CHECKERS), ("reason",), guards=(guard(others_work),),
             icon="rotate"),
        Step("return_visit", _l("Return visit"), _from("closed"), None,
             (CELL_PEOPLE, HEAD, CHECKERS), ("satisfaction",), ("note",),
             guards=(guard(others_work), guard(unvisited)), icon="phone-call"),
        Step("reopen", _l("Reopen"), _from("closed"), "handling", (STATION,), ("reason",),
             guards=(guard(not_petition),), icon="refresh"),
        Step("report_out", _l("Police or authority told"), OPEN, None,
             (CELL_PEOPLE, HEAD, ABOVE, STATION, ASSIGNEE, REPORTER), ("told_whom", "told_when"),
             ("note",), guards=(routed("report"), guard(untold)), at_rest=True,
             icon="speakerphone", main=True,
             help=_l("Call first. Then note down whom you told, and when.")),
        Step("unit_answer", _l("Answer of the unit"), _from("handed", "closed"), None,
             (HEAD, ABOVE, STATION), ("note",), guards=(guard(unit_silent),),
             icon="message-reply", help=_l("What the other unit did.")),
        Step("hand_over", _l("Hand over to the unit"), WITH_UNIT, None,
             (ASSIGNEE, HEAD, STATION), ("unit", "on"),
             guards=(guard(services.is_municipal), guard(services.no_unit_yet)), icon="send",
             main=True, help=THEIRS),
        Step("unit_answered", _l("Answer of the unit"), WITH_UNIT, None,
             (ASSIGNEE, HEAD, STATION), ("on",),
             guards=(guard(services.is_municipal), guard(services.unit_has_it)),
             icon="message-reply", main=True, help=THEIRS),
        Step("rechecked", _l("Re-check"), WITH_UNIT, None,
             (ASSIGNEE, HEAD, STATION), ("recheck", "on"),
             guards=(guard(services.is_municipal), guard(services.unit_has_answered)),
             icon="checks", main=True,
             help=_l("Not put right: back to the unit, and its time begins anew.")),
        Step("control", _l("Danger under control"), OPEN, None, (ASSIGNEE, CELL_PEOPLE, HEAD),
             ("note",), guards=(guard(uncontrolled),), at_rest=True, icon="shield-check"),
        Step("rectify", _l("Have it put right"), TO_RIGHT, None, (ASSIGNEE, HEAD, ABOVE, STATION),
             ("responsible", "what", "right_by"),
             guards=(guard(hazards.is_hazard), guard(hazards.controlled_first),
                     guard(hazards.not_righted)),
             at_rest=True, icon="tool",
             help=_l("Which organisation or unit puts what right, and by when.")),
        Step("righted", lazy_pgettext("hazard", "Put right"), TO_RIGHT, None,
             (ASSIGNEE, CELL_PEOPLE, HEAD), ("note",),
             guards=(guard(hazards.is_hazard), guard(hazards.ordered)), at_rest=True,
             icon="checks", help=_l("What was done, and what shows it.")),
        Step("recheck", lazy_pgettext("hazard", "Check again"), TO_RIGHT | {"closed"}, None,
             (CELL_PEOPLE, HEAD, CHECKERS), ("recheck",), ("note",),
             guards=(guard(hazards.is_hazard), guard(hazards.awaits_recheck),
                     guard(hazards.somebody_else)), at_rest=True, icon="eye",
             help=_l("Not good: what was closed is in hand again.")),
        Step("progress", _l("Progress note"), WORKING, None, (ASSIGNEE, HELPER), ("note",),
             at_rest=True, icon="notes"),
        Step("assist", _l("Ask for help"), _from("handling"), None, (ASSIGNEE,),
             ("helper", "note"), icon="lifebuoy"),
        Step("nudge", _l("Nudge"), WORKING, None, (DISPATCHER, HEAD, ABOVE, STATION), (),
             ("note",), guards=(guard(others_work),), icon="bell-ringing"),
        Step("ask_more", _l("Ask for more time"), WORKING, None, (ASSIGNEE,), ("days", "reason"),
             guards=(guard(not_petition), guard(first_extension), guard(unasked)),
             icon="clock-plus",
             help=_l("Given once, by the level above; at the community by a leader, who sees just"
                     " what you write here. Name nobody.")),
        Step("refuse_more", _l("Give no more time"), WORKING, None, (ABOVE, LEADER), ("reason",),
             guards=(guard(asked), guard(others_work)), icon="clock"),
        Step("extend", _l("Give more time"), WORKING, None, (ABOVE, LEADER), ("days", "reason"),
             guards=(guard(first_extension), guard(others_work)), icon="clock-plus"),
        Step("suspend", _l("Pause"), WORKING, None, (HEAD, ABOVE, STATION),
             ("suspension", "until"), ("note",), guards=(guard(not_petition), guard(runs)),
             icon="player-pause"),
        Step("resume", _l("Resume"), WORKING, None, (ASSIGNEE, HEAD, ABOVE, STATION), (),
             ("note",), guards=(guard(rests),), at_rest=True, icon="player-play"),
        Step("merge", _l("Merge"), _from("reported", "accepted"), None, (HEAD, ABOVE, STATION),
             ("into",), guards=(TOLD_FIRST,), icon="git-merge"),
        Step("void", _l("Void"), OPEN, None, (STATION,), ("reason",),
             guards=(guard(stands_alone),), at_rest=True, icon="trash"),
    ),
)  # fmt: skip
