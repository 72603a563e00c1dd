"""Pages for everybody: no session, no inline script or style, cacheable."""

from typing import Any

from flask import Flask

from portal.views.public.answers import VisitorSessions
from portal.views.public.board import board, limit
from portal.views.public.find import find
from portal.views.public.grid import directory
from portal.views.public.home import home


def register_public(app: Flask, builder: Any) -> None:
    """Register the public pages."""
    app.session_interface = VisitorSessions()
    limit(builder)
    for blueprint in (home, find, directory, board):
        app.register_blueprint(blueprint)
