"""The form of an entity view: columns and relations by their names."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, Field
from wtforms.validators import InputRequired, Length, Optional

from portal import roles, scope
from portal.extensions import db
from portal.forms.entity import EntityForm, field_for, form_class
from portal.forms.lookup import LookupField, LookupManyField, Option
from portal.forms.moments import CodesField, WordedField
from portal.queries.search import matches
from portal.views.entity.cells import label_of
from portal.views.entity.interface import visible

OFFERED = 20
REMOVE = "remove_"  # ticked beside a private value that is kept while its field is empty


def build(view: Any, columns: list[str], *, new: bool, exact: bool = False) -> type[EntityForm]:
    """The form class of ``view`` for adding (``new``) or editing.

    ``exact``: related rows are given by their key only (programs), never by a name typed.
    """
    fields: dict[str, Field] = {}
    for name in columns:
        fields[name] = _field(view, name, new, exact)
        if name in view.entity.sensitive and not new and view.datamodel.is_nullable(name):
            what = label_of(view, name)
            fields[REMOVE + name] = BooleanField(
                _l("Remove what is on record: %(what)s", what=what)
            )
    return form_class(f"{view.entity.__name__}Form", fields | view.extra_fields(new))


def own_field(view: Any, name: str) -> Field:
    """The field of one column as the form of ``view`` for adding has it, for a form elsewhere."""
    return _field(view, name, True, False)


def row_lookup(
    view: Any, resource: str, label: Any, told: Any = "", *, needed: bool = True
) -> LookupField:
    """A field for a row of ``view`` that a row of ``resource`` may refer to."""
    return LookupField(
        label,
        [InputRequired(_l("Choose one.")) if needed else Optional()],
        description=told,
        url=f"{view.route_base}/lookup/?for={resource}",
        resolve=lambda key: resolve(view.entity, key, resource),
        search=lambda text: search(view.entity, text, resource, 4),
    )


def _field(view: Any, name: str, new: bool, exact: bool) -> Field:
    label, told = label_of(view, name), str(view.help_texts.get(name, ""))
    if view.datamodel.is_relation(name):
        return _lookup(view, name, label, told, exact)
    column = view.entity.__mapper__.columns[name]
    if name in view.codes:
        checks = [Optional() if column.nullable else InputRequired(_l("Choose one."))]
        options = list(view.codes[name](view).items())
        return CodesField(label, checks, description=told, choices=options)
    if name in view.worded:
        longest = Length(max=column.type.length, message=_l("Use at most %(max)d characters."))
        return WordedField(
            label, [Optional(), longest], description=told, words=view.worded[name]()
        )
    kept = name in view.entity.sensitive and not new
    if kept:
        told = str(_l("Leave empty to keep what is on record."))
    return field_for(column, label, told, view.choices.get(name), kept=kept)


def _lookup(view: Any, name: str, label: str, told: str, exact: bool) -> LookupField:
    target = view.datamodel.get_related_model(name)
    many = view.datamodel.is_relation_many_to_many(name)
    resource = view.entity.resource
    needed = not many and not view.datamodel.is_nullable(name)
    other = view.view_of(target.resource)
    return (LookupManyField if many else LookupField)(
        label,
        [InputRequired(_l("Choose one.")) if needed else Optional()],
        description=told,
        url=f"{other.route_base}/lookup/?for={resource}" if other else "",
        resolve=lambda key: resolve(target, key, resource),
        search=lambda text: [] if exact else search(target, text, resource, 4),
    )


def key_column(model: Any) -> Any:
    """The column others refer to: the code of grids and posts, otherwise the id."""
    return model.code if model.__tablename__ in ("grids", "post_roles") else model.id


def _offered(model: Any, resource: str) -> Any:
    found = select(model).where(visible(model))
    if model.resource == "Grid":
        prefixes = scope.current().prefixes(roles.WRITE, resource)
        found = found.where(scope.within(model.code, prefixes))
    return found


def resolve(model: Any, key: str, resource: str) -> Option | None:
    """The option with ``key``, if the identity may use it for a row of ``resource``."""
    column = key_column(model)
    if column.key == "id" and not (key.isascii() and key.isdigit() and len(key) < 10):
        return None
    value = int(key) if column.key == "id" else key
    row = db.session.scalars(_offered(model, resource).where(column == value)).one_or_none()
    return option(row) if row is not None else None


def search(model: Any, text: str, resource: str, most: int = OFFERED) -> list[Option]:
    """Up to ``most`` options that fit ``text``."""
    return _options(model, _offered(model, resource), text, most)


def search_readable(model: Any, text: str) -> list[Option]:
    """Up to 20 options among all rows that may be read (for filters)."""
    return _options(model, select(model).where(visible(model)), text, OFFERED)


def _options(model: Any, found: Any, text: str, most: int) -> list[Option]:
    if text:
        fits = (
            matches(model, text)
            if hasattr(model, "search_terms")
            else named_column(model).contains(text, autoescape=True)
        )
        found = found.where(fits)
    return [option(row) for row in db.session.scalars(found.order_by(model.id).limit(most))]


def named_column(model: Any) -> Any:
    """The column a row is called by."""
    for name in ("name", "name_zh", "title", "username", "code"):
        if hasattr(model, name):
            return getattr(model, name)
    return model.id


def option(row: Any) -> Option:
    """Key and label of a row."""
    key = getattr(row, key_column(type(row)).key)
    label = getattr(row, named_column(type(row)).key)
    place = getattr(row, "grid_code", None)
    return str(key), _("%(name)s (%(code)s)", name=label, code=place) if place else str(label)
