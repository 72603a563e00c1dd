"""Desks: every number is the total of the list it links to."""

import pytest
from sqlalchemy import select

from portal import clock
from portal.extensions import db
from portal.models import AccountGrant, User
from portal.scope import SYSTEM, acting
from portal.views.desk import DESKS
from tests.support.matters import AREA

SIGN_INS = {
    "GridWorker": "worker07",
    "GridLeader": "leader07",
    "BlockLeader": "block03",
    "AreaLeader": "area2",
    "Clerk": "clerk1",
    "Mediator": "mediator",
    "Station": "station",
    "Leader": "leader",
    "Street": "street",
    "CareOfficer": "care",
    "Auditor": "auditor",
    "Admin": "admin",
}


def test_every_role_has_a_desk():
    assert set(SIGN_INS) == set(DESKS)


@pytest.mark.parametrize("role", SIGN_INS)
def test_numbers_link_to_exactly_their_rows(client_as, role):
    client = client_as(SIGN_INS[role])
    desk = client.get("/desk/")
    assert desk.status == 200
    tiles = desk.soup.select(".tiles a[href]")
    assert tiles or desk.soup.select(".sec .mute")
    for tile in tiles:
        number = int(tile.select_one("b, strong, .n, .num").get_text().replace(",", ""))
        shown = client.get(str(tile["href"]))
        assert shown.status == 200
        rows = len(shown.soup.select("table tbody tr"))
        total = rows if number <= 25 else None
        if total is not None:
            assert rows == number, f"{role}: {tile['href']}"
        else:
            assert f"{number:,}" in shown.one("main").get_text(), f"{role}: {tile['href']}"


def test_what_does_not_wait_stands_in_one_line_and_leads_to_an_empty_list(client_as):
    client = client_as("station")
    section = client.get("/desk/").soup.select("section.sec")[0]
    assert "0" not in [tile.get_text() for tile in section.select("a.tile b")]
    quiet = section.select(".quiet a[href]")
    assert quiet
    for link in quiet:
        shown = client.get(str(link["href"]))
        assert shown.status == 200
        assert not shown.soup.select("main table tbody tr"), link["href"]


def test_strangers_are_sent_to_the_sign_in_page_and_back(client_as):
    answer = client_as(None).get("/desk/")
    assert answer.status == 302
    assert answer.location == "/login/?next=/desk/"


@pytest.mark.parametrize("role", ["Admin", "CareOfficer"])
def test_who_also_reads_all_grids_keeps_the_map_of_their_own(client_as, portal, role):
    with portal.app_context(), acting(SYSTEM):
        user = db.session.scalars(select(User.id).where(User.username == "area1")).one()
        everywhere = AccountGrant(user_id=user, role=role, grid_code=None, since=clock.today())
        db.session.add(everywhere)
        db.session.commit()
    desk = client_as("area1").get("/desk/")
    assert desk.soup.select(f"img[src='/work-orders/map.svg?grid_code={AREA}']")
