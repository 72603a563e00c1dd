"""A document whose text does not fit is refused, naming the part."""

from flask_babel import lazy_gettext as _l
from weasyprint.document import Document

from portal.documents import pdf
from portal.errors import RuleError


def refuse_overfull(document: Document, pages: int = 1) -> None:
    """Raise RuleError unless every fixed box holds its text and there are ``pages`` pages."""
    crowded = pdf.overfull(document)
    if crowded or len(document.pages) != pages:
        raise RuleError(
            _l(
                "This document has no room for the text of: %(zones)s. Shorten it and try again.",
                zones=", ".join(crowded) or "?",
            )
        )
