"""Is this file what it says it is? Asked before anything reads it as a table: ending, size, first
bytes and, of a spreadsheet, the list of its parts. Cheap: nothing is unpacked here.
"""

import struct
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError
from portal.rules.imports.kind import Kind

TABLES = {".csv": ".csv", ".txt": ".csv", ".tsv": ".csv", ".xlsx": ".xlsx"}
FEATURES = {".geojson": ".geojson", ".json": ".geojson"}
MACROS = (".xlsm", ".xltm", ".xlam", ".xlsb")
OTHER_SHEETS = (".xls", ".xlt", ".ods", ".et", ".numbers")
HEAD = 4096  # bytes
TAIL = 66_000  # bytes: where the list of a ZIP file's parts is announced
MOST_LISTED = 1024 * 1024  # bytes that the list of parts may take
MOST_PARTS = 2000
END = b"PK\x05\x06"
OLE = b"\xd0\xcf\x11\xe0"
PROGRAMS = (b"%PDF", b"MZ", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"\x1f\x8b")


def accepted(kind: Kind) -> tuple[str, ...]:
    """The endings that a file of ``kind`` may have."""
    return tuple(TABLES if kind.shape == "table" else FEATURES)


def judge(kind: Kind, name: str, stream: BinaryIO) -> str:
    """The ending under which to keep the file ``name``: .csv, .xlsx or .geojson.

    Raises RuleError (field ``file``) with what to do instead.
    """
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    known = TABLES if kind.shape == "table" else FEATURES
    if ending not in known:
        raise RuleError(_other_ending(ending, kind), "file")
    stream.seek(0)
    head = stream.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
        raise RuleError(_l("The file is empty. Choose the one with the rows."), "file")
    if known[ending] == ".xlsx":
        _check_workbook(head, stream)
    else:
        _check_text(head, known[ending])
    stream.seek(0)
    return known[ending]


def _other_ending(ending: str, kind: Kind) -> object:
    if kind.shape != "table":
        return _l("Boundaries come as GeoJSON: choose a file that ends in .geojson or .json.")
    if ending in MACROS:
        return _l("A workbook with macros is not taken. Save it as .xlsx and choose that file.")
    if ending in OTHER_SHEETS:
        return _l("Save the table as .xlsx or .csv first, then choose that file.")
    return _l("Choose a table that ends in .xlsx or .csv.")


def _check_text(head: bytes, ending: str) -> None:
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    foreign = start.startswith((b"PK\x03\x04", OLE, *PROGRAMS)) or (b"\0" in head and not wide)
    if ending == ".geojson":
        if not start.startswith(b"{"):
            raise _disguised("GeoJSON")
    elif foreign or start[:1] in (b"{", b"<"):
        raise _disguised("CSV")


def _check_workbook(head: bytes, stream: BinaryIO) -> None:
    if head.startswith(OLE):
        raise RuleError(
            _l("The workbook has a password or is of an old kind. Save it as .xlsx without one."),
            "file",
        )
    if not head.startswith(b"PK\x03\x04") or not _short_list(stream):
        raise _disguised("XLSX")
    try:
        with zipfile.ZipFile(stream) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _disguised("XLSX") from error
    names = {part.filename.lower() for part in parts}
    if any(part.rsplit("/", 1)[-1] == "vbaproject.bin" for part in names):
        raise RuleError(
            _l("A workbook with macros is not taken. Save it as .xlsx and choose that file."),
            "file",
        )
    usual = len(parts) <= MOST_PARTS and {"[content_types].xml", "xl/workbook.xml"} <= names
    if not usual or any(part.flag_bits & 1 for part in parts):
        raise _disguised("XLSX")


def _short_list(stream: BinaryIO) -> bool:
    """Whether the list of parts is announced, and short: it is read into memory as a whole."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - TAIL))
    tail = stream.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 22:
        return False
    (listed,) = struct.unpack("<L", tail[at + 12 : at + 16])
    stream.seek(0)
    return bool(listed <= MOST_LISTED)


def _disguised(wanted: str) -> RuleError:
    return RuleError(
        _l(
            "The content of the file is not what its ending says. Save it again as %(wanted)s.",
            wanted=wanted,
        ),
        "file",
    )
