"""The states of deliveries: claimed before they are sent, so that nothing goes out twice, noted
afterwards, tried again after growing pauses, given up.

Every change is one statement that names the states it starts from: of two workers one gets a row.
Each function commits unless it says otherwise. What a worker had claimed when it was killed may
have gone out or not: it is given up with that reason and never repeated by itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Delivery, Message
from portal.models.message_choices import OPEN_STATES, TRY_AGAIN
from portal.queries.settings import numbers
from portal.rules import audit
from portal.rules.bulk import among
from portal.rules.outside.night import night_of
from portal.rules.outside.outbox import DELIVERIES, ask

PAUSES = (1, 5, 30, 120)  # minutes before the second to the fifth try
LEASE = timedelta(minutes=15)  # longer than any job that sends may take
FINAL = ("sent", "given_up", "missed", "skipped")
UNSENT = (*OPEN_STATES, "given_up")
_COLUMNS = DELIVERIES.c


@dataclass(frozen=True)
class Failure:
    """Why something did not go out: ``code`` of ``DELIVERY_ERRORS``, ``answer`` the number that the
    server gave. ``final``: trying again is of no use.
    """

    code: str
    answer: int | None = None
    final: bool = False


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
) -> dict[str, int]:
    """Deliveries did not go out, ``claimed`` ones or such as wait: after a pause they are tried
    again (failed), after the last try given up; how many of each.
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
    chosen = and_(among(session, _COLUMNS.id, ids), mine)
    done = Counter(_changed(session, chosen, moment, _COLUMNS.state, **values))
    session.commit()
    return {state: done[state] for state in TRY_AGAIN}


def skip(session: Session, ids: Sequence[int], code: str, moment: datetime) -> int:
    """Deliveries that are not to be sent after all; how many."""
    waiting = and_(among(session, _COLUMNS.id, ids), _COLUMNS.next_try_at.is_not(None))
    values = {"state": "skipped", "next_try_at": None, "error": code}
    done = _set(session, waiting, moment, **values) if ids else 0
    session.commit()
    return done


def hush(session: Session, url: str, moment: datetime) -> None:
    """What leads to ``url`` is the business of few from now on: of what has not gone out, e-mails
    say no more than subject and link, and no group is told. The caller commits.
    """
    mails = and_(_unsent_about(url), _COLUMNS.channel == "email")
    # A round that is under way has read them as they were: it must not get them any more.
    later = case((_COLUMNS.next_try_at < moment, moment), else_=_COLUMNS.next_try_at)
    _set(session, mails, moment, bare=True, next_try_at=later)
    groups = and_(_unsent_about(url), _COLUMNS.channel == "webhook")
    gone = {"state": "skipped", "next_try_at": None, "error": "gone"}
    _set(session, groups, moment, message_id=None, **gone)


def withdraw(session: Session, url: str, moment: datetime) -> None:
    """What leads to ``url`` and has not gone out holds no longer. The caller commits."""
    _set(session, _unsent_about(url), moment, state="missed", next_try_at=None)


def _unsent_about(url: str) -> ColumnElement[bool]:
    said = Message.__table__.c
    about = exists().where(said.id == _COLUMNS.message_id, said.url == url)
    return and_(_COLUMNS.state.in_(UNSENT), about)


def again(session: Session, ids: Sequence[int]) -> int:
    """Try deliveries again that can be, with all their tries; how many. Stands in the audit log.
    Commits.
    """
    moment = clock.now()
    asked = select(Delivery).where(among(session, Delivery.id, ids))
    fresh = session.scalars(asked.execution_options(populate_existing=True))
    can = [row.id for row in fresh if row.can_try_again]
    chosen = and_(among(session, _COLUMNS.id, can), _COLUMNS.state.in_(TRY_AGAIN))
    done = _decided(
        session, "retry", chosen, moment, state="waiting", next_try_at=moment, attempts=0
    )
    if done:
        ask()
    session.commit()
    return done


def leave(session: Session, ids: Sequence[int]) -> int:
    """Deliveries that were given up need not go out; how many. Stands in the audit log. Commits."""
    chosen = and_(among(session, _COLUMNS.id, ids), _COLUMNS.state == "given_up")
    done = _decided(session, "drop", chosen, clock.now(), state="skipped")
    session.commit()
    return done


def _decided(
    session: Session, action: str, rows: ColumnElement[bool], moment: datetime, **values: Any
) -> int:
    found = _changed(session, rows, moment, _COLUMNS.id, **values)
    entries = [
        {"row_id": key, "row_label": str(key), "grid_code": None, "changes": {}, "reason": None}
        for key in sorted(found)
    ]
    audit.record_bulk(session, action, "deliveries", entries)
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
    """The select of what is due, the urgent first and what waited for one recipient together:
    columns of the delivery and of its message.
    """
    return (
        select(
            Delivery.id, Delivery.message_id, Delivery.user_id, Delivery.robot_id, Delivery.target,
            Delivery.topic, Delivery.urgent, Delivery.bare, Delivery.state,
            Message.read_at, Message.kind, Message.params, Message.url,
        )
        .outerjoin(Message, Message.id == Delivery.message_id)
        .where(Delivery.channel == channel, Delivery.next_try_at <= moment)
        .order_by(
            Delivery.urgent.desc(), Delivery.next_try_at, Delivery.user_id, Delivery.target,
            Delivery.id,
        )
    )  # fmt: skip


def _set(session: Session, rows: ColumnElement[bool], moment: datetime, **values: Any) -> int:
    statement = update(DELIVERIES).where(rows).values(updated_at=moment, **values)
    done: Any = session.execute(statement, execution_options={"audited": True})
    return int(done.rowcount)


def _changed(
    session: Session, rows: ColumnElement[bool], moment: datetime, told: Any, **values: Any
) -> Sequence[Any]:
    """The same; ``told``: what of the rows comes back."""
    statement = update(DELIVERIES).where(rows).values(updated_at=moment, **values).returning(told)
    return session.execute(statement, execution_options={"audited": True}).scalars().all()


assert set(TRY_AGAIN) < {*OPEN_STATES, *FINAL}
