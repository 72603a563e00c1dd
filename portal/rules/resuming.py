"""Suspensions that ended: the round lets the clock of the order run again (P4, ``suspend``)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam
from sqlalchemy import update as change
from sqlalchemy.orm import Session

from portal import clock
from portal.models import WorkOrder
from portal.rules import audit
from portal.rules.bulk import among
from portal.rules.clocks import deadline_of, end_of, next_warning, resumed
from portal.rules.order_round import ALIVE, CLOCK, COLUMNS, OPEN, ORDERS, Desk, Round, note

SUSPENSION = ("suspended_at", "suspended_until", "suspend_reason")


def lapsed(desk: Desk) -> ColumnElement[bool]:
    """Condition: the suspension was until a day that has passed."""
    return and_(
        ORDERS.c.state.in_(OPEN),
        ORDERS.c.suspended_at.is_not(None),
        ORDERS.c.suspended_until < desk.today,
        ALIVE,
    )


def resume(session: Session, ids: Sequence[int], desk: Desk) -> Round:
    """Whose suspension ended runs again from the end of its last day, however late the round."""
    # The first to count the version up has the order; another round waits, and then finds nothing.
    claim = (
        change(ORDERS)
        .where(among(session, ORDERS.c.id, ids), lapsed(desk))
        .values(version=ORDERS.c.version + 1)
        .returning(*(ORDERS.c[name] for name in COLUMNS))
    )
    claimed = session.execute(claim, execution_options={"audited": True}).all()
    orders = sorted(claimed, key=lambda order: order.id)
    if not orders:
        return Round()
    shifted = [_shifted(order, desk) for order in orders]
    statement = change(ORDERS).where(ORDERS.c.id == bindparam("order_id"))
    session.connection().execute(statement, shifted)
    audit.record_bulk(
        session, "update", WorkOrder.__tablename__, map(_told_change, orders, shifted)
    )
    note(session, orders, "resume", desk.moment, {})
    return Round(resumed=len(orders))


def _shifted(order: Any, desk: Desk) -> dict[str, Any]:
    running = SimpleNamespace(**order._asdict())
    running.suspended_at = running.suspended_until = running.suspend_reason = None
    deadline = deadline_of(order)
    if deadline is not None:
        since, until = clock.aware(order.suspended_at), end_of(order.suspended_until)
        vars(running).update(asdict(resumed(deadline, since, until, desk.calendar)))
    running.next_warning_at = next_warning(running, desk.moment)
    names = (*CLOCK, *SUSPENSION)
    return {"order_id": order.id} | {name: getattr(running, name) for name in names}


def _told_change(order: Any, new: dict[str, Any]) -> dict[str, Any]:
    changes = {name: [_iso(getattr(order, name)), _iso(new[name])] for name in (
        "suspended_at", "suspended_until", "due_at",
    )}  # fmt: skip
    return {
        "row_id": order.id,
        "row_label": order.number,
        "grid_code": order.grid_code,
        "changes": changes,
    }


def _iso(value: date | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return clock.aware(value).isoformat()
    return value.isoformat() if value is not None else None
