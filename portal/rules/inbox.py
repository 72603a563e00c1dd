"""The inbox: telling people, and what has been read. A message is kept as kind and values and is
worded in the reader's language when it is read (``rules/messages.py``).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Message
from portal.rules import bulk
from portal.rules.outside import outbox
from portal.rules.outside.letters import Letter as Letter

HERE = "/inbox/"


def notify(
    session: Session,
    user_ids: Iterable[int],
    kind: str,
    params: dict[str, Any],
    url: str | None = None,
    **about: Any,
) -> int:
    """Put a message into the inbox of each account, within the caller's transaction; how many.

    ``kind`` is one of ``messages.TEXTS``, ``params`` plain JSON values (instants as ISO 8601 under
    a name that ends in ``_at``, days under one that ends in ``_on``), ``url`` a path of the portal;
    ``about`` what else a ``Letter`` says (place, private, urgent, until).
    """
    return deliver(
        session,
        (Letter(user_id, kind, params, url, **about) for user_id in dict.fromkeys(user_ids)),
    )


def deliver(session: Session, letters: Iterable[Letter]) -> int:
    """Put many different messages into inboxes, in one statement, and plan what of them leaves the
    portal; how many.
    """
    listed, now = list(letters), clock.now()
    ways = outbox.ways_out(session) if listed else None
    if ways is None:
        _insert(session, listed, now)
        return len(listed)
    ids = put(session, listed, now)
    outbox.plan(session, list(zip(ids, listed, strict=True)), ways, now)
    return len(listed)


def put(session: Session, letters: Sequence[Letter], now: datetime) -> Sequence[int]:
    """Put messages into inboxes and nowhere else; their keys."""
    told = (Message.id, Message.user_id, Message.kind, Message.params, Message.url)
    # In whatever order they come back: SQLite keeps an order only row by row.
    keys: dict[Any, list[int]] = {}
    for key, *said in _insert(session, letters, now, *told):
        keys.setdefault(tuple(said), []).append(key)
    return [keys[(one.user_id, one.kind, _json(one.params), one.url)].pop() for one in letters]


def _json(params: dict[str, Any]) -> str:
    return json.dumps(params, ensure_ascii=False)


def _insert(session: Session, letters: Sequence[Letter], now: datetime, *told: Any) -> Any:
    rows = [
        {
            "user_id": letter.user_id,
            "kind": letter.kind,
            "params": _json(letter.params),
            "url": letter.url,
            "created_at": now,
            "updated_at": now,
        }
        for letter in letters
    ]
    if not rows:
        return []
    if not told:
        bulk.insert_rows(session, Message.__table__, rows)
        return []
    return session.execute(insert(Message).returning(*told), rows).all()


def unread(session: Session, user_id: int) -> int:
    """How many messages of the account are unread."""
    found = select(func.count(Message.id)).where(
        Message.user_id == user_id, Message.read_at.is_(None)
    )
    return session.scalar(found) or 0


def of_account(user_id: int, *, only_unread: bool = False) -> Select[Any]:
    """The select of the account's messages, without order."""
    found = select(Message).where(Message.user_id == user_id)
    return found.where(Message.read_at.is_(None)) if only_unread else found


def own(session: Session, user_id: int, message_id: int) -> Message | None:
    """The message, if it is the account's."""
    found = of_account(user_id).where(Message.id == message_id)
    return session.scalars(found).one_or_none()


def mark_read(
    session: Session, user_id: int, message_id: int | None = None, *, up_to: int | None = None
) -> None:
    """Note that the account has read one message, or all of them (``up_to`` the newest that it has
    seen); the caller commits.
    """
    found = update(Message).where(Message.user_id == user_id, Message.read_at.is_(None))
    if message_id is not None:
        found = found.where(Message.id == message_id)
    if up_to is not None:
        found = found.where(Message.id <= up_to)
    session.execute(found.values(read_at=clock.now()).execution_options(synchronize_session=False))


def mark_read_about(session: Session, user_id: int, url: str) -> None:
    """Note that the account has read what leads to ``url``; the caller commits."""
    found = update(Message).where(
        Message.user_id == user_id, Message.url == url, Message.read_at.is_(None)
    )
    session.execute(found.values(read_at=clock.now()).execution_options(synchronize_session=False))


def forget(session: Session, days: int) -> int:
    """Delete messages that were read more than ``days`` days ago; how many. The caller commits."""
    old = delete(Message).where(Message.read_at < clock.now() - timedelta(days=days))
    done: Any = session.execute(old.execution_options(synchronize_session=False))
    return int(done.rowcount)
