"""Documents of a grid for staff: the panel, making and renewing, files of versions, the list."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.documents import registry
from portal.extensions import db
from portal.models import AuditEntry, Grid, IssuedDocument, Post, Task, Worker
from portal.rules import documents
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient

CELL, OTHER, COMMUNITY, STREET = (
    "4201020029900102003", "4201020029900103003", "420102002990", "420102002",
)  # fmt: skip
ZH = "zh_Hans_CN"
Client = Callable[..., PageClient]


def _grid_id(portal: Flask, code: str) -> int:
    with portal.app_context():
        found = db.session.scalar(select(Grid.id).where(Grid.code == code))
        assert found is not None
        return found


def _issue(portal: Flask, kind: str, code: str, size: str = "a4") -> int:
    with portal.app_context(), acting(SYSTEM):
        issued = registry.issue(db.session, kind, code, size, ZH)
        db.session.commit()
        return issued.id


def _renumber(portal: Flask, code: str, phone: str) -> None:
    with portal.app_context(), acting(SYSTEM):
        worker = db.session.scalars(
            select(Worker).join(Post).where(Post.grid_code == code, Post.role == "grid_worker")
        ).one()
        worker.public_phone = phone
        db.session.commit()


def _make(client: PageClient, **values: str):  # type: ignore[no-untyped-def]
    given = {"grid": CELL, "kind": "service-sign", "size": "a4", "lang": ZH} | values
    token = client.get("/logout/").form()["csrf_token"]
    return client.post("/documents/make", given | {"csrf_token": token})


@pytest.mark.one_engine
def test_the_panel_shows_every_kind_and_what_is_in_force(portal: Flask, client_as: Client) -> None:
    first = _issue(portal, "service-sign", CELL)
    _renumber(portal, CELL, "027-01009999")
    second = _issue(portal, "service-sign", CELL)
    page = client_as("station").get(f"/grids/show/{_grid_id(portal, CELL)}")
    assert f'href="/documents/file/{second}"' in page.text
    assert f'href="/documents/file/{first}"' in page.text
    assert page.text.index(f"FW-{CELL}-A4-002") < page.text.index(f"FW-{CELL}-A4-001")
    assert "更新" in page.text
    assert "制作" in page.text
    for kind in ("notice-board", "service-sign", "grid-archive"):
        assert f'name="kind" value="{kind}"' in page.text
    assert 'name="kind" value="site-plan"' not in page.text
    whole = client_as("station").get(f"/grids/show/{_grid_id(portal, COMMUNITY)}")
    assert 'name="kind" value="site-plan"' in whole.text


@pytest.mark.one_engine
def test_whoever_only_reads_gets_files_but_no_buttons(portal: Flask, client_as: Client) -> None:
    issued = _issue(portal, "service-sign", CELL)
    client = client_as("worker07")
    page = client.get(f"/grids/show/{_grid_id(portal, CELL)}")
    assert f"/documents/file/{issued}" in page.text
    assert "/documents/make" not in page.text
    answer = client.get(f"/documents/file/{issued}", check=False)
    assert answer.status == 200
    # A grid above the communities has no panel.
    street = client_as("street").get(f"/grids/show/{_grid_id(portal, STREET)}")
    assert 'id="documents"' not in street.text


def test_making_goes_through_the_queue_to_a_version(
    portal: Flask, client_as: Client, work: Callable[[], int]
) -> None:
    answer = _make(client_as("station"))
    assert answer.status == 302
    assert answer.location.startswith("/tasks/")
    assert work() >= 1
    with portal.app_context():
        issued = documents.newest_issue(db.session, "service-sign", CELL, "a4", ZH)
        assert issued is not None
        assert documents.is_stored(issued)
        task = db.session.scalars(select(Task)).one()
        assert (task.state, task.done) == ("done", 1)


def test_making_what_did_not_change_says_so(portal: Flask, client_as: Client) -> None:
    _issue(portal, "service-sign", CELL)
    client = client_as("station")
    answer = _make(client)
    assert answer.location.endswith("#documents")
    assert "该版继续有效" in client.get(answer.location).text
    with portal.app_context():
        assert db.session.scalars(select(Task)).all() == []


@pytest.mark.one_engine
def test_making_what_lacks_something_says_what(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        for post in db.session.scalars(select(Post).where(Post.grid_code == CELL)):
            post.public = False
        db.session.commit()
    client = client_as("station")
    answer = _make(client)
    assert "没有可公示的网格员" in client.get(answer.location).text
    with portal.app_context():
        assert db.session.scalars(select(Task)).all() == []


@pytest.mark.one_engine
def test_without_a_token_nothing_is_made(portal: Flask, client_as: Client) -> None:
    given = {"grid": CELL, "kind": "service-sign", "size": "a4", "lang": ZH}
    assert client_as("station").post("/documents/make", given).status == 400
    with portal.app_context():
        assert db.session.scalars(select(Task)).all() == []


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "values",
    [
        {"kind": "x"},
        {"kind": "site-plan", "size": "a2"},
        {"size": "a9"},
        {"lang": "de"},
        {"kind": ""},
    ],
)
def test_what_does_not_exist_is_not_made(client_as: Client, values: dict[str, str]) -> None:
    assert _make(client_as("station"), **values).status == 400


def test_making_is_within_right_and_scope(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        db.session.add(Grid(code="420102003", name="邻街", level="street", parent_code="420102"))
        db.session.flush()
        db.session.add(
            Grid(code="420102003001", name="邻社区", level="community", parent_code="420102003")
        )
        db.session.commit()
    assert _make(client_as("leader07")).status == 403
    assert _make(client_as("station"), grid="420102003001").status == 404
    assert _make(client_as("station"), grid="").status == 404


@pytest.mark.one_engine
def test_a_file_is_what_was_issued_under_a_name_of_its_own(
    portal: Flask, client_as: Client
) -> None:
    issued = _issue(portal, "service-sign", CELL)
    client = client_as("leader07")
    answer = client.get(f"/documents/file/{issued}", check=False)
    with portal.app_context():
        stored = documents.stored_file(db.session.get_one(IssuedDocument, issued))
        assert answer.body == stored.read_bytes()
        shown = answer.headers["Content-Disposition"]
        assert shown.startswith("inline")
        assert "A4-1.pdf" in shown
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "private" in answer.headers["Cache-Control"]
        stored.write_bytes(b"something else")
    gone = client.get(f"/documents/file/{issued}", check=False)
    assert gone.status == 404


def test_a_file_out_of_sight_is_not_there(portal: Flask, client_as: Client) -> None:
    issued = _issue(portal, "service-sign", OTHER)
    client = client_as("leader07")
    foreign = client.get(f"/documents/file/{issued}", check=False)
    missing = client.get("/documents/file/999999", check=False)
    assert (foreign.status, missing.status) == (404, 404)
    assert client_as(None).get(f"/documents/file/{issued}", check=False).status == 302


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("code", "refused", "allowed"),
    [
        (CELL, ("worker07", "leader07"), ("station", "clerk1")),
        (OTHER, ("block03",), ("station",)),
        (COMMUNITY, ("mediator", "leader", "street"), ("station",)),
    ],
    ids=["cell", "other cell", "community"],
)
def test_printed_cards_are_only_for_those_who_may_write_cards(
    portal: Flask,
    client_as: Client,
    code: str,
    refused: tuple[str, ...],
    allowed: tuple[str, ...],
) -> None:
    """A sheet holds the codes of valid cards: whoever has the file has the cards."""
    issued, grid = _issue(portal, "worker-cards", code), _grid_id(portal, code)
    file = f"/documents/file/{issued}"
    for client in map(client_as, refused):
        shown = client.get(f"/documents/show/{issued}")  # that there is one may be known
        assert shown.status == 200
        assert client.get(file, check=False).status == 403
        assert file not in shown.text
        assert file not in client.get(f"/grids/show/{grid}").text
    for client in map(client_as, allowed):
        answer = client.get(file, check=False)
        assert (answer.status, answer.body[:5]) == (200, b"%PDF-")


def test_opening_an_archive_is_noted_and_opening_a_sign_is_not(
    portal: Flask, client_as: Client
) -> None:
    sign, archive = _issue(portal, "service-sign", CELL), _issue(portal, "grid-archive", CELL)
    client = client_as("leader07")
    for one in (sign, archive):
        assert client.get(f"/documents/file/{one}", check=False).status == 200
    with portal.app_context():
        noted = db.session.execute(
            select(AuditEntry.actor, AuditEntry.row_id).where(
                AuditEntry.action == "export", AuditEntry.table_name == "issued_documents"
            )
        ).all()
    assert [tuple(row) for row in noted] == [("leader07", archive)]


def test_the_list_says_which_version_is_in_force(portal: Flask, client_as: Client) -> None:
    first = _issue(portal, "service-sign", CELL)
    _renumber(portal, CELL, "027-01009999")
    second = _issue(portal, "service-sign", CELL)
    client = client_as("station")
    page = client.get("/documents/list/")
    assert page.text.count("已被取代") >= 2  # the tab, and the first version
    for preset, shown, hidden in (("in_force", second, first), ("superseded", first, second)):
        only = client.get(f"/documents/list/?preset={preset}").text
        assert f"/documents/show/{shown}" in only
        assert f"/documents/show/{hidden}" not in only
    record = client.get(f"/documents/show/{first}").text
    assert f"/documents/show/{second}" in record
    assert f"/documents/file/{first}" in record
    with portal.app_context():
        assert db.session.get_one(IssuedDocument, first).sha256 in record
