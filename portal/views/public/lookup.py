"""The grid an address names: there, moved, gone or never known."""

from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.extensions import db
from portal.queries import directory_grid as queries
from portal.queries.regrid_history import successors
from portal.views.public.answers import is_code
from portal.views.public.words import grid_url


class Gone(Exception):
    """A grid that was dissolved without a successor; ``line`` ends with it."""

    def __init__(self, line: list[Any]) -> None:
        super().__init__()
        self.line = line


def find_grid(code: str) -> tuple[list[Any], list[Any]]:
    """The grid with those above it (widest first, itself last), and those right below.

    One statement. An old code redirects for good (301), so that posted QR codes keep working; an
    unknown one is 404, and so is a grid that is announced but not yet in force. One that was
    dissolved without a successor raises Gone.
    """
    if not is_code(code):
        abort(404)
    line, parts = queries.lineage(db.session, code)
    here = line[-1] if line and line[-1].code == code else None
    today = clock.today()
    ended = here is not None and here.active_to is not None and here.active_to < today
    if here is None or ended:
        successor = queries.new_code(db.session, code)
        if successor is not None:
            _move(successor)
        if here is None:
            abort(404)
        raise Gone(line)
    if here.active_from is not None and here.active_from > today:
        abort(404)
    return line, parts


def _move(code: str) -> None:
    """Send the visitor to the same page of another grid."""
    values: dict[str, Any] = {"code" if "code" in (request.view_args or {}) else "grid": code}
    for name in ("size", "level"):  # nothing else of the address reaches url_for
        if name in request.args:
            values[name] = request.args[name]
    abort(redirect(url_for(request.endpoint or "directory.grid", **values), 301))


def answer_gone(blueprint: Blueprint) -> None:
    """Let the pages of ``blueprint`` say that a grid is gone."""
    blueprint.register_error_handler(Gone, _gone)


def _gone(error: Gone) -> ResponseReturnValue:
    """410: whoever scanned the board of a dissolved grid learns so, and where to ask now."""
    title = _("This grid is no longer in use")
    if request.path.endswith((".json", ".geojson")):
        return jsonify({"message": title, "fields": {}}), 410
    above = error.line[-2] if len(error.line) > 1 else None
    heirs = successors(db.session, error.line[-1].code)
    page = render_template(
        "views/public/gone.html",
        title=title,
        heirs=[(row.name, grid_url(row.code)) for row in heirs],
        grid=error.line[-1],
        above=(above.name, grid_url(above.code)) if above else None,
    )
    return page, 410
