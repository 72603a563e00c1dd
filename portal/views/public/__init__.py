"""Pages for everybody: no session, no inline script or style, cacheable."""

from typing import Any

from flask import Flask

from portal.views.public import board, find, grid, home, map, offline, verify
from portal.views.public.answers import VisitorSessions


def register_public(app: Flask, builder: Any) -> None:
    """Register the public pages."""
    app.session_interface = VisitorSessions()
    board.limit(builder)
    verify.limit(builder)
    for part in (home, find, grid, board, map, verify, offline):
        app.register_blueprint(part.blueprint)
    app.register_blueprint(verify.pictures)
