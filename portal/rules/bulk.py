"""Many rows into one table, past the session and past SQLAlchemy's work on single rows.

For rows that a rule has judged already: imports and their entries in the audit log. The types of
the columns do their work (encryption, dates) and defaults are filled in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import queue

Values = Mapping[str, Any]


def take_keys(session: Session, table: Table, count: int) -> list[int]:
    """``count`` keys that no row of ``table`` has. On SQLite the caller holds the write lock."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        statement = text(
            "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
        )
        found = connection.execute(statement, {"name": table.name, "count": count})
        return [int(key) for key in found.scalars()]
    last = connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    return list(range(last + 1, last + count + 1))


def insert_rows(session: Session, table: Table, rows: Sequence[Values]) -> None:
    """Insert ``rows`` (column to value) in one go; what no row names gets the default of its
    column. Raises DBAPIError, and then nothing of it is kept if the caller undoes its savepoint.
    """
    session.info[queue.WRITTEN] = True
    given = set().union(*rows)
    fill = {c.name: _default(c) for c in table.columns if c.default is not None}
    names = [c.name for c in table.columns if c.name in given or c.name in fill]
    dialect = session.connection().dialect
    turns = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    write = _copy if dialect.name == "postgresql" else _insert
    write(session, table, names, _lines(rows, names, fill, turns))


def _default(column: Any) -> Any:
    default = column.default
    if default.is_callable:
        return default.arg(None)
    return default.arg if default.is_scalar else None


def _lines(
    rows: Sequence[Values],
    names: Sequence[str],
    fill: Values,
    turns: Sequence[Callable[[Any], Any] | None],
) -> list[list[Any]]:
    pairs = [(name, fill.get(name)) for name in names]
    lines = [[row.get(name, otherwise) for name, otherwise in pairs] for row in rows]
    for place, turn in enumerate(turns):
        if turn is not None:
            seen = turned = None  # most rows share their instants: those are turned once
            for line in lines:
                value = line[place]
                if value is not None and value is seen:
                    line[place] = turned
                else:
                    line[place] = turn(value)
                    if isinstance(value, datetime):
                        seen, turned = value, line[place]
    return lines


def _insert(
    session: Session, table: Table, names: Sequence[str], lines: Iterable[list[Any]]
) -> None:
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608 - our names
    session.connection().exec_driver_sql(statement, [tuple(line) for line in lines])


def _copy(session: Session, table: Table, names: Sequence[str], lines: Iterable[list[Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'COPY "{table.name}" ({columns}) FROM STDIN'
    driver: Any = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for line in lines:
                copy.write_row(line)
    except psycopg.Error as error:
        raise DBAPIError(f"COPY {table.name}", None, error) from error
