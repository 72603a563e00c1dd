"""The five-minute round of the work orders: suspensions that ended, danger that nobody has under
control, deadlines that come near or have passed.

The round is level-triggered: it asks what has come to pass by a moment and is not on record, so a
round that was lost is made up for by the next, and one that is repeated does nothing. What makes a
warning happen once is the unique key of ``OrderWarning``; the record, what it stands for and the
order's next instant are written in one transaction, some thousand orders at a time. If several
instants of an order passed at once all are recorded, and people are told of the last one.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, null, or_, select
from sqlalchemy import update as change
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Matter, OrderWarning, Worker, WorkOrder
from portal.models.matter_choices import STANDING
from portal.rules import hazard_round, responsibility, supervision
from portal.rules.bulk import among
from portal.rules.clocks import RANK, STAGES, stands_still
from portal.rules.inbox import deliver
from portal.rules.once import insert_missing
from portal.rules.order_letters import letters_of
from portal.rules.order_round import ALIVE, OPEN, ORDERS, Desk, Round, note, rows_of
from portal.rules.resuming import lapsed, resume

log = logging.getLogger(__name__)

LOT = 2000  # orders in one transaction
WARNINGS = OrderWarning.__table__


def tick(session: Session, moment: datetime) -> Round:
    """Do everything that is due as of ``moment``. Commits, some thousand orders at a time; an order
    that the database refuses is counted as failed and tried again by the next round. The caller
    acts as the system.
    """
    done, desk = Round(), Desk(session, moment)
    for which, do in _parts():
        ids = _due(session, which(desk))
        for start in range(0, len(ids), LOT):
            done.add(_kept(session, do, ids[start : start + LOT], desk))
    return done


def tick_within(session: Session, moment: datetime) -> Round:
    """The same within the caller's transaction: for who makes a past (the demo)."""
    done, desk = Round(), Desk(session, moment)
    for which, do in _parts():
        if ids := _due(session, which(desk)):
            done.add(do(session, ids, desk))
    return done


Part = Callable[[Session, Sequence[int], Desk], Round]


def _parts() -> tuple[tuple[Callable[[Desk], ColumnElement[bool]], Part], ...]:
    """What the round does, in order: which orders, and what is done with them."""
    return (
        (lapsed, resume),
        (_dangerous, _warn_of_danger),
        (_to_warn, _warn),
        (hazard_round.unreported, hazard_round.warn),
    )


def _due(session: Session, condition: ColumnElement[bool]) -> Sequence[int]:
    return session.scalars(select(ORDERS.c.id).where(condition).order_by(ORDERS.c.id)).all()


def _kept(session: Session, do: Part, ids: Sequence[int], desk: Desk) -> Round:
    try:
        done = do(session, ids, desk)
        session.commit()
    except DBAPIError:
        session.rollback()
        log.exception("%s of %s orders was refused", do.__name__, len(ids))
        if len(ids) == 1:
            return Round(failed=1)
        done = Round()
        for order_id in ids:
            done.add(_kept(session, do, [order_id], desk))
    return done


# deadlines ----------------------------------------------------------------------------------------


def _to_warn(desk: Desk) -> ColumnElement[bool]:
    return ORDERS.c.next_warning_at <= desk.moment


def _warn(session: Session, ids: Sequence[int], desk: Desk) -> Round:
    found = session.execute(rows_of(session, ids, _to_warn(desk))).all()
    orders = {order.id: order for order in found}
    passed = {order.id: _passed(order, desk.moment) for order in found}
    _move_on(session, ids, desk.moment)
    new = _record(
        session,
        [
            (order.id, kind, order.due_at)
            for order in found
            for kind in passed[order.id]
        ],
        desk.moment,
    )  # fmt: skip
    told = {key: orders[key[0]] for key in new if key[1] == passed[key[0]][-1]}
    reds = [order for (_id, kind), order in told.items() if kind == "red"]
    made = supervision.make(session, reds, desk.moment)
    responsibility.draft(session, reds, desk, _hidden_of(session, reds))
    note(session, reds, "supervise", desk.moment, made)
    _tell(session, told, desk, made)
    return Round(**Counter(kind for _id, kind in new))


def _passed(order: Any, moment: datetime) -> list[str]:
    """The kinds of warnings whose instant has come and that are not on record, in order."""
    if stands_still(order) or order.due_at is None:
        return []
    told = RANK.get(order.warned or "", -1)
    instants = {kind: getattr(order, name) for kind, name in STAGES.items() if RANK[kind] > told}
    return [kind for kind, at in instants.items() if at is not None and clock.aware(at) <= moment]


def _move_on(session: Session, ids: Sequence[int], moment: datetime) -> None:
    """Set the next instant from what the orders hold at this very moment: somebody may have
    changed one since it was read. Not a change by a person: version and time of change stay.
    """
    yellow, due, red = (ORDERS.c[name] for name in STAGES.values())
    still = or_(
        ORDERS.c.state.in_(STANDING),
        ORDERS.c.void.is_(True),
        ORDERS.c.merged_into_id.is_not(None),
        ORDERS.c.suspended_at.is_not(None),
        due.is_(None),
    )
    ahead = [(at > moment, at) for at in (yellow, due, red)]
    behind = [(red <= moment, "red"), (due <= moment, "orange"), (yellow <= moment, "yellow")]
    statement = (
        change(ORDERS)
        .where(among(session, ORDERS.c.id, ids), ORDERS.c.next_warning_at <= moment)
        .values(
            next_warning_at=case((still, null()), *ahead, else_=null()),
            warned=case((still, ORDERS.c.warned), *behind, else_=ORDERS.c.warned),
            updated_at=ORDERS.c.updated_at,
        )
    )
    session.execute(statement, execution_options={"audited": True})


# danger -------------------------------------------------------------------------------------------


def _dangerous(desk: Desk) -> ColumnElement[bool]:
    on_record = exists().where(
        WARNINGS.c.order_id == ORDERS.c.id,
        WARNINGS.c.kind == "control",
        WARNINGS.c.due_at == ORDERS.c.control_due_at,
    )
    return and_(
        ORDERS.c.state.in_(OPEN),
        ORDERS.c.control_due_at <= desk.moment,
        ORDERS.c.controlled_at.is_(None),
        ALIVE,
        ~on_record,
    )


def _warn_of_danger(session: Session, ids: Sequence[int], desk: Desk) -> Round:
    found = session.execute(rows_of(session, ids, _dangerous(desk))).all()
    orders = {order.id: order for order in found}
    new = _record(
        session, [(order.id, "control", order.control_due_at) for order in found], desk.moment
    )
    _tell(session, {key: orders[key[0]] for key in new}, desk, {})
    return Round(control=len(new))


# what they share ----------------------------------------------------------------------------------

Key = tuple[int, str]  # an order's id and the kind of warning


def _record(
    session: Session, warnings: Sequence[tuple[int, str, datetime]], moment: datetime
) -> list[Key]:
    """Put warnings on record; those that were not."""
    rows = [
        {"order_id": order_id, "kind": kind, "due_at": due_at, "at": moment}
        for order_id, kind, due_at in warnings
    ]
    new = insert_missing(session, WARNINGS, rows, ("order_id", "kind"))
    return sorted((row.order_id, row.kind) for row in new)


def _tell(session: Session, told: dict[Key, Any], desk: Desk, supervisions: dict[int, str]) -> None:
    if not told:
        return
    hidden = _hidden_of(session, told.values())
    letters = (
        letter
        for (order_id, kind), order in told.items()
        for letter in letters_of(
            order, kind, desk.people, hidden.get(order_id),
            {"supervision": supervisions[order_id]} if kind == "red" else None,
        )
    )  # fmt: skip
    deliver(session, letters)


def _hidden_of(session: Session, orders: Iterable[Any]) -> dict[int, str]:
    return _hidden(session, [order.id for order in orders if order.kind == "complaint"])


def _hidden(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Of complaints about a worker: the grid whose accounts see nothing of them."""
    if not ids:
        return {}
    found = (
        select(WorkOrder.id, Worker.grid_code)
        .join(Matter, Matter.id == WorkOrder.matter_id)
        .join(Worker, Worker.id == Matter.about_worker_id)
        .where(among(session, WorkOrder.id, ids))
    )
    return {row.id: row.grid_code for row in session.execute(found)}
