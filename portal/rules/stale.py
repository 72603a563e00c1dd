"""Which boards a change may have made untrue: one mechanism for every road a write takes.

A listener of the session sees every flush; bulk writes (imports) call ``note``. What was gathered
is handed to ``jobs.boards.refresh`` after the commit, one job per transaction and without a name of
its own, so that a change which comes while an earlier job runs is looked at all the same. Here only
the reach is told; whether a board really says something else is decided there.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from portal import queue
from portal.models import Board, Duty, Grid, Hotline, LeadingGroup, Post, PostRole, Worker
from portal.scope import CODE_LENGTHS, EVERYWHERE, ancestors, smallest

log = logging.getLogger(__name__)

JOB = "jobs.boards.refresh"
TIMEOUT = 3600  # seconds; a duty stands on every board
GATHERED = "portal.stale"  # Session.info: the Reach of the transaction
HUNG = "portal.stale.hung"  # Session.info: whether there is any board at all
COMMUNITY = CODE_LENGTHS["community"]
# Columns that no board shows: a change of these alone reaches nothing.
SILENT = {"version", "created_at", "updated_at", "search_terms", "note", "address", "difficulty"}
SILENT |= {"phone", "phone_index", "user_id", "origin", "detail", "evidence", "paper_replaced"}
SILENT |= {"formed_on", "photo"}


@dataclass
class Reach:
    """Boards in the subtrees ``within``, of the grids ``exactly``, and of wherever ``workers``
    serve.
    """

    within: set[str] = field(default_factory=set)
    exactly: set[str] = field(default_factory=set)
    workers: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.within or self.exactly or self.workers)


def install(session_factory: Any) -> None:
    """Attach the listeners to a session factory; once per process."""
    if not event.contains(session_factory, "after_flush", _gather):
        event.listen(session_factory, "after_flush", _gather)
        event.listen(session_factory, "after_commit", _ask)
        event.listen(session_factory, "after_rollback", _forget)


def note(session: Session, model: type[Any], row_id: int | None, codes: Iterable[str]) -> None:
    """A row of ``model`` was written past the session: ``codes`` are the grids that it has, had
    or is about.
    """
    reach = REACHES.get(model)
    if reach is not None:
        for code in codes or (EVERYWHERE,):
            reach(_gathered(session), code, row_id)


def look_at(session: Session, code: str, *, below: bool = False) -> None:
    """After the commit, look at the boards of a grid, and of those ``below``: what hangs or waits
    there was chosen by somebody who may not have known the latest.
    """
    reach = _gathered(session)
    (reach.within if below else reach.exactly).add(code)


def _gathered(session: Session) -> Reach:
    if GATHERED not in session.info:
        # A new portal fills its tables before there is a board, or a queue.
        any_board = select(Board.id).limit(1)
        session.info[HUNG] = session.connection().scalar(any_board) is not None
        session.info[GATHERED] = Reach()
    reach: Reach = session.info[GATHERED]
    return reach


def _everywhere(reach: Reach, _code: str, _row_id: int | None) -> None:
    reach.within.add(EVERYWHERE)


def _subtree(reach: Reach, code: str, _row_id: int | None) -> None:
    reach.within.add(code)


def _post(reach: Reach, code: str, _row_id: int | None) -> None:
    """Below its grid everybody sees who is responsible; the grid above names its heads."""
    reach.within.add(code)
    reach.exactly.update(ancestors(code)[-1:])


def _worker(reach: Reach, _code: str, row_id: int | None) -> None:
    if row_id is not None:
        reach.workers.add(row_id)


def _grid(reach: Reach, code: str, _row_id: int | None) -> None:
    """Its own board, those of what it touches, of what lies in it, and of what it lies in."""
    above = ancestors(code)
    near = code[:COMMUNITY] if len(code) > COMMUNITY else (above or (EVERYWHERE,))[-1]
    reach.within.add(near)


REACHES: dict[type[Any], Callable[[Reach, str, int | None], None]] = {
    Post: _post,
    Worker: _worker,
    Grid: _grid,
    Hotline: _subtree,
    LeadingGroup: _subtree,
    Duty: _everywhere,
    PostRole: _everywhere,
}


def _gather(session: Session, _context: UOWTransaction) -> None:
    for row in (*session.new, *session.deleted, *session.dirty):
        if type(row) in REACHES and _tells(session, row):
            note(session, type(row), inspect(row).dict.get("id"), _codes(session, row))


def _tells(session: Session, row: Any) -> bool:
    """Whether the change can show on a board."""
    if row in session.new or row in session.deleted:
        return True
    state = inspect(row)
    return any(
        state.attrs[column.key].history.has_changes()
        for column in state.mapper.column_attrs
        if column.key not in SILENT
    )


def _codes(session: Session, row: Any) -> set[str]:
    """The grids that the row belongs to or belonged to; none: to no grid."""
    column = row.scope_column
    if column is None:
        return set()
    state = inspect(row)
    now = state.dict.get(column) if row in session.deleted else getattr(row, column)
    return {code or EVERYWHERE for code in (now, *(state.attrs[column].history.deleted or ()))}


def _ask(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint's end is not yet a commit
        return
    reach: Reach | None = session.info.pop(GATHERED, None)
    hung = session.info.pop(HUNG, None)
    if not reach or not hung:
        return
    try:
        within = list(smallest(reach.within))
        many = any(len(prefix) <= COMMUNITY for prefix in within)
        args = within, sorted(reach.exactly), sorted(reach.workers)
        queue.enqueue(JOB, *args, timeout=TIMEOUT, long=many)
    except RedisError:  # the nightly review makes up for it
        log.warning("the queue is away: boards are looked at with the nightly review")


def _forget(session: Session) -> None:
    if session.get_nested_transaction() is None:
        session.info.pop(GATHERED, None)
        session.info.pop(HUNG, None)
