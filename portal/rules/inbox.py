"""The inbox: telling people, and what has been read. A message is kept as kind and values and is
worded in the reader's language when it is read (``rules/messages.py``).
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Message


def notify(
    session: Session,
    user_ids: Iterable[int],
    kind: str,
    params: dict[str, Any],
    url: str | None = None,
) -> int:
    """Put a message into the inbox of each account, within the caller's transaction; how many.

    ``kind`` is one of ``messages.TEXTS``, ``params`` plain JSON values (instants as ISO 8601 under
    a name that ends in ``_at``, days under one that ends in ``_on``), ``url`` a path of the portal.
    """
    now = clock.now()
    rows = [
        {
            "user_id": user_id,
            "kind": kind,
            "params": json.dumps(params, ensure_ascii=False),
            "url": url,
            "created_at": now,
            "updated_at": now,
        }
        for user_id in dict.fromkeys(user_ids)
    ]
    if rows:
        session.execute(insert(Message), rows)
    return len(rows)


def unread(session: Session, user_id: int) -> int:
    """How many messages of the account are unread."""
    found = select(func.count(Message.id)).where(
        Message.user_id == user_id, Message.read_at.is_(None)
    )
    return session.scalar(found) or 0


def mark_read(session: Session, user_id: int, message_id: int | None = None) -> None:
    """Note that the account has read one message, or all of them; the caller commits."""
    found = update(Message).where(Message.user_id == user_id, Message.read_at.is_(None))
    if message_id is not None:
        found = found.where(Message.id == message_id)
    session.execute(found.values(read_at=clock.now()).execution_options(synchronize_session=False))
