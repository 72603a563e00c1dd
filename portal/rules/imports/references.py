"""Which rows of a batch others refer to by now: those cannot be taken back."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, not_, select
from sqlalchemy.orm import Session

from portal.models.base import Model
from portal.rules import bulk
from portal.rules.imports.undo_steps import Step

MOST_NAMED = 200


def references(session: Session, steps: list[Step]) -> Iterator[dict[str, str]]:
    """Rows created by ``steps`` to which rows from elsewhere refer, with the table's name."""
    added, own = defaultdict[Table, list[Step]](list), defaultdict[Table, list[int]](list)
    for step in steps:
        table: Table = step.model.__table__
        own[table].append(step.row_id)
        if step.before is None and step.now is not None:
            added[table].append(step)
    for target, rows in added.items():
        for table in Model.metadata.sorted_tables:
            for key in table.foreign_keys:
                # What is about the row alone goes with it; a membership in something else does not.
                goes = key.ondelete == "CASCADE" and "id" in table.c
                if key.column.table is target and not goes:
                    names = _referred(session, rows, key.column, key.parent, own[table])
                    for label in names:
                        yield {"label": label, "reason": "referred_to", "detail": table.name}


def _referred(
    session: Session, rows: list[Step], column: Column[Any], parent: Column[Any], own: list[int]
) -> list[str]:
    """The names of those of ``rows`` whose ``column`` is the ``parent`` of a row that is not one of
    ``own``. Asked as a set: a batch may hold a hundred thousand rows.
    """
    labels = {row.now.raw[column.name]: row.label for row in rows if row.now is not None}
    table: Any = parent.table
    found = select(parent).where(bulk.among(session, parent, list(labels)))
    if "id" in table.c and own:
        found = found.where(not_(bulk.among(session, table.c.id, own)))
    values = session.connection().execute(found.distinct().limit(MOST_NAMED)).scalars()
    return sorted({labels[value] for value in values})
