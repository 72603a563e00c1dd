"""Exports: the columns of the imports, the same bytes every time, nothing private for people."""

import csv
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from python_calamine import load_workbook
from sqlalchemy import func, select

from portal.cli.exports import export_command
from portal.errors import Forbidden
from portal.extensions import db
from portal.models import (
    AuditEntry,
    Building,
    CalendarDay,
    Dwelling,
    Grid,
    Household,
    Resident,
    User,
    Worker,
)
from portal.queries.identity import load_identity
from portal.rules.exports import SOURCES, export
from portal.rules.imports import KINDS, run_import
from portal.scope import ANONYMOUS, SYSTEM, acting

AREA = "42010200299001"
CELL = "4201020029900101001"
# What is told back beside the columns of the import has tests of its own.
TABLES = [n for n, kind in KINDS.items() if kind.shape == "table" and not kind.told_back]


@pytest.fixture
def run(portal):
    """``run(*words)``: exit code and output of ``portal export``."""

    def call(*words):
        result = portal.test_cli_runner().invoke(export_command, [str(word) for word in words])
        return result.exit_code, result.output

    return call


def family():
    """Two people of a household, one of them without papers."""
    place = {"grid_code": CELL}
    building = Building(name="1栋", **place)
    dwelling = Dwelling(building=building, name="1栋2单元101", unit="2单元", room="101", **place)
    household = Household(dwelling=dwelling, name="1栋101 H1", number="H1", **place)
    told = {"household": household, "registration": "permanent", **place}
    head = Resident(
        name="甲", id_number="11010519491231002X", sex="female", birth_date=date(1949, 12, 31),
        relation_to_head="head", phone="15400001111", nation="汉族", **told,
    )  # fmt: skip
    return head, Resident(name="乙", id_number="T0123456789AB", id_type="temporary", **told)


def read_csv(file):
    """Rows of an exported CSV file as dicts."""
    with file.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


# The rows are the same in both; the database has no say in how a workbook is packed.
ENDINGS = ["csv", pytest.param("xlsx", marks=pytest.mark.one_engine)]


def test_every_kind_of_import_can_be_exported():
    assert SOURCES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_exported_imports_without_a_change(session, tmp_path, kind, ending):
    file = tmp_path / f"{kind}.{ending}"
    session.add(CalendarDay(day=date(2027, 2, 8), working=False, name="春节"))
    session.add_all(family())
    session.flush()
    count = export(session, kind, file)
    report = run_import(session, KINDS[kind], file)
    assert count > 0
    assert (report.rows, report.unchanged, report.mended) == (count, count, {})


def test_boundaries_come_back_as_they_are(session, tmp_path):
    file = tmp_path / "boundaries.geojson"
    count = export(session, "boundaries", file)
    assert count == len(json.loads(file.read_text(encoding="utf-8"))["features"]) == 49
    report = run_import(session, KINDS["boundaries"], file)
    assert (report.unchanged, report.mended) == (49, {})


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_rows_give_the_same_bytes(session, tmp_path, kind, ending):
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    export(session, kind, first)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        export(session, kind, second)
    assert first.read_bytes() == second.read_bytes()


def test_spreadsheets_hold_text_only(session, tmp_path):
    file = tmp_path / "grids.xlsx"
    export(session, "grids", file, CELL)
    rows = load_workbook(file).get_sheet_by_index(0).to_python()
    assert rows[0] == [column.name for column in KINDS["grids"].columns]
    assert rows[1][0] == CELL
    assert all(isinstance(cell, str) for row in rows for cell in row)


def test_formulas_are_defused_and_come_back(session, tmp_path):
    session.scalar(select(Grid).where(Grid.code == CELL)).name = "=HYPERLINK(1)"
    session.commit()
    file = tmp_path / "grids.csv"
    export(session, "grids", file, CELL)
    assert read_csv(file)[0]["name"] == "'=HYPERLINK(1)"
    assert run_import(session, KINDS["grids"], file).unchanged == 1


def test_a_subtree(session, tmp_path):
    file = tmp_path / "grids.csv"
    export(session, "grids", file, AREA)
    codes = [row["code"] for row in read_csv(file)]
    assert codes[0] == AREA
    assert all(code.startswith(AREA) for code in codes)
    assert codes == sorted(codes)


def test_private_phones_for_the_system_only(portal, run, tmp_path):
    file = tmp_path / "workers.csv"
    assert run("workers", file)[0] == 0
    private = {row["phone"] for row in read_csv(file) if row["phone"]}
    assert len(private) == 240
    assert run("workers", file, "--as", "station")[0] == 0
    content = file.read_text(encoding="utf-8-sig")
    assert not [phone for phone in private if phone in content]
    assert all("****" in row["phone"] for row in read_csv(file))


def test_people_export_their_own_grids_and_only_with_the_right(run, tmp_path):
    file = tmp_path / "workers.csv"
    assert run("workers", file, "--as", "clerk1")[0] == 0
    assert {row["grid_code"][:14] for row in read_csv(file)} == {AREA}
    assert run("workers", file, "--as", "clerk1", "--grid", "42010200299002")[1].startswith("0 ")
    for username in ("leader07", "nobody"):
        other = tmp_path / f"{username}.csv"
        code, output = run("workers", other, "--as", username)
        assert code == 1
        assert username in output
        assert not other.exists()


def test_nobody_exports_nothing(session, tmp_path):
    with acting(ANONYMOUS), pytest.raises(Forbidden):
        export(session, "duties", tmp_path / "duties.csv")


def test_another_ending_is_refused(run, tmp_path):
    assert run("grids", tmp_path / "grids.pdf")[0] == 1
    assert run("grids", tmp_path / "grids.geojson")[0] == 1
    assert run("boundaries", tmp_path / "boundaries.csv")[0] == 1


def test_an_export_is_audited(portal, run, tmp_path):
    assert run("workers", tmp_path / "workers.csv", "--grid", CELL)[0] == 0
    with portal.app_context():
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.table_name, entry.grid_code) == ("export", "workers", CELL)


def test_a_moved_worker_keeps_the_order_of_grids(session, tmp_path):
    last = session.scalars(select(Worker).order_by(Worker.id.desc())).first()
    last.grid_code = "420102002990"
    session.commit()
    file = tmp_path / "workers.csv"
    with acting(SYSTEM):
        export(session, "workers", file)
    places = [row["grid_code"] for row in read_csv(file)]
    assert places == sorted(places)
    assert session.scalar(select(func.count()).select_from(Worker)) == 240


def test_residents_exported_with_hidden_numbers_come_back_to_the_same_people(session, tmp_path):
    """What a clerk exports is masked: importing it changes nobody and adds nobody."""
    session.add_all(family())
    session.commit()
    clerk = session.scalars(select(User).where(User.username == "clerk1")).one()
    file = tmp_path / "residents.csv"
    with acting(load_identity(session, clerk)):
        assert export(session, "residents", file) == 2
        told = file.read_text(encoding="utf-8-sig")
        assert "11010519491231002X" not in told and "15400001111" not in told
        assert (run_import(session, KINDS["residents"], file).unchanged) == 2
        file.write_text(told.replace(",甲,", ",丙,"), encoding="utf-8")
        report = run_import(session, KINDS["residents"], file)
        assert dict(report.by_reason) == {"number_hidden": 1}
