"""The part of the round that looks after major hazards: as long as one is not put right, how far it
is stands on its order every week (time_limits.yaml: 每周一报).

A week begins with the acceptance or the last progress note. Each week without one is warned of
once: the key of the warning is the end of that week.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import OrderWarning, Rectification, TraceEntry
from portal.rules.bulk import among
from portal.rules.inbox import deliver
from portal.rules.once import insert_missing
from portal.rules.order_letters import letters_of
from portal.rules.order_round import ALIVE, OPEN, ORDERS, Desk, Round, rows_of

KIND = "weekly"
NOTES = ("progress", "control", "rectify", "recheck")  # what tells how far it is
RECTIFICATIONS = Rectification.__table__
ENTRIES = TraceEntry.__table__


def major_hazards() -> ColumnElement[bool]:
    """Open orders of major hazards that are not put right and whose clock runs, in the words of
    their index.
    """
    righted = exists().where(
        RECTIFICATIONS.c.order_id == ORDERS.c.id, RECTIFICATIONS.c.righted_at.is_not(None)
    )
    return and_(
        ORDERS.c.kind == "hazard",
        ORDERS.c.grade == "major",
        ORDERS.c.closed_at.is_(None),
        ORDERS.c.state.in_(OPEN),
        ORDERS.c.suspended_at.is_(None),
        ALIVE,
        ~righted,
    )


def unreported(desk: Desk) -> ColumnElement[bool]:
    """Of these, those accepted a week ago or more without a word since."""
    since = desk.moment - desk.every
    told = exists().where(
        ENTRIES.c.order_id == ORDERS.c.id, ENTRIES.c.move.in_(NOTES), ENTRIES.c.at > since
    )
    return and_(major_hazards(), ORDERS.c.accepted_at <= since, ~told)


def warn(session: Session, ids: Sequence[int], desk: Desk) -> Round:
    """Tell of each week that ended without a word; once."""
    found = session.execute(rows_of(session, ids, unreported(desk))).all()
    orders = {order.id: order for order in found}
    last = _last_words(session, list(orders))
    ends = {key: _week(last[key], desk.moment, desk.every) for key in orders if key in last}
    rows = [
        {"order_id": key, "kind": KIND, "due_at": end, "at": desk.moment}
        for key, end in sorted(ends.items())
    ]
    new = insert_missing(session, OrderWarning.__table__, rows, ("order_id",))
    letters = (
        letter
        for row in sorted(new)
        for letter in letters_of(
            orders[row.order_id], KIND, desk.people, None,
            {"due_at": ends[row.order_id].isoformat()},
        )
    )  # fmt: skip
    deliver(session, letters)
    return Round(weekly=len(new))


def _last_words(session: Session, keys: list[int]) -> dict[int, datetime]:
    """When something was last told of each order: at its acceptance, or in a note since."""
    if not keys:
        return {}
    notes = (
        select(ENTRIES.c.order_id, func.max(ENTRIES.c.at).label("at"))
        .where(among(session, ENTRIES.c.order_id, keys), ENTRIES.c.move.in_(NOTES))
        .group_by(ENTRIES.c.order_id)
        .subquery()
    )
    asked = (
        select(ORDERS.c.id, ORDERS.c.accepted_at, notes.c.at)
        .outerjoin(notes, notes.c.order_id == ORDERS.c.id)
        .where(among(session, ORDERS.c.id, keys), ORDERS.c.accepted_at.is_not(None))
    )
    return {
        key: max(clock.aware(one) for one in instants if one is not None)
        for key, *instants in session.execute(asked)
    }


def _week(since: datetime, moment: datetime, every: timedelta) -> Any:
    """The end of the last whole week after ``since`` that is not after ``moment``."""
    return since + every * ((moment - since) // every)
