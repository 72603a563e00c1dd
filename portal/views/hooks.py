"""What happens around every request: id, log line, headers, language, password to be changed."""

import json
import logging
import secrets
import time
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal import scope
from portal.queries.search import storable
from portal.rules.masking import hide_numbers
from portal.views.security.session import MUST_CHANGE

log = logging.getLogger("portal.request")
FREE_WHILE_CHANGING = {"PasswordView.change", "AuthView.logout", "preferences.choose", "static"}

SECRET_AFTER = ("/verify/",)  # what follows is a secret of its bearer

COMMON_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


def install(app: Flask) -> None:
    """Attach the hooks to ``app``."""
    app.before_request(_begin)
    app.before_request(_refuse_unstorable)
    app.before_request(_password_first)
    app.after_request(_finish)


def csp_nonce() -> str:
    """The nonce of this response's inline script (staff pages only)."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    usable = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 40
    g.request_id = given if usable else secrets.token_hex(8)
    g.started = time.perf_counter()


def _refuse_unstorable() -> None:
    """400 for text that no database takes, wherever in the address or form it stands."""
    for values in (request.args, request.form):
        for name, texts in values.lists():
            if not all(map(storable, (name, *texts))):
                abort(400)
    if not all(storable(str(value)) for value in (request.view_args or {}).values()):
        abort(400)


def _password_first() -> ResponseReturnValue | None:
    if request.endpoint in FREE_WHILE_CHANGING or g.get("public") or "session" not in _cookies():
        return None
    if session.get(MUST_CHANGE):
        if request.path.startswith("/api/"):
            abort(403)
        return redirect(url_for("PasswordView.change"))
    return None


def _cookies() -> set[str]:
    return set(request.cookies)


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    headers["X-Request-ID"] = g.get("request_id", "")
    if not g.get("public"):
        headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    _write_line(response)
    return response


def _policy() -> str:
    policy = dict(COMMON_POLICY)
    policy["script-src"] = "'self'" + (f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "")
    policy["style-src"] = "'self'"
    tiles = urlsplit(current_app.config["PORTAL_MAP_TILES"] or "")
    if tiles.netloc:
        policy["img-src"] += f" {tiles.scheme}://{tiles.netloc}"
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def told_path() -> str:
    """The path of this request as the log may keep it: without what opens something, without a
    number that somebody typed there.
    """
    opener = next((start for start in SECRET_AFTER if request.path.startswith(start)), None)
    return hide_numbers(request.path) if opener is None else f"{opener}…"


def _write_line(response: Response) -> None:
    line = {
        "id": g.get("request_id"),
        "user": (g.get("identity") or scope.ANONYMOUS).username or None,
        "method": request.method,
        "path": told_path(),
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    }
    log.info(json.dumps(line, ensure_ascii=False))
