"""How each kind of document is loaded and drawn; what it is called and has stands in
``portal.rules.documents``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.documents.archive import render_archive
from portal.documents.board import render_board
from portal.documents.cards import render_cards
from portal.documents.manual import render_manual
from portal.documents.plan import render_plan
from portal.documents.sign import render_sign
from portal.errors import RuleError
from portal.models import IssuedDocument
from portal.rules import archives, boards, card_papers, documents, manual, plans, signs

Load = Callable[[Session, str, str, str], Any]
Digest = Callable[[Any], str]


@dataclass(frozen=True)
class Drawing:
    """``load(session, grid_code, lang, subject)`` gives the record (raises OutOfScope, RuleError),
    ``render(record, edition, size)`` PDF bytes and pages, ``digest(record)`` what makes a version.
    """

    load: Load
    render: documents.Render
    digest: Digest = documents.digest_of


def _load_board(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return boards.with_faces(boards.load_board(session, grid_code, lang))


def _load_sign(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return signs.load_sign(session, grid_code, lang)


def _load_plan(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return plans.load_plan(session, grid_code, lang)


def _load_archive(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return archives.load_archive(session, grid_code, lang)


def _load_cards(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return card_papers.with_faces(card_papers.load_cards(session, grid_code, lang, subject))


DRAWINGS: dict[str, Drawing] = {
    boards.KIND: Drawing(_load_board, render_board, boards.content_hash),
    signs.KIND: Drawing(_load_sign, render_sign),
    plans.KIND: Drawing(_load_plan, render_plan),
    card_papers.KIND: Drawing(_load_cards, render_cards, card_papers.digest),
    archives.KIND: Drawing(_load_archive, render_archive, archives.content_digest),
    manual.KIND: Drawing(manual.load_manual, render_manual, manual.content_hash),
}


def issue(
    session: Session, kind: str, grid_code: str, size: str, lang: str, subject: str = ""
) -> IssuedDocument:
    """The document of a grid as it stands today, issued anew if it changed; the caller commits.

    Raises OutOfScope for an unknown grid, RuleError where it cannot be issued or does not exist
    in this size.
    """
    spec, drawing = documents.SPECS[kind], DRAWINGS[kind]
    if size not in spec.sizes:
        raise RuleError(f"{kind}: {', '.join(spec.sizes)}", "size")
    record = drawing.load(session, grid_code, lang, subject)
    digest = drawing.digest(record)
    return documents.issue(session, spec, record, digest, size, drawing.render, subject)
