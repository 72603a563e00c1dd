"""Supervision orders (督办单): one for each order and missed deadline, written by the round."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import SupervisionOrder
from portal.rules import audit
from portal.rules.bulk import among
from portal.rules.once import insert_missing

SUPERVISIONS = SupervisionOrder.__table__
COPIED = ("grid_code", "matter_id", "visibility", "level", "about_user_id", "due_at")


def make(session: Session, orders: Sequence[Any], moment: datetime) -> dict[int, str]:
    """Write a supervision order for each of ``orders`` (rows with the columns of a work order);
    order's id → number ``<order>-D<n>``. Who may see one is who may see the order. The caller has
    recorded the warnings, so that nobody else does the same; the caller commits.
    """
    if not orders:
        return {}
    counted = (
        select(SUPERVISIONS.c.order_id, func.count())
        .where(among(session, SUPERVISIONS.c.order_id, [order.id for order in orders]))
        .group_by(SUPERVISIONS.c.order_id)
    )
    before = {row[0]: row[1] for row in session.execute(counted)}
    rows = [
        {
            "order_id": order.id,
            "number": f"{order.number}-D{before.get(order.id, 0) + 1}",
            "made_at": moment,
            **{name: getattr(order, name) for name in COPIED},
        }
        for order in orders
    ]
    new = insert_missing(session, SUPERVISIONS, rows, ("id", "number", "grid_code"))
    entries = (
        {
            "row_id": row.id,
            "row_label": row.number,
            "grid_code": row.grid_code,
            "changes": {"number": row.number},
        }
        for row in new
    )
    audit.record_bulk(session, "insert", SupervisionOrder.__tablename__, entries)
    return {row["order_id"]: row["number"] for row in rows}
