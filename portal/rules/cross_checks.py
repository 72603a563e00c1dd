"""Questions of one grid to another (信息反馈协查): asked, answered, withdrawn.

A question lies once on each side, so that the one scope mechanism answers for both: each side reads
the row of its own grid. The asking side's row knows the person or household of its register; the
asked side gets the words of the question and nothing else. What one side does is mirrored to the
other by the portal itself, and only the columns named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import CrossCheck, Grid, Household, Resident
from portal.queries import settings
from portal.queries.directory import is_active
from portal.rules import numberless

LONGEST = timedelta(days=90)
REGISTER_LEVELS = ("community", "area", "block", "cell")


@dataclass(frozen=True)
class Question:
    """What is asked: ``other_code`` is the asked grid, ``subject`` whom it is about in words."""

    other_code: str
    subject: str
    question: str
    reply_by: date | None = None
    resident: Resident | None = None
    household: Household | None = None


def ask(session: Session, grid_code: str, asked: Question) -> CrossCheck:
    """Ask in the name of ``grid_code``; the caller commits. Raises RuleError with ``grid``,
    ``other``, ``subject``, ``question`` or ``reply_by``.
    """
    today = clock.today()
    grids = select(Grid).where(Grid.code == asked.other_code, is_active())
    other = session.scalars(grids).one_or_none()
    if other is None or other.level not in REGISTER_LEVELS:
        raise RuleError(_l("Choose the grid that is to answer."), "other")
    if other.code.startswith(grid_code) or grid_code.startswith(other.code):
        raise RuleError(_l("Ask another grid: what lies in your own you can look up."), "other")
    about = asked.resident or asked.household
    if about is not None and not about.grid_code.startswith(grid_code):
        raise RuleError(_l("Ask in the name of the grid in which they are on record."), "grid")
    for name in ("subject", "question"):
        _no_numbers(getattr(asked, name), name)
    days = settings.numbers(session)["cross_checks.reply_days"]
    reply_by = asked.reply_by or today + timedelta(days=days)
    if not today <= reply_by <= today + LONGEST:
        raise RuleError(_l("Choose a day from today on, within three months."), "reply_by")
    words = {
        "subject": asked.subject,
        "question": asked.question,
        "asked_by": scope.actor().name or scope.actor().username,
        "reply_by": reply_by,
        "state": "open",
    }
    sent = CrossCheck(
        side="sent",
        grid_code=grid_code,
        other_code=other.code,
        resident_id=asked.resident.id if asked.resident else None,
        household_id=asked.household.id if asked.household else None,
        **words,
    )
    session.add(sent)
    session.flush()
    with scope.acting(scope.SYSTEM):
        received = CrossCheck(
            side="received",
            grid_code=other.code,
            other_code=grid_code,
            twin_id=sent.id,
            **words,
        )
        session.add(received)
        session.flush()
        sent.twin_id = received.id
        session.flush()
    return sent


def answer(session: Session, received: CrossCheck, outcome: str, text: str | None) -> None:
    """Answer a question that was received; the caller commits. Raises RuleError."""
    _lock(session, received)
    if received.side != "received" or received.state != "open":
        raise RuleError(_l("This question is no longer open."))
    if outcome != "yes" and not text:
        raise RuleError(_l("Say in a sentence what was found."), "answer")
    _no_numbers(text or "", "answer")
    told = {
        "state": "answered",
        "outcome": outcome,
        "answer": text,
        "answered_by": scope.actor().name or scope.actor().username,
        "answered_at": clock.now(),
    }
    _write(session, received, told)


def withdraw(session: Session, sent: CrossCheck) -> None:
    """Take a question back that nobody answered; the caller commits. Raises RuleError."""
    _lock(session, sent)
    if sent.side != "sent" or sent.state != "open":
        raise RuleError(_l("This question is no longer open."))
    _write(session, sent, {"state": "withdrawn"})


def _lock(session: Session, own: CrossCheck) -> None:
    """Both sides in one order, so that answering and withdrawing wait for each other."""
    both = select(CrossCheck.id).where(CrossCheck.id.in_((own.id, own.twin_id)))
    session.execute(both.order_by(CrossCheck.id).with_for_update())
    session.refresh(own)


def _write(session: Session, own: CrossCheck, told: Mapping[str, object]) -> None:
    """Change one's own row within one's scope, then the other side's by the portal itself."""
    for name, value in told.items():
        setattr(own, name, value)
    session.flush()
    with scope.acting(scope.SYSTEM):
        twin = session.get(CrossCheck, own.twin_id) if own.twin_id else None
        if twin is not None:
            for name, value in told.items():
                setattr(twin, name, value)
            session.flush()


def _no_numbers(text: str, name: str) -> None:
    """The other side needs no number of anybody: a name and a year of birth find a person."""
    if numberless.holds_number(text):
        raise RuleError(
            _l("Leave identity numbers and telephones out: a name and a year of birth will do."),
            name,
        )
