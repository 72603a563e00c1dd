"""Passwords: how strong, how often wrong, when to change (GB/T 22239, unique identity)."""

from datetime import timedelta

from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash
from zxcvbn import zxcvbn

from portal import clock
from portal.errors import RuleError
from portal.models import AccountState

SHORTEST = 10
LONGEST = 72  # zxcvbn takes longer and longer for longer ones
WEAKEST = 3  # zxcvbn's score from 0 to 4
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


def check_strength(password: str, *told: str) -> None:
    """Raise RuleError when ``password`` is weak, or made of what others know (``told``)."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RuleError(_l("Use 10 to 72 characters for the password."), "password")
    judged = zxcvbn(password, user_inputs=[word for word in told if word])
    if judged["score"] < WEAKEST:
        raise RuleError(
            _l(
                "This password is easy to guess. Use several words that do not belong together,"
                " or a mix of letters, digits and signs without names, dates or rows of keys."
            ),
            "password",
        )


def state_of(session: Session, user: User) -> AccountState:
    """The account's state, made on first need."""
    state = session.scalar(select(AccountState).where(AccountState.user_id == user.id))
    if state is None:
        state = AccountState(user_id=user.id)
        session.add(state)
    return state


def change_password(session: Session, user: User, password: str, *, by_owner: bool) -> None:
    """Set ``password``; one set by somebody else must be changed at the next sign-in.

    Raises RuleError when it is too weak or the one in use.
    """
    check_strength(password, user.username, user.first_name, user.last_name, user.email)
    user.password = generate_password_hash(password)
    state = state_of(session, user)
    state.must_change_password = not by_owner
    state.password_changed_at = clock.now()
    state.locked_until = None
    user.fail_login_count = 0


def is_locked(session: Session, user: User) -> bool:
    """Whether the account is locked just now after too many wrong passwords."""
    until = state_of(session, user).locked_until
    return until is not None and clock.local(until) > clock.local(clock.now())


def note_failure(session: Session, user: User) -> None:
    """Count a wrong password; lock the account for 15 minutes after five in a row."""
    if (user.fail_login_count or 0) >= FAILURES:
        state_of(session, user).locked_until = clock.now() + LOCKED_FOR
        user.fail_login_count = 0
