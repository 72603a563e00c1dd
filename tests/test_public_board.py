"""The notice board over HTTP: rendered by the worker, kept, refused politely, limited."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from portal import queue
from portal.app import create_app
from portal.extensions import db
from portal.models import Hotline, IssuedDocument, Post, Worker
from portal.queue import connection
from portal.rules import boards, documents, rendering
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient

CELL = "4201020029900101001"
STREET = "420102002"
PDF = f"/directory/{CELL}/board.pdf"

Client = Callable[..., PageClient]
Drain = Callable[[], int]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long where no worker is running."""
    monkeypatch.setattr(rendering, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(rendering, "SHORT_WAIT", 0.05)


def issued(portal: Flask) -> int:
    """How many boards were ever issued."""
    with portal.app_context():
        return db.session.scalar(select(func.count()).select_from(IssuedDocument)) or 0


def number_of_jobs(portal: Flask) -> int:
    """How many jobs wait in the queue."""
    with portal.app_context():
        return queue.queue().count


@pytest.mark.one_engine
@pytest.mark.parametrize(("language", "word"), [("zh_Hans_CN", "A4"), ("en", "A4")])
def test_the_worker_renders_what_a_stranger_asks_for(
    portal: Flask, client_as: Client, live_worker: None, language: str, word: str
) -> None:
    client = client_as(language=language)
    page = client.get(f"{PDF}?size=a4")
    assert page.status == 200
    assert page.headers["Content-Type"] == "application/pdf"
    assert page.body.startswith(b"%PDF-1.7")
    disposition = page.headers["Content-Disposition"]
    assert disposition.startswith("inline;")
    assert "filename*=UTF-8''" in disposition
    assert quote("北辰坊") in disposition
    assert word in disposition
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"].startswith("public")
    assert "Cookie" in page.headers["Vary"]
    again = client.get(f"{PDF}?size=a4", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert issued(portal) == 1
    page = client.get(f"/directory/{CELL}")
    assert "1" in page.soup.select(".boards li")[1].get_text()


def test_what_was_issued_needs_no_worker(
    portal: Flask, client_as: Client, impatient: None, work: Drain
) -> None:
    client = client_as()
    first = client.get(PDF)
    assert first.status == 503
    assert 1 <= int(first.headers["Retry-After"]) <= 60
    assert first.headers["Cache-Control"] == "no-store"
    assert PDF in first.links("main a")
    assert work() == 1
    assert client.get(PDF).status == 200
    assert client.get(PDF).status == 200
    assert number_of_jobs(portal) == 0


def test_however_many_ask_it_is_one_job(
    portal: Flask, client_as: Client, impatient: None, valkey: Redis
) -> None:
    for _ask in range(5):
        assert client_as().get(PDF).status == 503
    assert number_of_jobs(portal) == 1
    assert client_as().get(f"{PDF}?size=a4").status == 503
    assert number_of_jobs(portal) == 2


def test_one_visitor_at_a_time_waits(portal: Flask, valkey: Redis) -> None:
    with portal.test_request_context("/"):
        with rendering.turn() as first, rendering.turn() as second:
            assert (first, second) == (rendering.LONGEST_WAIT, rendering.SHORT_WAIT)
        with rendering.turn() as third:
            assert third == rendering.LONGEST_WAIT
    assert rendering.LONGEST_WAIT <= 8


def test_a_lost_queue_is_try_again_later(portal: Flask, client_as: Client) -> None:
    real = connection(portal)
    portal.extensions["portal.queue"] = queue.connect("unix:///nonexistent/valkey.sock")
    try:
        page = client_as().get(PDF)
    finally:
        portal.extensions["portal.queue"] = real
    assert page.status == 503
    assert "Retry-After" in page.headers


def test_withdrawn_consent_makes_a_new_board(
    portal: Flask, client_as: Client, impatient: None, work: Drain
) -> None:
    client = client_as()
    client.get(PDF)
    work()
    old = client.get(PDF)
    assert old.status == 200
    with portal.app_context(), acting(SYSTEM):
        worker = db.session.scalars(
            select(Worker).join(Post).where(Post.grid_code == CELL, Post.role == "grid_worker")
        ).one()
        worker.portrait = worker.public_consent_on = None
        db.session.commit()
    assert client.get(PDF).status == 503
    assert work() == 1
    new = client.get(PDF)
    assert new.status == 200
    assert new.headers["ETag"] != old.headers["ETag"]
    assert issued(portal) == 2


def test_an_incomplete_board_names_what_is_missing(
    portal: Flask, client_as: Client, valkey: Redis
) -> None:
    page = client_as(language="en").get(f"/directory/{STREET}/board.pdf")
    assert page.status == 404
    listed = [item.get_text() for item in page.soup.select("main li")]
    assert "people who may be shown in public" in listed
    assert "the map of the grid" in listed
    assert f"/directory/{STREET}" in page.links("main a")
    with portal.app_context(), acting(SYSTEM):
        for line in db.session.scalars(select(Hotline).where(Hotline.scope == "street")):
            line.number = None
        db.session.commit()
    page = client_as(language="en").get(PDF)
    assert page.status == 404
    listed = [item.get_text() for item in page.soup.select("main li")]
    assert listed == ["the supervision telephone of the street"]
    assert number_of_jobs(portal) == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PDF}?size=a2", 400),
        (f"{PDF}?size=", 400),
        ("/directory/420102002999/board.pdf", 404),
        ("/directory/x/board.pdf", 404),
    ],
)
def test_what_cannot_be_asked_for(client_as: Client, path: str, status: int) -> None:
    assert client_as().get(path).status == status


def test_one_address_cannot_ask_without_end(portal: Flask, valkey: Redis) -> None:
    limited = create_app({"TESTING": True, "RATELIMIT_ENABLED": True})
    client = PageClient(limited)
    answers = [client.get(f"{PDF}?size=x") for _ask in range(31)]
    assert [answer.status for answer in answers] == [400] * 30 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    # The pages themselves stay open.
    assert client.get(f"/directory/{CELL}").status == 200
    with limited.app_context():
        db.engine.dispose()


def test_the_page_tells_issue_and_date(
    portal: Flask, client_as: Client, impatient: None, work: Drain
) -> None:
    client_as().get(PDF)
    work()
    data = client_as().get(f"/directory/{CELL}.json").json["boards"]
    with portal.app_context():
        document = documents.newest_issue(db.session, boards.KIND, CELL, "a3", "zh_Hans_CN")
        assert document is not None
        expected = (document.number, document.issue_no, document.issued_on.isoformat())
    assert (data[0]["number"], data[0]["issue"], data[0]["issued_on"]) == expected
    assert data[1]["issue"] is None
    english = client_as(language="en").get(f"/directory/{CELL}.json").json["boards"]
    assert english[0]["issue"] is None
