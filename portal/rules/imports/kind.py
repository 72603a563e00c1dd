"""What an import needs to know of a kind of file: columns, tables, and how rows become records."""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.models import Row
from portal.rules.imports.cells import Cleaner


class Refused(Exception):
    """The file as a whole cannot be read; ``reason`` for the report, ``detail`` for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Column:
    """One column: its two headers, how a cell is cleaned, and the reason given when a cell that
    must not be empty is. ``sensitive`` values are masked wherever the import reports them,
    ``story`` (free text about a case) is not repeated there at all. Text that matches ``plain`` is
    clean as it is."""

    name: str
    zh: str
    clean: Cleaner
    required: str | None = None
    aliases: tuple[str, ...] = ()
    sensitive: bool = False
    export: bool = True
    plain: re.Pattern[str] | None = None
    story: bool = False


@dataclass(slots=True)
class Line:
    """One row of the file on its way: ``values`` holds the cells that are not empty, ``ready`` what
    the kind has worked out of them beforehand."""

    number: int
    cells: list[Any]
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    outcome: str = "unchanged"
    error: dict[str, Any] | None = None
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the row is rejected; its records are not written."""
        return self.error is not None

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True)
class Kind:
    """A kind of import.

    ``model``: what a row of the file stands for; ``tables``: everything it may write, those that
    others refer to first. ``plan(work, lines)`` turns the readable lines into records. ``key``
    gives what may occur only once in a file (None: no check). ``shape``: ``table`` (CSV, XLSX)
    or ``features`` (GeoJSON). ``at_once``: how many rows are planned and written together, then
    ``plan`` is called for each part with the same ``work`` (None: all of them).
    ``prepare(lines)`` works out beforehand what follows from the lines alone, without the
    database: of a long file a process of its own does it (``ahead.py``). ``after(work, drafts)``
    is called when they are written, with those that made or changed a row.

    Rows that become records by a rule of their own have ``enter(work, lines)`` instead of ``plan``:
    it writes them in the transaction of the import, rejects the others, and returns drafts that
    tell of what was made; then ``take_back(session, batch, keep)`` takes a batch back as that rule
    allows (``keep``: only say what would be done). ``first_counts``: of two columns with the same
    meaning the first counts, the other is told as extra. ``told_back``: columns that an export
    adds and an import passes over.
    """

    name: str
    columns: tuple[Column, ...]
    model: type[Row]
    tables: tuple[type[Row], ...]
    plan: Callable[[Any, list[Line]], None] | None = None
    key: Callable[[Line], Hashable | None] | None = None
    shape: str = "table"
    at_once: int | None = None
    after: Callable[[Any, list[Any]], None] | None = None
    prepare: Callable[[list[Line]], None] | None = None
    enter: Callable[[Any, list[Line]], list[Any]] | None = None
    take_back: Callable[..., Any] | None = None
    first_counts: bool = False
    told_back: tuple[Column, ...] = ()

    def column(self, name: str) -> Column:
        """The column called ``name``; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def required(self) -> Iterable[Column]:
        """Columns that a file must have."""
        return [column for column in self.columns if column.required]
