"""The only road to rows: FAB's data interface with the scope built in.

Lists, records, related lists, select options, bulk actions, exports and REST endpoints all ask
through it, so none of them can forget the scope. Related interfaces are made from the same class.
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import ColumnElement, Time, false, select, true
from sqlalchemy.orm import Query, joinedload

from portal import roles, scope
from portal.models.matter import Confidential
from portal.rules.confidential import seen
from portal.rules.listed import listed


def visible(model: Any, action: str = roles.READ) -> ColumnElement[bool]:
    """Condition on ``model``: the rows on which the identity of now may do ``action``."""
    identity = scope.current()
    resource = getattr(model, "resource", None)
    if resource is None or not identity.can(action, resource):
        return true() if identity.unrestricted else false()
    if model.scope_column is None:
        return listed(model)
    placed = scope.within(
        getattr(model, model.scope_column),
        identity.prefixes(action, resource),
        above=model.scope_above and action == roles.READ,
    )
    return seen(model, identity, placed) if issubclass(model, Confidential) else placed


class ScopedInterface(SQLAInterface):
    """SQLAInterface whose every query is limited to what the identity of now may read."""

    def is_date(self, col_name: str) -> bool:
        """Times of day too: the framework knows no filter for them, and says so at every start."""
        column = self.list_columns.get(col_name)
        return super().is_date(col_name) or isinstance(getattr(column, "type", None), Time)

    def apply_filters(self, query: Query[Any], filters: Filters | None) -> Query[Any]:
        """FAB's filters, within the scope."""
        return super().apply_filters(query, filters).filter(visible(self.obj))

    def _get_base_query(
        self,
        query: Query[Any],
        filters: Filters | None = None,
        order_column: str = "",
        order_direction: str = "",
    ) -> Query[Any]:
        scoped = query.filter(visible(self.obj))
        return super()._get_base_query(scoped, filters, order_column, order_direction)

    def get_related_obj(self, col_name: str, value: Any) -> Any:
        """The related row with key ``value``, or None outside the scope."""
        return self.get_related_interface(col_name).find(value)

    def find_by_key(self, key: str) -> Any:
        """The row by the key that others refer to it by: the code of a grid, otherwise the id."""
        if self.obj.__tablename__ != "grids":
            return self.find(key)
        return self.session.scalars(
            select(self.obj).where(self.obj.code == key, visible(self.obj))
        ).one_or_none()

    def find(self, key: Any, action: str = roles.READ) -> Any:
        """The row with primary key ``key``; None where it is missing or not for ``action``."""
        text = str(key)
        if not (text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) < 2**31):
            return None
        relations = [
            joinedload(getattr(self.obj, relation.key))
            for relation in self.obj.__mapper__.relationships
            if relation.direction.name == "MANYTOONE"
        ]
        statement = (
            select(self.obj)
            .where(self.obj.id == int(text), visible(self.obj, action))
            .options(*relations)
            .execution_options(populate_existing=True)
        )
        return self.session.scalars(statement).one_or_none()
