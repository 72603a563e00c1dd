"""Who is told of a warning of a work order, and what (P4, ``warning`` of time_limits.yaml).

Nobody is told of an order that they may not see: not the worker whom a complaint is about, not
who sees it through that worker's grid only, and of what is restricted not who leads below the level
that has it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from portal import clock
from portal.models.matter_choices import ORDER_LEVELS
from portal.queries.responsible import HEAD, Responsible, level_above, levels_from
from portal.roles import AREA_LEADER, STATION
from portal.rules.outside.letters import Letter


def letters_of(
    order: Any,
    kind: str,
    people: Responsible,
    hidden: str | None = None,
    told: Mapping[str, Any] | None = None,
) -> Iterator[Letter]:
    """The messages of one warning, one for each account. ``order`` has the columns of a work order,
    ``hidden`` is the grid of the worker whom it is about, ``told`` what the message says beside.
    """
    due_at = order.control_due_at if kind == "control" else order.due_at
    params = {
        "number": order.number,
        "summary": _summary(order, hidden),
        "due_at": clock.aware(due_at).isoformat(),
        **(told or {}),
    }
    about = about_of(order, hidden, urgent=kind == "red")
    for user_id in recipients(order, kind, people, hidden):
        yield Letter(user_id, f"order_{kind}", params, url_of(order.id), **about)


def about_of(order: Any, hidden: str | None = None, *, urgent: bool = False) -> dict[str, Any]:
    """What of an order decides how far its messages go: place, whether few may know of it (every
    complaint among them), whether it presses at night too.
    """
    few = _few(order, hidden) or order.kind == "complaint"
    return {
        "place": order.grid_code,
        "private": few,
        "urgent": urgent or order.urgency == "immediate",
    }


def recipients(order: Any, kind: str, people: Responsible, hidden: str | None = None) -> list[int]:
    """The accounts that are told: yellow the assignee; orange, and a week without a word of a major
    hazard, the dispatcher and the next head too; red the area's leaders and the station; danger the
    heads of all levels. What nobody has in hand is the business of the head of its level.
    """
    place = (order.grid_code, hidden, order.about_user_id)
    if kind == "red":
        found = _supervisors(order, people, hidden) or people.heads(order.level, *place)
    else:
        found = _seeing(order, order.assignee_id, people, hidden)
        found = found or people.heads(order.level, *place)
    if kind in ("orange", "weekly"):
        found = found + _seeing(order, order.dispatcher_id, people, hidden)
        found += people.heads(level_above(order.level), *place)
    if kind == "control":
        for level in levels_from(order.level):
            found = found + people.holders(HEAD[level], *place)
    return list(dict.fromkeys(found))


def url_of(order_id: int) -> str:
    """The page of an order."""
    return f"/work-orders/show/{order_id}"


def _seeing(order: Any, user_id: int | None, people: Responsible, hidden: str | None) -> list[int]:
    if user_id is None or user_id == order.about_user_id:
        return []
    return [user_id] if people.reads(user_id, order.grid_code, hidden) else []


def _supervisors(order: Any, people: Responsible, hidden: str | None) -> list[int]:
    found: list[int] = []
    for level, role in (("area", AREA_LEADER), ("community", STATION)):
        below = ORDER_LEVELS.index(level) < ORDER_LEVELS.index(order.level)
        if order.visibility == "normal" or not below:
            found += people.holders(role, order.grid_code, hidden, order.about_user_id)
    return found


def _few(order: Any, hidden: str | None) -> bool:
    return order.visibility != "normal" or order.about_user_id is not None or hidden is not None


def _summary(order: Any, hidden: str | None) -> str:
    """Messages stay for long and travel by other ways: what few may see is not in them."""
    return "" if _few(order, hidden) else order.summary
