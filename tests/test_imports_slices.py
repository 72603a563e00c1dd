"""A long sheet read in slices gives the same rows as the sheet read as a whole."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portal.rules.imports import fence, fenced
from portal.rules.imports.fenced import Sliced, Whole

pytestmark = pytest.mark.one_engine

SHEET_1 = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
MOST_MEMORY = 45  # MB of the process that reads, its Python with it
Turn = Callable[[str], str]


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything counts as long, and a slice holds a handful of rows."""
    for name, most in (("LONG", 0), ("SLICE", 1500), ("CHUNK", 1000)):
        monkeypatch.setattr(fenced, name, most)


def workbook(*, inline: bool, rows: int = 120) -> bytes:
    """Texts, numbers, truths and days; rows left out, the first column empty at times."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": inline}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, second = book.add_worksheet("登记 & 表"), book.add_worksheet("另")
        second.write_string(3, 2, "短")
        for row in range(4, rows):
            if row % 7 == 0:
                continue
            if row < 60 or row > 80:
                sheet.write_string(row, 0, f"王{row}</row>")
            sheet.write_number(row, 1, row / 2)
            sheet.write_datetime(row, 3, date(2026, 1, 1 + row % 28), day)
            sheet.write_boolean(row, 4, row % 2 == 0)
    return target.getvalue()


def turned(data: bytes, turn: Turn, path: str = SHEET_1) -> bytes:
    """The workbook with the XML at ``path`` turned."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, turn(text) if name == path else text)
    return target.getvalue()


def rows_of(sheet: Sliced | Whole) -> list[list[Any]]:
    """The rows without the empty cells and rows at their ends."""
    found = []
    for row in sheet.rows():
        while row and row[-1] in (None, ""):
            row.pop()
        found.append(row)
    while found and not found[-1]:
        found.pop()
    return found


def whole(data: bytes) -> list[list[list[Any]]]:
    book = fenced.load_workbook(io.BytesIO(data))
    return [rows_of(Whole(book.get_sheet_by_name(name))) for name in book.sheet_names]


def prefixed(text: str) -> str:
    """As some programs write it: every tag with a prefix."""
    text = re.sub(r"<(/?)(\w)", r"<\1x:\2", text)
    return text.replace("<x:worksheet xmlns=", "<x:worksheet xmlns:x=", 1)


def unnumbered(text: str) -> str:
    """Rows and cells without their numbers (ECMA-376 lets them be left out)."""
    return re.sub(r' r="\w+"', "", text)


WAYS: dict[str, Turn] = {
    "as it is": lambda text: text,
    "prefixed": prefixed,
    "unnumbered": unnumbered,
    "spaced": lambda text: text.replace("<row ", "\n  <row  ").replace("</row>", "</row>\n"),
    "empty rows": lambda text: text.replace("</sheetData>", '<row r="700"/></sheetData>'),
}


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_the_rows_are_the_same(way: str, inline: bool) -> None:
    data = turned(workbook(inline=inline), WAYS[way])
    first, second = fenced.sheets_of(io.BytesIO(data))
    assert isinstance(first, Sliced)
    assert [rows_of(first), rows_of(second)] == whole(data)
    assert rows_of(first) == rows_of(first)  # as often as asked for
    if way == "as it is":
        assert first.height == 119
        pieces = fenced.pieces(first._archive, first._part, fenced.SLICE)
        assert len(list(pieces)) > 5


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize(
    "turn",
    [
        lambda text: text.replace("</row>", "</row><!-- <row></row> -->", 1),
        lambda text: text.replace("王20&lt;/row&gt;", "<![CDATA[王20</row>]]>"),
        lambda text: text.replace("<sheetData>", "<!-- <sheetData> --><sheetData>"),
        lambda text: text.replace("<sheetData>", '<sheetData x="1">'),
    ],
)
def test_what_could_be_cut_wrongly_is_read_as_a_whole(turn: Turn) -> None:
    data = turned(workbook(inline=True), turn)
    assert data != workbook(inline=True)
    first, _second = fenced.sheets_of(io.BytesIO(data))
    assert isinstance(first, Whole)
    assert rows_of(first) == whole(data)[0]


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize(
    "turn",
    [
        lambda text: text[: text.index("王90")],
        lambda text: text[: text.index("</sheetData>")],
    ],
)
def test_a_broken_sheet_is_an_error_and_not_a_short_one(turn: Turn) -> None:
    data = turned(workbook(inline=True), turn)
    with pytest.raises(Exception, match=r"."):
        list(map(rows_of, fenced.sheets_of(io.BytesIO(data))))


def long_file(file: Path, rows: int) -> Path:
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row in range(rows):
            sheet.write_row(row, 0, [f"王{row}", f"和平路{row}号", f"备注{row}" * 4] * 3)
    return file


def test_a_longer_file_takes_no_more_memory(tmp_path: Path) -> None:
    with fence.Book(long_file(tmp_path / "a.xlsx", 40_000)) as book:
        assert book.heights == [40_000]
        rows = list(book.rows(0))
        assert (len(rows), rows[-1]) == (40_000, ["王39999", "和平路39999号", "备注39999" * 4] * 3)
        assert book._child is not None
        told = Path(f"/proc/{book._child.pid}/status").read_text("ascii")
    peak = next(line.split()[1] for line in told.splitlines() if line.startswith("VmHWM"))
    assert int(peak) / 1024 < MOST_MEMORY
