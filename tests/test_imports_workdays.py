"""The import of working days, and the export in the same columns."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.models import CalendarDay
from portal.queries.workdays import load_calendar
from portal.rules.exports import export
from portal.rules.imports import KINDS, run_import, undo_import

SHEET = """日期,是否上班,名称
2027-02-05,否,春节
2027年2月6日,休,春节
2027/2/13,是,春节调休
20270214,调休上班,
2027-02-13,是,重复
2027-02-30,是,没有的日子
2027-02-20,也许,
2027-02-21,,
"""


@pytest.fixture
def sheet(tmp_path):
    file = tmp_path / "workdays.csv"
    file.write_text(SHEET, encoding="utf-8")
    return file


def test_days_are_imported_exported_and_taken_back(session, sheet, tmp_path):
    report = run_import(session, KINDS["workdays"], sheet)
    assert (report.created, report.failed) == (4, 4)
    assert report.by_reason == {
        "duplicate_row": 1, "bad_date": 1, "bad_choice": 1, "working_missing": 1,
    }  # fmt: skip
    calendar = load_calendar(session)
    assert calendar.working(date(2027, 2, 13)) and calendar.working(date(2027, 2, 14))
    assert not calendar.working(date(2027, 2, 5))
    again = run_import(session, KINDS["workdays"], sheet)
    assert (again.unchanged, again.created, again.updated) == (4, 0, 0)

    out = tmp_path / "out.csv"
    assert export(session, "workdays", out) == 4
    assert out.read_text("utf-8-sig").splitlines() == [
        "date,working,name", "2027-02-05,否,春节", "2027-02-06,否,春节",
        "2027-02-13,是,春节调休", "2027-02-14,是,",
    ]  # fmt: skip
    back = run_import(session, KINDS["workdays"], out)
    assert (back.unchanged, back.failed) == (4, 0)

    assert undo_import(session, report.batch).ok
    assert session.scalars(select(CalendarDay)).all() == []


def test_a_changed_day_is_restored_by_undoing(session, sheet, tmp_path):
    session.add(CalendarDay(day=date(2027, 2, 13), working=False, name="旧"))
    session.flush()
    report = run_import(session, KINDS["workdays"], sheet)
    assert (report.created, report.updated) == (3, 1)
    assert undo_import(session, report.batch).ok
    (row,) = session.scalars(select(CalendarDay)).all()
    assert (row.working, row.name) == (False, "旧")


def test_the_command_knows_the_kind(portal, sheet):
    result = portal.test_cli_runner().invoke(args=["portal", "import", "workdays", str(sheet)])
    assert result.exit_code == 1  # four rows failed
    assert "created 4" in result.output
