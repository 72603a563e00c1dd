"""One REST API per entity view, made from its declaration (``/api/v1/<slug>/``)."""

from __future__ import annotations

import copy
from typing import Any

import prison
from flask import g, has_request_context, request
from flask_appbuilder.api import ModelRestApi
from flask_appbuilder.exceptions import FABException
from flask_appbuilder.hooks import before_request
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.filters import SQLAFilterConverter
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, validate_csrf
from sqlalchemy import Time
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope
from portal.rules.masking import mask
from portal.views.api import bodies
from portal.views.api.answers import AnswersMixin, body
from portal.views.entity.cells import label_of
from portal.views.entity.interface import ScopedInterface

METHODS = {
    "get": roles.READ,
    "get_list": roles.READ,
    "info": roles.READ,
    "post": roles.WRITE,
    "put": roles.WRITE,
    "delete": roles.REMOVE,
}
UNTOLD = {"search_terms", "phone_index", "password", "boundary", "report", "user_id"}
UNTOLD |= {"token", "token_index", "request", "hook"}  # not even in part
SAFE = ("GET", "HEAD", "OPTIONS")
FURTHEST = 100_000  # pages


class EntityApi(AnswersMixin, ModelRestApi):
    """FAB's REST API within the scope, with request-local filters and a token for cookies.

    A write fills the form of the entity's page and takes the same road from there: the same
    words, the same rules, and nothing shared between requests (FAB's own schemas keep the row
    that is being changed in an attribute that all threads see).
    """

    entity: Any = None
    view_class: Any = None
    allow_browser_login = True
    method_permission_name = METHODS
    csrf_exempt = True  # the token is asked for below, for cookies only

    @property
    def _filters(self) -> Filters:
        """A copy per request: the prototype is shared by every thread of the process."""
        if not has_request_context():
            return self.__dict__.get("_prototype", Filters(SQLAFilterConverter, self.datamodel))
        name = f"filters_{id(self)}"
        if name not in g:
            own = copy.copy(self._prototype)
            own.clear_filters()
            setattr(g, name, own)
        return getattr(g, name)

    @_filters.setter
    def _filters(self, prototype: Filters) -> None:
        self._prototype = prototype

    def response_403(self) -> Any:
        """403; 404 for a row that is out of sight, whatever right is missing."""
        key, identity = (request.view_args or {}).get("pk"), scope.current()
        readable = identity.can(roles.READ, self.entity.resource)
        if key is not None and readable and self.datamodel.find(key) is None:
            return self.response_404()
        return super().response_403()

    @before_request(only=["get", "get_list", "info"])
    def check_question(self) -> Any:
        """400 for a ``q`` that is no Rison; its parser fails in many ways."""
        try:
            prison.loads(request.args.get("q") or "()")
        except Exception:
            return self.response_400()
        return None

    # reading -------------------------------------------------------------------

    def get_headless(self, pk: Any, **kwargs: Any) -> Any:
        """One row; a key beyond the range of keys is no row."""
        if not 0 < int(pk) < 2**31:
            return self.response_404()
        return super().get_headless(pk, **kwargs)

    def _handle_filters_args(self, rison_args: dict[str, Any]) -> Filters:
        for asked in rison_args.get("filters", []):
            name = asked.get("col")
            column = self.entity.__mapper__.columns.get(name) if name else None
            if column is not None and not bodies.comparable(column, asked):
                raise FABException(_("The value does not fit the column: %(name)s", name=name))
        return super()._handle_filters_args(rison_args)

    def _sanitize_page_args(self, page: Any, page_size: Any) -> Any:
        return super()._sanitize_page_args(min(max(page or 0, 0), FURTHEST), page_size)

    def _get_field_info(self, field: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        told: dict[str, Any] = super()._get_field_info(field, *args, **kwargs)
        view = self.view()
        # FAB translates an empty description, and gets the head of the catalogue.
        told["description"] = str(view.help_texts.get(field.name, ""))
        told["label"] = label_of(view, field.name)
        return told

    def pre_get(self, data: dict[str, Any]) -> None:
        """Mask what is private."""
        self._mask(data.get("result", {}))

    def pre_get_list(self, data: dict[str, Any]) -> None:
        """Mask what is private."""
        for row in data.get("result", []):
            self._mask(row)

    def _mask(self, row: dict[str, Any]) -> None:
        for name in self.entity.sensitive:
            if row.get(name):
                row[name] = mask(row[name])

    # writing -------------------------------------------------------------------

    def post_headless(self) -> Any:
        """Add a row within the scope."""
        if not self.view().may_add():
            return self.response_403()
        return self._write(self.entity(), self.add_columns, new=True)

    def put_headless(self, pk: Any) -> Any:
        """Change the given columns of a row within the scope; the others stay."""
        if (refused := self._refused(pk, roles.WRITE)) is not None:
            return refused
        return self._write(self.datamodel.find(pk), self.edit_columns, new=False)

    def delete_headless(self, pk: Any) -> Any:
        """Delete a row within the scope."""
        if (refused := self._refused(pk, roles.REMOVE)) is not None:
            return refused
        view, row = self.view(), self.datamodel.find(pk)
        if view.blockers([row]):
            return self._not_done(None)
        try:
            view.erase([row])
        except (OutOfScope, Forbidden, IntegrityError, StaleDataError) as refusal:
            return self._not_done(refusal)
        return self.response(200, message="OK")

    def _refused(self, pk: Any, action: str) -> Any:
        if self.datamodel.find(pk) is None:
            return self.response_404()
        return None if self.datamodel.find(pk, action) is not None else self.response_403()

    def _write(self, row: Any, columns: list[str], *, new: bool) -> Any:
        data = body()
        if data is None:
            return self.response_400()
        if not (data or new):
            return self.response_422({"": [_("Nothing is to be changed.")]})
        view, names = self.view(), bodies.field_names(self.entity, columns)
        if wrong := bodies.faults(data, names):
            return self.response_422(wrong)
        bodies.drop_masked(row, data)
        form = bodies.fill(view, data, names, new=new)
        try:
            saved = form.validate() and view.save(form, row, new=new)
        except (OutOfScope, Forbidden) as refusal:
            return self._not_done(refusal)
        if not saved:
            if form.conflict:
                return self._not_done(None)
            return self.response_422(bodies.messages(form, names))
        return self.response(201 if new else 200, id=row.id, result=self._told(row.id))

    def _told(self, pk: int) -> dict[str, Any]:
        row: dict[str, Any] = self.show_model_schema.dump(self.datamodel.find(pk), many=False)
        self._mask(row)
        return row

    def _not_done(self, refusal: Exception | None) -> Any:
        self.datamodel.session.rollback()
        if isinstance(refusal, OutOfScope):
            return self.response_404()
        if isinstance(refusal, Forbidden):
            return self.response_403()
        return self.refusal(409, _("This does not fit what is already on record."))

    def view(self) -> Any:
        """The entity view this API was made from."""
        views = self.appbuilder.baseviews
        return next(v for v in views if isinstance(v, self.view_class))


def check_cookie_write() -> Any:
    """Refuse a write that comes with a browser's session and without its token."""
    if request.method in SAFE or not request.path.startswith("/api/"):
        return None
    if not current_user.is_authenticated:  # a token of the API: no browser can be lured
        return None
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except (CSRFError, ValueError) as error:
        raise CSRFError(str(error)) from error
    return None


def make_api(view: Any) -> type[EntityApi]:
    """The API class of an entity view."""
    entity = view.entity
    writable = list(filter(None, (_column_name(entity, name) for name in view.form_columns)))
    fixed = {_column_name(entity, name) for name in view.fixed_columns}
    editable = [name for name in writable if name not in fixed]
    mapped = [column.key for column in entity.__mapper__.column_attrs]
    columns = [name for name in mapped if name not in UNTOLD or name in writable]
    told = [name for name in columns if name not in entity.sensitive]
    body = {
        "entity": entity,
        "view_class": view,
        "datamodel": ScopedInterface(entity),
        "resource_name": view.slug,
        "class_permission_name": entity.resource,
        "openapi_spec_tag": entity.resource,
        "list_columns": columns,
        "show_columns": columns,
        "search_columns": [name for name in told if not _is_time(entity, name)],
        "order_columns": [name for name in told if not view.orders or name in view.orders],
        "base_order": ("id", "asc"),
        "add_columns": writable or ["id"],
        "edit_columns": editable or ["id"],
        "include_route_methods": set(view.api_methods),
        "max_page_size": 200,
    }
    return type(f"{entity.__name__}Api", (EntityApi,), body)


def _is_time(entity: Any, name: str) -> bool:
    """Times of day: the framework has no filter for them."""
    return isinstance(entity.__mapper__.columns[name].type, Time)


def _column_name(entity: Any, name: str) -> str | None:
    """The column behind a name of the form; lists of rows are not written through the API."""
    relation = entity.__mapper__.relationships.get(name)
    if relation is None:
        return name
    return next(iter(relation.local_columns)).key if not relation.uselist else None
