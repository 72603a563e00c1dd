"""Boards on walls: which a change reaches, and who is told about one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, joinedload

from portal import clock, scope
from portal.models import AuditEntry, Board, IssuedDocument, Post, Worker
from portal.queries.staffing import in_force
from portal.scope import CODE_LENGTHS, ancestors

MOST_VERSIONS, MOST_ENTRIES = 20, 60
# Who sees to the boards of a grid: role and level of the post; the next one if nobody holds it.
HEADS = (("block_head", "block"), ("area_head", "area"), ("office_director", "community"))


def reached(
    session: Session, within: Iterable[str], exactly: Iterable[str], workers: Iterable[int]
) -> list[int]:
    """Keys of the boards in the subtrees ``within`` or of the grids ``exactly``, and of those that
    may name one of the ``workers``.
    """
    subtrees, codes = set(within), set(exactly)
    if ids := list(workers):
        for code in session.scalars(select(Post.grid_code).where(Post.worker_id.in_(ids))):
            subtrees.add(code)
            codes.update(ancestors(code)[-1:])  # a larger grid's board names the heads below it
    found = select(Board.id).where(
        or_(scope.within(Board.grid_code, scope.smallest(subtrees)), Board.grid_code.in_(codes))
    )
    return list(session.scalars(found.order_by(Board.grid_code, Board.id)))


def board_with_versions(session: Session, board_id: int) -> Board | None:
    """A board as it is now, with its grid, what hangs and what waits."""
    return session.scalar(
        select(Board)
        .where(Board.id == board_id)
        .options(joinedload(Board.grid), joinedload(Board.document), joinedload(Board.replacement))
        .execution_options(populate_existing=True)
    )


def told(session: Session, code: str) -> list[int]:
    """Accounts of whoever sees to the boards of a grid: the head of its block (of an area: of the
    area; of a community: the office), or the next above where nobody with an account is.
    """
    for role, level in HEADS:
        place = code[: CODE_LENGTHS[level]]
        if len(place) < CODE_LENGTHS[level]:
            continue  # a grid above that level
        held = (
            select(User.id)
            .join(Worker, Worker.user_id == User.id)
            .join(Post, Post.worker_id == Worker.id)
            .where(User.active.is_(True), Post.role == role, Post.grid_code == place, in_force())
            .distinct()
            .order_by(User.id)
        )
        if found := list(session.scalars(held)):
            return found
    return []


@dataclass(frozen=True)
class Event:
    """Something that happened to a board: a version was hung (``number``), it became stale
    (``reason``), or neither: it is true again.
    """

    at: datetime
    actor: str
    number: str = ""
    reason: str = ""


def versions(session: Session, board: Board) -> list[IssuedDocument]:
    """The versions of a board that were issued, newest first."""
    found = (
        select(IssuedDocument)
        .where(
            IssuedDocument.kind == "notice-board",
            IssuedDocument.grid_code == board.grid_code,
            IssuedDocument.size == board.size,
            IssuedDocument.lang == board.lang,
        )
        .order_by(IssuedDocument.issue_no.desc())
        .limit(MOST_VERSIONS)
    )
    return list(session.scalars(found))


def history(session: Session, board_id: int) -> list[Event]:
    """What happened to a board, newest first, as far back as the audit log is read."""
    entries = session.execute(
        select(AuditEntry.at, AuditEntry.actor, AuditEntry.changes)
        .where(AuditEntry.table_name == Board.__tablename__, AuditEntry.row_id == board_id)
        .order_by(AuditEntry.id.desc())
        .limit(MOST_ENTRIES)
    ).all()
    found = []
    for at, actor, text in entries:
        changes = json.loads(text) if text else {}
        hung, why = (_after(changes.get(name)) for name in ("document_id", "stale_reason"))
        if hung or (changes.get("posted_on") and "document_id" not in changes):
            found.append((at, actor, hung or 0, ""))
        elif "stale_reason" in changes:
            found.append((at, actor, 0, why or ""))
    ids = {entry[2] for entry in found if entry[2]}
    numbers = dict(
        session.execute(
            select(IssuedDocument.id, IssuedDocument.number).where(IssuedDocument.id.in_(ids))
        ).all()
    )
    return [Event(at, who, numbers.get(key, ""), why) for at, who, key, why in found]


def _after(change: Any) -> Any:
    """The new value in an entry: [old, new] of a change, the value of a new row."""
    return change[1] if isinstance(change, list) else change


# -- states, as presets of the list --------------------------------------------------------------


def not_hung(found: Select[Any]) -> Select[Any]:
    """No version hangs yet."""
    return found.where(Board.document_id.is_(None))


def stale(found: Select[Any]) -> Select[Any]:
    """The wall says what is no longer true, or the board is too old."""
    return found.where(Board.stale_since.is_not(None))


def ready(found: Select[Any]) -> Select[Any]:
    """A new version waits to be hung."""
    return found.where(Board.replacement_id.is_not(None))


def lacking(found: Select[Any]) -> Select[Any]:
    """Out of date, and nothing to hang instead yet."""
    return found.where(Board.stale_since.is_not(None), Board.replacement_id.is_(None))


def overdue(found: Select[Any]) -> Select[Any]:
    """The day by which the new version was to hang has passed."""
    return found.where(is_overdue())


def current(found: Select[Any]) -> Select[Any]:
    """What hangs is true."""
    return found.where(Board.document_id.is_not(None), Board.stale_since.is_(None))


def too_old(found: Select[Any]) -> Select[Any]:
    """Hung longer ago than a board may be."""
    return found.where(Board.stale_reason == "age")


def is_overdue() -> ColumnElement[bool]:
    """Condition: to be replaced by a day that has passed."""
    return Board.replace_by < clock.today()
