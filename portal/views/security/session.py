"""What a session remembers of an account, and how it ends."""

import hashlib
import secrets

from flask import session
from flask_appbuilder.security.sqla.models import User
from flask_login import login_user, logout_user

from portal.extensions import db
from portal.rules.sessions import end_session

FINGERPRINT = "fingerprint"
MUST_CHANGE = "must_change"
SID = "sid"


def begin(user: User, *, must_change: bool) -> None:
    """Start a session tied to the password in use; whatever the browser held before is dropped."""
    session.clear()
    session.permanent = True
    login_user(user, remember=False)
    session[FINGERPRINT] = fingerprint(user)
    session[MUST_CHANGE] = must_change
    session[SID] = secrets.token_urlsafe(16)


def end() -> None:
    """End the session for good: a copy of its cookie is worth nothing either."""
    end_session(db.session, session.get(SID))
    db.session.commit()
    logout_user()
    session.clear()


def mark() -> str:
    """A short digest that tells this session from others to a script, and opens nothing."""
    return hashlib.sha256(f"mark:{session.get(SID)}".encode()).hexdigest()[:16]


def fingerprint(user: User) -> str:
    """A short digest of the stored hash; it changes with every change of the password."""
    return hashlib.sha256(f"session:{user.password}".encode()).hexdigest()[:16]
