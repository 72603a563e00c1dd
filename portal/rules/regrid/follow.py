"""Which rows go where when a cell is cut, joined or dissolved, read off the tables themselves.

Every column that refers to ``grids.code`` is found in the metadata, so that a table of tomorrow
comes along. What hangs on a building or an organisation (by foreign keys, over any number of
tables) goes where that goes; everything else that lies in a dissolved cell goes to its heir.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Column, Table, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.rules import audit, stale
from portal.rules.once import insert_missing

GRID = "grid_code"
ROOTS = ("buildings", "organisations")
# What belongs to the grid that was: its papers, and what is decided row by row (``carry.py``).
STAY = {"grids", "grid_aliases", "issued_documents", "boards", "posts", "account_grants", "cards"}
# What names a grid and says nothing else: there twice it is there once.
ONCE = {"sweep_grids"}
AT_ONCE = 500


@dataclass
class Journey:
    """Table → key → (cell it lay in, cell it goes to)."""

    rows: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)

    def counted(self) -> dict[str, int]:
        """Table → how many rows go somewhere else."""
        found = {name: sum(a != b for a, b in there.values()) for name, there in self.rows.items()}
        return {name: number for name, number in found.items() if number}


def grid_columns() -> Iterator[Column[Any]]:
    """Every column that refers to the code of a grid, parents of keys first."""
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column is _grids().c.code for key in column.foreign_keys):
                yield column


def plan_rows(
    session: Session,
    cells: Iterable[str],
    assigned: Mapping[str, Mapping[int, str]],
    heirs: Mapping[str, str],
) -> Journey:
    """Where every row of ``cells`` goes. ``assigned``: root table → key → cell; ``heirs``:
    dissolved cell → who gets the rest. Rows of a cell that lives on stay where nothing says else.
    """
    lying = sorted(set(cells))
    found = Journey()
    for table in _following():
        links = _links(table, found.rows)
        columns = [table.c.id, table.c[GRID], *(column for column, _parent in links)]
        there: dict[int, tuple[str, str]] = {}
        chosen = assigned.get(table.name, {})
        for key, code, *keys in session.execute(
            select(*columns).where(table.c[GRID].in_(lying)).order_by(table.c.id)
        ):
            led = _led(links, keys, found.rows)
            there[key] = (code, chosen.get(key) or led or heirs.get(code, code))
        found.rows[table.name] = there
    return found


def clashes(session: Session, journey: Journey) -> list[tuple[str, tuple[Any, ...]]]:
    """Rows that would be the same as another one where they go: (table, values beside the cell)."""
    found = []
    for table in _following():
        there = journey.rows.get(table.name, {})
        if table.name not in ONCE and any(a != b for a, b in there.values()):
            for columns in _unique(table):
                doubled = _doubled(session, table, columns, there)
                found += [(table.name, key) for key in dict.fromkeys(doubled.values())]
    return found


def name_parts(session: Session, parts: Mapping[str, Iterable[str]]) -> None:
    """Whatever names a cell names the new cells made of it too. ``parts``: old code → new ones."""
    for name in sorted(ONCE):
        table = Model.metadata.tables[name]
        (columns,) = _unique(table)
        for old, codes in parts.items():
            named = session.execute(select(*columns).where(table.c[GRID] == old)).mappings().all()
            rows = [{**row, GRID: code} for code in codes for row in named]
            insert_missing(session, table, rows, ["id"])


def carry(session: Session, journey: Journey, heirs: Mapping[str, str]) -> None:
    """Write the new cells, with entries in the audit log, and tell the boards."""
    models = {
        mapper.class_.__tablename__: mapper.class_
        for mapper in Model.registry.mappers
        if hasattr(mapper.class_, "__tablename__")
    }
    for name in ONCE & set(journey.rows):
        _leave_out(session, Model.metadata.tables[name], journey.rows[name])
    for name, there in journey.rows.items():
        going: dict[str, list[int]] = defaultdict(list)
        for key, (old, new) in there.items():
            if old != new:
                going[new].append(key)
        if going:
            _write(session, Model.metadata.tables[name], going)
            _note(session, models.get(name), there)
    for column in grid_columns():
        if column.name != GRID and column.table.name not in STAY:
            for old, new in heirs.items():
                _rewrite(session, column, old, new)
    session.expire_all()


def _grids() -> Table:
    return Model.metadata.tables["grids"]


def _following() -> list[Table]:
    """The tables with a cell of their own whose rows move, parents before children."""
    tables = {column.table.name: column.table for column in grid_columns() if column.name == GRID}
    for name in STAY:
        tables.pop(name, None)
    return [*(tables.pop(name) for name in ROOTS), *tables.values()]


def _links(table: Table, known: Mapping[str, Any]) -> list[tuple[Column[Any], str]]:
    """Columns that lead to rows placed before, those that are never empty first."""
    if table.name in ROOTS:
        return []
    found = [
        (column, key.column.table.name)
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in _family(known) and key.column.name == "id"
    ]
    return sorted(found, key=lambda link: bool(link[0].nullable))


def _family(known: Mapping[str, Any]) -> set[str]:
    """Those of the tables ``known`` that hang on a root."""
    family = set(ROOTS)
    for name in known:
        keys = (
            key for column in Model.metadata.tables[name].columns for key in column.foreign_keys
        )
        if any(key.column.table.name in family and key.column.name == "id" for key in keys):
            family.add(name)
    return family


def _led(
    links: list[tuple[Column[Any], str]],
    keys: Iterable[int | None],
    rows: Mapping[str, Mapping[int, tuple[str, str]]],
) -> str | None:
    """Where the first of the rows goes that this one hangs on and that lies in the cells."""
    for (_column, parent), key in zip(links, keys, strict=True):
        if key is not None and key in rows[parent]:
            return rows[parent][key][1]
    return None


def _unique(table: Table) -> list[list[Column[Any]]]:
    """The other columns of unique keys that hold the cell."""
    keys = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [index.columns for index in table.indexes if index.unique]
    return [[c for c in key if c.name != GRID] for key in keys if any(c.name == GRID for c in key)]


def _doubled(
    session: Session,
    table: Table,
    columns: list[Column[Any]],
    there: Mapping[int, tuple[str, str]],
) -> dict[int, tuple[Any, ...]]:
    """Key → values of the rows that come second where another one with the same values is."""
    places = {code for pair in there.values() for code in pair}
    seen: set[tuple[Any, ...]] = set()
    found: dict[int, tuple[Any, ...]] = {}
    rows = select(table.c.id, table.c[GRID], *columns).where(table.c[GRID].in_(sorted(places)))
    for key, code, *values in session.execute(rows.order_by(table.c.id)):
        if any(value is None for value in values):
            continue  # no two empty ones are the same
        place = (there.get(key, (code, code))[1], *values)
        if place in seen:
            found[key] = tuple(values)
        seen.add(place)
    return found


def _leave_out(session: Session, table: Table, there: dict[int, tuple[str, str]]) -> None:
    """Delete the rows that would say the same as others where they go."""
    for columns in _unique(table):
        for key in _doubled(session, table, columns, there):
            session.execute(delete(table).where(table.c.id == key))
            there.pop(key, None)


def _write(session: Session, table: Table, going: Mapping[str, list[int]]) -> None:
    """A new cell for rows; their version rises, so that whoever edits one at the moment is told."""
    governed = _governed(table.name)
    for new, keys in going.items():
        for start in range(0, len(keys), AT_ONCE):
            part = table.c.id.in_(keys[start : start + AT_ONCE])
            if governed:
                old = session.execute(select(table.c.id, table.c[GRID]).where(part)).all()
                entries = [
                    {"row_id": key, "row_label": None, "grid_code": new,
                     "changes": {GRID: [code, new]}}
                    for key, code in old
                ]  # fmt: skip
                audit.record_bulk(session, "update", table.name, entries)
            session.execute(
                update(table).where(part).values({GRID: new} | _touched(table)),
                execution_options={"audited": True, "synchronize_session": False},
            )


def _rewrite(session: Session, column: Column[Any], old: str, new: str) -> None:
    table: Any = column.table
    session.execute(
        update(table).where(column == old).values({column.name: new} | _touched(table)),
        execution_options={"audited": True, "synchronize_session": False},
    )


def _touched(table: Table) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "version" in table.c:
        values["version"] = table.c.version + 1
    if "updated_at" in table.c:
        values["updated_at"] = clock.now()
    return values


def _governed(name: str) -> bool:
    models = (mapper.class_ for mapper in Model.registry.mappers)
    return any(
        getattr(model, "resource", None) is not None and model.__tablename__ == name
        for model in models
        if hasattr(model, "__tablename__")
    )


def _note(session: Session, model: Any, there: Mapping[int, tuple[str, str]]) -> None:
    if model in stale.REACHES:
        for key, pair in there.items():
            if pair[0] != pair[1]:
                stale.note(session, model, key, pair)


def count_rows(session: Session, code: str) -> dict[str, int]:
    """Table → rows of this very grid, papers and history apart: what hangs on it."""
    found = {}
    for table in _following():
        number = session.scalar(
            select(func.count()).select_from(table).where(table.c[GRID] == code)
        )
        if number:
            found[table.name] = number
    return found
