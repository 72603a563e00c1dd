"""What a session remembers of an account, and how it ends."""

import hashlib

from flask import session
from flask_appbuilder.security.sqla.models import User
from flask_login import login_user, logout_user

FINGERPRINT = "fingerprint"
MUST_CHANGE = "must_change"


def begin(user: User, *, must_change: bool) -> None:
    """Start a session tied to the password in use; whatever the browser held before is dropped."""
    session.clear()
    session.permanent = True
    login_user(user, remember=False)
    session[FINGERPRINT] = fingerprint(user)
    session[MUST_CHANGE] = must_change


def end() -> None:
    """End the session."""
    logout_user()
    session.clear()


def fingerprint(user: User) -> str:
    """A short digest of the stored hash; it changes with every change of the password."""
    return hashlib.sha256(f"session:{user.password}".encode()).hexdigest()[:16]
