"""Language and print size: two cookies, no session, so that public pages stay cacheable."""

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.views.context import LANGUAGE_COOKIE, PRINT_COOKIE
from portal.views.targets import is_ours

A_YEAR = 365 * 24 * 3600
SIZES = ("normal", "large")

preferences = Blueprint("preferences", __name__)


@preferences.get("/preferences/")
def choose() -> ResponseReturnValue:
    """Set ``lang`` or ``print`` and go back to ``next``; unknown values change nothing."""
    target = request.args.get("next", "")
    answer = redirect(target if is_ours(target) else url_for("home.index"))
    wanted = {
        LANGUAGE_COOKIE: (request.args.get("lang"), current_app.config["LANGUAGES"]),
        PRINT_COOKIE: (request.args.get("print"), SIZES),
    }
    for cookie, (value, known) in wanted.items():
        if value is not None and value in known:
            answer.set_cookie(
                cookie,
                value,
                max_age=A_YEAR,
                samesite="Lax",
                secure=current_app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
            )
    return answer
