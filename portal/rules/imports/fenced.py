"""The process that reads a spreadsheet: run as a program, it needs nothing of the portal.

It prints one JSON array per line: for each sheet ``["sheet", rows]`` and its first rows, then
``["end"]``; for each number of a sheet that it reads, all rows of that sheet and ``["end"]``.

A long sheet of an XLSX file (ECMA-376) is read in slices: some of its rows at a time, as a workbook
of their own. So the memory that it takes does not grow with the file.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, Any
from xml.etree import ElementTree

from python_calamine import CalamineSheet, load_workbook

MOST_MEMORY = 1024**3  # bytes
MOST_SECONDS = 60  # of computing
HEAD = 60  # rows of a sheet that are told at once
SHEET, END = "sheet", ["end"]
DAY, INSTANT = "day", "instant"
LONG = 4 * 1024 * 1024  # bytes of XML from which on a sheet is read in slices
SLICE = 1024 * 1024  # bytes of XML; more where the texts of all sheets, which go along, are many
CHUNK = 256 * 1024  # bytes
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
TEXTS = "xl/sharedstrings.xml"
NEEDED = re.compile(
    r"\[content_types\]\.xml|.*\.rels|xl/(workbook|styles|sharedstrings)\.xml", re.I
)
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ROWS = re.compile(rb"<(\w+:)?sheetData\s*>")
ENCODING = re.compile(rb"<\?xml[^>]*?encoding=[\"']([^\"']*)")
Row = list[Any]


class Unsliced(Exception):
    """The sheet is written in a way that is not cut here: it is read as a whole."""


@dataclass
class Part:
    """The XML of a sheet in its archive: ``head`` is all before the first row, ``prefix`` what its
    tags begin with, ``height`` the number of its last row."""

    sheet: str
    path: str
    head: bytes
    prefix: bytes
    height: int = 0


def surveyed(archive: zipfile.ZipFile, sheet: str, path: str) -> Part:
    """Look through the XML of a sheet once, without keeping it. Raises Unsliced."""
    with archive.open(path) as stream:
        text = stream.read(CHUNK)
        found, encoding = ROWS.search(text), ENCODING.search(text)
        if found is None or b"<!" in text[: found.end()]:
            raise Unsliced
        if encoding is not None and encoding[1].lower() != b"utf-8":
            raise Unsliced
        part = Part(sheet, path, text[: found.end()], found[1] or b"")
        tag = b"<" + part.prefix + b"row "
        number = re.compile(tag + rb'(?:[^>]*?\s)?r="(\d{1,7})"')
        text = text[found.end() :]
        while text:
            # Where something like a tag may stand within a text, a cut would be a guess.
            if b"<!" in text or b"<?" in text:
                raise Unsliced
            told = number.match(text, max(0, text.rfind(tag)))
            part.height = int(told[1]) if told else part.height
            more = stream.read(CHUNK)
            text = text[-1000:] + more if more else b""
    return part


def pieces(archive: zipfile.ZipFile, part: Part, size: int) -> Iterator[bytes]:
    """The rows of a sheet as XML, whole rows of about ``size`` bytes at a time."""
    row_end, end = (b"</" + part.prefix + tag for tag in (b"row>", b"sheetData"))
    with archive.open(part.path) as stream:
        stream.read(len(part.head))
        piece, text = bytearray(), b""
        while chunk := stream.read(CHUNK):
            text += chunk
            cut = text.rfind(row_end)
            if cut < 0:
                continue
            cut += len(row_end)
            piece += text[:cut]
            text = text[cut:]
            if len(piece) >= size:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece) + text[: text.index(end)]


class Sliced:
    """A long sheet; ``needed`` is what of the archive every slice needs to be a workbook."""

    def __init__(self, archive: zipfile.ZipFile, part: Part, needed: dict[str, bytes]) -> None:
        self._archive, self._part, self._needed = archive, part, needed
        texts = sum(len(data) for path, data in needed.items() if path.lower() == TEXTS)
        self._size = max(SLICE, texts // 4)
        self.height = part.height

    def rows(self) -> Iterator[Row]:
        """All rows from the first, also the empty ones."""
        done = 0
        for piece in pieces(self._archive, self._part, self._size):
            sheet = self._sheet(self._numbered(piece, done + 1))
            if sheet.start is None:
                continue
            above, left = sheet.start
            yield from ([] for _ in range(above - done))
            for row in sheet.to_python(skip_empty_area=True):
                yield [""] * left + row
            done = above + sheet.height

    def _numbered(self, piece: bytes, number: int) -> bytes:
        """A row without a number follows the one before: the first one of a slice needs it."""
        tag = b"<" + self._part.prefix + b"row"
        start = piece.find(tag)
        if start < 0 or re.search(rb'\sr="', piece[start : piece.find(b">", start)]):
            return piece
        start += len(tag)
        return piece[:start] + f' r="{number}"'.encode() + piece[start:]

    def _sheet(self, piece: bytes) -> CalamineSheet:
        ends = (b"</" + self._part.prefix + tag + b">" for tag in (b"sheetData", b"worksheet"))
        xml = b"".join((self._part.head, piece, *ends))
        return load_workbook(book_of(self._needed | {self._part.path: xml})).get_sheet_by_name(
            self._part.sheet
        )


class Whole:
    """A sheet that is read as a whole."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet, self.height = sheet, sheet.total_height

    def rows(self) -> Iterator[Row]:
        """All rows from the first, also the empty ones above it: people count them."""
        left = self._sheet.start[1] if self._sheet.start else 0
        return ([""] * left + row for row in self._sheet.iter_rows())


def book_of(parts: dict[str, bytes]) -> io.BytesIO:
    """An archive of these parts, nothing packed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        for path, data in parts.items():
            book.writestr(path, data)
    target.seek(0)
    return target


def sheets_of(source: IO[bytes]) -> list[Sliced | Whole]:
    """The sheets of a spreadsheet; raises whatever its reader stumbles over."""
    try:
        archive = zipfile.ZipFile(source)
        sizes = {one.filename: one.file_size for one in archive.infolist()}
        long = {sheet: path for sheet, path in paths_of(archive).items() if sizes[path] > LONG}
        parts = {sheet: surveyed(archive, sheet, path) for sheet, path in long.items()}
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, Unsliced):
        parts = {}
    if not parts:
        source.seek(0)
        whole = load_workbook(io.BytesIO(source.read()))
        return [Whole(whole.get_sheet_by_name(name)) for name in whole.sheet_names]
    short = [path for path in sizes if path.endswith(".xml") and path not in long.values()]
    needed = {path: archive.read(path) for path in sizes if NEEDED.fullmatch(path)}
    book = load_workbook(book_of({path: archive.read(path) for path in short} | needed))
    return [
        Sliced(archive, parts[name], needed)
        if name in parts
        else Whole(book.get_sheet_by_name(name))
        for name in book.sheet_names
    ]


def paths_of(archive: zipfile.ZipFile) -> dict[str, str]:
    """Where in the archive of a workbook its sheets lie, by name."""
    # This process has little to lose, and expat knows when entities multiply.
    relations, workbook = (
        ElementTree.fromstring(archive.read(path))  # noqa: S314
        for path in (RELATIONS, WORKBOOK)
    )
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    paths = {}
    for one in workbook.iter():
        if one.tag.endswith("}sheet"):
            target = targets[one.get(RELATION)]
            paths[one.get("name", "")] = target[1:] if target[:1] == "/" else f"xl/{target}"
    return paths


def packed(cell: Any) -> Any:
    """A cell as JSON holds it."""
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    if isinstance(cell, datetime):
        return [INSTANT, cell.isoformat()]
    return [DAY, cell.isoformat()] if isinstance(cell, date) else str(cell)


def tell(rows: Iterable[Row]) -> None:
    """Print rows, without the empty cells at their ends."""
    write, dump = sys.stdout.write, json.JSONEncoder(separators=(",", ":")).encode
    for row in rows:
        while row and row[-1] in (None, ""):
            row.pop()
        write(dump(["", *map(packed, row)]) + "\n")


def serve(source: IO[bytes]) -> None:
    """Tell of the sheets of ``source``, then the rows of those that are asked for."""
    found = sheets_of(source)
    for sheet in found:
        sys.stdout.write(json.dumps([SHEET, sheet.height]) + "\n")
        tell(islice(sheet.rows(), HEAD))
    while True:
        sys.stdout.write(json.dumps(END) + "\n")
        sys.stdout.flush()
        number = sys.stdin.readline()
        if not number:
            return
        tell(found[int(number)].rows())


def main() -> int:
    """Serve the spreadsheet that is open as the first argument says, with as many times the usual
    memory and time as the second one says; 1 if it is none.
    """
    times = int(sys.argv[2])
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY * times),
        (resource.RLIMIT_CPU, MOST_SECONDS * times),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        with open(int(sys.argv[1]), "rb") as source:
            serve(source)
    except MemoryError:
        return 2
    except Exception:  # whatever the reader stumbles over, the file is at fault
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
