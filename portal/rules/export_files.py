"""Exported records as files: CSV, XLSX, GeoJSON; written row by row."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from portal.errors import RuleError
from portal.rules.imports import KINDS
from portal.rules.imports.cells import guard
from portal.rules.imports.kind import Column

MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - a file's date of making must not tell one run from another
Record = dict[str, Any]
Writing = Callable[[Path, str, Iterator[Record]], int]


def writer_for(kind: str, file: Path) -> Writing:
    """What writes records of ``kind`` into ``file``, by its ending; RuleError for another one."""
    ending = file.suffix.lower()
    writers: dict[str, Writing] = {".csv": _write_csv, ".xlsx": _write_xlsx}
    if KINDS[kind].shape == "features":
        writers = {".geojson": _write_geojson, ".json": _write_geojson}
    if ending not in writers:
        raise RuleError(f"{file.name}: {', '.join(writers)}")
    return writers[ending]


def columns_of(kind: str) -> list[Column]:
    """The columns of an export: those of the import, and what it tells beside."""
    return [*KINDS[kind].columns, *KINDS[kind].told_back]


def _cells(names: list[str], record: Record) -> list[str]:
    return [_text(record.get(name)) for name in names]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else str(value)


def _write_csv(file: Path, kind: str, records: Iterator[Record]) -> int:
    """UTF-8 with a mark, so that spreadsheets read the characters; formulas are defused."""
    names = [column.name for column in columns_of(kind)]
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        sheet = csv.writer(target)
        sheet.writerow(names)
        for record in records:
            sheet.writerow(guard(cell) for cell in _cells(names, record))
            count += 1
    return count


def _write_xlsx(file: Path, kind: str, records: Iterator[Record]) -> int:
    """Every cell is text: a spreadsheet would round codes of 19 digits, and runs no formula."""
    names = [column.name for column in columns_of(kind)]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet(kind)
        for place, name in enumerate(names):
            sheet.write_string(0, place, name)
        for count, record in enumerate(records, start=1):
            for place, cell in enumerate(_cells(names, record)):
                sheet.write_string(count, place, cell)
    return count


def _write_geojson(file: Path, kind: str, records: Iterator[Record]) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as target:
        target.write('{"type":"FeatureCollection","features":[')
        for count, record in enumerate(records, start=1):
            properties = json.dumps(
                {"code": record["code"], "name": record["name"]}, ensure_ascii=False
            )
            target.write(
                f'{"," if count > 1 else ""}\n{{"type":"Feature","id":"{record["code"]}",'
                f'"properties":{properties},"geometry":{record["geometry"]}}}'
            )
        target.write("\n]}\n")
    return count
