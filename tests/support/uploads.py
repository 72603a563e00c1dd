"""Files that people upload, and a person who uploads them page by page."""

import io
import json
import struct
import zipfile
from typing import Any

import xlsxwriter

from tests.support.client import Page, PageClient

AREA_1, AREA_2 = "42010200299001", "42010200299002"
CELL_1, CELL_2 = f"{AREA_1}01001", f"{AREA_2}01001"
WORKERS = f"姓名,来源,网格编码\n秦岭,社工,{CELL_1}\n秦川,义工,{CELL_1}\n"


def csv(text: str, name: str = "名单.csv") -> tuple[io.BytesIO, str]:
    """A CSV file as a browser sends it."""
    return io.BytesIO(text.encode()), name


def workbook(rows: list[list[Any]], name: str = "名单.xlsx") -> tuple[io.BytesIO, str]:
    """A spreadsheet with one sheet."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    target.seek(0)
    return target, name


def repacked(
    change: dict[str, bytes], rows: list[list[Any]] | None = None, name: str = "名单.xlsx"
) -> tuple[io.BytesIO, str]:
    """A spreadsheet with some of its parts replaced or added."""
    source, _name = workbook(rows or [["姓名", "网格编码"], ["秦岭", CELL_1]])
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in change:
                new.writestr(part.filename, old.read(part.filename))
        for part_name, content in change.items():
            new.writestr(part_name, content)
    target.seek(0)
    return target, name


SHEET = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    b'main"><sheetData>%s</sheetData></worksheet>'
)
CELL = b'<c r="%s" t="inlineStr"><is><t>x</t></is></c>'


def far_corner() -> tuple[io.BytesIO, str]:
    """Two cells, a table of 17 thousand million."""
    rows = b'<row r="1">%s</row><row r="1048576">%s</row>' % (CELL % b"A1", CELL % b"XFD1048576")
    return repacked({"xl/worksheets/sheet1.xml": SHEET % rows})


def bomb(lying: bool = False) -> tuple[io.BytesIO, str]:
    """A sheet of half a megabyte that unpacks to 200 MB; ``lying``: it says 1 KB."""
    row = b"<row>" + b'<c t="inlineStr"><is><t>%s</t></is></c>' % (b"x" * 200_000) + b"</row>"
    stream, name = repacked({"xl/worksheets/sheet1.xml": SHEET % (row * 1000)})
    if not lying:
        return stream, name
    data = bytearray(stream.getvalue())
    at = data.find(b"xl/worksheets/sheet1.xml", data.find(b"PK\x01\x02")) - 46 + 24
    while data[at - 24 : at - 20] != b"PK\x01\x02":  # the entry in the list of parts
        at = data.find(b"xl/worksheets/sheet1.xml", at + 30) - 46 + 24
    data[at : at + 4] = struct.pack("<L", 1000)
    return io.BytesIO(bytes(data)), name


def features(*found: dict[str, Any], name: str = "边界.geojson") -> tuple[io.BytesIO, str]:
    """A GeoJSON collection."""
    text = json.dumps({"type": "FeatureCollection", "features": list(found)}, ensure_ascii=False)
    return csv(text, name)


def upload(client: PageClient, kind: str, file: tuple[io.BytesIO, str], **more: str) -> Page:
    """Choose a file on the page; the answer."""
    form = client.get("/imports/new").form()
    return client.post("/imports/new", {**form, "kind": kind, "file": file, **more})


def checked(client: PageClient, work: Any, kind: str, file: tuple[io.BytesIO, str]) -> Page:
    """Choose a file and see its check."""
    answer = upload(client, kind, file)
    assert answer.status == 302, answer.one("#errors").get_text()
    work()
    return client.get(answer.location)


def imported(client: PageClient, work: Any, page: Page) -> Page:
    """Import what a check showed; the page it leads to."""
    number = page.path.rsplit("/", 1)[1]
    form = page.form(f"/imports/confirm/{number}")
    answer = client.post(f"/imports/confirm/{number}", form)
    work()
    return client.get(answer.location, follow_redirects=True)


def tiles(page: Page) -> list[str]:
    """New, changed, as on record, refused."""
    return [tag.get_text() for tag in page.soup.select(".checked b")]
