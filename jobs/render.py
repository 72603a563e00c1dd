"""Single documents that somebody waits for are drawn here, and only here: the renderer needs memory
that web workers keep free.
"""

from portal.documents import registry
from portal.extensions import db


def document(kind: str, grid_code: str, size: str, lang: str, subject: str = "") -> int:
    """Issue a document if it changed; the id of the issued document in force.

    Raises as ``portal.documents.registry.issue``.
    """
    issued = registry.issue(db.session, kind, grid_code, size, lang, subject)
    db.session.commit()
    return issued.id
