"""What all public pages share: no session, one cache policy, an ETag that a browser may send back.

A page depends on its address and on two cookies (language, print size), so answers vary by
cookie. They may be kept for a minute: whoever withdraws consent must be gone soon.
"""

from typing import Any

from flask import Blueprint, Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import get_locale

SECONDS = 60
A_YEAR = 365 * 24 * 3600
DIGITS = range(6, 20)  # length of a grid code


class VisitorSessions(SecureCookieSessionInterface):
    """Sessions as usual, but a public page never sends the cookie again, not even to somebody
    who is signed in: it may be kept by a cache that others share.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """See Flask; False on public pages."""
        return not g.get("public") and super().should_set_cookie(app, session)


def public_blueprint(name: str) -> Blueprint:
    """A blueprint whose pages are for everybody."""
    blueprint = Blueprint(name, __name__)
    # Runs before every hook before the request, so that all of them know.
    blueprint.url_value_preprocessor(_mark)
    blueprint.after_request(_may_be_kept)
    return blueprint


def _mark(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    g.public = True


def _may_be_kept(response: Response) -> Response:
    response.vary.add("Cookie")
    if response.status_code >= 429:
        response.headers["Cache-Control"] = "no-store"
        return response
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    if response.status_code == 200 and not response.direct_passthrough:
        response.add_etag()
        response.make_conditional(request)
    return response


def is_english() -> bool:
    """Whether this request is answered in English."""
    return str(get_locale()) == "en"


def is_code(text: str) -> bool:
    """Whether ``text`` may be a grid code: digits of a possible number."""
    return len(text) in DIGITS and text.isascii() and text.isdigit()
