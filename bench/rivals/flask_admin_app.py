"""Flask-Admin over residents. Runs in ``.venv-bench``; ``DATABASE``: a libpq address.

Tuned: only the columns of the list, related rows by ``column_select_related_list``, no count
(``simple_list_pager``), relations by ``form_ajax_refs``. ``bench`` sees everything; ``leader10``
one cell. Whoever knows the password is signed in; the account is read with every request.
"""

import os
from typing import Any, ClassVar

from flask import Flask, abort, g, redirect, request, session
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import (
    URL,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    String,
    event,
    text,
)
from sqlalchemy.orm import Mapped, configure_mappers, mapped_column, relationship
from wtforms import SelectField

SMALL_CELL = os.environ["SMALL_CELL"]
_address = conninfo_to_dict(os.environ["DATABASE"])
application = Flask(__name__)
application.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SQLALCHEMY_DATABASE_URI=URL.create(
        "postgresql+psycopg",
        username=_address.get("user"),
        database=_address["dbname"],
        query={"host": _address.get("host", "")},
    ),
)
db = SQLAlchemy(application)


class Grid(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "grids"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(80))

    def __str__(self) -> str:
        return self.name


class Household(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "households"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))

    def __str__(self) -> str:
        return self.name


class Resident(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "residents"
    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    grid_code: Mapped[str] = mapped_column(ForeignKey("grids.code"))
    name: Mapped[str] = mapped_column(String(60))
    relation_to_head: Mapped[str | None] = mapped_column(String(16))
    id_type: Mapped[str] = mapped_column(String(20))
    id_number: Mapped[str | None] = mapped_column(String(200))
    sex: Mapped[str | None] = mapped_column(String(8))
    birth_date: Mapped[Any] = mapped_column(Date, nullable=True)
    phone: Mapped[str | None] = mapped_column(String(200))
    registration: Mapped[str] = mapped_column(String(12))
    away: Mapped[bool] = mapped_column(Boolean)
    registered_address: Mapped[str | None] = mapped_column(String(200))
    nation: Mapped[str | None] = mapped_column(String(20))
    education: Mapped[str | None] = mapped_column(String(20))
    occupation: Mapped[str | None] = mapped_column(String(60))
    employer: Mapped[str | None] = mapped_column(String(80))
    moved_in_on: Mapped[Any] = mapped_column(Date, nullable=True)
    moved_out_on: Mapped[Any] = mapped_column(Date, nullable=True)
    died_on: Mapped[Any] = mapped_column(Date, nullable=True)
    created_at: Mapped[Any] = mapped_column(DateTime(timezone=True))

    grid: Mapped[Grid] = relationship(Grid)
    household: Mapped[Household] = relationship(Household)


def _choices(*words: str) -> list[tuple[str, str]]:
    return [(word, word.replace("_", " ").capitalize()) for word in words]


CHOICES = {
    "sex": _choices("male", "female"),
    "id_type": _choices(
        *("resident_id", "residence_permit", "travel_permit", "foreign_permit", "passport"),
        *("other", "temporary"),
    ),
    "registration": _choices("permanent", "floating", "overseas"),
    "relation_to_head": _choices(
        *("head", "spouse", "son", "daughter", "father", "mother", "parent_in_law"),
        *("child_in_law", "grandparent", "grandchild", "sibling", "relative", "unrelated"),
    ),
}


class ResidentView(ModelView):
    """The same columns, order and filters as the portal's list."""

    column_list: ClassVar[list[str]] = [
        *("name", "sex", "birth_date", "grid", "household", "relation_to_head", "id_number"),
        "registration",
    ]
    form_columns: ClassVar[list[str]] = [
        *("household", "grid", "name", "relation_to_head", "id_type", "id_number", "sex"),
        *("birth_date", "phone", "registration", "away", "registered_address", "nation"),
        *("education", "occupation", "employer", "moved_in_on", "moved_out_on", "died_on"),
    ]
    column_details_list = form_columns
    column_select_related_list: ClassVar[list[Any]] = [Resident.grid, Resident.household]
    column_sortable_list: ClassVar[list[str]] = ["name", "sex", "birth_date", "registration"]
    column_filters: ClassVar[list[str]] = ["registration", "sex", "id_type"]
    column_searchable_list: ClassVar[list[str]] = ["name"]
    column_choices = CHOICES
    form_overrides: ClassVar[dict[str, Any]] = dict.fromkeys(CHOICES, SelectField)
    form_args: ClassVar[dict[str, Any]] = {
        name: {"choices": choices} for name, choices in CHOICES.items()
    }
    form_ajax_refs: ClassVar[dict[str, Any]] = {
        "household": {"fields": ("name",), "page_size": 20},
        "grid": {"fields": ("name",), "page_size": 20},
    }
    column_default_sort: ClassVar[list[Any]] = [("grid_code", False), ("id", False)]
    simple_list_pager = True
    can_view_details = True
    can_set_page_size = False
    page_size = 25

    def is_accessible(self) -> bool:
        """Somebody is signed in."""
        if g.user is None:
            abort(403)
        return True

    def get_query(self) -> Any:
        """Everything, or the cell of a leader; in the order of the portal's list."""
        found = super().get_query()
        if g.user.username == "leader10":
            found = found.filter(Resident.grid_code == SMALL_CELL)
        return found


admin = Admin(application, name="Register")
admin.add_view(ResidentView(Resident, db.session, endpoint="residents"))


@application.before_request
def _load_user() -> None:
    g.user = None
    _count_statements()
    if "user" in session:
        asked = text("SELECT id, username, active FROM ab_user WHERE id = :id")
        g.user = db.session.execute(asked, {"id": session["user"]}).one_or_none()


@application.route("/sign-in", methods=["POST"])
def sign_in() -> Any:
    """Starts a session for the account named, if the password is right."""
    if request.form["password"] != os.environ["PASSWORD"]:
        abort(403)
    asked = text("SELECT id FROM ab_user WHERE username = :name")
    session["user"] = db.session.execute(asked, {"name": request.form["username"]}).scalar_one()
    return redirect("/admin/residents/")


def _count_statements() -> None:
    g.seen = []
    g.counting = "X-Bench-Count" in request.headers


with application.app_context():
    configure_mappers()  # before the first request, as a preloaded application should be
    _engine = db.engine


@event.listens_for(_engine, "before_cursor_execute")
def _note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
    if getattr(g, "counting", False):
        g.seen.append(sql)


@application.after_request
def _tell(answer: Any) -> Any:
    if g.counting:
        answer.headers["X-Bench-Statements"] = str(len(g.seen))
    return answer
