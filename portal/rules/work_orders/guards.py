"""What must be so for a move of a work order: each guard gives a sentence where it is not."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from portal import roles
from portal.models.matter_choices import ORDER_LEVELS
from portal.rules.flow import Guard
from portal.rules.work_orders.case import Case, rank

Data = Mapping[str, Any]
NO_OTHER_UNIT = _l("No other unit has it.")
SETTLED_KINDS = ("patrol", "municipal", "request", "hazard", "letter", "dispute")


def settles(case: Case, data: Data) -> Any:
    """Only what is general and no immediate danger is settled on the spot."""
    order = case.order
    if order.urgency == "immediate":
        return _l("Immediate danger is not settled like this: it takes an order of its own.")
    if order.kind not in SETTLED_KINDS:
        return _l("This kind of matter is not settled on the spot.")
    if order.crowd or order.grade in ("difficult", "major"):
        return _l("Only what is general is settled on the spot.")
    return None


def in_reach(case: Case, data: Data) -> Any:
    """One gives it to one's own level or below."""
    level = data.get("level")
    if level and level not in ORDER_LEVELS:
        return _l("Choose a level.")
    if level and rank(level) > case.own_rank:
        return _l("You can give it to your own level or below, not higher.")
    return None


def analysed(case: Case, data: Data) -> Any:
    """At the community it is dispatched after both have signed the analysis."""
    order = case.order
    if order.state != "escalated" or order.level != "community":
        return None
    if order.station_signed_id is None or order.area_signed_id is None:
        return _l("First the analysis: the station and the sponsor of the area sign it.")
    return None


def others_work(case: Case, data: Data) -> Any:
    """Nobody checks what they did."""
    if case.is_assignee:
        return _l("Somebody else checks what you did.")
    return None


def below_community(case: Case, data: Data) -> Any:
    """There is a level above it."""
    if rank(case.order.level) >= rank("community"):
        return _l("There is no level above it: analyse it, or report it to the street.")
    return None


def at_community(case: Case, data: Data) -> Any:
    """It stands at the community."""
    if case.order.level != "community":
        return _l("It is analysed at the level of the community.")
    return None


def unsigned(case: Case, data: Data) -> Any:
    """The side of who signs has not signed yet."""
    order = case.order
    if case.identity.user_id in (order.station_signed_id, order.area_signed_id):
        return _l("You have signed it already.")
    by_station, by_area = case.has(roles.STATION), case.has(roles.AREA_LEADER)
    free = (by_station and order.station_signed_id is None) or (
        by_area and order.area_signed_id is None
    )
    return None if free else _l("Your side has signed it already.")


def not_petition(case: Case, data: Data) -> Any:
    """Petitions know no such thing."""
    if case.order.kind == "petition":
        return _l("The regulation on petitions knows no such thing: there is the review.")
    return None


def first_extension(case: Case, data: Data) -> Any:
    """More time is given once."""
    return _l("More time is given once only.") if case.order.extended else None


def unasked(case: Case, data: Data) -> Any:
    """Nobody has asked for more time yet."""
    return _l("It was asked for already.") if case.order.asked_at is not None else None


def asked(case: Case, data: Data) -> Any:
    """Somebody asks for more time."""
    return None if case.order.asked_at is not None else _l("Nobody asks for more time.")


def runs(case: Case, data: Data) -> Any:
    """Its clock runs."""
    return _l("Its clock stands still already.") if case.at_rest else None


def rests(case: Case, data: Data) -> Any:
    """Its clock stands still."""
    return None if case.at_rest else _l("Its clock is running.")


def uncontrolled(case: Case, data: Data) -> Any:
    """There is a danger that nobody has under control."""
    if case.order.control_due_at is None or case.order.controlled_at is not None:
        return _l("There is no danger to bring under control.")
    return None


def unvisited(case: Case, data: Data) -> Any:
    """Nobody has asked those concerned yet."""
    if case.order.satisfaction is not None:
        return _l("The answer to the return visit is on record.")
    return None


def stands_alone(case: Case, data: Data) -> Any:
    """No other order is part of it: that one's matter would go with it."""
    return _l("Other orders are part of it.") if case.holds_others else None


def routed(route: str) -> Guard:
    """That the category of the order has this route."""

    def refuses(case: Case, data: Data) -> Any:
        return None if case.route == route else _l("Matters of this category go another way.")

    return Guard(f"route_{route}", refuses)


def told_first(case: Case, data: Data) -> Any:
    """What must be reported at once was reported."""
    if case.route == "report" and case.order.told_at is None:
        return _l("First tell the police or the authority, and note down whom and when.")
    return None


def untold(case: Case, data: Data) -> Any:
    """Nobody was told yet."""
    return _l("Who was told is on record.") if case.order.told_at is not None else None


def unit_silent(case: Case, data: Data) -> Any:
    """Another unit has it and has not answered."""
    if case.order.outcome != "handed":
        return NO_OTHER_UNIT
    if case.order.outside_answered_at is not None:
        return _l("The answer of the unit is on record.")
    return None


def handed_over(case: Case, data: Data) -> Any:
    """Another unit has it, whether it answered or not."""
    return None if case.order.outcome == "handed" else NO_OTHER_UNIT


def guard(check: Any, field: str | None = None) -> Guard:
    """The guard of a check, named after it; ``field``: beside which its sentence belongs."""
    return Guard(check.__name__, check, field)
