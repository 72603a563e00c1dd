"""Tokens of the API: they end with the password, and refuse in the words of the portal."""

from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_jwt_extended import JWTManager

from portal.extensions import db
from portal.views.security.session import FINGERPRINT, fingerprint


def manager_for(app: Flask, lookup: Any) -> JWTManager:
    """The manager of ``app``; ``lookup`` finds the account of a token.

    Every token carries a digest of the password in use; refusals are the API's JSON.
    """
    manager = JWTManager(app)
    manager.user_lookup_loader(lookup)
    manager.additional_claims_loader(_claims)
    for loader in (manager.unauthorized_loader, manager.invalid_token_loader):
        loader(lambda reason: refused())
    for loader in (
        manager.expired_token_loader,
        manager.revoked_token_loader,
        manager.needs_fresh_token_loader,
        manager.user_lookup_error_loader,
    ):
        loader(lambda header, data: refused())
    return manager


def refused() -> ResponseReturnValue:
    """401, whatever is wrong with the token."""
    return jsonify({"message": _("Sign in first."), "fields": {}}), 401


def _claims(identity: str) -> dict[str, Any]:
    user = db.session.get(User, int(identity))
    return {FINGERPRINT: fingerprint(user)} if user is not None else {}


def fits(user: User, claims: dict[str, Any]) -> bool:
    """Whether a token with ``claims`` was given for the password in use."""
    return claims.get(FINGERPRINT) == fingerprint(user)
