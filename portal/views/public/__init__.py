"""Pages for everybody: no session, no inline script or style, cacheable."""

from typing import Any

from flask import Flask

from portal.views.public.home import home


def register_public(app: Flask, builder: Any) -> None:
    """Register the public pages."""
    app.register_blueprint(home)
