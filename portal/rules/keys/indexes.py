"""Blind indexes, found by what their columns say of themselves: made again from the values.

While it runs, a number is looked for under the old and the new key (``sealing.blind_indexes``), and
everybody writes under the new one. The unique index of the database sees one key only: of two
people who were given the same number in those minutes the second one to be written anew is named
and left as it is.
"""

import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, func, select, update
from sqlalchemy import column as a_column
from sqlalchemy import table as a_table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.models.base import Model
from portal.models.sealing import BLIND, Blind
from portal.rules.keys.columns import BATCH, PATIENCE, PAUSE
from portal.rules.keys.tally import Tally, Tell

Change = dict[str, Any]


def indexed_tables() -> list[Table]:
    """Tables with blind indexes."""
    tables = Model.metadata.sorted_tables
    return [table for table in tables if any(BLIND in column.info for column in table.c)]


def blinds(table: Table) -> dict[str, Blind]:
    """The index columns of a table."""
    return {column.name: column.info[BLIND] for column in table.c if BLIND in column.info}


def remake(session: Session, table: Table, tell: Tell) -> Tally:
    """Write the indexes of one table anew where they differ; commits batch by batch."""
    tally = Tally(f"{table.name} ({', '.join(blinds(table))})")
    patience = time.monotonic() + PATIENCE
    total = (
        session.connection().execute(select(func.count()).select_from(_bare(table))).scalar_one()
    )
    while True:
        tally.values, tally.broken, tally.twins = 0, [], []
        before, wanted = tally.moved, 0
        for rows in _batches(session, table):
            changes = _changes(table, rows, tally)
            wanted += len(changes)
            _write(session, table, changes, tally)
            tell(tally.place, tally.values, max(total, tally.values))
        tally.left = wanted - (tally.moved - before) - len(tally.twins)
        if tally.left <= 0 or time.monotonic() > patience:
            break
        time.sleep(PAUSE)
    tally.left = max(0, tally.left)
    return tally


@cache
def _bare(table: Table) -> Any:
    """The table with values and indexes as the text that is stored."""
    found = blinds(table)
    names = ["id", *dict.fromkeys(blind.source for blind in found.values()), *found]
    return a_table(table.name, *(a_column(name) for name in names))


def _batches(session: Session, table: Table) -> Iterator[Sequence[Any]]:
    bare, last = _bare(table), 0
    while True:
        found = select(bare).where(bare.c.id > last).order_by(bare.c.id).limit(BATCH)
        rows = session.connection().execute(found).all()
        session.commit()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _changes(table: Table, rows: Sequence[Any], tally: Tally) -> list[Change]:
    """What is to be written: ``of_id``, old texts as ``was_…``, new indexes as ``to_…``."""
    found = blinds(table)
    sources = {blind.source for blind in found.values()}
    changes = []
    for row in rows:
        stored = row._mapping
        try:
            values = {
                name: table.c[name].type.process_result_value(stored[name], None)  # type: ignore[attr-defined]
                for name in sources
            }
        except ValueError:
            tally.broken.append(row.id)
            continue
        tally.values += 1
        new = {name: blind.of(values[blind.source]) for name, blind in found.items()}
        if any(stored[name] != index for name, index in new.items()):
            was = {f"was_{name}": stored[name] for name in (*sources, *found)}
            changes.append(
                {"of_id": row.id, **was, **{f"to_{name}": index for name, index in new.items()}}
            )
    return changes


def _write(session: Session, table: Table, changes: list[Change], tally: Tally) -> None:
    if not changes:
        return
    bare = _bare(table)
    ids = [change["of_id"] for change in changes]
    free = select(bare.c.id).where(bare.c.id.in_(ids)).with_for_update(skip_locked=True)
    held = set(session.connection().execute(free).scalars())
    ready = [change for change in changes if change["of_id"] in held]
    try:
        tally.moved += _update(session, table, ready)
        session.commit()
    except IntegrityError:
        session.rollback()
        for change in ready:
            _write_alone(session, table, change, tally)


def _write_alone(session: Session, table: Table, change: Change, tally: Tally) -> None:
    try:
        tally.moved += _update(session, table, [change])
        session.commit()
    except IntegrityError:
        session.rollback()
        tally.twins.append((change["of_id"], _twin(session, table, change)))


def _update(session: Session, table: Table, changes: list[Change]) -> int:
    if not changes:
        return 0
    bare = _bare(table)
    unchanged: list[ColumnElement[bool]] = [
        bare.c[name].is_not_distinct_from(bindparam(f"was_{name}"))
        for name in bare.c.keys()  # noqa: SIM118 - columns, not names, are what it holds
        if name != "id"
    ]
    statement = (
        update(bare)
        .where(bare.c.id == bindparam("of_id"), *unchanged)
        .values({name: bindparam(f"to_{name}") for name in blinds(table)})
    )
    done: Any = session.connection().execute(statement, changes)
    return done.rowcount if done.rowcount >= 0 else len(changes)


def _twin(session: Session, table: Table, change: Change) -> int:
    """The row that has the number already."""
    bare = _bare(table)
    for name in blinds(table):
        index = change[f"to_{name}"]
        unique = table.c[name].unique or any(
            index_.unique and table.c[name] in index_.columns.values() for index_ in table.indexes
        )
        if unique and index is not None:
            same = select(bare.c.id).where(bare.c[name] == index, bare.c.id != change["of_id"])
            found = session.connection().execute(same).scalars().first()
            session.commit()
            if found is not None:
                return int(found)
    return 0
