"""The quality of the register: every number leads to the rows it counts, within the scope."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.extensions import db
from portal.models import Building, Dwelling, Grid, Household, Resident, Setting
from portal.queries.grid_checks import grid_records
from portal.queries.settings import household_standards
from portal.rules import idnumbers
from portal.rules.check_grids import check_grids
from portal.rules.quality import recheck_numbers
from tests.support.counting import count_statements

CELL, BESIDE = "4201020029900101001", "4201020029900101002"
ELSEWHERE = "4201020029900301001"  # of another area
BORN = date(1980, 1, 1)


def number(serial: int) -> str:
    body = f"42990019800101{serial:03}"
    return body + idnumbers.check_character(body)


class Register:
    """Plants homes and people."""

    def __init__(self, session: Session) -> None:
        self.session, self.serial = session, 0

    def home(self, cell: str, use: str = "owner") -> Dwelling:
        self.serial += 1
        building = Building(grid_code=cell, name=f"甲{self.serial}栋")
        self.session.add(building)
        self.session.flush()
        home = Dwelling(
            grid_code=cell, building_id=building.id, name=f"{building.name}101", room="101", use=use
        )
        self.session.add(home)
        self.session.flush()
        return home

    def household(self, cell: str, use: str = "owner") -> Household:
        home = self.home(cell, use)
        row = Household(
            grid_code=cell, dwelling_id=home.id, name=f"{home.name} 1", number=f"H{self.serial}"
        )
        self.session.add(row)
        self.session.flush()
        return row

    def person(self, household: Household, **values: Any) -> Resident:
        self.serial += 1
        told = {
            "name": f"王{self.serial}", "sex": "female", "birth_date": BORN,
            "id_type": "resident_id", "id_number": number(self.serial * 2),
            "phone": f"154{self.serial:08d}", "relation_to_head": "head",
        }  # fmt: skip
        row = Resident(grid_code=household.grid_code, household_id=household.id, **told | values)
        self.session.add(row)
        self.session.flush()
        return row


@pytest.fixture
def planted(portal: Flask) -> Flask:
    """Two cells of one area and one of another, with one row for every gap, committed."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        add = Register(db.session)
        whole = add.household(CELL)
        add.person(whole, name="王同名")
        headless = add.household(CELL)
        add.person(headless, relation_to_head=None)
        add.person(headless, relation_to_head="son", phone=None)
        child = {"birth_date": date(2020, 1, 1), "id_type": "passport", "id_number": "ZZ1"}
        add.person(headless, relation_to_head="son", phone=None, **child)
        papers = {"id_type": "temporary", "id_number": "TABC", "birth_date": None}
        add.person(add.household(CELL, "vacant"), **papers)
        alike = add.person(add.household(CELL), name="李同名")
        add.person(add.household(BESIDE), name="李同名")
        add.person(add.household(ELSEWHERE), name="王同名")  # of whom clerk 1 sees only one
        add.person(add.household(BESIDE), id_number=alike.id_number, died_on=date(2026, 1, 2))
        add.home(CELL)
        add.home(CELL, "vacant")
        db.session.commit()
    return portal


EXPECTED = {
    "no_papers": 1, "no_birth_date": 1, "no_phone": 1, "no_relation": 1, "twice": 2,
    "died_elsewhere": 1, "no_head": 1, "empty": 1, "no_household": 1, "not_vacant": 1,
    "wrong_number": 0,
}  # fmt: skip


def test_each_number_of_the_page_is_that_of_the_list_it_leads_to(planted, client_as) -> None:
    client = client_as("clerk1")
    page = client.get("/register-quality/")
    tiles = page.soup.select(".tiles a[href]")
    found = {}
    for tile in tiles:
        count = int(tile.select_one("b").text.replace(",", ""))
        rows = client.get(tile["href"]).soup.select("table.t tbody tr")
        assert len(rows) == count, tile.text
        found[tile["href"].split("preset=")[1].split("&")[0]] = count
    assert found == EXPECTED
    cells = {row.select_one("th").text: row for row in page.soup.select("table.t tbody tr")}
    assert len(cells) == 10  # of the area, whatever is registered in them
    assert ELSEWHERE not in page.text
    inner = client.get(f"/register-quality/?grid_code={BESIDE}")
    assert len(inner.soup.select("table.t tbody tr")) == 1
    assert client.get(f"/register-quality/?grid_code={ELSEWHERE}").status == 404
    assert client.get("/register-quality/?grid_code=x").status == 404


def test_the_page_is_short_and_asks_little(planted, client_as) -> None:
    client = client_as("station")
    client.get("/register-quality/")
    with count_statements(planted) as asked:
        page = client.get("/register-quality/")
    assert len(asked) <= 8
    assert len(page.body) < 40_000


def test_the_desk_of_a_clerk_counts_the_gaps(planted, client_as) -> None:
    client = client_as("clerk1")
    hrefs = {tile["href"]: tile for tile in client.get("/desk/").soup.select(".tiles a[href]")}
    twice = next(href for href in hrefs if "preset=twice" in href)
    assert hrefs[twice].select_one("b").text == "2"
    assert len(client.get(twice).soup.select("table.t tbody tr")) == 2
    assert "/register-quality/" in hrefs


def test_an_empty_register_says_what_to_do(client_as) -> None:
    page = client_as("clerk1").get("/register-quality/")
    assert page.soup.select_one("a[href='/imports/new']")
    assert not page.soup.select(".tiles")


def test_the_night_notes_wrong_numbers_and_forgets_them(planted: Flask, client_as) -> None:
    with planted.app_context(), scope.acting(scope.SYSTEM):
        session = db.session
        rows = session.scalars(select(Resident).where(Resident.id_type == "resident_id")).all()
        assert recheck_numbers(session) == (len(rows), 0)
        sealed = {"audited": True}
        wrong = [(rows[0], {"id_number": "429900198001010010"}), (rows[1], {"sex": "male"})]
        for row, values in wrong:
            change = update(Resident).where(Resident.id == row.id).values(**values)
            session.execute(change, execution_options=sealed)
        assert recheck_numbers(session) == (len(rows), 2)
        session.expire_all()
        assert [row.number_fault for row in rows[:3]] == ["id_check_digit", "sex_mismatch", None]
    page = client_as("clerk1").get("/residents/list/?preset=wrong_number")
    assert len(page.soup.select("table.t tbody tr")) == 2
    with planted.app_context(), scope.acting(scope.SYSTEM):
        session = db.session
        found = select(Resident).where(Resident.number_fault == "id_check_digit")
        row = session.scalars(found).one()
        row.id_number, row.sex = number(1), "male"
        session.commit()
        assert row.number_fault is None
        assert recheck_numbers(session) == (len(rows), 1)


def test_registered_homes_count_as_soon_as_there_are_any(planted: Flask, client_as) -> None:
    with planted.app_context(), scope.acting(scope.SYSTEM):
        session = db.session
        declared = session.scalar(select(Grid.households_declared).where(Grid.code == CELL))
        records = grid_records(session, clock.today())
        report = check_grids(records, household_standards(session), CELL)
        (finding,) = [f for f in report.findings if f.kind == "household_standard"]
        assert "6" in str(finding.message)
        assert str(declared) in str(finding.message)
        # by households, of which there is one less
        basis = select(Setting).where(Setting.key == "households.counted_by")
        session.scalars(basis).one().value = "2"
        session.flush()
        by_households = {r.code: r.households for r in grid_records(session, clock.today())}
        assert by_households[CELL] == 4
        session.rollback()
    page = client_as("leader01").get("/grids/list/?preset=off_standard")
    assert len(page.soup.select("table.t tbody tr")) == 1
