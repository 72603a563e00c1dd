"""Patrols: one tap per place or for the whole round; findings become matters."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, scope
from portal.extensions import db
from portal.models import (
    AccountGrant,
    Matter,
    MatterCategory,
    Patrol,
    PatrolCheck,
    PatrolFinding,
    Place,
    ServiceRound,
)
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.matters import CELL, COMMUNITY, category, id_of
from tests.support.rounds import place_at

Client = Callable[..., PageClient]
BESIDE = CELL[:-1] + "2"
OWN, MOST_STATEMENTS = 2, 9  # places, looks of today, sweeps, services, each with what it needs


@pytest.fixture
def spots(portal: Flask) -> dict[str, int]:
    """Two places of worker07's cell that are due, one that is not, one beside."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        later = clock.today() + timedelta(days=3)
        rows = {
            "east": place_at(db.session, CELL, "东仓库", longitude=114.3, latitude=30.5),
            "west": place_at(db.session, CELL, "西仓库"),
            "later": place_at(db.session, CELL, "南仓库", next_patrol_on=later),
            "beside": place_at(db.session, BESIDE, "北仓库"),
        }
        db.session.commit()
        return {name: row.id for name, row in rows.items()}


def waiting(client: PageClient) -> set[str]:
    page = client.get("/patrols/today")
    return {tag["value"] for tag in page.soup.select("button[name=place]")}


def test_nothing_found_is_one_tap(portal: Flask, client_as: Client, spots: dict[str, int]) -> None:
    client = client_as("worker07")
    assert waiting(client) == {str(spots["east"]), str(spots["west"])}
    token = client.get("/patrols/today").form()["csrf_token"]
    for _twice in range(2):
        answer = client.post("/patrols/nothing", {"csrf_token": token, "place": str(spots["east"])})
        assert answer.location == "/patrols/today"
    assert waiting(client) == {str(spots["west"])}
    with portal.app_context():
        check = db.session.scalars(select(PatrolCheck)).one()
        patrol = db.session.scalars(select(Patrol)).one()
        assert (check.result, check.place_id, patrol.checked) == ("nothing", spots["east"], 1)
        assert (patrol.grid_code, patrol.day) == (CELL, clock.today())
        place = db.session.get_one(Place, spots["east"])
        assert place.patrolled_on == clock.today()
        assert place.next_patrol_on == clock.today() + timedelta(days=7)
    foreign = client.post("/patrols/nothing", {"csrf_token": token, "place": str(spots["beside"])})
    assert foreign.status == 404


def test_the_whole_round_is_one_tap(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    client = client_as("worker07")
    whole = client.get("/patrols/today").soup.select_one("form.whole")
    sent = {tag["value"] for tag in whole.select("input[name=place]")}
    assert sent == {str(spots["east"]), str(spots["west"])}
    token = whole.select_one("[name=csrf_token]")["value"]
    client.post("/patrols/nothing", {"csrf_token": token, "place": sorted(sent)})
    assert waiting(client) == set()
    page = client.get("/patrols/today")
    assert "东仓库" in page.text and "西仓库" in page.text
    with count_statements(portal) as statements:
        client.get("/patrols/today")
    assert len(statements) <= OWN + MOST_STATEMENTS
    with portal.app_context():
        assert db.session.scalars(select(Patrol.checked)).one() == 2
    page = client.get("/patrols/list/")
    key = page.soup.select_one("tbody th a")["href"].rsplit("/", 1)[1]
    assert "西仓库" in client.get(f"/patrols/show/{key}").text


def report(client: PageClient, place: int, category_id: int) -> str:
    """Report something found at a place; the address of the order."""
    page = client.get(f"/matters/report?found=place-{place}")
    form = page.form()
    assert form["found"] == f"place-{place}"
    form |= {"category": str(category_id), "common": "", "summary": "通道堆满纸箱"}
    answer = client.post("/matters/report", form)
    assert answer.status == 302, answer.text
    again = client.post("/matters/report", form)  # the same form: the same matter
    assert again.location == answer.location
    return answer.location


def test_a_finding_is_a_matter_tied_to_the_look(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    client = client_as("worker07")
    with portal.app_context():
        key = category(db.session).id
    report(client, spots["east"], key)
    with portal.app_context():
        matter = db.session.scalars(select(Matter).order_by(Matter.id.desc()).limit(1)).one()
        finding = db.session.scalars(select(PatrolFinding)).one()
        check = db.session.get_one(PatrolCheck, finding.check_id)
        assert (matter.id, check.place_id, check.result) == (
            finding.matter_id, spots["east"], "finding",
        )  # fmt: skip
        assert (matter.grid_code, matter.place, matter.channel) == (CELL, "东仓库", "patrol")
        assert (matter.longitude, matter.latitude) == (114.3, 30.5)
        number = matter.number
    assert waiting(client) == {str(spots["west"])}
    assert number in client.get("/patrols/today").text
    assert number in client_as("block02").get(f"/places/show/{spots['east']}").text


def test_what_few_may_see_is_only_a_look(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    """A restricted matter shows to who found it, and nothing at all to others of the same grid."""
    with portal.app_context():
        hidden = select(MatterCategory.id).where(
            MatterCategory.visibility == "restricted", MatterCategory.parent_code.is_not(None)
        )
        key = db.session.scalars(hidden.limit(1)).one()
        clear = category(db.session).id
    report(client_as("worker07"), spots["east"], key)
    report(client_as("worker07"), spots["west"], clear)
    with portal.app_context():
        numbers = list(
            db.session.scalars(select(Matter.number).order_by(Matter.id.desc()).limit(2))
        )
        patrol = db.session.scalars(select(Patrol.id)).one()
    for path in (f"/places/show/{spots['east']}", f"/patrols/show/{patrol}"):
        assert numbers[1] in client_as("worker07").get(path).text
        other = client_as("block02").get(path)
        assert numbers[1] not in other.text
        looks = [tag.get_text() for tag in other.soup.select(".looks .tag")]
        assert looks[0] in ("Looked at", "已查看"), looks


def test_who_may_not_go_the_round_ties_nothing(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    with portal.app_context():
        key = category(db.session).id
    report(client_as("clerk1"), spots["east"], key)
    page = client_as("worker07").get(f"/matters/report?found=place-{spots['beside']}")
    assert page.form()["found"] == ""
    with portal.app_context():
        assert db.session.scalars(select(PatrolCheck)).all() == []


def test_the_desk_counts_what_the_round_shows(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    desk = client_as("worker07").get("/desk/")
    tile = desk.soup.select_one('a.tile[href="/patrols/today"] b')
    assert tile.get_text() == "2"


def test_who_sees_more_than_they_patrol_taps_only_their_own(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        seen = {"role": "Leader", "grid_code": COMMUNITY, "since": clock.today()}
        db.session.add(AccountGrant(user_id=id_of(db.session, "worker07"), **seen))
        place_at(db.session, BESIDE, "又一处")
        db.session.commit()
    client = client_as("worker07")
    page = client.get("/patrols/today")
    assert "北仓库" in page.text and "又一处" in page.text
    own = {str(spots["east"]), str(spots["west"])}
    assert waiting(client) == own
    whole = page.one("form.whole")
    sent = sorted(tag["value"] for tag in whole.select("input[name=place]"))
    assert set(sent) == own
    token = whole.select_one("[name=csrf_token]")["value"]
    assert client.post("/patrols/nothing", {"csrf_token": token, "place": sent}).status == 302
    assert waiting(client) == set()


def test_what_is_told_is_what_was_written(
    portal: Flask, client_as: Client, spots: dict[str, int]
) -> None:
    client = client_as("worker07")
    token = client.get("/patrols/today").form()["csrf_token"]

    def told(*names: str) -> str:
        client.post(
            "/patrols/nothing", {"csrf_token": token, "place": [str(spots[n]) for n in names]}
        )
        return client.get("/patrols/today").one(".note").get_text(strip=True)

    assert told("east") == "1 处场所：未发现问题。"
    assert told("east") == "此前已经登记。"
    assert told("east", "west") == "1 处场所：未发现问题。"
    with portal.app_context(), scope.acting(scope.SYSTEM):
        gone = db.session.get_one(Place, spots["later"])
        gone.off_list_on, gone.next_patrol_on = clock.today(), None
        db.session.commit()
    assert told("later") == "它已移出名单。"


def test_a_cut_list_of_services_says_so(portal: Flask, client_as: Client) -> None:
    def come(number: int) -> None:
        with portal.app_context(), scope.acting(scope.SYSTEM):
            told = {"service": "family_doctor", "next_on": clock.today()}
            db.session.add_all([ServiceRound(grid_code=CELL, **told) for _one in range(number)])
            db.session.commit()

    def leads_on() -> bool:
        page = client_as("worker07").get("/patrols/today")
        return bool(page.soup.select('main a[href="/service-rounds/list/?preset=due"]'))

    come(25)
    assert not leads_on()
    come(1)
    assert leads_on()


def test_rounds_are_not_ranked(client_as: Client) -> None:
    client = client_as("station")
    page = client.get("/patrols/list/?order=-checked")
    assert not any("checked" in tag["href"] for tag in page.soup.select("thead a[href]"))
    assert set(client.get("/api/v1/patrols/").json["order_columns"]) == {"day", "id"}
