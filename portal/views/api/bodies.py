"""From the JSON of a write to the form of the entity's page, and from its messages back."""

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import types as sa_types
from werkzeug.datastructures import MultiDict

from portal.forms.entity import EntityForm
from portal.queries.search import storable
from portal.rules.masking import mask
from portal.views.entity import forms

SCALAR = (str, int, float, bool, type(None))


def field_names(entity: Any, columns: list[str]) -> dict[str, str]:
    """Column → name of its form field (a foreign key stands in the field of its relation)."""
    found = {name: name for name in columns}
    for relation in entity.__mapper__.relationships:
        if relation.direction.name == "MANYTOONE":
            column = next(iter(relation.local_columns)).key
            if column in found:
                found[column] = relation.key
    return found


def faults(data: dict[str, Any], names: dict[str, str]) -> dict[str, list[str]]:
    """What is wrong with a body before any form sees it: names and kinds of values."""
    wrong: dict[str, list[str]] = {}
    for name, value in data.items():
        if name not in names:
            wrong[str(name)[:80]] = [_("There is no such field, or it cannot be changed.")]
        elif not isinstance(value, SCALAR) or not storable(str(value)):
            wrong[name] = [_("Send a text, a number, true, false or null.")]
    return wrong


def drop_masked(row: Any, data: dict[str, Any]) -> None:
    """A private value that comes back as it was shown, masked, is one that stays."""
    for name in row.sensitive:
        if data.get(name) and data[name] == mask(getattr(row, name)):
            del data[name]


def fill(view: Any, data: dict[str, Any], names: dict[str, str], *, new: bool) -> EntityForm:
    """The form of ``view`` with ``data``: all fields of a new row, otherwise those given."""
    wanted = [field for column, field in names.items() if new or column in data]
    typed = MultiDict({names[column]: _typed(value) for column, value in data.items()})
    # null takes a private value away; left out, it stays
    typed.update({forms.REMOVE + names[c]: "y" for c, value in data.items() if value is None})
    form_type = forms.build(view, wanted, new=new, exact=True)
    return form_type(formdata=typed, meta={"csrf": False})


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "y" if value else "false"
    return "" if value is None else str(value)


def messages(form: EntityForm, names: dict[str, str]) -> dict[str, list[str]]:
    """The messages of ``form`` by column; those about the whole row under the empty name."""
    columns = {field: column for column, field in names.items()}
    told = {columns.get(n or "", n or ""): list(texts) for n, texts in form.errors.items()}
    return {name: [str(text) for text in texts] for name, texts in told.items() if texts}


def comparable(column: Any, asked: dict[str, Any]) -> bool:
    """Whether a filter's value can be compared with ``column`` on both engines."""
    value = asked.get("value")
    if asked.get("opr") in ("in", "not_in"):
        return isinstance(value, list) and all(_fits(column.type, item) for item in value)
    return all(_fits(column.type, item) for item in (value if isinstance(value, list) else [value]))


def _fits(kind: Any, value: Any) -> bool:
    if isinstance(kind, sa_types.Boolean):
        return value is True or value is False or value == "y"
    if isinstance(kind, sa_types.Integer):
        whole = str(value).removeprefix("-")
        return whole.isascii() and whole.isdigit() and len(whole) < 10
    if not isinstance(value, str) or not storable(value):
        return False
    try:
        if isinstance(kind, sa_types.DateTime):
            datetime.fromisoformat(value)
        elif isinstance(kind, sa_types.Date):
            date.fromisoformat(value)
    except ValueError:
        return False
    return True
