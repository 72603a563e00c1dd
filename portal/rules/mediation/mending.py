"""What was entered wrongly in a mediation file, or will not be, while the file is open. Raised and
committed as in ``keeping.py``; ``seen`` is the version of the file that was looked at.
"""

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import (
    CaseNotice,
    MediationFile,
    MediationParty,
    MediationSession,
    MediationTerm,
)
from portal.rules.mediation.keeping import Promise, begin, check_role, check_term, writing


def mend_party(
    session: Session,
    row: MediationFile,
    party: MediationParty,
    told: tuple[str, str | None, str | None],
    *,
    seen: int | None = None,
) -> None:
    """Something was entered wrongly; ``told``: role, name, contact. An empty name or contact stays
    as it is, for nobody needs to open the one to mend the other.
    """
    begin(session, row, seen=seen)
    role, name, contact = told
    check_role(role)
    with writing(row):
        party.role = role
        party.name = (name or "").strip() or party.name
        party.contact = (contact or "").strip() or party.contact
        session.flush()


def mend_term(
    session: Session,
    row: MediationFile,
    term: MediationTerm,
    told: Promise,
    *,
    seen: int | None = None,
) -> None:
    """Another wording, party or day, while nothing is agreed."""
    begin(session, row, seen=seen)
    check_term(session, row, told)
    with writing(row):
        term.text, term.party_id, term.due_on = told[0].strip(), told[1], told[2]
        session.flush()


def drop_session(
    session: Session, row: MediationFile, meeting: MediationSession, *, seen: int | None = None
) -> None:
    """A meeting that will not be held, or was not; what was recorded stays."""
    begin(session, row, seen=seen)
    if meeting.record is not None:
        raise RuleError(_l("It is on record: it was held."))
    told = (CaseNotice.matter_id == row.matter_id, CaseNotice.kind == "session")
    with writing(row):
        session.delete(meeting)
        # Its key may come again (SQLite), and with it a day that nobody was told of.
        session.execute(delete(CaseNotice).where(*told, CaseNotice.ref == meeting.id))
        session.flush()
