"""What must happen once is a unique key: inserts that leave alone what is there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.rules.bulk import told_rows


def insert_missing(
    session: Session, table: Table, rows: Sequence[dict[str, Any]], returning: Sequence[str]
) -> Sequence[Row[Any]]:
    """Insert those of ``rows`` that break no unique key; the ``returning`` columns of just those.
    All rows name the same columns.

    Whoever comes second at the same moment waits for the first and then inserts nothing. Give the
    rows in one order everywhere, or two writers may wait for each other.
    """
    if not rows:
        return []
    connection, told = session.connection(), [table.c[name] for name in returning]
    if connection.dialect.name == "postgresql":
        names = list(rows[0])
        source = select(*told_rows(table, names, rows).c)
        large = postgresql.insert(table).from_select(names, source).on_conflict_do_nothing()
        return connection.execute(large.returning(*told)).all()
    each = sqlite.insert(table).on_conflict_do_nothing().returning(*told)
    return connection.execute(each, list(rows)).all()
