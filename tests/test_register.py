"""The register: import of residents and its way back, forms, search by numbers, secrecy."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import scope
from portal.extensions import db
from portal.models import AuditEntry, Building, Dwelling, Household, Resident, Row, User
from portal.queries.identity import load_identity
from portal.rules import idnumbers
from portal.rules.imports import KINDS, Options, run_import, undo_import, write_rejects
from tests.support.client import PageClient

CELL, BESIDE = "4201020029900101001", "4201020029900101002"
ELSEWHERE = "4201020029900301001"  # of another area
HEADER = "网格编码,楼栋,单元,房号,户号,与户主关系,姓名,性别,证件号码,出生日期,电话\n"
TABLES: tuple[type[Row], ...] = (Building, Dwelling, Household, Resident)
Client = Callable[..., PageClient]


def number(born: str = "19800101", serial: int = 1) -> str:
    """A number that fits together."""
    body = f"420102{born}{serial:03}"
    return body + idnumbers.check_character(body)


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Callable[..., Any]:
    """``load(rows, **options)``: import rows below HEADER and commit; the report."""

    def run(rows: str, header: str = HEADER, **options: Any) -> Any:
        file = tmp_path / "residents.csv"
        file.write_text(header + rows, encoding="utf-8")
        report = run_import(session, KINDS["residents"], file, Options(**options))
        session.commit()
        return report

    return run


def counted(session: Session) -> list[int]:
    """Rows of the register by table."""
    return [session.scalar(select(func.count()).select_from(model)) or 0 for model in TABLES]


def living(session: Session, name: str) -> Resident:
    return session.scalars(select(Resident).where(Resident.name == name)).one()


# the import ---------------------------------------------------------------------------------------


def test_a_new_file_builds_what_its_people_need(session: Session, load: Any) -> None:
    report = load(
        f"{CELL},3栋,1单元,101,H1,户主,张 三,男,{number()},1980.1.1,138 1234 5678\n"
        f"{CELL},3栋,1单元,101,H1,配偶,李四,女,{number(serial=2)},,\n"
        f"{CELL},3栋,1单元,102,H2,户主,王五,,{number(serial=3)},,\n"
    )
    assert (report.created, report.failed) == (3, 0)
    assert report.also_created == {"buildings": 1, "dwellings": 2, "households": 2}
    assert counted(session) == [1, 2, 2, 3]
    head = living(session, "张三")
    assert (head.birth_date, head.sex, head.phone) == (date(1980, 1, 1), "male", "13812345678")
    assert living(session, "王五").sex == "male"  # follows from the number
    assert session.scalars(select(Dwelling.name).order_by(Dwelling.id)).first() == "3栋1单元101"


def test_the_same_file_again_changes_nothing_and_undo_takes_all_back(
    session: Session, load: Any
) -> None:
    rows = (
        f"{CELL},3栋,,101,H1,户主,张三,男,{number()},,13812345678\n"
        f"{CELL},3栋,,101,H1,子,无证人,男,,2020-02-02,\n"
    )
    first, again = load(rows), load(rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert living(session, "无证人").id_type == "temporary"
    assert undo_import(session, again.batch).ok
    assert undo_import(session, first.batch).ok
    assert counted(session) == [0, 0, 0, 0]


def test_the_clerks_file_is_taken_as_expected(session: Session, tmp_path: Path) -> None:
    """Title rows, totals, full width, dotted dates: what ``residents-clerk`` is made of."""
    born, serial = "19900505", 7
    full = str.maketrans({str(digit): chr(0xFF10 + digit) for digit in range(10)})
    small = next(n for n in (number(born, s) for s in range(1, 400)) if n.endswith("X"))
    wide = number(born, serial).translate(full)
    file = tmp_path / "clerk.csv"
    file.write_text(
        "幸福里社区居民信息采集表,,,,,,,,,,,\n填报单位：综治工作站,,,,,,,,,,,\n"
        "序号," + HEADER.strip() + ",备注\n"
        f"1,{CELL},3栋,2单元,601,H1,户主,华一,,"
        f"{wide},1990.5.5,+86 138-1234-5678,\n"
        f"2,{CELL},3栋,2单元,601,H1,配偶,华二,, {small.lower()},,,\n"
        f"3,{CELL},3栋,2单元,602,H2,户主,华三,,,,,证件遗失\n"
        "\n合计,,,,,,,3人,,,,,\n",
        encoding="utf-8",
    )
    report = run_import(session, KINDS["residents"], file)
    assert (report.rows, report.created, report.failed, report.ignored) == (3, 3, 0, 1)
    assert report.extra_columns == ["序号", "备注"]
    assert {"full_width", "blank", "date_format", "phone_format", "small_x"} <= set(report.mended)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"420102002990019999999,1栋,,101,1,,甲,,{number()},,", "unknown_grid"),
        (f"42010200299001,1栋,,101,1,,甲,,{number()},,", "unknown_grid"),  # an area
        (f"{CELL},,,101,1,,甲,,{number()},,", "address_missing"),
        (f"{CELL},1栋,,,1,,甲,,{number()},,", "address_missing"),
        (f"{CELL},1栋,,101,1,,,,{number()},,", "name_missing"),
        (f"{CELL},1栋,,101,1,,甲,女,{number()},,", "sex_mismatch"),
        (f"{CELL},1栋,,101,1,,甲,,{number()},1980-01-02,", "birth_mismatch"),
        (f"{CELL},1栋,,101,1,,甲,,{number()[:-2]}00,,", "id_check_digit"),
        (f"{CELL},1栋,,101,1,,甲,,12345,,", "id_check_digit"),
        (f"{CELL},1栋,,101,1,,甲,,{number('19801301')},,", "id_date"),
        (f"{CELL},1栋,,101,1,,甲,,{number()},1980-13-01,", "bad_date"),
        (f"{CELL},1栋,,101,1,,甲,,{number()},,123", "bad_phone"),
    ],
)
def test_a_row_that_is_refused_leaves_nothing(
    session: Session, load: Any, row: str, reason: str
) -> None:
    report = load(row + "\n")
    assert (report.by_reason, report.created) == ({reason: 1}, 0)
    assert counted(session) == [0, 0, 0, 0]


def test_one_number_one_person_and_one_head(session: Session, load: Any) -> None:
    load(f"{CELL},1栋,,101,1,户主,甲,,{number()},,\n")
    report = load(
        f"{BESIDE},1栋,,101,1,户主,甲,,{number()},,\n"  # on record in another household
        f"{CELL},1栋,,101,1,户主,乙,,{number(serial=3)},,\n"  # a second head
        f"{CELL},1栋,,102,1,户主,丙,,{number(serial=5)},,\n"
        f"{CELL},1栋,,103,1,户主,丙,,{number(serial=5)},,\n"  # twice in the file
    )
    assert report.by_reason == {"duplicate_id": 2, "two_heads": 1}
    assert report.created == 1
    twin = Resident(name="丁", grid_code=CELL, id_number=number())
    twin.household_id = living(session, "甲").household_id
    session.add(twin)
    with pytest.raises(IntegrityError):  # the database refuses it too
        session.flush()
    session.rollback()


def test_who_moved_out_may_be_entered_elsewhere(session: Session, load: Any) -> None:
    load(f"{CELL},1栋,,101,1,户主,甲,,{number()},,\n")
    living(session, "甲").moved_out_on = date(2026, 1, 1)
    session.commit()
    report = load(f"{BESIDE},1栋,,101,1,户主,甲,,{number()},,\n")
    assert (report.created, report.failed) == (1, 0)


def test_refused_rows_come_back_with_a_reason(session: Session, load: Any, tmp_path: Path) -> None:
    report = load(f"{CELL},1栋,,101,1,,甲,女,{number()},,\n")
    file = tmp_path / "rejects.xlsx"
    write_rejects(report, file)
    header, row = list(load_workbook(file).active.iter_rows(values_only=True))
    assert header[:11] == tuple(HEADER.strip().split(","))
    assert (row[8], row[-1]) == (number(), "sex_mismatch")


@pytest.mark.parametrize(
    "column",
    ["宗教信仰", "政治面貌", "是否信访户", "前科", "婚姻状况", "Religion", "Political status"],
)
def test_what_the_register_does_not_hold_is_dropped_unread(
    session: Session, load: Any, tmp_path: Path, column: str
) -> None:
    report = load(
        f"{CELL},1栋,,101,1,户主,甲,,{number()},,,某某某\n"
        f"{CELL},1栋,,101,1,,乙,男,{number(serial=2)},,,某某某\n",
        header=HEADER.replace("\n", f",{column}\n"),
    )
    assert (report.created, report.failed) == (1, 1)
    assert (report.dropped_columns, report.extra_columns) == ([column], [])
    assert "某某某" not in report.as_json()
    file = tmp_path / "rejects.csv"
    write_rejects(report, file)
    assert "某某某" not in file.read_text(encoding="utf-8-sig")
    for table in db.metadata.sorted_tables:
        for row in session.execute(text(f'SELECT * FROM "{table.name}"')):
            assert "某某某" not in str(row), table.name


def test_what_is_dropped_cannot_be_mapped_to_something_else(
    session: Session, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "r.csv", tmp_path / "m.json"
    header = HEADER.replace("\n", ",政治面貌\n")
    file.write_text(header + f"{CELL},1栋,,101,1,,甲,,{number()},,,某某某\n", encoding="utf-8")
    mapping.write_text(json.dumps({"政治面貌": "occupation"}), encoding="utf-8")
    report = run_import(session, KINDS["residents"], file, mapping=mapping)
    assert (report.created, report.dropped_columns) == (1, ["政治面貌"])
    assert living(session, "甲").occupation is None


def test_a_clerk_imports_into_the_own_area_only(session: Session, load: Any) -> None:
    clerk = session.scalars(select(User).where(User.username == "clerk1")).one()
    with scope.acting(load_identity(session, clerk)):
        report = load(
            f"{CELL},1栋,,101,1,户主,甲,,{number()},,\n"
            f"{ELSEWHERE},1栋,,101,1,户主,乙,,{number(serial=3)},,\n"
        )
    assert (report.created, dict(report.by_reason)) == (1, {"out_of_scope": 1})


def test_nothing_private_lies_in_the_database_in_clear(
    portal: Flask, session: Session, load: Any
) -> None:
    secret, phone = number(), "13812345678"
    load(f"{CELL},1栋,,101,1,户主,甲,,{secret},,{phone}\n")
    for table in db.metadata.sorted_tables:
        for row in session.execute(text(f'SELECT * FROM "{table.name}"')):
            told = json.dumps([str(value) for value in row])
            assert secret not in told and phone not in told, table.name


# the pages ----------------------------------------------------------------------------------------


def home(portal: Flask) -> int:
    """A household in CELL; its key."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        building = Building(grid_code=CELL, name="1栋")
        dwelling = Dwelling(grid_code=CELL, building=building, name="1栋101", room="101")
        household = Household(grid_code=CELL, dwelling=dwelling, name="1栋101 H1", number="H1")
        db.session.add(household)
        db.session.commit()
        return household.id


TYPED = {"name": "赵六", "id_type": "resident_id", "registration": "permanent"}


def test_a_resident_is_entered_and_shown_masked(portal: Flask, client_as: Client) -> None:
    key, client = home(portal), client_as("clerk1")
    given = TYPED | {"household": str(key), "id_number": number().lower(), "phone": "13812345678"}
    answer = client.submit("/residents/add", given)
    assert answer.status == 302, answer.text
    page = client.get(answer.location or "")
    assert number() not in page.text and "13812345678" not in page.text
    assert f"420102********{number()[-4:]}" in page.text
    assert "1980" in page.text
    with portal.app_context():
        row = db.session.scalars(select(Resident)).one()
        assert (row.grid_code, row.sex) == (CELL, "male")
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.table_name == "residents")
        ).one()
        assert number() not in (entry.changes or "")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"id_number": "420102198001010000"}, "id_number"),
        ({"id_number": number(), "sex": "female"}, "sex"),
        ({"id_number": number(), "birth_date": "1980-01-02"}, "birth_date"),
        ({"id_number": number(), "moved_in_on": "2999-01-01"}, "moved_in_on"),
    ],
)
def test_a_wrong_number_is_told_beside_its_field(
    portal: Flask, client_as: Client, typed: dict[str, str], field: str
) -> None:
    key, client = home(portal), client_as("clerk1")
    page = client.submit("/residents/add", TYPED | {"household": str(key)} | typed)
    assert page.status == 400
    assert page.one(f"#{field}-err")
    assert "赵六" in page.text  # what was typed is kept


def test_without_papers_a_temporary_number_is_given(portal: Flask, client_as: Client) -> None:
    key, client = home(portal), client_as("worker01")
    answer = client.submit("/residents/add", TYPED | {"household": str(key)})
    assert answer.status == 302, answer.text
    with portal.app_context():
        row = db.session.scalars(select(Resident)).one()
        assert row.id_type == "temporary"
        assert (row.id_number or "").startswith("T")


@pytest.mark.parametrize("asked", [number(), number()[-4:], "13812345678", "zhaoliu", "zl", "赵六"])
def test_a_resident_is_found_by_numbers_and_name(
    portal: Flask, client_as: Client, asked: str
) -> None:
    key, client = home(portal), client_as("clerk1")
    given = TYPED | {"household": str(key), "id_number": number(), "phone": "13812345678"}
    assert client.submit("/residents/add", given).status == 302
    assert client.submit("/residents/add", TYPED | {"household": str(key), "name": "别人"}).status
    page = client.get("/residents/list/", query_string={"q": asked}, check=False)
    if page.status == 302:  # a number stands in no address
        assert asked not in (page.location or asked)
        page = client.get(page.location or "")
    names = [
        cell.get_text(strip=True) for cell in page.soup.select("main tbody tr th, main tbody td a")
    ]
    assert any("赵六" in name for name in names)
    assert not any("别人" in name for name in names)
    other = client_as("clerk2").get(page.path)
    assert "赵六" not in other.one("main").get_text()


def test_rooms_and_households_are_there_once(portal: Flask, client_as: Client) -> None:
    key, client = home(portal), client_as("clerk1")
    with portal.app_context():
        household = db.session.get_one(Household, key)
        dwelling, building = household.dwelling_id, db.session.scalars(select(Building.id)).one()
    for path, typed in (
        ("/buildings/add", {"name": "1栋", "grid": CELL, "kind": "residential"}),
        ("/dwellings/add", {"building": str(building), "room": "101", "use": "owner"}),
        ("/households/add", {"dwelling": str(dwelling), "number": "H1", "kind": "family"}),
    ):
        assert client.submit(path, typed).status == 400, path
    typed = {"building": str(building), "unit": "2单元", "room": "101", "use": "rented"}
    assert client.submit("/dwellings/add", typed).status == 302
    with portal.app_context():
        made = db.session.scalars(select(Dwelling).order_by(Dwelling.id.desc())).first()
        assert made is not None and (made.name, made.grid_code) == ("1栋2单元101", CELL)


def test_what_is_in_a_building_is_called_after_it(portal: Flask, client_as: Client) -> None:
    key, client = home(portal), client_as("clerk1")
    with portal.app_context():
        household = db.session.get_one(Household, key)
        dwelling, building = household.dwelling_id, db.session.scalars(select(Building.id)).one()
    for path, typed, name in (
        (f"/buildings/edit/{building}", {"name": "东楼"}, "东楼101 H1"),
        (f"/dwellings/edit/{dwelling}", {"unit": "2单元"}, "东楼2单元101 H1"),
        (f"/households/edit/{key}", {"number": "H2"}, "东楼2单元101 H2"),
    ):
        assert client.submit(path, typed).status == 302, path
        with portal.app_context():
            assert db.session.get_one(Household, key).name == name
    found = client.get("/households/list/", query_string={"q": "donglou"})
    assert "H2" in found.one("main tbody").get_text()


@pytest.mark.parametrize(
    ("slug", "column"),
    [("buildings", "grid"), ("dwellings", "building"), ("households", "dwelling")],
)
def test_nothing_is_moved_away_from_under_what_is_in_it(
    portal: Flask, client_as: Client, slug: str, column: str
) -> None:
    home(portal)
    page = client_as("station").get(f"/{slug}/edit/1")
    assert not page.soup.select(f"main form [name={column}]")
    assert page.soup.select("main form [name=row_version]")


def test_a_building_stands_in_a_cell(client_as: Client) -> None:
    typed = {"name": "9栋", "grid": "42010200299001", "kind": "residential"}
    assert client_as("station").submit("/buildings/add", typed).status == 400
