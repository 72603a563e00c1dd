"""What each kind of document is made of: its record, and what of it makes another version.

Without the drawing (``portal.documents.registry``), so that pages can ask whether the version in
force still says what is true, and what a document lacks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.models import IssuedDocument
from portal.rules import (
    archives,
    boards,
    card_papers,
    documents,
    manual,
    plans,
    population_report,
    signs,
)

Load = Callable[[Session, str, str, str], Any]
Digest = Callable[[Any], str]


@dataclass(frozen=True)
class Source:
    """``load(session, grid_code, lang, subject)`` gives the record (raises OutOfScope, RuleError),
    ``digest(record)`` what makes a version.
    """

    load: Load
    digest: Digest = documents.digest_of


def _board(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return boards.with_faces(boards.load_board(session, grid_code, lang))


def _sign(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return signs.load_sign(session, grid_code, lang)


def _plan(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return plans.load_plan(session, grid_code, lang)


def _archive(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return archives.load_archive(session, grid_code, lang)


def _cards(session: Session, grid_code: str, lang: str, subject: str) -> Any:
    return card_papers.with_faces(card_papers.load_cards(session, grid_code, lang, subject))


SOURCES: dict[str, Source] = {
    boards.KIND: Source(_board, boards.content_hash),
    signs.KIND: Source(_sign),
    plans.KIND: Source(_plan),
    card_papers.KIND: Source(_cards, card_papers.digest),
    archives.KIND: Source(_archive, archives.content_digest),
    manual.KIND: Source(manual.load_manual, manual.content_hash),
    population_report.KIND: Source(population_report.load_report),
}


def still_true(
    session: Session, kind: str, grid_code: str, size: str, lang: str, subject: str = ""
) -> IssuedDocument | None:
    """The version in force if it still says what is true; None where a new one is due, or where
    only its drawing can tell. Raises OutOfScope, and RuleError naming what the document lacks.
    """
    source = SOURCES.get(kind)
    if source is None:
        return None
    record = source.load(session, grid_code, lang, subject)
    newest = documents.newest_issue(session, kind, grid_code, size, lang, subject)
    if newest is None or newest.content_hash != source.digest(record):
        return None
    return newest if documents.is_stored(newest) else None
