"""Files as they come: CSV in three encodings, spreadsheets, GeoJSON.

A table becomes ``Table(header, rows)``: title rows above the header and totals or signatures below
are recognised and left out, empty rows too.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from python_calamine import CalamineError, load_workbook

from portal.rules.imports import fence
from portal.rules.imports.cells import FULL_WIDTH
from portal.rules.imports.kind import Column, Kind, Refused
from portal.rules.imports.unheld import is_unheld

MOST_BYTES = 256 * 1024 * 1024
MOST_UNPACKED = 2 * 1024 * 1024 * 1024
MOST_ROWS = 1_000_000
HEADER_WITHIN = 50  # rows
LONGEST_CELL = 1_000_000
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
FOOTER = re.compile(
    r"(合计|总计|小计|共计|总数|total|sum|填表|制表|填报|审核|负责人|备注|说明|注[:：])",
    re.IGNORECASE,
)
REASON_HEADER = "导入问题 problem"


Rows = list[list[Any]]
EMPTY: list[Any] = []  # one for all empty rows: a file of line ends must not fill the memory


@dataclass
class Table:
    """A table as read: ``places`` maps a column's name to its place in a row; ``rows`` are
    ``(row number in the file, cells)``; ``ignored`` counts total and signature rows;
    ``dropped_columns`` were not read (``imports/unheld.py``), their cells are empty."""

    header: list[str]
    places: dict[str, int]
    rows: list[tuple[int, list[Any]]]
    extra_columns: list[str] = field(default_factory=list)
    ignored: int = 0
    dropped_columns: list[str] = field(default_factory=list)


def read_table(file: Path, kind: Kind, mapping: Mapping[str, str]) -> Table:
    """Read a CSV file or spreadsheet of ``kind``.

    ``mapping``: header in the file to name of a column, for headers we do not know. Raises
    Refused when the file cannot be read or has no header.
    """
    data = read_bytes(file)
    names = header_names(kind, mapping)
    best: tuple[int, int, list[list[Any]]] = (0, 0, [])
    for rows in _sheets(data):
        for index, row in enumerate(rows[:HEADER_WITHIN]):
            score = len({names[key] for cell in row if (key := key_of(cell)) in names})
            if score > best[0]:
                best = (score, index, rows)
    score, index, rows = best
    if not score:
        raise Refused("no_header", ", ".join(column.zh for column in kind.required))
    return _table(kind, names, index, rows)


def read_bytes(file: Path) -> bytes:
    """The file's content; raises Refused when there is none or far too much."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Refused("too_large", f"{MOST_BYTES // 1024 // 1024} MB")
        data = file.read_bytes()
    except OSError as error:
        raise Refused("not_readable", error.strerror or "") from error
    if not data.strip():
        raise Refused("empty_file")
    return data


def read_mapping(file: Path | None, kind: Kind) -> dict[str, str]:
    """A JSON or YAML object of header in the file to our column; raises Refused."""
    if file is None:
        return {}
    try:
        data = yaml.safe_load(read_bytes(file))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("bad_mapping", "not JSON or YAML") from error
    known = header_names(kind, {})
    if not isinstance(data, dict):
        raise Refused("bad_mapping", "an object is expected")
    unknown = [str(target) for target in data.values() if key_of(target) not in known]
    if unknown:
        raise Refused("bad_mapping", ", ".join(unknown))
    return {str(header): known[key_of(target)] for header, target in data.items()}


def read_features(file: Path) -> list[dict[str, Any]]:
    """The features of a GeoJSON FeatureCollection in WGS 84 or with their own ``crs``; raises
    Refused."""
    try:
        data = json.loads(decode(read_bytes(file)))
    except (ValueError, RecursionError) as error:
        raise Refused("wrong_format", "GeoJSON") from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise Refused("wrong_format", "FeatureCollection")
    features = data.get("features")
    if not isinstance(features, list):
        raise Refused("wrong_format", "features")
    system = json.dumps(data.get("crs") or "CRS84")
    if "CRS84" not in system and "4326" not in system:
        raise Refused("unknown_crs", system[:80])
    return [feature if isinstance(feature, dict) else {} for feature in features]


def decode(data: bytes) -> str:
    """Text of a file: UTF-8 with or without mark, UTF-16 with mark, else GB 18030."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            content = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in content:
            return content
    raise Refused("not_text")


def header_names(kind: Kind, mapping: Mapping[str, str]) -> dict[str, str]:
    """Every spelling of a header, in its short form, to the name of the column."""
    names = {}
    for column in kind.columns:
        for spelling in (column.name, column.zh, *column.aliases):
            names[key_of(spelling)] = column.name
    return names | {key_of(header): name for header, name in mapping.items()}


def key_of(cell: Any) -> str:
    """A header without case, blanks, stars and remarks in brackets."""
    text = str(cell or "").translate(FULL_WIDTH).lower()
    return re.sub(r"\([^)]*\)|[\s_*\ufeff:'-]", "", text)


def _sheets(data: bytes) -> Iterator[list[list[Any]]]:
    if data[:4] in SPREADSHEETS:
        yield from _spreadsheet(data)
    elif data[:1] in (b"{", b"%"):
        raise Refused("wrong_format", "CSV, XLSX")
    else:
        yield _csv(decode(data))


def _spreadsheet(data: bytes) -> Iterator[list[list[Any]]]:
    try:
        if data[:4] == SPREADSHEETS[0]:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                    raise Refused("too_large")
        book = load_workbook(io.BytesIO(data))
        for name in book.sheet_names:
            yield book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise Refused("not_readable", "XLSX") from error


def csv_rows(file: Path) -> Rows:
    """The rows of a CSV file that somebody uploaded; raises Refused."""
    return _csv(decode(read_bytes(file)))


def fenced_sheets(file: Path) -> list[Rows]:
    """The sheets of a spreadsheet that somebody uploaded; raises Refused."""
    read_bytes(file)
    try:
        return fence.sheets(file)
    except fence.TooMuch as error:
        raise Refused("too_large") from error
    except fence.Unreadable as error:
        raise Refused("not_readable", "XLSX") from error


def _csv(text: str) -> Rows:
    head = "\n".join(text.split("\n", HEADER_WITHIN)[:HEADER_WITHIN])
    delimiter = max(",\t;", key=head.count)
    csv.field_size_limit(LONGEST_CELL)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [row or EMPTY for row in islice(rows, MOST_ROWS + HEADER_WITHIN)]
    except csv.Error as error:
        raise Refused("not_readable", "CSV") from error


def _table(kind: Kind, names: dict[str, str], index: int, rows: Rows) -> Table:
    places: dict[str, int] = {}
    for place, cell in enumerate(rows[index]):
        name = names.get(key_of(cell))
        if name is not None and name in places:
            raise Refused("duplicate_column", str(cell or "").strip())
        if name is not None:
            places[name] = place
    return table_at(kind, places, index, rows)


def table_at(kind: Kind, places: dict[str, int], index: int, rows: Rows) -> Table:
    """The rows under the header at ``index``, with our columns at ``places``; raises Refused where
    a needed one is missing or the table is far too long.
    """
    header = [str(cell or "").strip() for cell in rows[index]]
    unread = {place for place, cell in enumerate(header) if is_unheld(kind, cell)}
    places = {name: place for name, place in places.items() if place not in unread}
    taken = set(places.values()) | unread
    extra = [
        cell
        for place, cell in enumerate(header)
        if cell and place not in taken and key_of(cell) != key_of(REASON_HEADER)
    ]
    missing = [column.zh for column in kind.required if column.name not in places]
    if missing:
        raise Refused("missing_column", ", ".join(missing))
    table = Table(header, places, [], extra)
    table.dropped_columns = [header[place] for place in sorted(unread)]
    needed = [places[column.name] for column in kind.required]
    for number, row in enumerate(rows[index + 1 :], start=index + 2):
        if unread:
            row = ["" if place in unread else cell for place, cell in enumerate(row)]
        _take(table, needed, number, row)
    if len(table.rows) > MOST_ROWS:
        raise Refused("too_large", f"{MOST_ROWS}")
    return table


def _take(table: Table, needed: list[int], number: int, row: list[Any]) -> None:
    filled = [cell for cell in row if cell is not None and str(cell).strip()]
    if not filled:
        return
    partial = any(place >= len(row) or not str(row[place] or "").strip() for place in needed)
    if partial and FOOTER.match(str(filled[0]).strip()):
        table.ignored += 1
    else:
        table.rows.append((number, row))


def cell_of(table: Table, column: Column, row: list[Any]) -> Any:
    """The raw cell of ``column`` in ``row``; None where the row is too short."""
    place = table.places.get(column.name)
    return row[place] if place is not None and place < len(row) else None
