"""The page of one record: its fields in groups, and the lists that belong to it."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from portal import roles, scope
from portal.queries.paging import Slice
from portal.views.entity import cells, query
from portal.views.entity.access import allowed
from portal.views.page import Field, Record, Related

RELATED_ROWS = 10


class RecordMixin:
    """The route ``/show/<pk>`` and what it shows."""

    @expose("/show/<pk>")
    @allowed(roles.READ)
    def show(self: Any, pk: str) -> ResponseReturnValue:
        """One record with the lists that belong to it."""
        row = self.row_for(pk, roles.READ)
        return render_template("views/entity/show.html", view=self, record=self.record(row))

    def record(self: Any, row: Any) -> Record:
        """The record worded for the template."""
        return Record(
            id=row.id,
            title=self.title_of(row),
            subtitle=str(self.one_title),
            edit_url=f"{self.route_base}/edit/{row.id}" if self._editable(row) else None,
            delete_url=f"{self.route_base}/delete/{row.id}"
            if self.may(roles.REMOVE, row)
            else None,
            back_url=f"{self.route_base}/list/",
            groups=self._groups(row),
            related=[found for pair in self.related if (found := self._related(row, *pair))],
            extras=self.extras(row),
            leading=self.leading(row),
            links=self.links(row),
        )

    def _groups(self: Any, row: Any) -> list[tuple[str, list[Field]]]:
        found = []
        for title, names in self.show_groups or [("", self._shown_columns())]:
            fields = [self._field(row, name) for name in names]
            told = [one for one in fields if self.shows_empty or one.text]
            if told:
                found.append((str(title), told))
        return found

    def _editable(self: Any, row: Any) -> bool:
        return bool(self.form_columns) and self.may(roles.WRITE, row)

    def _shown_columns(self: Any) -> Sequence[str]:
        return list(dict.fromkeys([*self.list_columns, *self.form_columns]))

    def told_columns(self: Any) -> set[str]:
        """The columns that any page of this view names."""
        shown = (name for _heading, names in self.show_groups for name in names)
        return {*self._shown_columns(), *shown}

    def _field(self: Any, row: Any, name: str) -> Field:
        found = cells.cell(self, row, name, cells.label_of(self, name))
        sensitive = name in getattr(self.entity, "sensitive", ())
        reveal = sensitive and found.text and self.may(roles.WRITE, row)
        kind = "long" if self.datamodel.is_text(name) and not sensitive else found.kind
        url = f"{self.route_base}/reveal/{row.id}/{name}" if reveal else None
        return Field(name, found.label, found.text, found.href, kind, sensitive, url, found.tone)

    def _related(self: Any, row: Any, resource: str, relation: str) -> Related | None:
        other = self.view_of(resource)
        if other is None or not scope.current().can(roles.READ, resource):
            return None
        value = (
            row.code if relation == "grid_code" else getattr(row, other.relation_key(relation).key)
        )
        asked = query.Query(
            filters={relation: str(value)}, part=Slice(RELATED_ROWS, other.default_order[0])
        )
        return Related(str(other.list_title), other.list_page(asked), query.link(other, asked))
