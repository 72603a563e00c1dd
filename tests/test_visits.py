"""Visits at home: no change in one tap, one form that changes everything together, what is due."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import HomeVisit, Household, PopulationChange, Resident
from portal.rules import visits
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.homes import BESIDE, home, person

Client = Callable[..., PageClient]
OWN, MOST_STATEMENTS = 2, 4


@pytest.fixture
def homes(portal: Flask) -> dict[str, int]:
    """Four households of worker01: never visited, due today, overdue, empty; one of worker02."""
    today = clock.today()
    with portal.app_context(), scope.acting(scope.SYSTEM):
        rows = {
            name: home(db.session, room=str(100 + each))
            for each, name in enumerate(("never", "due", "late", "empty"))
        }
        rows["foreign"] = home(db.session, BESIDE, "301")
        for name, household in rows.items():
            if name != "empty":
                person(db.session, household, f"户主{name}", "head", phone="13812345678")
            if name != "never":
                household.visited_on = today - timedelta(days=200)
                household.next_visit_on = today - timedelta(days=20 if name == "late" else 0)
        db.session.commit()
        return {name: household.id for name, household in rows.items()}


def shown(client: PageClient, preset: str) -> set[str]:
    page = client.get(f"/visits/?preset={preset}")
    return {tag["href"].rsplit("/", 1)[1] for tag in page.soup.select("tbody th a")}


def test_what_is_due_and_each_number_of_the_desk_leads_to_it(
    portal: Flask, client_as: Client, homes: dict[str, int]
) -> None:
    client = client_as("worker01")
    wanted = {"visit_due": ("due", "late"), "visit_overdue": ("late",), "never_visited": ("never",)}
    tiles = {
        tag["href"]: tag.select_one("b").get_text()
        for tag in client.get("/desk/").soup.select("a.tile")
    }
    for preset, names in wanted.items():
        assert shown(client, preset) == {str(homes[name]) for name in names}
        assert tiles[f"/visits/?preset={preset}"] == str(len(names))
    with count_statements(portal) as statements:
        client.get("/visits/")
    assert len(statements) <= OWN + MOST_STATEMENTS


def test_no_change_is_one_tap(portal: Flask, client_as: Client, homes: dict[str, int]) -> None:
    client = client_as("worker01")
    page = client.get("/visits/")
    token = page.form()["csrf_token"]
    button = page.soup.select(f'button[formaction="/households/unchanged/{homes["due"]}"]')
    assert button and button[0]["form"] == "tap"
    for _twice in range(2):  # a second tap finds the first visit
        data = {"csrf_token": token, "back": "visit_due"}
        answer = client.post(f"/households/unchanged/{homes['due']}", data)
        assert answer.location == "/visits/?preset=visit_due"
    assert shown(client, "visit_due") == {str(homes["late"])}
    with portal.app_context():
        visit = db.session.scalars(select(HomeVisit)).one()
        assert (visit.result, visit.household_id, visit.actor) == (
            "no_change",
            homes["due"],
            "worker01",
        )
        household = db.session.get_one(Household, homes["due"])
        assert household.next_visit_on == clock.today() + timedelta(days=180)
    foreign = client.post(f"/households/unchanged/{homes['foreign']}", {"csrf_token": token})
    assert foreign.status == 404


def test_one_form_changes_register_needs_and_next_visit_together(
    portal: Flask, client_as: Client, homes: dict[str, int]
) -> None:
    client = client_as("worker01")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        household = db.session.get_one(Household, homes["never"])
        wife = person(db.session, household, "妻子", "spouse")
        head = db.session.scalars(select(Resident).where(Resident.name == "户主never")).one()
        db.session.commit()
        wife, head = wife.id, head.id
    path = f"/households/visit/{homes['never']}"
    today = clock.today()
    data = {
        f"person_{wife}_state": "move_out", f"person_{wife}_place": "武汉",
        f"person_{head}_phone": "139 8765 4321",
        "needs": ["meals", "repair"], "hazards": ["charging"],
        "new_name": "租客", "new_how": "move_in", "new_moved_in_on": today,
    }  # fmt: skip
    wrong = client.submit(path, data | {f"person_{head}_phone": "12", "note": "留着"})
    assert wrong.status == 400 and wrong.one(f"#person_{head}_phone-err")
    assert wrong.form()["note"] == "留着"
    with portal.app_context():
        assert db.session.get_one(Resident, wife).lives_here  # all of it or nothing
    assert client.submit(path, data | {"note": "电话139-8765-4321"}).one("#note-err")
    assert client.submit(path, data | {"new_name": ""}).one("#new_name-err")
    data |= {"new_registration": "floating", "new_birth_date": "1990-01-01"}
    assert client.submit(path, data).location == f"/households/show/{homes['never']}"
    with portal.app_context():
        assert db.session.get_one(Resident, wife).moved_out_on == today
        assert db.session.get_one(Resident, head).phone == "13987654321"
        tenant = db.session.scalars(select(Resident).where(Resident.name == "租客")).one()
        assert (tenant.registration, str(tenant.birth_date)) == ("floating", "1990-01-01")
        kinds = select(PopulationChange.kind).where(PopulationChange.kind != "registered")
        assert sorted(db.session.scalars(kinds)) == ["move_in", "move_out"]
        household = db.session.get_one(Household, homes["never"])
        assert (household.needs, household.hazards) == ("meals;repair", "charging")
        assert household.next_visit_on == today + timedelta(days=30)  # a service is to be brought
        assert db.session.scalars(select(HomeVisit.result)).all() == ["changed"]
    assert "老年助餐" in client.get(f"/households/show/{homes['never']}").text


def test_nobody_at_home_is_tried_again_soon(session: object, homes: dict[str, int]) -> None:
    household = db.session.get_one(Household, homes["never"])
    today = clock.today()
    visits.report(db.session, household, visits.Report(today, result="nobody_home"))
    assert household.visited_on is None  # still never visited
    assert household.next_visit_on == today + timedelta(days=7)
    visits.report(db.session, household, visits.Report(today, result="refused"))
    assert household.next_visit_on == today + timedelta(days=180)
    person(db.session, household, "租客", registration="floating")
    visits.unchanged(db.session, household, today)
    assert household.next_visit_on == today + timedelta(days=90)
    household.visit_every = 14
    visits.report(db.session, household, visits.Report(today, next_on=None))
    assert household.next_visit_on == today + timedelta(days=14)
    with pytest.raises(RuleError) as early:
        visits.report(db.session, household, visits.Report(today, next_on=today))
    assert early.value.field == "next_visit_on"


@pytest.mark.one_engine
def test_nothing_told_is_dropped_and_nothing_newer_overwritten(
    session: object, homes: dict[str, int]
) -> None:
    household = db.session.get_one(Household, homes["due"])
    today = clock.today()
    one = db.session.scalars(select(Resident).where(Resident.household_id == household.id)).one()
    for more in (
        {"needs": "meals"},
        {"hazards": "charging"},
        {"newcomer": Resident(name="租客")},
        {"told": [visits.Told(one.id, phone="13987654321")]},
    ):
        for result in ("nobody_home", "refused"):
            with pytest.raises(RuleError) as refused:
                visits.report(db.session, household, visits.Report(today, result=result, **more))
            assert refused.value.field == "result"
    visits.report(db.session, household, visits.Report(today, needs="meals"))
    wanted = household.next_visit_on
    yesterday = today - timedelta(days=1)
    late = visits.report(db.session, household, visits.Report(yesterday, hazards="charging"))
    assert (household.needs, household.hazards, household.next_visit_on) == ("meals", None, wanted)
    assert late.hazards == "charging" and household.visited_on == today


@pytest.mark.one_engine
def test_days_between_visits_are_possible_ones(client_as: Client, homes: dict[str, int]) -> None:
    client, path = client_as("worker01"), f"/households/edit/{homes['due']}"
    for days in ("0", "3651"):
        assert client.submit(path, {"visit_every": days}).one("#visit_every-err")
    assert client.submit(path, {"visit_every": "14"}).status == 302
