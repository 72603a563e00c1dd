"""Files as they come."""

import json
from pathlib import Path

import pytest
import xlsxwriter

from portal.models import Grid
from portal.rules.imports import KINDS, cells
from portal.rules.imports.kind import Column, Kind, Refused
from portal.rules.imports.reader import Table, opened, read_features, read_mapping
from portal.rules.imports.reader import read_table as table_of

pytestmark = pytest.mark.one_engine

DATA = Path(__file__).parent / "data"
GRIDS = KINDS["grids"]
ROWS = "编码,名称,级别\n420102002990,幸福里社区,社区\n"


def read_table(file, kind, mapping) -> Table:
    """The table of a file with all its rows."""
    with opened(file) as sheets:
        table = table_of(sheets, kind, mapping)
        table.rows = list(table.rows)
    return table


def read(tmp_path, content, name="file.csv", mapping=None):
    """The table in a file with ``content`` (text is written as UTF-8)."""
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(file, GRIDS, mapping or {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings(tmp_path, encoding):
    table = read(tmp_path, ROWS.encode(encoding))
    assert table.rows == [(2, ["420102002990", "幸福里社区", "社区"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(tmp_path, delimiter):
    table = read(tmp_path, ROWS.replace(",", delimiter))
    assert table.rows[0][1][1] == "幸福里社区"


def test_headers_in_any_order_language_and_dress(tmp_path):
    table = read(tmp_path, "备注,Name*,户数（户）,上级 编码,CODE\n,社区,1,2,3\n")
    assert table.places == {"name": 1, "households_declared": 2, "parent_code": 3, "code": 4}
    assert table.extra_columns == ["备注"]


def test_title_rows_totals_and_signatures_are_left_out(tmp_path):
    content = (
        "网格一览表,,\n填报日期：2026.4.20,,\n" + ROWS + ",,\n合计,,1\n制表人：王,,\n审核：李,,\n"
    )
    table = read(tmp_path, content)
    assert [number for number, _cells in table.rows] == [4]
    assert table.ignored == 3


def test_a_row_that_only_looks_like_a_total_is_a_row(tmp_path):
    assert read(tmp_path, "编码,名称\n总计,合计\n").rows == [(2, ["总计", "合计"])]


def test_the_sheet_of_a_clerk():
    kind = Kind(
        "people",
        (
            Column("grid_code", "网格编码", cells.code(r"\d+"), "grid_missing"),
            Column("name", "姓名", cells.person_name(60), "name_missing"),
            Column("id_number", "证件号码", cells.code(r"[\dXx]+"), aliases=("身份证号",)),
        ),
        Grid,
        (Grid,),
        lambda work, lines: None,
    )
    table = read_table(DATA / "residents-clerk.xlsx", kind, {})
    assert len(table.rows) == 500
    assert table.rows[0][0] == 4  # the row number a person sees in the spreadsheet
    assert table.ignored == 1
    assert "备注" in table.extra_columns
    place = table.places["grid_code"]
    assert table.rows[0][1][place] == "4201020029900102001"


def test_spreadsheets_second_sheet_and_lost_digits(tmp_path):
    file = tmp_path / "grids.xlsx"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("cover").write_string(0, 0, "说明")
        sheet = book.add_worksheet("grids")
        sheet.write_row(1, 0, ["编码", "名称"])
        sheet.write_row(2, 0, [420102002990, "幸福里社区"])
    assert read_table(file, GRIDS, {}).rows == [(3, [420102002990.0, "幸福里社区"])]


def test_a_mapping_names_unknown_headers(tmp_path):
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({"网格代号": "code", "叫什么": "名称"}), encoding="utf-8")
    table = read(
        tmp_path, "网格代号,叫什么\n420102002990,社区\n", mapping=read_mapping(mapping, GRIDS)
    )
    assert table.places == {"code": 0, "name": 1}


@pytest.mark.parametrize("content", ['{"a": "nothing"}', "[1]", "{", "a: b: c"])
def test_a_bad_mapping_is_refused(tmp_path, content):
    mapping = tmp_path / "mapping.json"
    mapping.write_text(content, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_mapping(mapping, GRIDS)
    assert refused.value.reason == "bad_mapping"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b" \n ", "empty_file"),
        (b"a,b\n1,2\n", "no_header"),
        ("编码,级别\n1,2\n", "missing_column"),
        ("编码,code,名称\n1,2,3\n", "duplicate_column"),
        (b"PK\x03\x04 broken", "not_readable"),
        (b"\xd0\xcf\x11\xe0 broken", "not_readable"),
        (b"{}", "wrong_format"),
        (b"%PDF-1.7", "wrong_format"),
        (b"\x00\x01\x02\xff\xfe\xfd", "not_text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
        ('编码,名称\n"' + "x" * 1_000_001 + '",b\n', "not_readable"),
    ],
)
def test_files_that_are_refused(tmp_path, content, reason):
    with pytest.raises(Refused) as refused:
        read(tmp_path, content)
    assert refused.value.reason == reason


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused) as refused:
        read_table(tmp_path / "none.csv", GRIDS, {})
    assert refused.value.reason == "not_readable"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("code,name", "wrong_format"),
        ("[]", "wrong_format"),
        ('{"type": "Feature"}', "wrong_format"),
        ('{"type": "FeatureCollection"}', "wrong_format"),
        ("[" * 100_000, "wrong_format"),
        (
            '{"type": "FeatureCollection", "features": [], "crs": {"properties":'
            ' {"name": "EPSG:3857"}}}',
            "unknown_crs",
        ),
    ],
)
def test_geojson_that_is_refused(tmp_path, content, reason):
    file = tmp_path / "file.geojson"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_features(file)
    assert refused.value.reason == reason
