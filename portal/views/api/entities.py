"""One REST API per entity view, made from its declaration (``/api/v1/<slug>/``)."""

from __future__ import annotations

import copy
from typing import Any

from flask import g, has_request_context, request
from flask_appbuilder.api import ModelRestApi
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.filters import SQLAFilterConverter
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, validate_csrf
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.rules import guard
from portal.rules.masking import mask
from portal.views.entity.interface import ScopedInterface, visible

METHODS = {
    "get": roles.READ,
    "get_list": roles.READ,
    "info": roles.READ,
    "post": roles.WRITE,
    "put": roles.WRITE,
    "delete": roles.REMOVE,
}
UNTOLD = {"search_terms", "phone_index", "password", "boundary", "report", "user_id"}
SAFE = ("GET", "HEAD", "OPTIONS")


class EntityApi(ModelRestApi):
    """FAB's REST API within the scope, with request-local filters and a token for cookies."""

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
        found: Filters = getattr(g, name)
        return found

    @_filters.setter
    def _filters(self, prototype: Filters) -> None:
        self._prototype = prototype

    # answers -----------------------------------------------------------------

    def response_400(self, message: Any = None) -> Any:
        """400 with a message."""
        return self.refusal(400, message or _("This request cannot be read."))

    def response_401(self) -> Any:
        """401 with a message."""
        return self.refusal(401, _("Sign in first."))

    def response_403(self) -> Any:
        """401 for nobody, 403 for somebody."""
        if scope.current().user_id is None:
            return self.response_401()
        return self.refusal(403, _("Your roles do not include this."))

    def response_404(self) -> Any:
        """404, the same for a row out of scope and for none."""
        return self.refusal(404, _("There is no such record."))

    def response_422(self, message: Any = None) -> Any:
        """422 with the messages beside their fields."""
        told = message if isinstance(message, dict) else {}
        text = _("Some values cannot be taken.") if told else str(message)
        return self.refusal(422, text, told)

    def response_500(self, message: Any = None) -> Any:
        """500 without detail; the log has it under the request id."""
        return self.refusal(500, _("The portal made a mistake. Number: %(id)s", id=g.request_id))

    def refusal(self, code: int, message: Any, told: dict[str, Any] | None = None) -> Any:
        """The JSON of every refusal: ``message`` and ``fields``."""
        return self.response(code, message=str(message), fields=told or {})

    # writing -------------------------------------------------------------------

    def post_headless(self) -> Any:
        """Add a row within the scope."""
        return self._guarded(super().post_headless)

    def put_headless(self, pk: Any) -> Any:
        """Change a row within the scope."""
        if (refused := self._refused(pk, roles.WRITE)) is not None:
            return refused
        return self._guarded(super().put_headless, pk)

    def delete_headless(self, pk: Any) -> Any:
        """Delete a row within the scope."""
        if (refused := self._refused(pk, roles.REMOVE)) is not None:
            return refused
        return self._guarded(super().delete_headless, pk)

    def get_headless(self, pk: Any, **kwargs: Any) -> Any:
        """One row; a key that is no number is no row."""
        if not str(pk).isascii() or not str(pk).isdigit() or len(str(pk)) > 9:
            return self.response_404()
        return super().get_headless(pk, **kwargs)

    def _refused(self, pk: Any, action: str) -> Any:
        if self.datamodel.find(pk) is None:
            return self.response_404()
        return None if self.datamodel.find(pk, action) is not None else self.response_403()

    def _guarded(self, write: Any, *args: Any) -> Any:
        session = self.datamodel.session
        try:
            with session.no_autoflush:
                return write(*args)
        except (OutOfScope, Forbidden) as refusal:
            session.rollback()
            return self.response_404() if isinstance(refusal, OutOfScope) else self.response_403()
        except RuleError as refusal:
            session.rollback()
            return self.response_422({refusal.field or "": [str(refusal)]})
        except (IntegrityError, StaleDataError):
            session.rollback()
            return self.refusal(409, _("This does not fit what is already on record."))
        except SQLAlchemyError:
            session.rollback()
            raise

    def pre_add(self, item: Any) -> None:
        """Keys inside the scope, then the rule."""
        self._check(item, new=True)

    def pre_update(self, item: Any) -> None:
        """Keys inside the scope, then the rule."""
        self._check(item, new=False)

    def _check(self, item: Any, *, new: bool) -> None:
        guard.check(scope.current(), roles.WRITE, item)
        for relation in self.entity.__mapper__.relationships:
            if relation.direction.name != "MANYTOONE":
                continue
            target = relation.mapper.class_
            column = next(iter(relation.local_columns))
            value = getattr(item, column.key)
            if value is None or not getattr(target, "resource", None):
                continue
            remote = next(iter(relation.remote_side))
            found = self.datamodel.session.query(target.id).filter(remote == value, visible(target))
            if found.first() is None:
                raise OutOfScope(f"{relation.key} {value}")
        self.view().prepare(item, new=new)

    def view(self) -> Any:
        """The entity view this API was made from."""
        views = self.appbuilder.baseviews
        return next(v for v in views if isinstance(v, self.view_class))

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
    columns = [c.key for c in entity.__mapper__.column_attrs if c.key not in UNTOLD]
    writable = list(filter(None, (_column_name(entity, name) for name in view.form_columns)))
    editable = [n for n in writable if n not in view.fixed_columns]
    body = {
        "entity": entity,
        "view_class": view,
        "datamodel": ScopedInterface(entity),
        "resource_name": view.slug,
        "class_permission_name": entity.resource,
        "openapi_spec_tag": entity.resource,
        "list_columns": columns,
        "show_columns": columns,
        "search_columns": [c for c in columns if c not in entity.sensitive],
        "order_columns": [c for c in columns if c not in entity.sensitive],
        "base_order": ("id", "asc"),
        "add_columns": writable or ["id"],
        "edit_columns": editable or ["id"],
        "include_route_methods": set(view.api_methods),
        "max_page_size": 200,
    }
    return type(f"{entity.__name__}Api", (EntityApi,), body)


def _column_name(entity: Any, name: str) -> str | None:
    """The column behind a name of the form; lists of rows are not written through the API."""
    relation = entity.__mapper__.relationships.get(name)
    if relation is None:
        return name
    return next(iter(relation.local_columns)).key if not relation.uselist else None
