"""The ground the suite stands on: nothing that a test writes reaches the next one."""

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from portal.models import Setting
from portal.scope import SYSTEM, acting
from tests.conftest import Place
from tests.support.client import PageClient
from tests.support.counting import count_statements

MARK = "support.mark"


def marks(app: Flask) -> int:
    """How many rows of this test are in the database."""
    with app.app_context(), db.engine.connect() as connection:
        query = text("SELECT count(*) FROM settings WHERE key = :key")
        return int(connection.execute(query, {"key": MARK}).scalar_one())


def write_with_the_session(app: Flask) -> None:
    with app.app_context(), acting(SYSTEM):
        db.session.add(Setting(key=MARK, value="1"))
        db.session.commit()


def write_raw(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE settings SET key = :key WHERE id = 1"), {"key": MARK})


@pytest.mark.parametrize("write", [write_with_the_session, write_raw])
def test_what_was_committed_is_taken_back(
    portal: Flask, place: Place, write: Callable[[Flask], None]
) -> None:
    assert not place.is_dirty()
    write(portal)
    assert place.is_dirty()
    assert marks(portal) == 1
    place.restore(portal)
    assert not place.is_dirty()
    assert marks(portal) == 0


def test_what_was_rolled_back_costs_nothing(portal: Flask, place: Place) -> None:
    with portal.app_context(), acting(SYSTEM):
        db.session.add(Setting(key=MARK, value="1"))
        db.session.flush()
        db.session.rollback()
    assert not place.is_dirty()


def test_reading_costs_nothing(
    client_as: Callable[..., PageClient], portal: Flask, place: Place
) -> None:
    client = client_as("station")
    place.restore(portal)  # the first sign-in of a process writes
    assert client.get("/desk/").status == 200
    assert not place.is_dirty()


def test_a_running_server_outlives_a_restored_database(
    live_server: str, portal: Flask, place: Place
) -> None:
    port = urlsplit(live_server).port
    assert port is not None
    for _turn in range(2):
        write_with_the_session(portal)
        place.restore(portal)
        assert marks(portal) == 0
        assert readiness(port) == 200


def readiness(port: int) -> int:
    """The status of /readyz, which asks the database."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", "/readyz")
    status = link.getresponse().status
    link.close()
    return status


def test_statements_are_counted(portal: Flask) -> None:
    with portal.app_context(), count_statements(portal) as statements:
        db.session.execute(text("SELECT 1"))
        db.session.execute(text("SELECT 2"))
    assert len(statements) == 2
    assert statements.reads() == ["SELECT 1", "SELECT 2"]


def test_a_wrong_password_does_not_sign_in(client_as: Callable[..., PageClient]) -> None:
    client = client_as(None)
    client.sign_in("station", "not-the-password-1")
    assert client.get("/desk/").status == 302
