"""Notice boards are rendered here, and only here: PDF needs memory that web workers keep free."""

import gc

from portal.documents.board import render_board as draw
from portal.documents.board import warm_up as warm_up_drawing
from portal.extensions import db
from portal.rules.boards import issue_board


def render_board(grid_code: str, size: str, lang: str) -> int:
    """Issue the board of a grid if it changed; the id of the issued document in force.

    Raises as ``portal.rules.boards.issue_board``.
    """
    document = issue_board(db.session, grid_code, size, lang, draw)
    db.session.commit()
    return document.id


def warm_up() -> None:
    """Load fonts, templates, style sheet and catalogue before the worker forks its first job.

    What is there by then stays for good: the collector need not look at it again in every child
    (a full round over the application takes as long as a board).
    """
    warm_up_drawing()
    gc.collect()
    gc.freeze()
