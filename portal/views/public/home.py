"""``/``: find your grid."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

home = Blueprint("home", __name__)


@home.before_request
def _public() -> None:
    g.public = True


@home.get("/")
def index() -> ResponseReturnValue:
    """The first page of the public side."""
    return render_template("views/public/home.html", title=_("Find your grid"))
