"""Cards on paper: single, or in sheets of ten; what must hold before they are printed."""

from dataclasses import replace

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import IssuedDocument
from portal.queries.card_record import CardsRecord, collect_cards
from portal.rules import documents, photos, rendering

KIND = "worker-cards"
SPEC = documents.SPECS[KIND]


def load_cards(session: Session, grid_code: str, lang: str, subject: str = "") -> CardsRecord:
    """The valid cards of a grid and those below it; ``subject``: the key of a single one.

    Raises OutOfScope for an unknown grid, RuleError where there is no valid card.
    """
    only = int(subject) if subject.isascii() and subject.isdigit() and len(subject) < 10 else None
    address = current_app.config["PORTAL_PUBLIC_URL"]
    record = collect_cards(session, grid_code, lang, address, only)
    if record is None or (subject and only is None):
        raise OutOfScope(f"no cards of {grid_code} {subject}")
    if not record.cards:
        if subject:
            raise RuleError(_l("This card is not valid any more: issue a new one."))
        raise RuleError(
            _l("No valid card is on record for %(grid)s: issue cards first.", grid=record.name)
        )
    return record


def with_faces(record: CardsRecord) -> CardsRecord:
    """The record with the photos of its people read, ready to be drawn."""
    cards = tuple(replace(card, face=photos.face_uri(card.photo)) for card in record.cards)
    return replace(record, cards=cards)


def digest(record: CardsRecord) -> str:
    """What makes another paper. The secrets of the cards are no part of it, their keyed hashes are;
    the address of the portal is.
    """
    cards = tuple(replace(card, url=card.url.rpartition("/")[0], face="") for card in record.cards)
    return documents.digest_of(replace(record, cards=cards))


def request_cards(
    grid_code: str, size: str, lang: str, subject: str, wait_seconds: float
) -> IssuedDocument | None:
    """The paper as it stands today, drawn by the queue worker if it changed.

    None if that is not done within ``wait_seconds``, or the queue is away: ask again. Raises as
    ``load_cards``.
    """
    record = load_cards(db.session, grid_code, lang, subject)
    return rendering.request(SPEC, record, digest(record), size, wait_seconds, subject)
