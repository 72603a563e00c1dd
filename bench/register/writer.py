"""Rows into a database, as bytes and as quickly as each engine takes them.

PostgreSQL: processes that make rows and COPY them, building by building; secondary indexes and
foreign keys are made again at the end. SQLite: one writer, SQLAlchemy's bulk insert.
"""

import gc
import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import Column, Engine, Table, insert, text
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect

from bench.register.people import rows
from bench.register.plan import BuildingPlan, CellPlan
from portal.models import Building, Dwelling, Household, Resident

TABLES: tuple[Table, ...] = tuple(
    model.__table__ for model in (Building, Dwelling, Household, Resident)
)
BATCH = 10  # buildings in one transaction
PROCESSES = 2
_task: dict[str, Any] = {}


def columns_of(table: Table) -> list[Column[Any]]:
    """The columns that a writer gives a value to."""
    return [column for column in table.columns if column.computed is None]


def values(row: Any, columns: Sequence[Column[Any]]) -> list[Any]:
    """The values of ``row``; where it says nothing, the column's own default."""
    return [_value(row, column) for column in columns]


def _value(row: Any, column: Column[Any]) -> Any:
    value = row.__dict__.get(column.key)
    default = column.default
    return default.arg if value is None and default is not None and default.is_scalar else value


def batches(cells: Iterable[CellPlan], size: int = BATCH) -> Iterator[list[BuildingPlan]]:
    """All buildings in the order of their keys, so many at a time."""
    buildings = [building for cell in cells for building in cell.buildings]
    for start in range(0, len(buildings), size):
        yield buildings[start : start + size]


def write_sqlite(engine: Engine, cells: Iterable[CellPlan], seed: int) -> None:
    """All rows of ``cells``, one transaction a batch; inside an application context."""
    for batch in batches(cells):
        found = _by_table(batch, seed)
        with engine.begin() as connection:
            for table in TABLES:
                columns = columns_of(table)
                names = [column.key for column in columns]
                connection.execute(
                    insert(table),
                    [dict(zip(names, values(row, columns), strict=True)) for row in found[table]],
                )
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def write_postgresql(app: Flask, url: str, cells: Sequence[CellPlan], seed: int) -> None:
    """All rows of ``cells``; ``url`` as libpq takes it."""
    with psycopg.connect(url, autocommit=True) as connection, _bare(connection):
        _task.update(app=app, url=url, seed=seed)
        with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
            for _done in pool.imap_unordered(_copy, batches(cells)):
                pass
        for table in TABLES:
            name = sql.Identifier(table.name)
            connection.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))"
                ).format(sql.Literal(table.name), name)
            )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _copy(batch: list[BuildingPlan]) -> None:
    """One batch, in a process of the pool: its own connection, kept for the next batch."""
    if "connection" not in _task:
        _task["connection"] = psycopg.connect(_task["url"])
        _task["processors"] = {table: _processors(table) for table in TABLES}
        gc.freeze()
        gc.disable()  # rows are in no cycles; looking for some costs a tenth of the time
    with _task["app"].app_context():
        found = _by_table(batch, _task["seed"])
        with _task["connection"].transaction(), _task["connection"].cursor() as cursor:
            for table in TABLES:
                _copy_table(cursor, table, found[table], _task["processors"][table])


def _copy_table(cursor: Any, table: Table, found: list[Any], processors: list[Any]) -> None:
    columns = columns_of(table)
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    with cursor.copy(statement) as copy:
        for row in found:
            copy.write_row(
                [
                    value if process is None else process(value)
                    for value, process in zip(values(row, columns), processors, strict=True)
                ]
            )


def _processors(table: Table) -> list[Any]:
    """What each column's type does to a value on its way into the database."""
    target = psycopg_dialect()
    return [column.type._cached_bind_processor(target) for column in columns_of(table)]


def _by_table(batch: Iterable[BuildingPlan], seed: int) -> dict[Table, list[Any]]:
    found: dict[Table, list[Any]] = defaultdict(list)
    for plan in batch:
        for row in rows(plan, seed):
            found[row.__table__].append(row)
    return found


@contextmanager
def _bare(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """The tables without secondary indexes and foreign keys while the block runs."""
    names = [table.name for table in TABLES]
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
        [names],
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid::regclass::text = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [names],
    ).fetchall()
    for table, name, _definition in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    for name, _definition in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    yield
    connection.execute("SET maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        connection.execute(definition.encode())
    for table, name, definition in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())
