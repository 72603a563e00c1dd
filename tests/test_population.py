"""Changes of the register: dated events, the register with them, and taking them back."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import Dwelling, Household, PopulationChange, Resident, User
from portal.queries import population as queries
from portal.queries.identity import load_identity
from portal.rules import population
from portal.rules.imports import KINDS, run_import, undo_import
from tests.support.client import PageClient
from tests.support.homes import BESIDE, CELL, home, number, person

DAY = date(2026, 3, 1)


def family(
    session: Session, code: str = CELL, room: str = "101"
) -> tuple[Household, Resident, Resident, Resident]:
    """A household of three: 张三, his wife and their son."""
    household = home(session, code, room)
    return (
        household,
        person(session, household, f"张三{room}", "head", birth_date=date(1980, 1, 1)),
        person(session, household, f"李四{room}", "spouse", birth_date=date(1982, 1, 1)),
        person(session, household, f"张小{room}", "son", birth_date=date(2010, 1, 1)),
    )


def counted(session: Session) -> dict[str, int]:
    """What a report counts, by kind."""
    found = queries.counted(select(PopulationChange.kind, func.count()))
    return dict(session.execute(found.group_by(PopulationChange.kind)).all())


def relations(session: Session, household: Household) -> dict[str, str | None]:
    return {one.name: one.relation_to_head for one in queries.people(session, household.id)}


def test_born_died_and_moved_are_counted_a_first_entry_is_not(session: Session) -> None:
    household, head, wife, son = family(session)
    assert counted(session) == {}
    population.enter(
        session,
        household,
        Resident(name="张新", id_type="resident_id", id_number=number("20260201")),
        "birth",
    )
    came = Resident(name="王五", moved_in_on=DAY)
    population.enter(session, household, came, "move_in", place="外地")
    population.death(session, wife, DAY)
    population.move_out(session, son, DAY, place="武汉")
    assert counted(session) == {"birth": 1, "move_in": 1, "death": 1, "move_out": 1}
    assert (wife.died_on, son.moved_out_on) == (DAY, DAY)
    assert set(relations(session, household)) == {head.name, "张新", "王五"}
    born = session.scalars(select(PopulationChange).where(PopulationChange.kind == "birth")).one()
    assert born.happened_on == date(2026, 2, 1)  # the day it happened, entered whenever
    assert born.grid_code == CELL


def test_a_transfer_is_out_there_and_in_here_and_is_taken_back_whole(session: Session) -> None:
    old, head, wife, son = family(session)
    new = home(session, BESIDE, "202")
    event = population.move_in_known(session, new, wife, DAY, relation="head")
    assert (wife.household_id, wife.grid_code, wife.moved_in_on) == (new.id, BESIDE, DAY)
    out = session.get_one(PopulationChange, event.part_of_id)
    assert (out.kind, out.grid_code, out.other_code, out.place) == (
        "move_out",
        CELL,
        BESIDE,
        "202栋202",
    )
    assert (event.grid_code, event.other_code) == (BESIDE, CELL)
    population.cancel(session, event, "看错了人")
    assert (wife.household_id, wife.grid_code, wife.relation_to_head) == (old.id, CELL, "spouse")
    assert counted(session) == {}
    with pytest.raises(RuleError, match="撤销过"):
        population.cancel(session, out)
    assert len(session.scalars(queries.history(old.id)).all()) == 3 + 1 + 1  # nothing is lost


def test_somebody_comes_back(session: Session) -> None:
    household, _head, wife, _son = family(session)
    population.move_out(session, wife, DAY)
    with pytest.raises(RuleError) as early:
        population.move_in_known(session, household, wife, date(2026, 2, 1))
    assert early.value.field == "on"
    population.move_in_known(session, household, wife, date(2026, 4, 1), relation="spouse")
    assert wife.lives_here and wife.moved_in_on == date(2026, 4, 1)
    assert counted(session) == {"move_out": 1, "move_in": 1}


def test_another_head_asks_what_the_others_are(session: Session) -> None:
    household, head, wife, son = family(session)
    with pytest.raises(RuleError) as one:
        population.change_head(session, household, wife.id, {head.id: "head"}, DAY)
    assert one.value.field == f"relation_{head.id}"
    event = population.change_head(
        session, household, wife.id, {head.id: "spouse", son.id: "son"}, DAY
    )
    assert relations(session, household) == {
        wife.name: "head",
        head.name: "spouse",
        son.name: "son",
    }
    population.cancel(session, event)
    assert relations(session, household)[head.name] == "head"
    assert counted(session) == {}


def test_a_household_splits_and_two_become_one(session: Session) -> None:
    household, head, wife, son = family(session)
    dwelling = session.get_one(Dwelling, household.dwelling_id)
    everybody = [head.id, wife.id, son.id]
    for chosen, chief, field in (
        (everybody, head.id, "people"),
        ([son.id], head.id, "head"),
        ([], None, "people"),
    ):
        with pytest.raises(RuleError) as refused:
            population.split(session, household, chosen, dwelling, "H9", chief, {}, DAY)
        assert refused.value.field == field
    with pytest.raises(RuleError) as taken:
        population.split(session, household, [son.id], dwelling, household.number, son.id, {}, DAY)
    assert taken.value.field == "number"
    new = population.split(session, household, [son.id], dwelling, "H9", son.id, {}, DAY)
    assert relations(session, new) == {son.name: "head"}
    population.merge(session, new, household, {son.id: "son"}, DAY)
    assert relations(session, household) == {
        head.name: "head",
        wife.name: "spouse",
        son.name: "son",
    }
    assert relations(session, new) == {}
    assert counted(session) == {}  # nobody came and nobody went


def test_a_later_change_stands_in_the_way_of_taking_back(session: Session) -> None:
    household, _head, wife, _son = family(session)
    away = population.away_begin(session, wife, DAY, place="深圳")
    assert wife.away
    out = population.move_out(session, wife, DAY)
    again = population.move_in_known(session, household, wife, DAY)
    with pytest.raises(RuleError, match="先撤销后面"):
        population.cancel(session, out)
    population.cancel(session, again)
    population.cancel(session, out)
    population.cancel(session, away)
    assert wife.lives_here and not wife.away and wife.relation_to_head == "spouse"


@pytest.mark.one_engine
def test_what_cannot_be_taken_back_says_why(
    portal: Flask, client_as: Callable[..., PageClient]
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        session: Any = db.session
        household, head, wife, _son = family(session)
        out = population.move_out(session, head, DAY).id
        wife.relation_to_head = "head"
        session.flush()
        other = home(session, BESIDE, "202")
        child = person(session, household, "租客", "unrelated")
        far = population.move_in_known(session, other, child, DAY).part_of_id
        session.commit()
        name = wife.name
    client = client_as("worker01")
    refused = client.submit(f"/changes/cancel/{out}", {"note": "看错了"})
    assert refused.status == 400 and name in refused.one("#errors").get_text()
    page = client.get(f"/changes/show/{far}")  # half of it is another worker's
    assert page.status == 200
    assert not page.soup.select(f'a[href="/changes/cancel/{far}"]')
    refused = client.submit(f"/changes/cancel/{far}", {"note": "看错了"})
    assert refused.status == 400 and refused.one("#errors")


def test_a_birth_entered_in_the_wrong_household_is_taken_back_and_entered_again(
    session: Session,
) -> None:
    first, *_others = family(session)
    second = home(session, CELL, "303")
    child = Resident(name="张新", id_type="resident_id", id_number=number("20260201"))
    population.cancel(session, population.enter(session, first, child, "birth"))
    again = Resident(name="张新", id_type="resident_id", id_number=number("20260201"))
    population.enter(session, second, again, "birth")
    assert counted(session) == {"birth": 1} and again.lives_here


@pytest.mark.parametrize("verb", [population.death, population.move_out, population.away_begin])
def test_a_day_must_be_possible(session: Session, verb: Any) -> None:
    _household, head, *_others = family(session)
    head.moved_in_on = date(2020, 1, 1)
    for day in (None, date(2999, 1, 1), date(2019, 1, 1)):
        with pytest.raises(RuleError) as refused:
            verb(session, head, day)
        assert refused.value.field == "on"
    population.death(session, head, DAY)
    with pytest.raises(RuleError) as gone:
        verb(session, head, DAY)
    assert gone.value.field == "resident"


def test_what_happened_is_never_overwritten(session: Session) -> None:
    _household, head, *_others = family(session)
    population.death(session, head, DAY)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE population_changes SET happened_on = '2020-01-01'"))
    session.rollback()


def test_arrivals_are_recorded_at_once(session: Session) -> None:
    """As an import does: who moved in before the register began is registered, not counted."""
    household, *_others = family(session)
    today = clock.today()
    people = [
        Resident(
            household_id=household.id,
            grid_code=CELL,
            name=f"新{each}",
            id_number=f"T{each}",
            moved_in_on=moved,
            birth_date=born,
        )
        for each, (moved, born) in enumerate(
            [(None, None), (date(2020, 1, 1), None), (today, date(1990, 1, 1)), (today, today)]
        )
    ]
    session.add_all(people)
    session.flush()
    arrivals = [
        population.Arrival(one.id, CELL, household.id, one.moved_in_on, one.birth_date)
        for one in people
    ]
    began: dict[str, date] = {}
    assert population.record_arrivals(session, arrivals, began) == 2
    assert began == {CELL: today}
    events = select(PopulationChange).join(Resident).where(Resident.name.like("新%"))
    found = session.scalars(events.order_by(Resident.id)).all()
    assert [(event.kind, event.resident_id) for event in found] == [
        ("move_in", people[2].id),
        ("birth", people[3].id),
    ]
    population.cancel(session, found[0])
    assert not session.get_one(Resident, people[2].id).lives_here
    assert session.get_one(Resident, people[3].id).lives_here


def test_nobody_moves_people_out_of_sight(session: Session) -> None:
    """A worker of one cell cannot put somebody into another one; a station can."""
    old, _head, wife, _son = family(session)
    new = home(session, BESIDE, "202")
    session.commit()
    worker = session.scalars(select(User).where(User.username == "worker01")).one()
    with scope.acting(load_identity(session, worker)), pytest.raises(OutOfScope):
        population.move_in_known(session, new, wife, DAY)
    session.rollback()
    station = session.scalars(select(User).where(User.username == "station")).one()
    with scope.acting(load_identity(session, station)):
        population.move_in_known(session, new, wife, DAY)
    assert session.get_one(Resident, wife.id).grid_code == BESIDE


def test_an_import_that_recorded_its_people_can_be_taken_back(
    session: Session, tmp_path: Path
) -> None:
    """What vanishes with a person does not stand in the way; what happened since does."""
    file = tmp_path / "residents.csv"
    today = clock.today().isoformat()
    file.write_text(
        "网格编码,楼栋,房号,户号,与户主关系,姓名,迁入日期\n"
        f"{CELL},9栋,101,H1,户主,甲,{today}\n{CELL},9栋,101,H1,子,乙,{today}\n"
        f"{CELL},9栋,101,H1,子,丙,2020-01-01\n",
        encoding="utf-8",
    )
    report = run_import(session, KINDS["residents"], file)
    assert session.scalar(select(func.count()).select_from(PopulationChange)) == 2
    one = session.scalars(select(Resident).where(Resident.name == "乙")).one()
    population.move_out(session, one, clock.today())
    assert not undo_import(session, report.batch).ok
    session.delete(one)  # by the station, which sees what stands in the way
    session.flush()
    session.expire_all()
    assert undo_import(session, report.batch).ok
    assert session.scalar(select(func.count()).select_from(PopulationChange)) == 0
