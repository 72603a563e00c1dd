"""Saved lists: an account names, keeps and drops its own, nobody else's."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, delete, func, literal, select
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import Message
from portal.models.lists import LONGEST_ADDRESS, LONGEST_NAME, SavedList

MOST = 8  # of one list: they stand side by side


def saved_lists(session: Session, user_id: int, slug: str) -> list[SavedList]:
    """What the account keeps of the list ``slug``, in the order of saving."""
    mine = select(SavedList).where(SavedList.user_id == user_id, SavedList.slug == slug)
    return list(session.scalars(mine.order_by(SavedList.id)))


def with_unread(session: Session, user_id: int, slug: str) -> tuple[list[Any], int]:
    """Rows of ``id``, ``name`` and ``address`` as ``saved_lists`` gives them, and how many messages
    wait: one statement, as every list page asks for both.
    """
    waiting = select(func.count(Message.id)).where(
        Message.user_id == user_id, Message.read_at.is_(None)
    )
    mine = and_(SavedList.user_id == user_id, SavedList.slug == slug)
    always = select(literal(1).label("one")).subquery()
    asked = (
        select(
            SavedList.id, SavedList.name, SavedList.address, waiting.scalar_subquery().label("new")
        )
        .select_from(always.outerjoin(SavedList, mine))
        .order_by(SavedList.id)
    )
    rows = session.execute(asked).all()
    return [row for row in rows if row.id is not None], rows[0].new


def keep_list(session: Session, user_id: int, slug: str, name: str, address: str) -> None:
    """Keep ``address`` under ``name``, in place of what had that name; the caller commits.

    The empty name holds how the list opens. Raises RuleError (field ``name``).
    """
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise RuleError(_l("Use at most %(max)d characters.", max=LONGEST_NAME), "name")
    if len(address) > LONGEST_ADDRESS:
        raise RuleError(_l("This is too much to keep: search for less, then save."), "name")
    kept = saved_lists(session, user_id, slug)
    same = next((row for row in kept if row.name == name), None)
    if same is not None:
        same.address = address
    elif name and sum(bool(row.name) for row in kept) >= MOST:
        raise RuleError(
            _l("At most %(max)d lists are kept here: delete one first.", max=MOST), "name"
        )
    else:
        session.add(SavedList(user_id=user_id, slug=slug, name=name, address=address))
    session.flush()


def drop_list(session: Session, user_id: int, slug: str, key: int | None) -> bool:
    """Forget a list of the account, without ``key`` how the list opens; the caller commits.

    False where the account has no such list.
    """
    which = SavedList.name == "" if key is None else SavedList.id == key
    mine = delete(SavedList).where(SavedList.user_id == user_id, SavedList.slug == slug, which)
    return bool(session.connection().execute(mine).rowcount)
