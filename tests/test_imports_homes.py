"""Buildings, dwellings and households from files: with headers of either language, out and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Building, Dwelling, Household
from portal.rules.exports import export
from portal.rules.imports import KINDS, Report, run_import, undo_import

CELL = "4201020029900101001"
FILES = {
    "buildings": (
        [
            "序号",
            "网格编码",
            "楼栋",
            "类型",
            "层数",
            "单元数",
            "户数",
            "建成年份",
            "物业",
            "经度",
            "纬度",
        ],
        ["1", CELL, "3栋", "商住楼", "18", "2", "72户", "1998", "示例物业", "114.3", "30.5"],
        ["2", CELL, "5 栋", "", "", "", "0", "", "", "", ""],
    ),
    "dwellings": (
        ["grid_code", "Building", "unit", "room", "use", "owner_name", "owner_phone"],
        [CELL, "3栋", "1单元", "101", "出租", "张三", "１３８ 1234 5678"],
        [CELL, "3栋", "", "102", "", "", ""],
    ),
    "households": (
        ["网格编码", "楼栋", "单元", "房号", "户号", "户类型"],
        [CELL, "3栋", "1单元", "101", "H1", "集体户"],
        [CELL, "3栋", "1单元", "101", "H2", ""],
    ),
}
MODELS = (Building, Dwelling, Household)


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Callable[..., Report]:
    """``load(kind, rows)``: a clerk's sheet with titles above and a total below, imported."""

    def run(kind: str, rows: list[list[str]]) -> Report:
        file = tmp_path / f"{kind}.xlsx"
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            above = [["一览表"], ["填报单位：综治工作站"], []]
            for number, row in enumerate([*above, *rows, [], ["合计", "", "", "2"]]):
                sheet.write_row(number, 0, row)
        report = run_import(session, KINDS[kind], file)
        session.commit()
        return report

    return run


def counted(session: Session) -> list[int]:
    return [session.scalar(select(func.count()).select_from(model)) or 0 for model in MODELS]


@pytest.mark.parametrize("kind", FILES)
def test_out_and_back_and_undone(session: Session, load: Any, tmp_path: Path, kind: str) -> None:
    before = counted(session)
    rows = [list(row) for row in FILES[kind]]
    report = load(kind, rows)
    assert (report.created, report.failed, report.ignored) == (2, 0, 1)
    assert load(kind, rows).unchanged == 2
    for ending in ("csv", "xlsx"):
        out = tmp_path / f"out.{ending}"
        assert export(session, kind, out, CELL) >= 2
        back = run_import(session, KINDS[kind], out)
        assert (back.created, back.updated, back.failed) == (0, 0, 0), back.errors
        assert back.unchanged >= 2
    assert undo_import(session, report.batch).ok
    assert counted(session) == before


def test_what_the_rows_say_is_on_record(session: Session, load: Any) -> None:
    for kind, rows in FILES.items():
        load(kind, [list(row) for row in rows])
    building = session.scalars(select(Building).where(Building.name == "3栋")).one()
    assert (building.kind, building.storeys, building.dwellings) == ("mixed", 18, 72)
    assert (building.longitude, building.built_year) == (114.3, 1998)
    let = session.scalars(select(Dwelling).where(Dwelling.room == "101")).one()
    assert (let.name, let.use, let.owner_phone) == ("3栋1单元101", "rented", "13812345678")
    numbers = select(Household.number, Household.kind).order_by(Household.number)
    assert session.execute(numbers).all() == [("H1", "collective"), ("H2", "family")]


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("buildings", {1: "420102002990019999999"}, "unknown_grid"),
        ("buildings", {10: "130"}, "bad_number"),
        ("buildings", {3: "城堡"}, "bad_choice"),
        ("dwellings", {3: ""}, "address_missing"),
        ("dwellings", {6: "12"}, "bad_phone"),
        ("households", {1: ""}, "address_missing"),
    ],
)
def test_refused_with_a_reason(load: Any, kind: str, change: dict[int, str], reason: str) -> None:
    header, first, second = ([*row] for row in FILES[kind])
    for place, value in change.items():
        first[place] = value
    report = load(kind, [header, first, second])
    assert report.by_reason == {reason: 1}
    assert report.created == 1
