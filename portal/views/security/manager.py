"""FAB's security manager, answering from the grants in force and the roles table."""

from typing import Any

from flask import Flask, g, has_app_context, request, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import JWTManager
from sqlalchemy import select, update
from werkzeug.security import check_password_hash

from portal import roles, scope
from portal.extensions import db
from portal.models import EndedSession
from portal.queries.identity import PREFIX, load_identity
from portal.rules import accounts, audit, passwords
from portal.views.api.answers import TokenApi
from portal.views.security import tokens
from portal.views.security.pages import AccountView, AuthView, PasswordView
from portal.views.security.session import FINGERPRINT, SID, fingerprint


def request_identity() -> scope.Identity | None:
    """The identity of the signed-in account of this request, asked for once.

    A page asks some hundred times, so what is known is kept beside the two marks of who signed in
    (by cookie, by token) that it belongs to, and found past the proxies.
    """
    held = vars(g._get_current_object()) if has_app_context() else {}
    kept = held.get("identity_kept")
    if kept and kept[0] is held.get("user") and kept[1] is held.get("_login_user"):
        return held["identity"]
    identity = _asked_identity()
    if identity is not None:
        g.identity_kept = (held.get("user"), held.get("_login_user"))
    return identity


def _asked_identity() -> scope.Identity | None:
    user = g.get("user") if g else None
    if user is None or not user.is_authenticated:
        return None
    known = g.get("identity")
    if known is not None and known.user_id == user.id:
        return known  # whoever asks stays who they are until the answer, whatever it changes
    if not user.is_active:
        return None
    g.identity = load_identity(db.session, user)
    return g.identity


class PortalSecurityManager(SecurityManager):
    """One permission set per request; lockout; sessions that end with the password."""

    security_api = TokenApi

    def register_views(self) -> None:
        """Only the pages the portal uses; accounts and roles are entity views (``app.py``)."""
        api = self.appbuilder.add_api(self.security_api)
        self.auth_view = self.appbuilder.add_view_no_menu(AuthView)
        for view in (api, self.auth_view):
            self.limiter.limit(self.auth_rate_limit, methods=["POST"])(view.blueprint)
        self.appbuilder.add_view_no_menu(PasswordView)
        self.user_view = self.appbuilder.add_view_no_menu(AccountView)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether a role in force holds the permission on the view."""
        return scope.current().can(permission_name.removeprefix(PREFIX), view_name)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Whether everybody may; said by the roles table, not by a query."""
        return roles.permits(roles.PUBLIC, permission_name.removeprefix(PREFIX), view_name)

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Names of the menu entries whose rows may be read (an entry is named as its resource)."""
        identity = scope.current()
        return {name for name in menu_names or () if identity.can(roles.READ, name)}

    def auth_user_db(self, username: str, password: str) -> User | None:
        """The account, or None: wrong name, wrong password, locked or switched off."""
        with scope.acting(scope.SYSTEM):
            user = self.find_user(username=username) or self.find_user(email=username)
            if user is not None and passwords.is_locked(db.session, user):
                check_password_hash(user.password, password)  # the same time as any other answer
                audit.record(db.session, "sign_in_failed", user)
                db.session.commit()
                return None
            found = super().auth_user_db(username, password)
            if user is not None:
                self._note(user, found)
            return None if found is not None and self._must_change_over_api(found) else found

    def noop_user_update(self, user: User) -> None:
        """FAB's write that changes nothing, so that an unknown name takes as long as a known one;
        on the connection, for it is no change that the audit asks about.
        """
        same = update(User).where(User.id == user.id).values(login_count=user.login_count)
        db.session.connection().execute(same)
        db.session.commit()

    def _note(self, user: User, found: User | None) -> None:
        if found is None:
            passwords.note_failure(db.session, user)
        else:
            accounts.synchronise_account(db.session, user)
        done = "sign_in" if found else "sign_in_failed"
        audit.record(db.session, done, user, by_itself=found is not None)
        db.session.commit()

    @staticmethod
    def _must_change_over_api(user: User) -> bool:
        over_api = request.path.startswith("/api/")
        return over_api and passwords.state_of(db.session, user).must_change_password

    def load_user(self, pk: Any) -> User | None:
        """The account of a session; None once it was ended or its password was changed."""
        sid = session.get(SID)
        asked = (
            select(User, EndedSession.id)
            .outerjoin(EndedSession, EndedSession.sid == sid)
            .where(User.id == int(pk))
        )
        user, ended = db.session.execute(asked).one_or_none() or (None, None)
        if user is None or not user.is_active or sid is None or ended is not None:
            return None
        return user if session.get(FINGERPRINT) == fingerprint(user) else None

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Tokens that end with the password."""
        return tokens.manager_for(app, self.load_user_jwt)

    def load_user_jwt(self, _jwt_header: dict[str, Any], jwt_data: dict[str, Any]) -> User | None:
        """The account of a token; None once its password was changed."""
        user = self.get_user_by_id(int(jwt_data["sub"]))
        if user is None or not user.is_active or not tokens.fits(user, jwt_data):
            return None
        g.user = user
        return user
