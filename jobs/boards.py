"""Notice boards are rendered here, and only here: PDF needs memory that web workers keep free."""

import gc
import logging

from sqlalchemy.orm.exc import StaleDataError

from portal.documents.board import render_board as draw
from portal.documents.board import warm_up as warm_up_drawing
from portal.extensions import db
from portal.queries import boards_hung
from portal.rules import posting
from portal.rules.boards import issue_board
from portal.scope import EVERYWHERE

log = logging.getLogger("portal.boards")

ATTEMPTS = 3  # two jobs, or a job and a person, may change one board at the same moment


class NotAll(Exception):
    """Some boards could not be looked at; the others are done. Running it again tries these."""


def render_board(grid_code: str, size: str, lang: str) -> int:
    """Issue the board of a grid if it changed; the id of the issued document in force.

    Raises as ``portal.rules.boards.issue_board``.
    """
    document = issue_board(db.session, grid_code, size, lang, draw)
    db.session.commit()
    return document.id


def refresh(within: list[str], exactly: list[str], workers: list[int]) -> int:
    """Look at the boards that a change may have reached (``rules/stale.py``), each in a
    transaction of its own; how many it changed. Raises NotAll.
    """
    changed = failed = 0
    for board_id in boards_hung.reached(db.session, within, exactly, workers):
        try:
            changed += _refresh(board_id)
        except Exception:
            log.exception("board %s could not be looked at", board_id)
            failed += 1
    if failed:
        raise NotAll(f"{failed} boards could not be looked at")
    return changed


def review(_slot: str) -> int:
    """Every night all boards: posts that begin or end by date, boards too old, lost jobs."""
    return refresh([EVERYWHERE], [], [])


def _refresh(board_id: int) -> bool:
    for attempt in range(ATTEMPTS):
        try:
            changed = posting.refresh(db.session, board_id, draw)
            db.session.commit()
            return changed
        except StaleDataError:
            db.session.rollback()
            if attempt == ATTEMPTS - 1:
                raise
        finally:
            db.session.rollback()
    return False


def warm_up() -> None:
    """Load fonts, templates, style sheet and catalogue before the worker forks its first job.

    What is there by then stays for good: the collector need not look at it again in every child
    (a full round over the application takes as long as a board).
    """
    warm_up_drawing()
    gc.collect()
    gc.freeze()
