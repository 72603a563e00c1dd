"""The page of a household, and the pages of the changes, as people use them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, scope
from portal.extensions import db
from portal.models import Dwelling, Household, PopulationChange, Resident
from portal.rules import population, visits
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.homes import BESIDE, home, number, person

Client = Callable[..., PageClient]
OWN = 2  # the session's own statements: user and permissions
MOST_STATEMENTS, MOST_BYTES = 5, 20 * 1024
CARD = {"id_type": "resident_id"}


@pytest.fixture
def family(portal: Flask) -> dict[str, int]:
    """张三 with wife and son in a cell of worker01, somebody else beside: keys by name."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        here, beside = home(db.session), home(db.session, BESIDE, "202")
        papers = {"id_type": "resident_id", "id_number": number(), "phone": "13812345678"}
        people = [
            person(db.session, here, "张三", "head", **papers),
            person(db.session, here, "李四", "spouse", birth_date=date(1982, 1, 1), sex="female"),
            person(db.session, here, "张小", None, birth_date=date(2010, 1, 1), away=True),
            person(db.session, beside, "王五", "head", registration="floating"),
        ]
        db.session.commit()
        keys = {one.name: one.id for one in people}
        return keys | {"home": here.id, "beside": beside.id}


def test_the_page_shows_everybody_and_what_is_missing(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    page = client_as("worker01").get(f"/households/show/{family['home']}")
    people = [tag.get_text() for tag in page.soup.select(".folk .nm")]
    assert people == ["张三", "李四", "张小"]  # the head first, then by age
    assert "13812345678" not in page.text and number() not in page.text
    assert "138****5678" in page.text and "人户分离" in page.text
    lacks = {tag.get_text(): tag["href"] for tag in page.soup.select(".lacks a")}
    assert lacks["张小：与户主关系"] == f"/residents/edit/{family['张小']}#relation_to_head"
    assert f"李四：{'证件号码'}" in lacks
    leader = client_as("block01").get(f"/households/show/{family['home']}")
    assert leader.status == 200 and not leader.soup.select(".folk details, .lacks a")
    assert client_as("worker02").get(f"/households/show/{family['home']}").status == 404


def test_the_page_keeps_its_budget_with_many_people_and_a_long_history(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client, path = client_as("worker01"), f"/households/show/{family['home']}"
    client.get(path)
    with count_statements(portal) as few:
        client.get(path)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        household = db.session.get_one(Household, family["home"])
        for each in range(30):
            one = person(db.session, household, f"租{each}", "unrelated", registration="floating")
            if each % 2:
                population.move_out(db.session, one, clock.today(), place="外地")
            visits.report(db.session, household, visits.Report(clock.today() - timedelta(each)))
        db.session.commit()
    with count_statements(portal) as many:
        page = client.get(path)
    assert len(many) == len(few) <= OWN + MOST_STATEMENTS, many
    assert len(page.body) <= MOST_BYTES, len(page.body)


def test_each_change_is_one_short_form(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client, today = client_as("worker01"), clock.today()
    show = f"/households/show/{family['home']}"
    change = f"/households/change/{{}}/{family['home']}"
    steps = [
        (change.format("birth"), {"name": "张新", "birth_date": today, "relation_to_head": "son"}),
        (change.format("move-in"), {"name": "赵六", "id_number": number(serial=8), **CARD}),
        (f"/residents/change/death/{family['张三']}", {"on": today}),
        (change.format("head"), {"head": family["李四"], f"relation_{family['张小']}": "son"}),
        (
            change.format("split"),
            {"people": family["张小"], "head": family["张小"], "number": "H9"},
        ),
    ]  # fmt: skip
    for path, data in steps:
        answer = client.submit(path, data)
        assert answer.location == show, f"{path}: {answer.soup.select('#errors')}"
    page = client.get(show)
    assert [tag.get_text() for tag in page.soup.select(".folk .nm")] == ["李四", "赵六", "张新"]
    told = page.soup.get_text()
    for words in ("出生", "迁入", "死亡", "变更户主", "分户"):
        assert words in told
    assert {one["href"] for one in page.soup.select(".past a")} >= {
        f"/residents/show/{family['张三']}"
    }
    with portal.app_context():
        new = db.session.scalars(select(Household).where(Household.number == "H9")).one()
        assert db.session.get_one(Resident, family["张小"]).household_id == new.id


def test_what_is_wrong_stands_beside_its_field_and_nothing_happens(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client = client_as("worker01")
    tomorrow = clock.today() + timedelta(days=1)
    path = f"/residents/change/move-out/{family['李四']}"
    answer = client.submit(path, {"on": tomorrow, "place": "武汉"})
    assert answer.status == 400 and answer.one("#on-err")
    assert answer.form()["place"] == "武汉"  # everything typed is kept
    path = f"/households/change/move-in/{family['home']}"
    taken = client.submit(path, {"name": "假", "id_type": "resident_id", "id_number": number()})
    assert taken.status == 400 and taken.one("#id_number-err")
    assert client.submit(path).status == 400  # nobody was named
    move = f"/residents/change/move/{family['李四']}"
    foreign = client.submit(move, {"household": family["beside"]})
    assert foreign.status == 400 and foreign.one("#household-err")  # does not exist for them
    with portal.app_context():
        assert (
            db.session.scalars(
                select(PopulationChange.kind).where(PopulationChange.kind != "registered")
            ).all()
            == []
        )


def test_a_clerk_moves_somebody_and_takes_it_back(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client = client_as("clerk1")
    move = f"/residents/change/move/{family['李四']}"
    client.submit(move, {"household": family["beside"], "relation": "relative"})
    old = client.get(f"/households/show/{family['home']}")
    assert "202栋202" in old.soup.get_text()  # where she went
    assert "李四" not in [tag.get_text() for tag in old.soup.select(".folk .nm")]
    event = next(link for link in old.links(".past a") if link.startswith("/changes/show/"))
    cancel = event.replace("/show/", "/cancel/")
    assert client.submit(cancel, {"note": "看错了"}).status == 302
    back = client.get(f"/households/show/{family['home']}")
    assert "李四" in [tag.get_text() for tag in back.soup.select(".folk .nm")]
    assert "已撤销" in back.text


def test_the_form_of_a_resident_leaves_moves_to_the_changes(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client = client_as("worker01")
    path = f"/residents/edit/{family['李四']}"
    form = client.get(path).form()
    assert not {"household", "moved_out_on", "died_on"} & set(form)
    forged = {"died_on": "2026-01-01", "household": family["beside"], "occupation": "教师"}
    assert client.post(path, {**form, **forged}).status == 302
    with portal.app_context():
        wife = db.session.get_one(Resident, family["李四"])
        assert wife.lives_here and wife.household_id == family["home"]
        assert wife.occupation == "教师"
    new = {"household": family["home"], "name": "补登", "arrival": "registered"}
    assert client.submit("/residents/add", new).status == 302
    moved = {"household": family["home"], "name": "新来", "arrival": "move_in"}
    assert client.submit("/residents/add", moved).one("#moved_in_on-err")
    assert client.submit("/residents/add", moved | {"moved_in_on": clock.today()}).status == 302
    with portal.app_context():
        kinds = (
            select(PopulationChange.kind).join(Resident).where(Resident.name.in_(["补登", "新来"]))
        )
        assert sorted(db.session.scalars(kinds)) == ["move_in", "registered"]


def test_somebody_with_a_history_is_not_deleted(
    portal: Flask, client_as: Client, family: dict[str, int]
) -> None:
    client = client_as("station")
    client.submit(f"/residents/change/move-out/{family['李四']}")
    refused = client.post(
        f"/residents/delete/{family['李四']}",
        client.get("/logout/").form(),
    )
    assert refused.status == 409 and "人口变动" in refused.text
    gone = client.post(f"/residents/delete/{family['张小']}", client.get("/logout/").form())
    assert gone.status == 302  # entered by mistake: its first registration goes with it
    with portal.app_context():
        assert db.session.get(Dwelling, 1) is not None
        assert db.session.get(Resident, family["张小"]) is None
