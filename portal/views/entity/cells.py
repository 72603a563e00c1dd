"""How one value of a row is worded: choices, dates, relations, masked numbers."""

from datetime import date, datetime, time
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from portal import roles, scope
from portal.rules.masking import mask
from portal.views import translating
from portal.views.context import format_date, format_number
from portal.views.labels import LABELS
from portal.views.page import Cell, CellKind


def label_of(view: Any, name: str) -> str:
    """The label of a column in this view."""
    return str(view.labels.get(name) or LABELS.get(name, name))


def cell(view: Any, row: Any, name: str, label: str) -> Cell:
    """The cell of ``row`` in column ``name``, which is called ``label``."""
    text, kind = worded(view, row, name)
    link, toned = link_of(view, row, name), getattr(view, f"tone_{name}", None)
    if toned is not None and text:
        return Cell(name, label, text, link, "badge", toned(row))
    return Cell(name, label, text, link, kind)


def worded(view: Any, row: Any, name: str) -> tuple[str, CellKind]:
    """The text of a value, as this identity may see it, and its kind."""
    own = getattr(view, f"worded_{name}", None)
    if own is not None:
        return str(own(row)), "text"
    value = getattr(row, name)
    if value is None or value == "":
        return "", "text"
    if name in getattr(type(row), "sensitive", ()):
        return mask(value), "code"
    if name in view.choices:
        words = translating.words_kept()
        key = (view.slug, name, value)
        if key not in words:
            words[key] = str(view.choices[name].get(value, value))
        return words[key], "badge"
    return _plain(value, name)


def _plain(value: Any, name: str) -> tuple[str, CellKind]:
    if isinstance(value, bool):
        return (_("yes") if value else _("no")), "text"
    if isinstance(value, datetime | date):
        return format_date(value), "date"
    if isinstance(value, time):
        return value.strftime("%H:%M"), "date"
    if isinstance(value, int):
        return format_number(value), "number"
    if isinstance(value, list):
        return _(", ").join(name_of(item) for item in value), "text"
    if hasattr(value, "__table__"):
        return name_of(value), "text"
    code = name in ("code", "grid_code", "number", "username")
    return str(value), "code" if code else "text"


def name_of(row: Any) -> str:
    """What a related row is called, in the language of the page where it has names in both."""
    english = not str(get_locale()).startswith("zh")
    names = ("name_en", "title_en") if english else ()
    for name in (*names, "name", "name_zh", "title", "username"):
        if text := getattr(row, name, None):
            return str(text)
    return str(row)


def link_of(view: Any, row: Any, name: str) -> str | None:
    """The address of the related record, where the identity may read it."""
    if name not in view.to_one:
        return None
    target = getattr(row, name)
    resource = getattr(target, "resource", None)
    if target is None or resource is None or not scope.current().can(roles.READ, resource):
        return None
    if target.scope_column and not target.scope_above:
        prefixes = scope.current().prefixes(roles.READ, resource)
        if not scope.covers(prefixes, getattr(target, target.scope_column)):
            return None
    other = view.view_of(resource)
    return f"{other.route_base}/show/{target.id}" if other else None
