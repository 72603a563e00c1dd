"""What happens to cards and photos by itself."""

from portal import clock
from portal.extensions import db
from portal.rules import cards, matter_photos, photos

HOUR = 3600  # seconds; a file is written before its row is committed


def nightly(_slot: str) -> str:
    """Revoke the cards of people whose posts ended by their date; remove files that no row has."""
    revoked = cards.revoke_lapsed(db.session)
    db.session.commit()
    before = clock.now().timestamp() - HOUR
    swept = photos.sweep(db.session, before) + matter_photos.sweep(db.session, before)
    return f"revoked {revoked}, swept {swept}"


def forget_photo(sha256: str) -> bool:
    """Remove the files of a picture whose last row was deleted."""
    return photos.forget_file(db.session, sha256)
