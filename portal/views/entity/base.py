"""EntityView: a view of one table that only declares; everything else is here.

Scope, masking, audit, keyset paging, eager loading, lookups, export, print and permissions come
with the base. FAB's own routes of a model view are replaced, none is left as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import ModelView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_
from wtforms import Field as FormField

from portal import roles, scope
from portal.errors import Forbidden
from portal.queries.search import asked_words, matches, plainly
from portal.views.entity import cells, forms, query
from portal.views.entity.access import allowed
from portal.views.entity.actions import ActionsMixin
from portal.views.entity.editing import EditingMixin
from portal.views.entity.export import ExportMixin
from portal.views.entity.interface import ScopedInterface
from portal.views.entity.record import RecordMixin
from portal.views.entity.removing import RemovingMixin
from portal.views.entity.saved import SavedListsMixin
from portal.views.page import Column, ListPage, Row

KEPT = ("order", "size", "preset", "columns")  # by the form of search and filters
READ_ONLY = {"get", "get_list", "info"}


class EntityView(
    SavedListsMixin, RecordMixin, EditingMixin, RemovingMixin, ExportMixin, ActionsMixin, ModelView
):
    """One table: list, record, form, deletion, export. Subclasses declare what is below."""

    entity: ClassVar[Any] = None
    slug: ClassVar[str] = ""  # plural, kebab-case: /slug/list/
    list_title: Any = ""
    one_title: Any = ""
    list_columns: ClassVar[list[str]] = []
    show_groups: ClassVar[list[tuple[Any, list[str]]]] = []  # empty: list and form columns
    shows_empty: ClassVar[bool] = True  # a record shows what nobody has filled in yet
    form_columns: ClassVar[list[str]] = []
    fixed_columns: ClassVar[tuple[str, ...]] = ()  # typed when adding, never changed
    filter_columns: ClassVar[list[str]] = []
    link_filters: ClassVar[tuple[str, ...]] = ()  # relations that only links filter by
    search_in: ClassVar[tuple[str, ...]] = ()  # columns or relations; empty: the search terms
    choices: ClassVar[dict[str, dict[Any, Any]]] = {}
    codes: ClassVar[dict[str, Any]] = {}  # column with ``a;b``: words(view) by code, to tick
    worded: ClassVar[dict[str, Any]] = {}  # column typed by words: words() by code
    labels: ClassVar[dict[str, Any]] = {}
    help_texts: ClassVar[dict[str, Any]] = {}
    presets: ClassVar[dict[str, tuple[Any, Any]]] = {}  # name: (label, narrow(select))
    related: ClassVar[tuple[tuple[str, str], ...]] = ()  # (resource, relation that leads here)
    order: ClassVar[tuple[str, ...]] = ("grid_code", "id")
    orders: ClassVar[tuple[str, ...]] = ()  # the only ones of a long list; empty: all listed
    newest_first: ClassVar[bool] = False
    exclude_route_methods: ClassVar[set[str]] = {"download"}
    in_the_way: ClassVar[Any] = _l("Other records depend on it. Move or delete them first:")
    list_template: ClassVar[str] = "views/entity/list.html"
    api_methods: ClassVar[set[str]] = {"get", "get_list", "info", "post", "put", "delete"}

    _views: dict[str | None, Any] | None = None

    def __init__(self, **kwargs: Any) -> None:
        self.datamodel = ScopedInterface(self.entity)
        self.route_base = f"/{self.slug}"
        self.class_permission_name = self.entity.resource
        self.search_columns = ["id"]  # FAB's search form is not used: no column of it either
        self.order_columns = [
            name
            for name in self.orders or (*self.list_columns, *self.order, "id")
            if name in self.entity.__mapper__.columns and name not in self._unsortable()
        ]
        super().__init__(**kwargs)
        self.to_one = frozenset(
            relation.key
            for relation in self.entity.__mapper__.relationships
            if relation.direction.name == "MANYTOONE"
        )
        taken = set(self.filter_names) & set(query.CONTROLS)
        assert not taken, f"{self.slug}: {taken} of the address say how the list is shown"

    def _init_forms(self) -> None:
        """FAB's forms load whole tables; ``forms.build`` makes ours per request."""

    @classmethod
    def _unsortable(cls) -> tuple[str, ...]:
        return getattr(cls.entity, "sensitive", ())

    @property
    def searchable(self) -> bool:
        """Whether the list has a search box."""
        return bool(self.search_in) or hasattr(self.entity, "search_terms")

    def found_by(self, text: str) -> ColumnElement[bool]:
        """Condition: ``text`` is found in the search terms, or in ``search_in``."""
        if not self.search_in:
            return matches(self.entity, text)
        return or_(*(self._found_in(name, text) for name in self.search_in))

    def walked_by(self, text: str) -> ColumnElement[bool]:
        """The same condition for a list that is walked through in its order anyway."""
        if self.search_in or not self.entity.search_indexed:
            return self.found_by(text)
        return plainly(self.entity, asked_words(text))

    def search_hint(self, text: str) -> str:
        """How SQLite comes to the rows by the index of the terms: by key, and by nothing else."""
        return "NOT INDEXED"

    def worded_search(self, text: str) -> str:
        """How the page tells what was searched for."""
        return text

    def _found_in(self, name: str, text: str) -> ColumnElement[bool]:
        attribute = getattr(self.entity, name)
        if self.datamodel.is_relation(name):
            return attribute.has(matches(self.datamodel.get_related_model(name), text))
        return attribute.icontains(text, autoescape=True)

    @property
    def filter_names(self) -> list[str]:
        """Names that filter: the declared ones and the relations of related lists."""
        relations = [n for n in self.list_columns if self.datamodel.is_relation_many_to_one(n)]
        return [*self.filter_columns, *(r for r in relations if r != "grid"), *self.link_filters]

    def relation_key(self, name: str) -> Any:
        """The column of the related table that a many-to-one relation refers to."""
        return next(iter(self.entity.__mapper__.relationships[name].remote_side))

    @property
    def default_order(self) -> tuple[str, bool]:
        """Column and direction of a list without ``order``."""
        return next((n for n in self.order if n in self.order_columns), "id"), self.newest_first

    def view_of(self, resource: str | None) -> Any:
        """The registered view of another resource, or None."""
        if self._views is None:  # asked for every linked cell; all are registered by now
            views = (v for v in reversed(self.appbuilder.baseviews) if isinstance(v, EntityView))
            self._views = {view.entity.resource: view for view in views}
        return self._views.get(resource)

    # hooks of a subclass -------------------------------------------------

    def place(self, row: Any) -> None:
        """Give ``row`` its grid where that follows from another row, before the scope is asked."""

    def check_placed(self, row: Any) -> None:
        """After the flush: whether what the grid follows from is still there; StaleDataError."""

    def prepare(self, row: Any, *, new: bool) -> None:
        """Call the rule that decides about ``row`` before it is written; may raise RuleError."""

    def extra_fields(self, new: bool) -> dict[str, FormField]:
        """Fields of the form that are no columns."""
        return {}

    def extras(self, row: Any) -> list[tuple[str, dict[str, Any]]]:
        """Templates with context shown under a record."""
        return []

    def leading(self, row: Any) -> list[tuple[str, dict[str, Any]]]:
        """The same, shown above everything else: what comes first."""
        return []

    def links(self, row: Any) -> list[tuple[str, str, str]]:
        """(label, url, icon) of further things to do with a record."""
        return []

    # list ------------------------------------------------------------------

    @expose("/list/")
    @allowed(roles.READ)
    def list(self) -> ResponseReturnValue:
        """A page of the list."""
        page = self.personal(self.asked())
        return render_template(self.list_template, view=self, page=page)

    def asked(self) -> query.Query:
        """What the address of this request asks of the list."""
        return query.parse(self)

    def list_page(self, asked: query.Query, columns: Sequence[str] = ()) -> ListPage:
        """The page that ``asked`` describes, worded for the template; all ``columns`` if none."""
        shown = columns or self.list_columns
        found = query.fetch(self, asked, shown)
        may_export = scope.current().can(roles.EXPORT, self.class_permission_name)
        columns_told = [self._column(name, asked) for name in shown]
        labels = {column.name: column.label for column in columns_told}
        return ListPage(
            columns=columns_told,
            rows=[self._row(row, labels) for row in found.rows],
            total=found.total,
            capped=found.capped,
            q=asked.q if self.worded_search(asked.q) == asked.q else "",
            size=asked.part.size,
            order=f"-{asked.part.column}" if asked.part.descending else asked.part.column,
            next_url=query.link(self, asked, after=found.next) if found.next else None,
            prev_url=query.link(self, asked, before=found.previous) if found.previous else None,
            chips=query.chips(self, asked),
            filters=query.filters(self, asked),
            presets=query.presets(self, asked),
            add_url=f"{self.route_base}/add" if self.may_add() else None,
            exports=self.export_links(asked) if may_export else [],
            reset_url=f"{self.route_base}/list/",
            hidden=[(n, v) for n, v in asked.params() if n in KEPT],
        )

    def _column(self, name: str, asked: query.Query) -> Column:
        label = cells.label_of(self, name)
        if name not in self.order_columns:
            return Column(name, label)
        mine = asked.part.column == name
        state = ("desc" if asked.part.descending else "asc") if mine else ""
        turned = f"-{name}" if mine and not asked.part.descending else name
        return Column(name, label, query.link(self, asked, order=turned), state)  # type: ignore[arg-type]

    def _row(self, row: Any, labels: Mapping[str, str]) -> Row:
        return Row(
            id=row.id,
            title=self.title_of(row),
            show_url=f"{self.route_base}/show/{row.id}",
            edit_url=f"{self.route_base}/edit/{row.id}" if self._editable(row) else None,
            delete_url=f"{self.route_base}/delete/{row.id}"
            if self.may(roles.REMOVE, row)
            else None,
            cells=[cells.cell(self, row, name, label) for name, label in labels.items()],
        )

    def title_of(self, row: Any) -> str:
        """What a row is called in headings and messages."""
        return str(getattr(row, forms.named_column(self.entity).key, None) or row)

    # what the identity may ----------------------------------------------

    def may(self, action: str, row: Any) -> bool:
        """Whether the identity of now may do ``action`` on this row."""
        identity, resource = scope.current(), self.class_permission_name
        if not identity.can(action, resource):
            return False
        column = self.entity.scope_column
        if column is None:
            return True
        return scope.covers(identity.prefixes(action, resource), getattr(row, column))

    def may_add(self) -> bool:
        """Whether the identity may add rows here at all."""
        return bool(self.form_columns) and scope.current().can(
            roles.WRITE, self.class_permission_name
        )

    def row_for(self, pk: Any, action: str) -> Any:
        """The row for ``action``: 404 where it is out of sight, 403 where it may only be read."""
        row = self.datamodel.find(pk)
        if row is None:
            abort(404)
        if action != roles.READ and not self.may(action, row):  # found is readable
            raise Forbidden(f"{action} {self.class_permission_name} {pk}")
        return row

    # lookup --------------------------------------------------------------

    @expose("/lookup/")
    @allowed(roles.READ)
    def lookup(self) -> ResponseReturnValue:
        """Up to 20 options that fit ``q``, for a row of the resource ``for``."""
        resource = request.args.get("for", "")
        text = request.args.get("q", "").strip()[:60]
        if resource:
            found = forms.search(self.entity, text, resource)
        else:
            found = forms.search_readable(self.entity, text)
        return jsonify({"items": [{"value": key, "label": label} for key, label in found]})

    def list_url(self, **params: Any) -> str:
        """The address of this list with ``params``."""
        return url_for(f"{self.endpoint}.list", **params)

    def add_label(self) -> str:
        """The word on the button that adds a row."""
        return _("Add")
