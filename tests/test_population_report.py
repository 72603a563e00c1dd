"""The monthly population report: what it counts, its versions, the timetable, the spreadsheet."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.population import monthly
from portal import clock
from portal.documents import registry
from portal.documents.population import population_html, population_sheet, render_population
from portal.errors import RuleError
from portal.models import Building, Dwelling, Household, IssuedDocument, Message, Resident
from portal.models.population import PopulationChange
from portal.queries.board_record import Edition
from portal.queries.population_record import FLOW, STOCK, PopulationReport, ReportLine
from portal.rules import documents, population
from portal.rules.population_report import load_report
from tests.support.pdf import check_pdf

COMMUNITY, AREA = "420102002990", "42010200299001"
CELL, BESIDE = "4201020029900102003", "4201020029900102001"


@pytest.fixture
def register(session: Session) -> Session:
    """October 2026 in CELL and BESIDE: five people, a birth, a move between the two, one gone."""
    homes = {}
    for cell in (CELL, BESIDE):
        room = Dwelling(
            grid_code=cell, building=Building(grid_code=cell, name="3栋"), name="3栋101", room="101"
        )
        homes[cell] = Household(grid_code=cell, dwelling=room, number="H1", name="3栋101 H1")
    session.add_all(homes.values())
    session.flush()
    people = [
        ("甲", CELL, "male", "permanent", date(1950, 1, 1), None, None),
        ("乙", CELL, "female", "floating", date(1990, 1, 1), date(2020, 1, 1), None),
        ("丙", CELL, "female", "permanent", date(2026, 10, 5), date(2026, 10, 5), None),
        ("丁", BESIDE, "male", "permanent", date(1980, 1, 1), date(2026, 10, 9), None),
        ("戊", BESIDE, "male", "permanent", date(1980, 1, 1), None, date(2026, 9, 1)),
        ("己", BESIDE, "male", "overseas", date(2008, 10, 31), date(2026, 11, 2), None),
    ]
    rows = {}
    for name, cell, sex, registration, born, came, left in people:
        rows[name] = Resident(
            grid_code=cell, household=homes[cell], name=name, sex=sex, registration=registration,
            birth_date=born, moved_in_on=came, moved_out_on=left, id_number=f"T{name}",
            id_type="temporary",
        )  # fmt: skip
    session.add_all(rows.values())
    session.flush()
    for name, kind, cell, other, day in [
        ("丙", "birth", CELL, None, date(2026, 10, 5)),
        ("丁", "move_out", CELL, BESIDE, date(2026, 10, 9)),
        ("丁", "move_in", BESIDE, CELL, date(2026, 10, 9)),
        ("甲", "registered", CELL, None, date(2026, 10, 1)),
        ("己", "move_in", BESIDE, None, date(2026, 11, 2)),
        ("乙", "move_out", CELL, None, date(2026, 10, 20)),
    ]:
        change = PopulationChange(
            grid_code=cell, kind=kind, happened_on=day, resident_id=rows[name].id,
            household_id=homes[cell].id, other_code=other, actor="clerk1",
        )  # fmt: skip
        session.add(change)
        session.flush()
        if name == "乙":  # entered by mistake
            back = PopulationChange(
                grid_code=cell, kind="correction", happened_on=day, resident_id=rows[name].id,
                household_id=homes[cell].id, cancels_id=change.id, actor="clerk1",
            )  # fmt: skip
            session.add(back)
    session.commit()
    return session


def figures(line: ReportLine) -> dict[str, int]:
    known = dict(zip((*STOCK, *FLOW), (*line.stock, *line.flow), strict=True))
    return {name: number for name, number in known.items() if number} | {"before": line.before}


def test_it_counts_who_was_there_and_what_happened_that_month(register: Session) -> None:
    report = load_report(register, COMMUNITY, "zh_Hans_CN", "2026-10")
    lines = {line.code: figures(line) for line in report.lines}
    assert len(report.lines) == 1 + 4 + 10 + 34
    assert lines[CELL] == {
        "households": 1, "people": 3, "male": 1, "female": 2, "permanent": 2, "floating": 1,
        "under_18": 1, "over_60": 1, "birth": 1, "move_out": 1, "before": 3,
    }  # fmt: skip
    assert lines[BESIDE] == {
        "households": 1, "people": 1, "male": 1, "permanent": 1, "move_in": 1, "before": 0,
    }  # fmt: skip
    assert lines[COMMUNITY]["people"] == lines[AREA]["people"] == 4
    assert report.inner == 1
    november = load_report(register, BESIDE, "zh_Hans_CN", "2026-09")
    assert figures(november.lines[0]) == {"before": 1}  # 戊 left on the first of the month


def test_who_moved_since_is_counted_where_they_lived(register: Session) -> None:
    """Moves overwrite where somebody lives; the months before stay as they were."""
    mover = register.scalars(select(Resident).where(Resident.name == "乙")).one()
    target = register.scalars(select(Household).where(Household.grid_code == BESIDE)).one()
    before = load_report(register, COMMUNITY, "zh_Hans_CN", "2026-09").lines
    population.move_in_known(register, target, mover, date(2026, 11, 3))
    population.move_out(register, mover, date(2026, 11, 20))
    register.commit()
    assert load_report(register, COMMUNITY, "zh_Hans_CN", "2026-09").lines == before
    line = load_report(register, COMMUNITY, "zh_Hans_CN", "2026-10").lines[0]
    assert figures(line)["people"] == 4


@pytest.mark.parametrize("period", ["2026-13", "26-10", "2026-10-01", "1999-01", "2099-01", "十月"])
def test_a_month_that_is_none_or_not_over_is_refused(session: Session, period: str) -> None:
    with pytest.raises(RuleError):
        load_report(session, COMMUNITY, "zh_Hans_CN", period)


def test_the_timetable_makes_it_once_and_tells_the_office(register: Session) -> None:
    slot = "2026-11-01T04:30:00+08:00"
    assert monthly(slot) == 1
    assert monthly(slot) == 0
    made = register.scalars(select(IssuedDocument).order_by(IssuedDocument.id)).all()
    assert [(one.number, one.subject, one.size) for one in made] == [
        (f"RK-{COMMUNITY}-2026-10-A4-001", "2026-10", "a4"),
        (f"RK-{COMMUNITY}-2026-10-XLSX-001", "2026-10", "xlsx"),
    ]
    assert all(documents.is_stored(one) for one in made)
    kinds = register.scalars(select(Message.kind)).all()
    assert kinds and set(kinds) == {"population_report"}
    # The same again is the version that is kept; a late event makes the next one.
    again = registry.issue(register, "population-report", COMMUNITY, "a4", "zh_Hans_CN", "2026-10")
    assert again.id == made[0].id
    late = register.scalars(select(Resident).where(Resident.name == "己")).one()
    late.moved_in_on = date(2026, 10, 30)
    register.flush()
    newer = registry.issue(register, "population-report", COMMUNITY, "a4", "zh_Hans_CN", "2026-10")
    assert (newer.issue_no, documents.is_stored(made[0])) == (2, True)


def test_the_usual_month_is_the_last_one_that_is_over(session: Session) -> None:
    usual = documents.usual_subject(documents.SPECS["population-report"])
    assert usual < f"{clock.today():%Y-%m}"
    assert load_report(session, CELL, "en", "").period == usual


def report(lang: str) -> PopulationReport:
    names = {"community": "社区", "area": "片格", "block": "中格", "cell": "小格"}
    codes = [COMMUNITY, AREA, f"{AREA}01", *(f"{AREA}01{number:03}" for number in range(1, 46))]
    levels = {12: "community", 14: "area", 16: "block", 19: "cell"}
    lines = tuple(
        ReportLine(
            code, f"甲乙丙丁戊己庚辛{code[-3:]}", levels[len(code)], tuple(range(99_990, 100_000)),
            (0, 1, 2, 30, 4, 5, 6, 7, 8), 99_980,
        )
        for code in codes
    )  # fmt: skip
    return PopulationReport(
        lang, COMMUNITY, "幸福里社区", "community", ("区", "街道"), "2026-10", "2026-10-31",
        lines, 1,
        "https://grid.example/directory/420102002990", "幸福里社区", names,
    )  # fmt: skip


@pytest.mark.one_engine
@pytest.mark.parametrize(("lang", "tag"), [("zh_Hans_CN", "zh-Hans"), ("en", "en")])
def test_paper_and_spreadsheet_say_the_same(lang: str, tag: str) -> None:
    record, edition = report(lang), Edition("RK-1-A4-001", 1, date(2026, 11, 1))
    data, pages = render_population(record, edition)
    facts = check_pdf(data, population_html(record, edition), tag)
    assert set(facts.sizes) == {(297, 210)}
    assert 4 <= pages <= 8
    sheet = population_sheet(record, edition)
    assert sheet == population_sheet(record, edition)
    rows: Any = list(load_workbook(BytesIO(sheet)).worksheets[0].values)
    assert len(rows) == 1 + len(record.lines)
    assert rows[1][3:] == (*record.lines[0].stock, *record.lines[0].flow, record.lines[0].before)
