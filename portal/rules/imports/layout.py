"""Which columns of somebody's file are which of ours: proposed, corrected by the person, kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.rules.imports.kind import Kind, Refused
from portal.rules.imports.reader import (
    HEADER_WITHIN,
    Sheet,
    Table,
    header_names,
    key_of,
    opened,
    read_features,
    table_at,
)
from portal.rules.imports.unheld import is_unheld

MOST_COLUMNS = 200
SHOWN = 5  # rows


@dataclass(frozen=True)
class Layout:
    """Where the table lies and what its columns are: number of the sheet and place of the header
    row (both from 0), and the name of our column for each column of the file ("" for none).
    """

    columns: tuple[str, ...]
    sheet: int = 0
    row: int = 0


@dataclass(frozen=True)
class Source:
    """What a file holds, not yet taken for anything: sheets, or features."""

    sheets: list[Sheet] = field(default_factory=list)
    features: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Outline:
    """What a person needs to see of a file to say what its columns are.

    ``header``: the names in the file; ``first``: the first cells of each column; ``rows``: how many
    rows follow the header; ``sheets``: how many sheets there are.
    """

    layout: Layout
    header: list[str]
    first: list[list[str]]
    rows: int
    sheets: int = 1


@contextmanager
def source_of(file: Path, kind: Kind) -> Iterator[Source]:
    """A file that somebody uploaded, while the block runs; raises Refused."""
    if kind.shape != "table":
        yield Source(features=read_features(file))
        return
    with opened(file, fenced=True) as sheets:
        yield Source(sheets)


def outline(
    source: Source,
    kind: Kind,
    remembered: Mapping[str, str],
    layout: Layout | None = None,
    at: tuple[int, int] | None = None,
) -> Outline:
    """What ``source`` looks like in ``layout``, or in the one proposed: by what the person said the
    last time (``remembered``, short header to column), else by the names we know. ``at``: sheet and
    header row that the person chose. Raises Refused where there are far too many columns.
    """
    names = header_names(kind, {}) | dict(remembered)
    if kind.shape != "table":
        return _outline_of_features(source, names, layout)
    if layout is not None:
        at = (layout.sheet, layout.row)
    sheet, row = at or _header_place(source.sheets, names)
    rows = source.sheets[sheet].head if sheet < len(source.sheets) else []
    header = [text_of(cell) for cell in rows[row]] if row < len(rows) else []
    if len(header) > MOST_COLUMNS:
        raise Refused("too_many_columns", str(MOST_COLUMNS))
    below = [cells for cells in rows[row + 1 :] if any(text_of(cell) for cell in cells)]
    first = [
        [text_of(cells[place]) if place < len(cells) else "" for cells in below[:SHOWN]]
        if not is_unheld(kind, name)
        else []
        for place, name in enumerate(header)
    ]
    found = layout or Layout(_proposed(header, names), sheet, row)
    height = source.sheets[sheet].height - row - 1 if rows else 0
    return Outline(found, header, first, max(0, height), len(source.sheets))


def _outline_of_features(
    source: Source, names: Mapping[str, str], layout: Layout | None
) -> Outline:
    header: dict[str, None] = {}
    for feature in source.features:
        header |= dict.fromkeys(str(name) for name in properties_of(feature))
    if len(header) > MOST_COLUMNS:
        raise Refused("too_many_columns", str(MOST_COLUMNS))
    some = [properties_of(feature) for feature in source.features[:SHOWN]]
    first = [[text_of(told.get(name)) for told in some] for name in header]
    columns = layout.columns if layout else _proposed(list(header), names)
    return Outline(Layout(columns), list(header), first, len(source.features))


def properties_of(feature: dict[str, Any]) -> dict[str, Any]:
    """The properties of a GeoJSON feature; none where they are no object."""
    told = feature.get("properties")
    return told if isinstance(told, dict) else {}


def table_of(source: Source, kind: Kind, layout: Layout) -> Table:
    """The table of ``source`` read as ``layout`` says; raises Refused."""
    if kind.shape != "table":
        return _table_of_features(source, kind, layout)
    sheet = source.sheets[layout.sheet] if layout.sheet < len(source.sheets) else None
    if sheet is None or layout.row >= len(sheet.head):
        raise Refused("empty_file")
    places = {name: place for place, name in enumerate(layout.columns) if name}
    return table_at(kind, places, layout.row, sheet)


def _table_of_features(source: Source, kind: Kind, layout: Layout) -> Table:
    names = list(_outline_of_features(source, {}, layout).header)
    means = {name: column for name, column in zip(names, layout.columns, strict=False) if column}
    header = [column.name for column in kind.columns]
    rows: list[tuple[int, list[Any]]] = []
    for number, feature in enumerate(source.features, start=1):
        told = {means.get(name): value for name, value in properties_of(feature).items()}
        given = {name: value for name, value in told.items() if name and value is not None}
        cells = {"code": feature.get("id"), "geometry": feature.get("geometry")} | given
        rows.append((number, [cells.get(name) for name in header]))
    unused = [name for name in names if name not in means]
    return Table(header, {name: place for place, name in enumerate(header)}, rows, unused)


def _proposed(header: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The column for each header; of two that mean the same only the first."""
    taken: set[str] = set()
    found = []
    for cell in header:
        name = names.get(key_of(cell), "") if cell else ""
        found.append("" if name in taken else name)
        taken.add(name)
    return tuple(found)


def _header_place(sheets: Sequence[Sheet], names: Mapping[str, str]) -> tuple[int, int]:
    """Sheet and row with the most known headers; without any the first row that is not empty."""
    best = (0, 0, 0)
    for sheet, rows in enumerate(sheets):
        for row, cells in enumerate(rows.head[:HEADER_WITHIN]):
            keys = (key_of(cell) for cell in cells[:MOST_COLUMNS])
            score = len({names[key] for key in keys if names.get(key)})
            if score > best[0]:
                best = (score, sheet, row)
    if best[0]:
        return best[1:]
    for sheet, rows in enumerate(sheets):
        for row, cells in enumerate(rows.head):
            if any(text_of(cell) for cell in cells):
                return sheet, row
    return 0, 0


def text_of(cell: Any) -> str:
    """A cell as people read it, on one line."""
    if cell is None or isinstance(cell, dict | list):
        return ""
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 10**15:
        return str(int(cell))
    return " ".join(str(cell).split())[:60]
