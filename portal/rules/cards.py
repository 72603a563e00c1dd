"""Worker cards (持证上岗, P2): issued for a post, valid for a time, taken back when they end.

A number is that of the worker (community, running number) and the issue: 420102002990-0042-02. The
first part stays for good, so that a lost card is no reason to hang a new notice board.
"""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from flask_babel import lazy_gettext as _l
from sqlalchemy import event, func, inspect, select, update
from sqlalchemy.orm import Session, UOWTransaction

from portal import clock
from portal.errors import RuleError
from portal.models import Card, Post, Worker
from portal.models.choices import CARD_REASONS
from portal.queries import cards as queries
from portal.queries.settings import numbers
from portal.queries.staffing import in_force
from portal.rules import audit
from portal.scope import CODE_LENGTHS

TOKEN_BYTES = 32
MOST_YEARS = 10
COMMUNITY_DIGITS = CODE_LENGTHS["community"]
BY_HAND = ("lost", "left")  # reasons that a person chooses; otherwise they say why
POSTS = "cards.posts"  # Session.info: workers whose posts this flush changed


def new_token() -> str:
    """256 random bits for a QR code: nobody guesses one in the life of the universe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def issue(session: Session, worker: Worker, grid_code: str) -> Card:
    """A new card of the worker for a grid; one that was valid there is revoked. The caller commits.

    It expires after the years that the settings say, or with the last post if that is earlier.
    Raises RuleError where the worker holds no post there today.
    """
    today = clock.today()
    last_day = _last_day(session, worker.id, grid_code, today)
    current = select(Card).where(
        Card.worker_id == worker.id, Card.grid_code == grid_code, queries.unrevoked()
    )
    for card in session.scalars(current).all():
        revoke(session, card, "replaced")
    if not worker.number:
        worker.number = next_number(session, grid_code)
    card = Card(
        worker_id=worker.id,
        grid_code=grid_code,
        number=f"{worker.number}-{_issues(session, worker.id) + 1:02d}",
        issued_on=today,
        expires_on=last_day,
        token=new_token(),
    )
    session.add(card)
    session.flush()
    return card


def _last_day(session: Session, worker_id: int, grid_code: str, today: date) -> date:
    ends = session.scalars(
        select(Post.until).where(
            Post.worker_id == worker_id, Post.grid_code == grid_code, in_force()
        )
    ).all()
    if not ends:
        raise RuleError(
            _l("This worker holds no post in this grid today: enter the post first."), "grid"
        )
    years = min(numbers(session)["cards.valid_years"], MOST_YEARS)
    full = today + relativedelta(years=years) - timedelta(days=1)
    dated = [end for end in ends if end is not None]
    return full if len(dated) < len(ends) else min(full, max(dated))


def _issues(session: Session, worker_id: int) -> int:
    found = select(func.count(Card.id)).where(Card.worker_id == worker_id)
    return session.scalar(found) or 0


def next_number(session: Session, grid_code: str) -> str:
    """The next number of a worker of the community: its code and a running number."""
    prefix = f"{grid_code[:COMMUNITY_DIGITS]}-"
    known = session.scalars(select(Worker.number).where(Worker.number.startswith(prefix)))
    used = [text.removeprefix(prefix) for text in known if text]
    last = max((int(text) for text in used if text.isascii() and text.isdigit()), default=0)
    return f"{prefix}{last + 1:04d}"


def revoke(session: Session, card: Card, reason: str, note: str = "") -> None:
    """Take a card back from this moment on; ``note`` says why where ``reason`` is no known one.

    The caller commits. Raises RuleError for a card that is revoked already, and for no reason.
    """
    if card.revoked_on is not None:
        raise RuleError(_l("This card is revoked already."))
    if reason not in CARD_REASONS and not note.strip():
        raise RuleError(_l("Say why the card is taken back."), "note")
    card.revoked_on = max(clock.today(), card.issued_on)
    card.revoke_reason = reason if reason in CARD_REASONS else note.strip()


def revoke_lapsed(session: Session, workers: Iterable[int] | None = None) -> int:
    """Revoke the cards in force of people who serve their grid no more; how many.

    ``workers``: only theirs. Writes past the session (it runs within a flush, too), with entries
    in the audit log.
    """
    table = Card.__table__
    found = select(Card.id, Card.number, Card.grid_code, Card.issued_on).where(
        queries.unrevoked(), ~queries.serving()
    )
    if workers is not None:
        found = found.where(Card.worker_id.in_(list(workers)))
    connection, today = session.connection(), clock.today()
    rows = connection.execute(found).all()
    entries = []
    for row in rows:
        day = max(today, row.issued_on)
        connection.execute(
            update(table)
            .where(table.c.id == row.id)
            .values(
                revoked_on=day,
                revoke_reason="no_post",
                version=table.c.version + 1,
                updated_at=clock.now(),
            )
        )
        changes = {"revoked_on": [None, day.isoformat()], "revoke_reason": [None, "no_post"]}
        entries.append(
            {
                "row_id": row.id,
                "row_label": row.number,
                "grid_code": row.grid_code,
                "changes": changes,
            }
        )
    audit.record_bulk(session, "update", "cards", entries)
    ids = {row.id for row in rows}
    for known in list(session.identity_map.values()):
        if isinstance(known, Card) and inspect(known).dict.get("id") in ids:
            session.expire(known)
    return len(rows)


# A post that ends takes its card with it, whichever way it ends -----------------------------------


def install(session_factory: Any) -> None:
    """Attach the listeners to a session factory; once per process."""
    if not event.contains(session_factory, "after_flush", _note_posts):
        event.listen(session_factory, "after_flush", _note_posts)
        event.listen(session_factory, "after_flush_postexec", _follow_posts)


def _note_posts(session: Session, _context: UOWTransaction) -> None:
    changed = [row for row in (*session.dirty, *session.deleted) if isinstance(row, Post)]
    workers: set[int | None] = set()
    for row in changed:
        state: Any = inspect(row)
        workers |= {state.dict.get("worker_id"), *(state.attrs.worker_id.history.deleted or ())}
    session.info[POSTS] = workers - {None}


def _follow_posts(session: Session, _context: UOWTransaction) -> None:
    workers = session.info.pop(POSTS, None)
    if workers:
        revoke_lapsed(session, workers)
