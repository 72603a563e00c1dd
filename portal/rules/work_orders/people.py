"""Who an order can be given to, who leads its level, and who has to do with its matter."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from portal import roles
from portal.models import Matter, MatterPerson, WorkOrder
from portal.models.matter_choices import ORDER_LEVELS
from portal.queries.accounts import Holder, grids_of, holders_over, holders_within
from portal.rules.once import insert_missing
from portal.rules.work_orders.case import HEADS, level_of, rank
from portal.scope import CODE_LENGTHS, Identity

HANDLERS = (*roles.HANDLERS, roles.LEADER)


def place_at(order: WorkOrder, level: str) -> str:
    """The grid of ``level`` that the order lies in; its own grid where that is higher."""
    return order.grid_code[: CODE_LENGTHS[level]]


def candidates(session: Session, order: WorkOrder, level: str) -> list[Holder]:
    """Who can be given the order at ``level``: a cell gives it to its own people, a block within
    the block, an area within the area, the station to anybody of the community, the street to its
    own too. Nobody whom the matter is about, nor who acts in the grids of the worker whom it is
    about; each account once, with its highest role.
    """
    wanted = (*HANDLERS, roles.STREET) if level == "street" else HANDLERS
    held = holders_within(session, place_at(order, level), wanted)
    barred = {order.about_user_id, *_beside(session, order, held)}
    found: dict[int, Holder] = {}
    for one in held:
        if one.user_id not in barred:
            found.setdefault(one.user_id, one)
    return list(found.values())


def _beside(session: Session, order: WorkOrder, held: list[Holder]) -> set[int]:
    """Those of ``held`` who act in the grids of the worker whom a complaint is about, but for who
    heads the place above them where the complaint stands.
    """
    matter = session.get_one(Matter, order.matter_id) if order.kind == "complaint" else None
    if matter is None or matter.about_worker_id is None:
        return set()
    own = tuple(grids_of(session, matter.about_worker_id))
    near = {one.user_id for one in held if one.grid_code.startswith(own)}
    return near - {
        one.user_id
        for one in held
        if not one.grid_code.startswith(own) and order.grid_code.startswith(one.grid_code)
    }


def near(session: Session, order: WorkOrder) -> list[Holder]:
    """Who can mediate or file for somebody: whose post covers the place, the mediators of the
    community, and whoever has the order.
    """
    return [
        one
        for one in candidates(session, order, "community")
        if order.grid_code.startswith(one.grid_code)
        or one.role == roles.MEDIATOR
        or one.user_id == order.assignee_id
    ]


def heads(session: Session, order: WorkOrder, level: str) -> list[int]:
    """The accounts of those who lead ``level`` over the order's place; where nobody does, of the
    next level up to the community.
    """
    above = [one for one in ORDER_LEVELS if rank(level) <= rank(one) <= rank("community")]
    for one in above or [level]:
        found = holders_over(session, order.grid_code, [HEADS[one]])
        led = [each.user_id for each in found if each.user_id != order.about_user_id]
        if led:
            return led
    return []


def reachable(order: WorkOrder, highest: int) -> list[str]:
    """The levels at which somebody who leads up to rank ``highest`` can dispatch the order: from
    that of its own grid on, the street only where it stands there.
    """
    lowest = rank(level_of(order.grid_code))
    levels = [level for level in ORDER_LEVELS if lowest <= rank(level) <= highest]
    return [level for level in levels if level != "street" or lowest == rank("street")]


def take_part(
    session: Session,
    order: WorkOrder,
    user_ids: Iterable[int | None],
    part: str,
    acting: Identity | None = None,
) -> None:
    """Note that these accounts have to do with the matter of an order; ``acting``: one of them, of
    whom it is known where they act.
    """
    wanted = sorted({key for key in user_ids if key is not None})
    here: set[int | None] = set()
    if acting is not None and any(
        one.role in roles.STAFF and order.grid_code.startswith(one.grid_code)
        for one in acting.grants
    ):
        here.add(acting.user_id)
    if not here.issuperset(wanted):
        here |= {one.user_id for one in holders_over(session, order.grid_code, roles.STAFF)}
    rows = [
        {"matter_id": order.matter_id, "user_id": key, "part": part, "outside": key not in here}
        for key in wanted
    ]
    insert_missing(session, MatterPerson.__table__, rows, ["user_id"])
