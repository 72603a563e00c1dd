"""Boards on walls (P5): what hangs, whether it is still true, what replaces it, who is told.

The law asks that a posted grid is updated on change; ``defaults/notice_board.yaml`` gives three
working days. A row per grid, size and language: ``document`` hangs, ``replacement`` waits. Every
step changes the row and writes its message in one transaction, and what was told shows in the row,
so that doing it again tells nobody again.
"""

from datetime import date
from functools import lru_cache
from typing import Any

import yaml
from dateutil.relativedelta import relativedelta
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError, kept
from portal.models import Board, IssuedDocument
from portal.queries import boards_hung
from portal.queries.settings import numbers
from portal.queries.workdays import load_calendar
from portal.rules import boards, documents, inbox, photos, stale
from portal.rules.defaults import FOLDER

PAGE = "/boards/show/"
AGE = "age"


def refresh(session: Session, board_id: int, render: documents.Render) -> bool:
    """Compare a board with what is true now and issue what has to replace it; whether anything
    changed. The caller commits.
    """
    board = boards_hung.board_with_versions(session, board_id)
    if board is None or _dissolved(board):
        return False
    before = _state(board)
    try:
        record = boards.with_faces(boards.load_board(session, board.grid_code, board.lang))
    except RuleError as refusal:
        _lacks(session, board, refusal)
    else:
        digest = boards.content_hash(record)
        hangs = board.document
        if hangs is not None and hangs.content_hash == digest and not _too_old(session, board):
            _holds(session, board)
        else:
            new = documents.issue(session, boards.SPEC, record, digest, board.size, render)
            replace(session, board, new)
    session.flush()
    return _state(board) != before


def expect(session: Session, document: IssuedDocument) -> Board:
    """A version was issued to be hung: note it for the board of its grid, made if missing. The
    caller commits.
    """
    board = _board_of(session, document)
    board = boards_hung.board_with_versions(session, board.id) or board
    hangs = board.document
    if hangs is None or hangs.content_hash != document.content_hash:
        replace(session, board, document)
        session.flush()
    return board


def replace(session: Session, board: Board, new: IssuedDocument) -> None:
    """``new`` is to hang in place of what hangs; the head is told once per version."""
    if board.replacement_id == new.id:
        return
    board.replacement, board.replacement_id = new, new.id
    hangs = board.document
    if hangs is None:
        return  # nothing on the wall is wrong
    reason = (
        AGE
        if hangs.content_hash == new.content_hash
        else boards.changed_part(hangs.content_hash, new.content_hash)
    )
    _mark(session, board, reason)
    params = {"number": new.number, "by_on": _day(board.replace_by)}
    _tell(session, board, "board_stale", params)


def hang(
    session: Session,
    board: Board,
    document_id: int,
    on: date | None = None,
    place: str | None = None,
    photo: tuple[bytes, str] | None = None,
) -> None:
    """The version ``document_id`` hangs on the wall since ``on`` (today), as the ``photo`` (bytes
    and name) shows. The caller commits.

    Raises RuleError for a version of another board, a day that has not come and a bad picture. If
    there is a newer version meanwhile it waits on: ``refresh`` says so.
    """
    document = session.get(IssuedDocument, document_id)
    if document is None or not _belongs(board, document):
        raise RuleError(_l("This is not a version of this board: load the page again."))
    on = on or clock.today()
    if on > clock.today():
        raise RuleError(_l("This day has not come yet."), "posted_on")
    board.document, board.document_id = document, document.id
    board.posted_on = on
    if place is not None:
        board.place = place or None
    board.photo_id = photos.keep(session, *photo, board.grid_code).id if photo else None
    if board.replacement_id in (None, document.id):
        _clear(board)
    elif board.replacement is not None:
        newer = board.replacement.content_hash
        _mark(session, board, boards.changed_part(document.content_hash, newer))
    stale.look_at(session, board.grid_code)
    session.flush()


def take_down(session: Session, board: Board) -> None:
    """The grid of a board is dissolved: what hangs comes off the wall, and its head is told. The
    row goes when somebody deletes it, having taken the board down. The caller commits.
    """
    _clear(board)
    _mark(session, board, boards.PARTS[-1])
    _tell(session, board, "board_down", {"place": board.place or ""})


def _dissolved(board: Board) -> bool:
    ended = board.grid.active_to
    return ended is not None and ended < clock.today()


def workdays_left(session: Session, board: Board, calendar: Any = None) -> int | None:
    """Working days until the board has to be replaced, today not counted; below 0: days late."""
    if board.replace_by is None:
        return None
    calendar = calendar or load_calendar(session)
    today, count = clock.today(), 0
    if board.replace_by < today:
        return -(today - board.replace_by).days
    day = today
    while day < board.replace_by and (following := calendar.next(day)) != day:
        day = following
        count += day <= board.replace_by
    return count


def deadline(session: Session, start: date) -> date:
    """The last working day on which a board that is wrong since ``start`` may hang."""
    calendar = load_calendar(session)
    day = start
    for _turn in range(renewal_days()):
        day = calendar.next(day)
    return day


@lru_cache(maxsize=1)
def renewal_days() -> int:
    """Working days within which a board is renewed (notice_board.yaml)."""
    rules = yaml.safe_load((FOLDER / "notice_board.yaml").read_text(encoding="utf-8"))
    return int(rules["renew_within_workdays"])


def _holds(session: Session, board: Board) -> None:
    """What hangs is true: whatever was to replace it need not be hung any more."""
    if board.replacement_id is None and board.stale_since is None:
        return
    was_stale = board.stale_since is not None
    _clear(board)
    if was_stale:
        _tell(session, board, "board_current", {})


def _lacks(session: Session, board: Board, refusal: RuleError) -> None:
    """Something required is missing: nothing can be issued, so nothing may wait either."""
    if board.document_id is None and board.replacement_id is None:
        return
    if board.stale_since is not None and board.replacement_id is None:
        return  # told already
    board.replacement, board.replacement_id = None, None
    if board.document is not None:
        _mark(session, board, _reason_now(session, board))
        _tell(session, board, "board_lacking", {"lacking": kept(refusal.message)})


def _reason_now(session: Session, board: Board) -> str:
    record = boards.whatever_there_is(session, board.grid_code, board.lang)
    hangs = board.document
    if record is None or hangs is None:
        return boards.PARTS[-1]
    return boards.changed_part(hangs.content_hash, boards.content_hash(record))


def _mark(session: Session, board: Board, reason: str) -> None:
    """The wall is wrong; since when, and by when that has to end, is said only once."""
    if board.stale_since is None:
        board.stale_since = clock.now()
        board.replace_by = deadline(session, clock.today())
    board.stale_reason = reason


def _clear(board: Board) -> None:
    board.replacement, board.replacement_id = None, None
    board.stale_since = board.stale_reason = board.replace_by = None


def _too_old(session: Session, board: Board) -> bool:
    if board.posted_on is None:
        return False
    months = numbers(session)["boards.max_age_months"]
    return board.posted_on + relativedelta(months=months) <= clock.today()


def _board_of(session: Session, document: IssuedDocument) -> Board:
    mine = select(Board).where(
        Board.grid_code == document.grid_code,
        Board.size == document.size,
        Board.lang == document.lang,
    )
    board = session.scalar(mine)
    if board is not None:
        return board
    try:
        with session.begin_nested():
            board = Board(grid_code=document.grid_code, size=document.size, lang=document.lang)
            session.add(board)
    except IntegrityError:  # somebody else made it at the same moment
        return session.scalars(mine).one()
    return board


def _belongs(board: Board, document: IssuedDocument) -> bool:
    mine = (boards.KIND, board.grid_code, board.size, board.lang)
    return (document.kind, document.grid_code, document.size, document.lang) == mine


def _tell(session: Session, board: Board, kind: str, params: dict[str, Any]) -> None:
    told = {"grid": board.grid.name, "size": board.size.upper(), "reason": board.stale_reason}
    people = boards_hung.told(session, board.grid_code)
    where = board.grid_code
    inbox.notify(session, people, kind, told | params, f"{PAGE}{board.id}", place=where)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _state(board: Board) -> tuple[Any, ...]:
    return (board.stale_since, board.stale_reason, board.replacement_id, board.replace_by)
