"""Flask-AppBuilder as a newcomer would use it, on a copy of the same database.

Stock interfaces, stock views, ``base_filters`` on the grid code as FAB's own guide shows them, so
that each leak test first sees the leak and then what our views make of the same request.
"""

import re
from pathlib import Path
from typing import Any

from flask import Flask, flash, redirect
from flask_appbuilder import AppBuilder, Model, ModelRestApi, ModelView
from flask_appbuilder.actions import action
from flask_appbuilder.fields import AJAXSelectField
from flask_appbuilder.fieldwidgets import Select2AJAXWidget
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.filters import FilterStartsWith
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.views import MasterDetailView
from sqlalchemy.orm import relationship

from portal.models import Grid, Post, Team, Worker
from tests.support.client import Page, PageClient, form_values

AREA = "42010200299001"  # all that the newcomer's account should see
ROLE = "Clerk"
UNGRANTED = {(right, "NewcomerPostView") for right in ("can_list", "can_show")} | {
    (right, "NewcomerDetailView") for right in ("can_list", "can_show")
}

OURS = "grid,worker,posts,captain"  # our classes write the same columns

stock_db = SQLA(metadata=Model.metadata)  # a session of its own: none of our listeners


class NewcomerGrid(Model):
    """A grid, without any of our base classes."""

    __table__ = Grid.__table__

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class NewcomerWorker(Model):
    """A worker of a grid."""

    __table__ = Worker.__table__
    grid = relationship(NewcomerGrid, overlaps=OURS)
    posts = relationship("NewcomerPost", back_populates="worker", overlaps=OURS)
    led = relationship("NewcomerTeam", back_populates="captain", overlaps=OURS)

    def __str__(self) -> str:
        return self.name


class NewcomerPost(Model):
    """A post of a worker."""

    __table__ = Post.__table__
    worker = relationship(NewcomerWorker, back_populates="posts", overlaps=OURS)

    def __str__(self) -> str:
        return f"{self.role} {self.grid_code}"


class NewcomerTeam(Model):
    """A team with a captain."""

    __table__ = Team.__table__
    grid = relationship(NewcomerGrid, overlaps=OURS)
    captain = relationship(NewcomerWorker, back_populates="led", overlaps=OURS)

    def __str__(self) -> str:
        return self.name


OWN = [["grid_code", FilterStartsWith, AREA]]
OWN_GRIDS = [["code", FilterStartsWith, AREA]]


class NewcomerPostView(ModelView):
    """Posts; the account may not list them."""

    datamodel = SQLAInterface(NewcomerPost)
    base_filters = OWN
    list_columns = ["role", "grid_code", "basis"]
    search_columns = ["role"]


class NewcomerWorkerView(ModelView):
    """Workers of the area, with an action."""

    datamodel = SQLAInterface(NewcomerWorker)
    base_filters = OWN
    related_views = [NewcomerPostView]
    list_columns = ["name", "origin"]
    show_columns = ["name", "origin"]
    add_columns = ["name", "origin", "number", "grid"]
    edit_columns = ["name", "origin", "number", "grid"]
    search_columns = ["name", "origin", "grid"]

    @action("rename", "Rename", "Really?", "fa-pencil")
    def rename(self, rows: Any) -> Any:
        """Writes into the rows it was given."""
        for row in rows if isinstance(rows, list) else [rows]:
            row.name = "已改名"
            self.datamodel.edit(row)
            flash(f"{row.number} done", "info")
        return redirect("/")


class NewcomerTeamView(ModelView):
    """Teams whose captain is chosen with FAB's AJAX field, filtered by ``base_filters``."""

    datamodel = SQLAInterface(NewcomerTeam)
    base_filters = OWN
    list_columns = ["name", "kind"]
    add_columns = ["name", "kind", "grid_code", "captain"]
    edit_columns = ["name", "kind"]
    search_columns = ["name"]
    add_form_extra_fields = {
        "captain": AJAXSelectField(
            "Captain",
            datamodel=datamodel,
            col_name="captain",
            widget=Select2AJAXWidget(endpoint="/api/v1/newcomerworkerapi/"),
        )
    }


class NewcomerDetailView(ModelView):
    """Workers without a filter of their own: it is the master that is filtered."""

    datamodel = SQLAInterface(NewcomerWorker)
    list_columns = ["name", "number"]
    search_columns = ["name"]


class NewcomerMasterView(MasterDetailView):
    """Grids of the area on the left, their workers on the right."""

    datamodel = SQLAInterface(NewcomerGrid)
    base_filters = OWN_GRIDS
    list_columns = ["name"]
    search_columns = ["name"]
    related_views = [NewcomerDetailView]


class NewcomerWorkerApi(ModelRestApi):
    """REST over workers of the area."""

    resource_name = "newcomers"
    datamodel = SQLAInterface(NewcomerWorker)
    allow_browser_login = True
    base_filters = OWN
    list_columns = ["id", "name", "origin"]
    show_columns = ["id", "name", "origin"]
    add_columns = ["name", "origin", "grid"]
    edit_columns = ["name", "origin", "grid"]


VIEWS = (
    NewcomerPostView,
    NewcomerWorkerView,
    NewcomerTeamView,
    NewcomerDetailView,
    NewcomerMasterView,
)


class StockClient(PageClient):
    """A browser on the newcomer's application: its pages are not held to our rules."""

    def _page(self, response: Any, path: str, check: bool) -> Any:
        return super()._page(response, path, False)

    def send(self, path: str, data: dict[str, Any]) -> Page:
        """Opens the page at ``path``, changes ``data`` in its form for a record, sends it."""
        page = self.get(path)
        fields = page.one("form [name=name]").find_parent("form")
        assert fields is not None
        return self.post(path, {**form_values(fields), **data})


def make_stock(url: str, uploads: Path, keys: list[bytes]) -> Flask:
    """The newcomer's application on the database at ``url`` (``keys`` open its encrypted column).

    The account's role may do everything there, except list and show posts.
    """
    app = Flask("newcomer")
    app.config.update(
        SECRET_KEY="newcomer-" * 5,
        SQLALCHEMY_DATABASE_URI=url,
        UPLOAD_FOLDER=str(uploads),
        PORTAL_DATA_KEYS=keys,
        AUTH_RATE_LIMITED=False,
        RATELIMIT_ENABLED=False,
        TESTING=True,
    )
    stock_db.init_app(app)
    with app.app_context():
        builder = AppBuilder(app, stock_db.session)
        for view in VIEWS:
            builder.add_view(view, view.__name__)
        builder.add_api(NewcomerWorkerApi)
        _grant(builder.sm)
        stock_db.session.remove()
    return app


def _grant(manager: Any) -> None:
    role = manager.find_role(ROLE)
    names = {view.__name__ for view in VIEWS} | {"NewcomerWorkerApi"}
    for right in stock_db.session.query(manager.permissionview_model).all():
        pair = (right.permission.name, right.view_menu.name)
        if pair[1] in names and pair not in UNGRANTED:
            manager.add_permission_role(role, right)


def options(page: str) -> list[str]:
    """The texts of all options on a page, those included that a script would write."""
    written = page.replace("\\u003c", "<").replace("\\u003e", ">").replace('\\"', '"')
    return re.findall(r"<option[^>]*>([^<]*)</option>", written)
