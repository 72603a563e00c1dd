"""Many rows into one table, past the session and past SQLAlchemy's work on single rows.

For rows that a rule has judged already: imports and their entries in the audit log. The types of
the columns do their work (encryption, dates) and defaults are filled in.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    String,
    Table,
    Text,
    any_,
    bindparam,
    column,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import queue
from portal.models.types import EncryptedText

Values = Mapping[str, Any]
SENT_AS = (
    (Boolean, "bool"),
    (Integer, "int4"),
    (Float, "float8"),
    (DateTime, "timestamptz"),
    (Date, "date"),
    (String, "text"),
)
LONG = (Text, EncryptedText)  # columns that no plan depends on
ROOM = -32 * 1024  # of SQLite's page cache, in KB as it wants them


def take_keys(session: Session, table: Table, count: int) -> list[int]:
    """``count`` keys that no row of ``table`` has. On SQLite the caller holds the write lock."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # The name of the sequence is looked up once, not for every key.
        statement = text(
            "SELECT array_agg(nextval(sequence)) FROM (SELECT"
            " CAST(pg_get_serial_sequence(:name, 'id') AS regclass) AS sequence OFFSET 0) AS one,"
            " generate_series(1, :count)"
        )
        return list(connection.scalar(statement, {"name": table.name, "count": count}) or ())
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
    turns = [_turn(table.c[name].type, dialect) for name in names]
    write = _copy if dialect.name == "postgresql" else _insert
    write(session, table, names, _lines(rows, names, given, fill, turns))


def among(session: Session, column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Condition: ``column`` is one of ``values`` (texts, whole numbers, days), which travel as one
    parameter however many they are. A list of parameters is written, read and planned anew for
    every length.
    """
    if session.connection().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), ARRAY(column.type)))
    told = func.json_each(_listed(values)).table_valued("value")
    listed: ColumnElement[bool] = column.in_(select(told.c.value))
    return listed


def among_pairs(
    session: Session, columns: tuple[Any, Any], pairs: Sequence[tuple[Any, Any]]
) -> ColumnElement[bool]:
    """The same for two columns of text or days together."""
    if session.connection().dialect.name == "postgresql":
        sides = [
            bindparam(None, [pair[at] for pair in pairs], ARRAY(column.type))
            for at, column in enumerate(columns)
        ]
        told = func.unnest(*sides).table_valued("one", "other").render_derived()
        return tuple_(*columns).in_(select(told.c.one, told.c.other))
    pair = func.json_each(_listed(pairs)).table_valued("value").c.value
    both = [func.json_extract(pair, f"$[{at}]", type_=Text) for at in (0, 1)]
    return tuple_(*columns).in_(select(*both))


def told_rows(table: Table, names: Sequence[str], rows: Sequence[Values]) -> Any:
    """On PostgreSQL: ``rows`` as something to select from, each of the columns ``names`` of
    ``table`` one parameter, in the order of ``rows``. A statement with a parameter for every value
    is written, read and planned for its length alone, which takes longer than its work.
    """
    sides = [
        bindparam(None, [row[name] for row in rows], ARRAY(table.c[name].type)) for name in names
    ]
    return (
        func.unnest(*sides).table_valued(*(_named(table, name) for name in names)).render_derived()
    )


def _named(table: Table, name: str) -> Any:
    return column(name, table.c[name].type)


def _listed(values: Sequence[Any]) -> str:
    """For SQLite, which stores days as text in ISO 8601."""
    return json.dumps(values, ensure_ascii=False, default=str)


class Growth:
    """Has PostgreSQL count tables anew while they fill within one transaction.

    Of a table that was empty when it was last counted, it would rather read every row than look
    into the right index, whose columns it takes for empty as well. A table that is known to be
    large is left alone. On SQLite nothing is counted.
    """

    FIRST, TIMES = 1000, 8

    def __init__(self, session: Session) -> None:
        self._session = session
        self._written: Counter[str] = Counter()
        self._due: dict[str, int] = {}

    def note(self, table: Table, count: int) -> None:
        """``count`` rows more were inserted into ``table``."""
        connection = self._session.connection()
        self._written[table.name] += count
        written = self._written[table.name]
        if connection.dialect.name != "postgresql":
            return
        if written < self._due.get(table.name, self.FIRST):
            return
        self._due[table.name] = written * self.TIMES
        known = text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")
        rows = connection.scalar(known, {"name": table.name}) or 0
        if rows * self.TIMES < written:
            names = [f'"{c.name}"' for c in table.columns if not isinstance(c.type, LONG)]
            connection.exec_driver_sql(f'ANALYZE "{table.name}" ({", ".join(names)})')


@contextmanager
def room(session: Session) -> Iterator[None]:
    """The database prepared for many rows while the block runs.

    SQLite gets more memory for its pages: keyed hashes fall anywhere in their indexes, which soon
    outgrow the 2 MB of its own accord. PostgreSQL plans every statement for the tables as they are:
    what it planned for an empty one would read a full one through.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = {ROOM}")
    driver: Any = connection.connection.driver_connection
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size = {int(usual)}")


def _turn(kind: Any, dialect: Any) -> Callable[[Any], Any] | None:
    """What makes of a value what is stored."""
    if isinstance(kind, EncryptedText):
        return kind.sealer()
    turn: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return turn


def _default(column: Any) -> Any:
    default = column.default
    if default.is_callable:
        return default.arg(None)
    return default.arg if default.is_scalar else None


def _lines(
    rows: Sequence[Values],
    names: Sequence[str],
    given: set[str],
    fill: Values,
    turns: Sequence[Callable[[Any], Any] | None],
) -> Iterator[tuple[Any, ...]]:
    """The rows as they are stored; column by column, which is less work than row by row."""
    columns: list[Iterable[Any]] = []
    for name, turn in zip(names, turns, strict=True):
        otherwise = fill.get(name)
        if name not in given:
            columns.append(repeat(turn(otherwise) if turn else otherwise, len(rows)))
            continue
        try:
            column = list(map(itemgetter(name), rows))
        except KeyError:
            column = [row.get(name, otherwise) for row in rows]
        if turn is None:
            columns.append(column)
        elif isinstance(column[0], datetime):
            columns.append(_turned(column, turn))
        else:
            columns.append(map(turn, column))
    return zip(*columns, strict=True)


def _turned(column: list[Any], turn: Callable[[Any], Any]) -> list[Any]:
    """Instants: most rows share theirs, those are turned once."""
    turned: list[Any] = []
    seen = last = None
    for value in column:
        if value is None or value is not seen:
            seen, last = value, turn(value)
        turned.append(last)
    return turned


def _insert(
    session: Session, table: Table, names: Sequence[str], lines: Iterable[tuple[Any, ...]]
) -> None:
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608 - our names
    session.connection().exec_driver_sql(statement, list(lines))


def _copy(
    session: Session, table: Table, names: Sequence[str], lines: Iterable[tuple[Any, ...]]
) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT BINARY)'
    driver: Any = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_sent_as(table.c[name].type) for name in names])
            for line in lines:
                copy.write_row(line)
    except psycopg.Error as error:
        raise DBAPIError(f"COPY {table.name}", None, error) from error


def _sent_as(kind: Any) -> str:
    """The type of PostgreSQL that a column's values are sent as: binary, so nobody parses them."""
    plain = kind.impl if isinstance(kind, EncryptedText) else kind
    return next(name for known, name in SENT_AS if isinstance(plain, known))
