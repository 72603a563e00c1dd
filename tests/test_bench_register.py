"""The register that the bench measures on is what the portal itself would have written."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.register import plan
from bench.register.filling import fill
from bench.register.people import id_number, rows
from bench.register.writer import columns_of, values
from portal.extensions import db
from portal.models import Dwelling, Household, Resident
from portal.rules import idnumbers
from portal.scope import SYSTEM, acting
from tests.conftest import Place


@pytest.mark.parametrize(
    ("size", "households", "buildings"), [("10k", 3_500, 36), ("1m", 350_000, 3_501)]
)
@pytest.mark.one_engine
def test_sizes_are_what_they_say(size: str, households: int, buildings: int) -> None:
    """As many people as asked for, in homes of usual sizes, the small old cell first."""
    cells = plan.plan_cells(plan.SIZES[size], plan.further_cells(33))
    found = [building for cell in cells for building in cell.buildings]
    last = found[-1]
    assert (
        last.residents_before + plan.people_in(last.households, last.households_before)
        == (plan.SIZES[size])
    )
    assert last.households_before + last.households == households and len(found) == buildings
    assert cells[0].code == plan.SMALL_CELL and plan.people_in(plan.SMALL_HOUSEHOLDS) == 40
    assert len({cell.code for cell in cells}) == len(cells)


@pytest.mark.one_engine
def test_numbers_are_possible_and_all_different() -> None:
    """GB 11643 in full; grown-ups and children never share a number."""
    numbers = [id_number(key, child=key % 4 == 0) for key in range(1, 20_000)]
    assert len(set(numbers)) == len(numbers)
    for number in numbers[:500]:
        assert idnumbers.read(number, date(2026, 6, 1)).division == "420102"


def test_rows_are_what_a_flush_would_write(session: Session) -> None:
    """Nothing that the portal fills in by itself is missing from the rows of the bench."""
    cells = plan.plan_cells(40, [])
    for made in rows(cells[0].buildings[0], 1):
        columns = columns_of(made.__table__)
        told = values(made, columns)
        given = dict(zip([column.key for column in columns], told, strict=True))
        follows = [name for name in given if name.endswith(("_index", "_sort", "_terms"))]
        for name in follows:
            del given[name]
        row = type(made)(**given)
        session.add(row)
        session.flush()
        assert values(row, columns) == told, row


def test_a_filled_database_works(portal: Flask, place: Place) -> None:
    """Written past the session, read as the portal reads: decrypted, found, the same every time."""
    with portal.app_context(), acting(SYSTEM):
        fill(portal, 1_000, 2012, place.store.url(place.name))
        assert place.watch is not None
        place.watch.dirty = True
        count = select(func.count())
        assert db.session.scalar(count.select_from(Resident)) == 1_000
        assert db.session.scalar(count.select_from(Household)) == 350
        assert (db.session.scalar(count.select_from(Dwelling)) or 0) > 350
        small = select(Resident).where(Resident.grid_code == plan.SMALL_CELL).order_by(Resident.id)
        people = list(db.session.scalars(small))
        assert [person.id for person in people] == list(range(1, 41))
        again = list(rows(plan.plan_cells(1_000, [])[0].buildings[0], 2012))[-40:]
        assert [(p.name, p.id_number, p.phone, p.id_index) for p in people] == [
            (p.name, p.id_number, p.phone, p.id_index) for p in again
        ]
