"""The states of deliveries: claimed before they are sent, so that nothing goes out twice, noted
afterwards, tried again after growing pauses, given up.

Every change is one statement that names the states it starts from: of two workers one gets a row.
Each function commits. What a worker had claimed when it was killed may have gone out or not: it is
given up with that reason and never repeated by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Delivery, Message
from portal.models.message_choices import OPEN_STATES
from portal.queries.settings import numbers
from portal.rules import audit
from portal.rules.bulk import among
from portal.rules.outside.night import night_of
from portal.rules.outside.outbox import DELIVERIES, ask

PAUSES = (1, 5, 30, 120)  # minutes before the second to the fifth try
LEASE = timedelta(minutes=15)  # longer than any job that sends may take
FINAL = ("sent", "given_up", "missed", "skipped")
AGAIN = ("failed", "given_up")
_COLUMNS = DELIVERIES.c


@dataclass(frozen=True)
class Failure:
    """Why something did not go out: ``code`` of ``DELIVERY_ERRORS``, ``answer`` the number that the
    server gave. ``final``: trying again is of no use. ``lost``: the connection is of no use.
    """

    code: str
    answer: int | None = None
    final: bool = False
    lost: bool = False


def settle(session: Session, moment: datetime) -> dict[str, int]:
    """Before a round: claims of killed workers, what is too late, what must wait for the morning;
    how many of each.
    """
    session.rollback()
    stale = and_(_COLUMNS.state == "sending", _COLUMNS.claimed_at < moment - LEASE)
    late = and_(_COLUMNS.next_try_at.is_not(None), _COLUMNS.expires_at <= moment)
    done = {
        "given_up": _set(
            session, stale, moment, state="given_up", claimed_at=None, error="unsure",
            attempts=_COLUMNS.attempts + 1,
        ),
        "missed": _set(session, late, moment, state="missed", next_try_at=None),
    }  # fmt: skip
    night = night_of(numbers(session))
    due = night.earliest(moment, urgent=False)
    if due > moment:
        resting = and_(_COLUMNS.next_try_at <= moment, _COLUMNS.urgent.is_(False))
        done["held"] = _set(session, resting, moment, state="held", next_try_at=due)
    session.commit()
    return done


def claim(session: Session, ids: Sequence[int], moment: datetime) -> list[int]:
    """Take deliveries that are due and not too late; those that nobody else took."""
    now = max(moment, clock.now())
    in_time = or_(_COLUMNS.expires_at.is_(None), _COLUMNS.expires_at > now)
    session.rollback()  # on SQLite a claim must be the first thing of its transaction
    statement = (
        update(DELIVERIES)
        .where(among(session, _COLUMNS.id, ids), _COLUMNS.next_try_at <= moment, in_time)
        .values(state="sending", claimed_at=moment, next_try_at=None, updated_at=moment)
        .returning(_COLUMNS.id)
    )
    found = session.execute(statement, execution_options={"audited": True}).scalars().all()
    session.commit()
    return sorted(found)


def note_sent(session: Session, ids: Sequence[int], moment: datetime) -> None:
    """Claimed deliveries went out."""
    claimed = and_(among(session, _COLUMNS.id, ids), _COLUMNS.state == "sending")
    _set(
        session, claimed, moment, state="sent", sent_at=moment, claimed_at=None, error=None,
        answer=None, attempts=_COLUMNS.attempts + 1,
    )  # fmt: skip
    session.commit()


def note_failed(
    session: Session, ids: Sequence[int], failure: Failure, moment: datetime, *, claimed: bool
) -> int:
    """Deliveries did not go out, ``claimed`` ones or such as wait: after a pause they are tried
    again, after the last try given up; how many.
    """
    session.rollback()
    mine = _COLUMNS.state == "sending" if claimed else _COLUMNS.next_try_at <= moment
    tries = {n: moment + timedelta(minutes=pause) for n, pause in enumerate(PAUSES)}
    last = failure.final or _COLUMNS.attempts >= len(PAUSES)
    values: dict[str, Any] = {
        "state": "given_up" if last is True else case((last, "given_up"), else_="failed"),
        "next_try_at": None if last is True else case(tries, value=_COLUMNS.attempts, else_=None),
        "attempts": _COLUMNS.attempts + 1,
        "claimed_at": None,
        "error": failure.code,
        "answer": failure.answer,
    }
    done = _set(session, and_(among(session, _COLUMNS.id, ids), mine), moment, **values)
    session.commit()
    return done


def skip(session: Session, ids: Sequence[int], code: str, moment: datetime) -> int:
    """Deliveries that are not to be sent after all; how many."""
    waiting = and_(among(session, _COLUMNS.id, ids), _COLUMNS.next_try_at.is_not(None))
    values = {"state": "skipped", "next_try_at": None, "error": code}
    done = _set(session, waiting, moment, **values) if ids else 0
    session.commit()
    return done


def again(session: Session, ids: Sequence[int]) -> int:
    """Try deliveries again that failed or were given up, with all their tries; how many. What is
    too late, and of what the message is gone, stays. Stands in the audit log. Commits.
    """
    moment = clock.now()
    chosen = and_(
        among(session, _COLUMNS.id, ids),
        _COLUMNS.state.in_(AGAIN),
        _COLUMNS.message_id.is_not(None),
        or_(_COLUMNS.expires_at.is_(None), _COLUMNS.expires_at > moment),
    )
    fresh = {"state": "waiting", "next_try_at": moment, "attempts": 0}
    statement = update(DELIVERIES).where(chosen).values(updated_at=moment, **fresh)
    found = session.execute(
        statement.returning(_COLUMNS.id), execution_options={"audited": True}
    ).scalars()
    entries = [
        {"row_id": key, "row_label": str(key), "grid_code": None, "changes": {}, "reason": None}
        for key in sorted(found)
    ]
    audit.record_bulk(session, "retry", "deliveries", entries)
    if entries:
        ask(session)
    session.commit()
    return len(entries)


def forget(session: Session, days: int) -> int:
    """Delete deliveries that ended, of more than ``days`` days ago; how many. The caller commits.
    No entry in the audit log: it is a log itself.
    """
    old = clock.now() - timedelta(days=days)
    gone = delete(DELIVERIES).where(_COLUMNS.state.in_(FINAL), _COLUMNS.created_at < old)
    done: Any = session.execute(gone, execution_options={"audited": True})
    return int(done.rowcount)


def due(channel: str, moment: datetime) -> Any:
    """The select of what is due, the urgent first: columns of the delivery and of its message."""
    return (
        select(
            Delivery.id, Delivery.message_id, Delivery.user_id, Delivery.target, Delivery.topic,
            Delivery.urgent, Delivery.bare, Delivery.state,
            Message.read_at, Message.kind, Message.params, Message.url,
        )
        .outerjoin(Message, Message.id == Delivery.message_id)
        .where(Delivery.channel == channel, Delivery.next_try_at <= moment)
        .order_by(Delivery.urgent.desc(), Delivery.next_try_at, Delivery.id)
    )  # fmt: skip


def _set(session: Session, rows: ColumnElement[bool], moment: datetime, **values: Any) -> int:
    statement = update(DELIVERIES).where(rows).values(updated_at=moment, **values)
    done: Any = session.execute(statement, execution_options={"audited": True})
    return int(done.rowcount)


assert set(AGAIN) < {*OPEN_STATES, *FINAL}
