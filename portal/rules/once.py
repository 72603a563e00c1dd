"""What must happen once is a unique key: inserts that leave alone what is there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_missing(
    session: Session, table: Table, rows: Sequence[dict[str, Any]], returning: Sequence[str]
) -> Sequence[Row[Any]]:
    """Insert those of ``rows`` that break no unique key; the ``returning`` columns of just those.

    Whoever comes second at the same moment waits for the first and then inserts nothing. Give the
    rows in one order everywhere, or two writers may wait for each other.
    """
    if not rows:
        return []
    make: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    new = make[session.get_bind().dialect.name](table).on_conflict_do_nothing()
    statement = new.returning(*(table.c[name] for name in returning))
    return session.connection().execute(statement, list(rows)).all()
