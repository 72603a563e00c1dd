"""What is shown when something is refused or breaks: a page, or JSON for the API."""

import logging

from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from portal.errors import Forbidden, OutOfScope, RuleError
from portal.extensions import db
from portal.rules.masking import hide_numbers
from portal.views import hooks

log = logging.getLogger("portal.errors")


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OutOfScope, lambda error: _answer(404))
    app.register_error_handler(Forbidden, lambda error: _answer(403))
    app.register_error_handler(RuleError, lambda error: _answer(400, str(error)))
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(Exception, _fault)


def _messages() -> dict[int, tuple[str, str]]:
    return {
        400: (
            _("This request cannot be read"),
            _("Something in the address or the form is not right. Go back and try again."),
        ),
        401: (_("Please sign in"), _("Sign in and try again.")),
        403: (
            _("Not yours to do"),
            _("Your roles do not include this. Ask your administrator if you need it."),
        ),
        404: (
            _("Nothing here"),
            _("The page does not exist, or it belongs to a grid that is not yours."),
        ),
        405: (_("Not possible this way"), _("Go back and use the buttons of the page.")),
        409: (_("Changed meanwhile"), _("Somebody changed this meanwhile. Load it again.")),
        413: (_("Too large"), _("The file is too large: the limit is 32 MB.")),
        429: (_("Too many requests"), _("Wait a minute, then try again.")),
        500: (
            _("The portal made a mistake"),
            _("It is noted. Try again; if it stays, tell your administrator the number below."),
        ),
        503: (_("Not ready yet"), _("This takes a moment. Try again in a few seconds.")),
    }


def wants_json() -> bool:
    """Whether the answer goes to a program."""
    return request.path.startswith("/api/") or request.path.endswith((".json", ".geojson"))


def _answer(code: int, detail: str = "") -> ResponseReturnValue:
    db.session.rollback()
    messages = _messages()
    title, text = messages.get(code, messages[400])
    if wants_json():
        return jsonify({"message": detail or title, "fields": {}}), code
    reference = g.get("request_id", "") if code >= 500 else ""
    page = render_template(
        "errors/error.html", code=code, title=title, text=detail or text, reference=reference
    )
    return page, code


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError):
        return _fault(error.original_exception or error)
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if code == 401 and not wants_json():
        return sign_in()
    answer = current_app.make_response(_answer(code))
    for name in ("Retry-After", "Allow"):
        values = dict(error.get_response().headers)
        if name in values:
            answer.headers[name] = values[name]
    if code == 429:
        answer.headers.setdefault("Retry-After", "60")
    return answer


def sign_in() -> Response:
    """To the sign-in page and back here afterwards (without a number that was searched for)."""
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    if target is not None and hide_numbers(target) != target:
        target = request.path if hide_numbers(request.path) == request.path else None
    return current_app.make_response(redirect(url_for("AuthView.login", next=target)))


def _csrf(error: CSRFError) -> ResponseReturnValue:
    return _answer(
        400, _("The page was open too long or came from elsewhere. Load it again and repeat.")
    )


def _fault(error: BaseException) -> ResponseReturnValue:
    where = (g.get("request_id"), request.method, hooks.told_path())
    log.error("fault %s %s %s", *where, exc_info=error)
    return _answer(500)
