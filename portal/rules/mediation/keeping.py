"""What is done with a mediation file: parties, sessions, the agreement, its follow-up, the end. How
what was entered wrongly is mended stands in ``mending.py``.

Each function changes one file in the name of who acts now; the caller commits. They raise Forbidden
for who may not keep the file, and RuleError with the field. The file's version moves with whatever
lies in it, so that of two people at once the second one is told; those that write over something
take ``seen``, the version that was looked at.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import Forbidden, RuleError
from portal.models import (
    MediationAttendance,
    MediationFile,
    MediationParty,
    MediationSession,
    MediationTerm,
    WorkOrder,
)
from portal.models.case_choices import AGREEMENT_FORMS, PARTY_ROLES, PERFORMANCES
from portal.queries.settings import numbers
from portal.rules import trace
from portal.rules.mediation.opening import (
    check_words,
    chosen_mediators,
    handles,
    put_mediators,
)
from portal.rules.trace import Step
from portal.rules.unchanged import check_unchanged
from portal.rules.work_orders.moving import locked

MOST_PARTIES, MOST_TERMS = 20, 30
LATEST = timedelta(days=3660)  # of a promise
Promise = tuple[str, int | None, date | None]  # what, the party that performs it, until when


def name_mediators(
    session: Session, row: MediationFile, user_ids: Iterable[int], *, seen: int | None = None
) -> None:
    """Who mediates from now on."""
    begin(session, row, seen=seen)
    order = session.get_one(WorkOrder, row.order_id)
    chosen = chosen_mediators(session, order, user_ids)
    with writing(row):
        put_mediators(session, row, order, chosen)


def add_party(
    session: Session, row: MediationFile, role: str, name: str, contact: str | None
) -> MediationParty:
    """Somebody more whom it concerns."""
    begin(session, row)
    check_role(role)
    if not name.strip():
        raise RuleError(_l("Fill this in."), "name")
    number = _next(session, MediationParty, row.id)
    if number > MOST_PARTIES:
        raise RuleError(_l("At most %(most)s parties.", most=MOST_PARTIES), "name")
    party = MediationParty(
        file_id=row.id, seq=number, role=role, name=name.strip(), contact=contact or None
    )
    with writing(row):
        session.add(party)
        session.flush()
    return party


def plan_session(
    session: Session, row: MediationFile, held_at: datetime, place: str
) -> MediationSession:
    """A meeting of the parties, to be held or already held."""
    begin(session, row)
    planned = MediationSession(file_id=row.id, held_at=held_at, place=place.strip()[:120])
    with writing(row):
        session.add(planned)
        session.flush()
    return planned


@dataclass(frozen=True)
class Held:
    """What came of a session: who was there by party, who else, what was said."""

    party_ids: tuple[int, ...]
    record: str
    others: str | None = None


def record_session(
    session: Session,
    row: MediationFile,
    meeting: MediationSession,
    held: Held,
    *,
    seen: int | None = None,
) -> None:
    """Write down a session that was held."""
    begin(session, row, ended=True, seen=seen)
    if clock.aware(meeting.held_at) > clock.now():
        raise RuleError(_l("It has not been held yet."), "record")
    if not held.record.strip():
        raise RuleError(_l("Write down what was said."), "record")
    check_words(held.record, "record")
    check_words(held.others, "others")
    known = set(_keys(session, MediationParty, row.id))
    if not held.party_ids or not set(held.party_ids) <= known:
        raise RuleError(_l("Tick who was there."), "there")
    with writing(row):
        meeting.record, meeting.others = held.record.strip(), held.others or None
        session.execute(
            delete(MediationAttendance).where(MediationAttendance.session_id == meeting.id)
        )
        session.add_all(
            MediationAttendance(session_id=meeting.id, party_id=key)
            for key in sorted(set(held.party_ids))
        )
        session.flush()


def add_term(
    session: Session,
    row: MediationFile,
    text: str,
    party_id: int | None = None,
    due_on: date | None = None,
) -> MediationTerm:
    """One promise of the agreement: before it is signed, or in its follow-up."""
    begin(session, row, ended=True)
    if row.outcome not in ("open", "agreed"):
        raise RuleError(_l("This file has ended."))
    check_term(session, row, (text, party_id, due_on))
    number = _next(session, MediationTerm, row.id)
    if number > MOST_TERMS:
        raise RuleError(_l("At most %(most)s terms.", most=MOST_TERMS), "text")
    term = MediationTerm(
        file_id=row.id, seq=number, text=text.strip(), party_id=party_id, due_on=due_on
    )
    with writing(row):
        session.add(term)
        session.flush()
    return term


def agree(session: Session, row: MediationFile, form: str, on: date) -> None:
    """An agreement was reached, in writing or orally (28); the 30 days for the joint application to
    the court begin (33).
    """
    begin(session, row)
    if form not in AGREEMENT_FORMS:
        raise RuleError(_l("Choose one."), "form")
    _check_day(row, on)
    sides = select(func.count()).where(
        MediationParty.file_id == row.id, MediationParty.role.in_(("applicant", "respondent"))
    )
    if (session.scalar(sides) or 0) < 2:
        raise RuleError(_l("Enter both sides first: an agreement has two at least."))
    if not _keys(session, MediationTerm, row.id):
        raise RuleError(_l("Enter its terms first: what was agreed, by whom, by when."))
    days = numbers(session)["mediation.confirm_days"]
    with writing(row):
        row.outcome, row.agreement_form, row.ended_on = "agreed", form, on
        row.confirm_by, row.confirmation = on + timedelta(days=days), "open"
        session.flush()
    _note(session, row)


def end(
    session: Session, row: MediationFile, outcome: str, on: date, told_ways: str | None
) -> None:
    """Not agreed, and told of the other ways; or withdrawn."""
    begin(session, row)
    if outcome not in ("not_agreed", "withdrawn"):
        raise RuleError(_l("Choose one."), "outcome")
    _check_day(row, on)
    if outcome == "not_agreed" and not told_ways:
        words = _l("Say which other ways they were told of: arbitration, the court, an authority.")
        raise RuleError(words, "told_ways")
    check_words(told_ways, "told_ways")
    with writing(row):
        row.outcome, row.ended_on, row.told_ways = outcome, on, told_ways or None
        session.flush()
    _note(session, row)


# which states of the confirmation may follow one another
AFTER = {
    "open": ("not_wanted", "applied"),
    "not_wanted": ("applied",),
    "applied": ("confirmed", "refused"),
}


def confirm(session: Session, row: MediationFile, state: str, on: date) -> None:
    """What became of the confirmation by the court; the application is joint, within 30 days."""
    begin(session, row, ended=True)
    if row.outcome != "agreed" or state not in AFTER.get(row.confirmation or "", ()):
        raise RuleError(_l("Choose one."), "confirmation")
    _check_day(row, on)
    if row.ended_on is not None and on < row.ended_on:
        raise RuleError(_l("This was before the agreement."), "on")
    if state == "applied" and row.confirm_by is not None and on > row.confirm_by:
        raise RuleError(
            _l("The 30 days are over: the court takes no joint application any more."), "on"
        )
    with writing(row):
        row.confirmation = state
        if state == "applied":
            row.applied_on = on
        session.flush()


def perform(
    session: Session, row: MediationFile, term: MediationTerm, performance: str, told: Any
) -> None:
    """Whether a promise was kept (31); ``told``: (day, note)."""
    begin(session, row, ended=True)
    if row.outcome != "agreed":
        raise RuleError(_l("There is no agreement to follow up."))
    if performance not in PERFORMANCES:
        raise RuleError(_l("Choose one."), "performance")
    on, note = told
    _check_day(row, on)
    check_words(note, "note")
    if performance == "not_done" and not note:
        raise RuleError(_l("Say what stands in the way, and what is done about it."), "note")
    with writing(row):
        term.performance, term.checked_on, term.note = performance, on, note or None
        session.flush()


# what they share ----------------------------------------------------------------------------------


def begin(
    session: Session, row: MediationFile, *, ended: bool = False, seen: int | None = None
) -> None:
    """Whether who acts may do something with the file now; ``ended``: also after its end."""
    if not handles(session, row):
        raise Forbidden(f"keep {row.number}")
    check_unchanged(row, seen)
    if row.outcome != "open" and not ended:
        raise RuleError(_l("This file has ended."))


def writing(row: MediationFile) -> AbstractContextManager[scope.Identity]:
    """By the portal itself, because a handler may act outside of their grids."""
    row.updated_at = clock.now()
    return scope.acting(scope.SYSTEM)


def check_role(role: str) -> None:
    """Raises RuleError where a party cannot be that."""
    if role not in PARTY_ROLES:
        raise RuleError(_l("Choose one."), "role")


def check_term(session: Session, row: MediationFile, told: Promise) -> None:
    """Raises RuleError with what does not fit of a promise."""
    text, party_id, due_on = told
    if not text.strip():
        raise RuleError(_l("Fill this in."), "text")
    check_words(text, "text")
    if party_id is not None and party_id not in _keys(session, MediationParty, row.id):
        raise RuleError(_l("Choose one."), "party")
    if due_on is not None and not row.opened_on <= due_on <= clock.today() + LATEST:
        raise RuleError(_l("Choose a day after the file was opened."), "due_on")


def _check_day(row: MediationFile, on: date) -> None:
    if not row.opened_on <= on <= clock.today():
        raise RuleError(_l("Choose a day from the opening of the file until today."), "on")


def _keys(session: Session, model: Any, file_id: int) -> list[int]:
    return list(session.scalars(select(model.id).where(model.file_id == file_id)))


def _next(session: Session, model: Any, file_id: int) -> int:
    last = session.scalar(select(func.max(model.seq)).where(model.file_id == file_id))
    return (last or 0) + 1


def _note(session: Session, row: MediationFile) -> None:
    """The order's trail tells how it ended."""
    who, order = scope.current(), locked(session, row.order_id)
    details = {"file": row.number, "outcome": row.outcome}
    entry = Step("mediated", order.state, order.state, None, details)
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        trace.append(session, order, entry, clock.now(), who)
        session.flush()
