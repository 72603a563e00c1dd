"""Files as they come: CSV in three encodings, spreadsheets, GeoJSON.

A table becomes ``Table(header, rows)``: title rows above the header and totals or signatures below
are recognised and left out, empty rows too.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from portal.rules.imports import fence
from portal.rules.imports.cells import FULL_WIDTH
from portal.rules.imports.fenced import HEAD
from portal.rules.imports.kind import Kind, Refused
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
Numbered = tuple[int, list[Any]]  # number of the row in the file, its cells


@dataclass
class Sheet:
    """A sheet that is read while it is used: the first rows, about how many there are, and all of
    them from the first as often as asked for."""

    head: Rows
    height: int
    rows: Callable[[], Iterator[list[Any]]]


@dataclass
class Table:
    """A table as read: ``places`` maps a column's name to its place in a row; ``rows`` are
    ``(row number in the file, cells)``, to be gone through once; ``total`` is about how many.
    Counted while they are gone through: ``ignored``, total and signature rows. ``dropped_columns``
    were not read (``imports/unheld.py``), their cells are empty."""

    header: list[str]
    places: dict[str, int]
    rows: Iterable[Numbered]
    extra_columns: list[str] = field(default_factory=list)
    ignored: int = 0
    dropped_columns: list[str] = field(default_factory=list)
    total: int = 0


def read_table(sheets: list[Sheet], kind: Kind, mapping: Mapping[str, str]) -> Table:
    """The table of ``kind`` in one of the sheets.

    ``mapping``: header in the file to name of a column, for headers we do not know. Raises
    Refused when there is no header; going through the rows may raise it too.
    """
    names = header_names(kind, mapping)
    best: tuple[int, int, Sheet | None] = (0, 0, None)
    for sheet in sheets:
        for index, row in enumerate(sheet.head[:HEADER_WITHIN]):
            score = len({names[key] for cell in row if (key := key_of(cell)) in names})
            if score > best[0]:
                best = (score, index, sheet)
    _score, index, found = best
    if found is None:
        raise Refused("no_header", ", ".join(column.zh for column in kind.required))
    return _table(kind, names, index, found)


@contextmanager
def opened(file: Path, *, fenced: bool = False) -> Iterator[list[Sheet]]:
    """The sheets of a CSV file or spreadsheet while the block runs; raises Refused.

    ``fenced``: a stranger's file, whose ending was judged before. Spreadsheets are read by a
    process of their own (``fence.py``), a stranger's with less.
    """
    data = read_bytes(file)
    if data[:4] not in SPREADSHEETS:
        if data[:1] in (b"{", b"%") and not fenced:
            raise Refused("wrong_format", "CSV, XLSX")
        yield [csv_sheet(decode(data))]
        return
    _check_unpacked(data)
    del data
    with _told_as_refused(), fence.Book(file, 1 if fenced else fence.OWN_FILES) as book:
        yield [
            Sheet(head, height, partial(_rows_of, book, number))
            for number, (head, height) in enumerate(zip(book.heads, book.heights, strict=True))
        ]


def _check_unpacked(data: bytes) -> None:
    if data[:4] != SPREADSHEETS[0]:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Refused("too_large")
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise Refused("not_readable", "XLSX") from error


@contextmanager
def _told_as_refused() -> Iterator[None]:
    try:
        yield
    except fence.TooMuch as error:
        raise Refused("too_large") from error
    except fence.Unreadable as error:
        raise Refused("not_readable", "XLSX") from error


def _rows_of(book: fence.Book, number: int) -> Iterator[list[Any]]:
    with _told_as_refused():
        yield from book.rows(number)


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


def csv_sheet(text: str) -> Sheet:
    """The text of a CSV file as a sheet; raises Refused."""
    head = "\n".join(text.split("\n", HEADER_WITHIN)[:HEADER_WITHIN])
    delimiter = max(",\t;", key=head.count)
    csv.field_size_limit(LONGEST_CELL)

    def rows() -> Iterator[list[Any]]:
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                yield row or EMPTY
        except csv.Error as error:
            raise Refused("not_readable", "CSV") from error

    return Sheet(list(islice(rows(), HEAD)), text.count("\n") + 1, rows)


def _table(kind: Kind, names: dict[str, str], index: int, sheet: Sheet) -> Table:
    places: dict[str, int] = {}
    for place, cell in enumerate(sheet.head[index]):
        name = names.get(key_of(cell))
        if name is not None and name in places:
            if kind.first_counts:
                continue
            raise Refused("duplicate_column", str(cell or "").strip())
        if name is not None:
            places[name] = place
    return table_at(kind, places, index, sheet)


def table_at(kind: Kind, places: dict[str, int], index: int, sheet: Sheet) -> Table:
    """The rows under the header at ``index``, with our columns at ``places``; raises Refused where
    a needed one is missing, and while they are gone through where the table is far too long.
    """
    header = [str(cell or "").strip() for cell in sheet.head[index]]
    unread = {place for place, cell in enumerate(header) if is_unheld(kind, cell)}
    places = {name: place for name, place in places.items() if place not in unread}
    taken = set(places.values()) | unread
    passed_over = {key_of(REASON_HEADER)}
    passed_over |= {key_of(word) for one in kind.told_back for word in (one.name, one.zh)}
    extra = [
        cell
        for place, cell in enumerate(header)
        if cell and place not in taken and key_of(cell) not in passed_over
    ]
    missing = [column.zh for column in kind.required if column.name not in places]
    if missing:
        raise Refused("missing_column", ", ".join(missing))
    table = Table(header, places, (), extra, total=max(0, sheet.height - index - 1))
    table.dropped_columns = [header[place] for place in sorted(unread)]
    needed = [places[column.name] for column in kind.required]
    table.rows = _below(table, sheet, index, needed, sorted(unread))
    return table


def _below(
    table: Table, sheet: Sheet, index: int, needed: list[int], unread: list[int]
) -> Iterator[Numbered]:
    """The rows under the header, without empty ones, totals and signatures."""
    count, width = 0, max(needed, default=0)
    for number, row in enumerate(islice(sheet.rows(), index + 1, None), start=index + 2):
        if unread:
            row = ["" if place in unread else cell for place, cell in enumerate(row)]
        if len(row) <= width or not all(_says(row[place]) for place in needed):
            filled = [cell for cell in row if cell is not None and str(cell).strip()]
            if not filled:
                continue
            if _is_footer(row, needed, filled[0]):
                table.ignored += 1
                continue
        count += 1
        if count > MOST_ROWS:
            raise Refused("too_large", f"{MOST_ROWS}")
        yield number, row


def _says(cell: Any) -> bool:
    return not cell.isspace() if type(cell) is str and cell else bool(cell)


def _is_footer(row: list[Any], needed: list[int], first: Any) -> bool:
    partial = any(place >= len(row) or not str(row[place] or "").strip() for place in needed)
    return partial and FOOTER.match(str(first).strip()) is not None
