"""From the address of a list to its statement, its chips and its links."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, request
from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, select
from sqlalchemy.orm import defer, joinedload

from portal import scope
from portal.models import Grid
from portal.queries import paging
from portal.queries.register import SEALED
from portal.views.entity import forms
from portal.views.entity.cells import label_of
from portal.views.entity.interface import visible
from portal.views.page import Chip, Filter, Preset

CONTROLS = ("q", "size", "order", "after", "before", "preset", "columns")
LONGEST_SEARCH = 100
# Columns of a related row that lists need.
BRIEF = {
    "Grid": ("code", "name", "level"),
    "Building": ("id", "name", "grid_code"),
    "Dwelling": ("id", "name", "grid_code"),
    "Household": ("id", "name", "grid_code"),
}


@dataclass(frozen=True)
class Query:
    """What the address asks of a list: search, filters, preset, order and place."""

    q: str = ""
    preset: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    part: paging.Slice = field(default_factory=paging.Slice)
    columns: tuple[str, ...] = ()  # empty: those of the list
    known: int | None = None  # how many there are, where somebody has counted already

    def params(self, **changes: str | None) -> list[tuple[str, str]]:
        """The address of this query with ``changes``, without empty values."""
        order = f"-{self.part.column}" if self.part.descending else self.part.column
        values: dict[str, str | None] = {"q": self.q, "preset": self.preset, **self.filters}
        values["order"] = order
        values["size"] = str(self.part.size) if self.part.size != paging.SIZE else None
        values["columns"] = ",".join(self.columns)
        values.update(changes)
        return [(name, value) for name, value in values.items() if value]


def parse(view: Any) -> Query:
    """The query in the address of this request; unknown words are ignored, bad cursors are 400."""
    args = request.args
    column, descending = view.default_order
    wanted = args.get("order", "")
    if wanted.lstrip("-") in view.order_columns:
        column, descending = wanted.lstrip("-"), wanted.startswith("-")
    part = paging.Slice(
        min(max(_number(args.get("size", ""), paging.SIZE), 1), paging.MAX_SIZE),
        column,
        descending,
        args.get("after") or None,
        args.get("before") or None,
    )
    preset = args.get("preset", "")
    filters = {name: args[name].strip() for name in view.filter_names if args.get(name, "").strip()}
    if "grid_code" in filters:
        filters["grid_code"] = code_meant(filters["grid_code"])
    return Query(
        _searched(args.get("q", "")),
        preset if preset in view.presets else "",
        filters,
        part,
        view.columns_in(args.get("columns", "")),
    )


def _searched(text: str) -> str:
    """What is searched for: at most 100 characters, or the hashes of a number."""
    return text if SEALED.fullmatch(text) else text.strip()[:LONGEST_SEARCH]


def code_meant(text: str) -> str:
    """The code of the grid that was typed by its name (there may be no script to choose it)."""
    if text[:1].isdigit():
        return text
    found = forms.search_readable(Grid, text)
    exact = [code for code, label in found if label == text]
    chosen = exact or [code for code, _label in found]
    return chosen[0] if len(chosen) == 1 else text


def _number(text: str, otherwise: int = -1) -> int:
    """``text`` as a number that both engines take; ``otherwise`` where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def statement(
    view: Any, query: Query, action: str = "read", *, walked: bool = False
) -> Select[Any]:
    """The scoped select of the rows the query asks for, without order and limit; ``walked``: the
    search without its index.
    """
    return narrowed(view, select(view.entity).where(visible(view.entity, action)), query, walked)


def narrowed(view: Any, found: Select[Any], query: Query, walked: bool = False) -> Select[Any]:
    """Of the rows in scope (``found``) those the query asks for."""
    if query.q and view.searchable:
        found = found.where((view.walked_by if walked else view.found_by)(query.q))
    for name, value in query.filters.items():
        found = found.where(_condition(view, name, value))
    if query.preset:
        found = view.presets[query.preset][1](found)
    return found


def _condition(view: Any, name: str, value: str) -> Any:
    model = view.entity
    if name == "grid_code":
        code = value.split(" ")[0]
        known = (code,) if code.isascii() and code.isdigit() else ()
        return scope.within(getattr(model, model.scope_column), known)
    if view.datamodel.is_relation(name):
        column = view.datamodel.get_relation_fk(name)
        if column.type.python_type is str:
            return column == value
        return column == _number(value)
    column = getattr(model, name)
    if view.datamodel.is_boolean(name):
        return column.is_(value == "1")
    if view.datamodel.is_integer(name):
        return column == _number(value)
    return column == value


def touches_scope(view: Any, query: Query) -> bool:
    """Whether the grid that the query is narrowed to lies in, or above, what may be read."""
    code = query.filters.get("grid_code", "").split(" ")[0]
    prefixes = scope.current().prefixes("read", view.entity.resource)
    return not code or any(code.startswith(p) or p.startswith(code) for p in prefixes)


def with_relations(view: Any, found: Select[Any], shown: Sequence[str]) -> Select[Any]:
    """Load the relations the list shows in the same statement."""
    options = []
    for name in dict.fromkeys((*view.list_columns, *shown)):  # rows are called by them too
        if view.datamodel.is_relation_many_to_one(name):
            load = joinedload(getattr(view.entity, name))
            brief = BRIEF.get(view.datamodel.get_related_model(name).__name__)
            if brief:
                target = view.datamodel.get_related_model(name)
                load = load.load_only(*(getattr(target, column) for column in brief))
            options.append(load)
    # What no cell shows is not opened for nothing.
    unseen = (name for name in view.entity.sensitive if name not in shown)
    options += [defer(getattr(view.entity, name)) for name in unseen]
    return found.options(*options)


def fetch(view: Any, query: Query, shown: Sequence[str]) -> paging.Page:
    """The page the query asks for, ready for its columns ``shown``."""
    session, model = view.datamodel.session, view.entity
    found = with_relations(view, statement(view, query), shown)
    narrow = bool(query.q or query.filters or query.preset)
    scoped = walked = None
    if getattr(model, "search_indexed", False) and (
        narrow or query.part.column not in paging.SCOPE_ORDER
    ):
        scoped = with_relations(view, select(model).where(visible(model)), shown)
    if scoped is not None and query.q and view.searchable:
        walked = with_relations(view, statement(view, query, walked=True), shown)
        if session.get_bind().dialect.name == "sqlite" and _in_one_cell(view, query):
            found = walked  # its planner cannot weigh the words against the cell: the cell is less
        elif hint := view.search_hint(query.q):
            found = found.with_hint(model, hint, "sqlite")
    try:
        return paging.fetch(
            session, found, model, query.part,
            scoped=scoped, walked=walked, rare=narrow, known=query.known,
        )  # fmt: skip
    except paging.BadCursor:
        abort(400)


def _in_one_cell(view: Any, query: Query) -> bool:
    asked = (query.filters.get("grid_code", "").split(" ")[0],)
    seen = scope.current().prefixes("read", view.entity.resource)
    cell = scope.CODE_LENGTHS["cell"]
    return any(len(codes) == 1 and len(codes[0]) >= cell for codes in (asked, seen))


def link(view: Any, query: Query, **changes: str | None) -> str:
    """The address of this list with ``changes``."""
    text = urlencode(query.params(**changes))
    return f"{view.route_base}/list/" + (f"?{text}" if text else "")


def chips(view: Any, query: Query) -> list[Chip]:
    """The filters in force, each with the address that removes it."""
    found = [
        Chip(
            label_of(view, name), _value_text(view, name, value), link(view, query, **{name: None})
        )
        for name, value in query.filters.items()
    ]
    if query.q:
        found.insert(0, Chip(_("Search"), view.worded_search(query.q), link(view, query, q=None)))
    if query.preset:
        label = str(view.presets[query.preset][0])
        found.append(Chip(_("Shown"), label, link(view, query, preset=None)))
    return found


def _value_text(view: Any, name: str, value: str) -> str:
    if name in view.choices:
        options = {str(key): text for key, text in view.choices[name].items()}
        return str(options.get(value, value))
    if view.datamodel.is_boolean(name):
        return _("yes") if value == "1" else _("no")
    if view.datamodel.is_relation(name):
        target = view.datamodel.get_related_model(name)
        key = view.relation_key(name)
        row = view.datamodel.session.scalar(
            select(target).where(visible(target), cast(key, String) == value)
        )
        return str(row) if row is not None else value
    return value


def filters(view: Any, query: Query) -> list[Filter]:
    """The fields of the filter form."""
    found = []
    for name in view.filter_columns:
        value, label = query.filters.get(name, ""), label_of(view, name)
        if name == "grid_code":
            found.append(Filter(name, label, "grid", [], value, "/grids/lookup/"))
        elif name in view.choices:
            options = [(str(key), str(text)) for key, text in view.choices[name].items()]
            found.append(Filter(name, label, "choice", options, value))
        elif view.datamodel.is_boolean(name):
            found.append(Filter(name, label, "bool", [("1", _("yes")), ("0", _("no"))], value))
        else:
            found.append(Filter(name, label, "text", [], value))
    return found


def presets(view: Any, query: Query) -> list[Preset]:
    """The ready-made views of the list, as tabs."""
    if not view.presets:
        return []
    plain = replace(query, preset="", part=replace(query.part, after=None, before=None))
    found = [Preset("", _("All"), link(view, plain), not query.preset)]
    for name, (label, _narrow) in view.presets.items():
        url = link(view, plain, preset=name)
        found.append(Preset(name, str(label), url, query.preset == name))
    return found
