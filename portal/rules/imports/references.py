"""Which rows of a batch others refer to by now: those cannot be taken back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Select, Table, select
from sqlalchemy.orm import Session

from portal.models import ImportChange, Row
from portal.models.base import Model

CHANGES: Table = ImportChange.__table__
MOST_NAMED = 200


def references(session: Session, batch_id: int, model: type[Row]) -> Iterator[dict[str, str]]:
    """Rows created by the batch to which rows from elsewhere refer, with the table's name."""
    target: Table = model.__table__
    for table in Model.metadata.sorted_tables:
        for key in table.foreign_keys:
            # What is about the row alone goes with it; a membership in something else does not.
            goes = key.ondelete == "CASCADE" and "id" in table.c
            if key.column.table is target and not goes:
                found = session.connection().execute(
                    _referring(batch_id, target, key.column, table, key.parent)
                )
                for label in found.scalars():
                    yield {"label": label, "reason": "referred_to", "detail": table.name}


def _referring(
    batch_id: int, target: Table, column: Column[Any], table: Table, parent: Column[Any]
) -> Select[Any]:
    other = table.alias("other")
    by = CHANGES.alias("by")
    statement = (
        select(CHANGES.c.label)
        .select_from(CHANGES)
        .join(target, target.c.id == CHANGES.c.row_id)
        .join(other, other.c[parent.name] == target.c[column.name])
        .where(CHANGES.c.batch_id == batch_id, CHANGES.c.before.is_(None))
        .where(CHANGES.c.table_name == target.name)
        .distinct()
        .order_by(CHANGES.c.label)
        .limit(MOST_NAMED)
    )
    if "id" not in table.c:
        return statement
    # As a set, not row by row: a batch may hold a hundred thousand rows.
    own = select(by.c.row_id).where(by.c.batch_id == batch_id, by.c.table_name == table.name)
    return statement.where(other.c.id.not_in(own))
