"""What the public sees of a worker: by consent, of today, and never the private number."""

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.models import Worker

CELL = "4201020029900102003"


@pytest.fixture
def leader(portal):
    """Key, name and telephones of the leader of a cell."""
    with portal.app_context():
        worker = db.session.scalars(
            select(Worker).where(Worker.grid_code == CELL, Worker.user_id.is_not(None))
        ).first()
        return worker.id, worker.name, worker.phone, worker.public_phone


def shown(client_as, name):
    """Whether the public data of the cell name somebody."""
    people = client_as(None).get(f"/directory/{CELL}.json").json["people"]
    return any(person["name"] == name for person in people)


def test_consent_is_withdrawn_in_the_form(portal, client_as, leader):
    key, name, _phone, _public = leader
    assert shown(client_as, name)
    client = client_as("station")
    path = f"/workers/edit/{key}"
    half = client.submit(path, {"public_consent_on": ""})
    assert half.status == 400  # the number would stay without consent
    gone = client.submit(path, {"public_consent_on": "", "public_phone": ""})
    assert gone.status == 302, gone.soup.select_one("#errors")
    assert not shown(client_as, name)
    with portal.app_context():
        assert db.session.get(Worker, key).portrait is None


def test_consent_of_a_day_to_come_is_refused(client_as, leader):
    answer = client_as("station").submit(
        f"/workers/edit/{leader[0]}", {"public_consent_on": "2099-01-01"}
    )
    assert answer.status == 400
    assert answer.soup.select("#public_consent_on-err")


def test_the_private_number_is_not_public_in_any_writing(client_as, leader):
    key, _name, phone, _public = leader
    written = f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}"
    answer = client_as("station").submit(f"/workers/edit/{key}", {"public_phone": written})
    assert answer.status == 400
    assert answer.soup.select("#public_phone-err")


def test_numbers_are_numbers_in_one_form(portal, client_as, leader):
    client = client_as("station")
    path = f"/workers/edit/{leader[0]}"
    for field in ("phone", "public_phone"):
        assert client.submit(path, {field: "乱写一通"}).soup.select(f"#{field}-err")
    assert client.submit(path, {"public_phone": "（027）0100 7777"}).status == 302
    with portal.app_context():
        assert db.session.get(Worker, leader[0]).public_phone == "027-01007777"


def test_supervised_and_supervision_number_differ_from_both_sides(client_as, leader):
    client = client_as("station")
    hotlines = client_as(None).get(f"/directory/{CELL}.json").json["hotlines"]
    watch = next(line["number"] for line in hotlines if "监督" in line["name"])
    spaced = watch.replace("-", " ")
    taken = client.submit(f"/workers/edit/{leader[0]}", {"public_phone": spaced})
    assert taken.soup.select("#public_phone-err")
    line = {"name": "监督", "scope": "community", "grid": "420102002990", "supervision": "y"}
    number = leader[3].replace("-", " ")
    assert client.submit("/hotlines/add", line | {"number": number}).soup.select("#number-err")


def test_blanks_are_no_name(client_as, leader):
    answer = client_as("station").submit(f"/workers/edit/{leader[0]}", {"name": "   "})
    assert answer.soup.select("#name-err")
