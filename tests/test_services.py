"""Services that come into the grids: due, came in one tap, and when they come next."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import ServiceRound, ServiceVisit
from portal.rules import services
from portal.scope import acting
from tests.support.client import PageClient
from tests.support.matters import CELL, who

Client = Callable[..., PageClient]
BESIDE = CELL[:-1] + "2"


def comes(code: str, days: int = 0, **more: object) -> ServiceRound:
    told = {"service": "family_doctor", "every": 30, "unit": "day"} | more
    row = ServiceRound(grid_code=code, next_on=clock.today() + timedelta(days=days), **told)
    db.session.add(row)
    db.session.flush()
    return row


def test_came_is_one_tap_and_once_a_day(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        key, away = comes(CELL, -3).id, comes(BESIDE).id
        comes(CELL, 5, service="judicial_office")
        db.session.commit()
    client = client_as("worker07")
    page = client.get("/patrols/today")
    assert page.soup.select_one(f'form[action="/service-rounds/came/{key}"]')
    assert not page.soup.select_one(f'form[action="/service-rounds/came/{away}"]')
    tile = client.get("/desk/").soup.select_one('a.tile[href="/service-rounds/list/?preset=due"] b')
    assert tile.get_text() == "1"
    token = page.form()["csrf_token"]
    for _twice in range(2):
        answer = client.post(f"/service-rounds/came/{key}", {"csrf_token": token, "back": "today"})
        assert answer.location == "/patrols/today"
    assert client.post(f"/service-rounds/came/{away}", {"csrf_token": token}).status == 404
    with portal.app_context():
        row = db.session.get_one(ServiceRound, key)
        today = clock.today()
        assert (row.last_on, row.next_on) == (today, today + timedelta(days=30))
        assert db.session.scalars(select(ServiceVisit.came_on)).all() == [today]


def test_what_is_over_does_not_come(portal: Flask) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = comes(CELL, active=False)
        with acting(who(db.session, "worker07")), pytest.raises(RuleError):
            services.came(db.session, row, clock.today())


def test_another_service_says_which(portal: Flask) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = ServiceRound(grid_code=CELL, service="other", every=1, unit="workday")
        with pytest.raises(RuleError) as refused:
            services.prepare(db.session, row, new=True)
        assert refused.value.field == "name"
        with pytest.raises(IntegrityError):
            comes(CELL, service="other")
        db.session.rollback()


def test_a_service_that_came_stays(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row, other = comes(CELL), comes(CELL)
        key, free = row.id, other.id
        services.came(db.session, row, clock.today())
        db.session.commit()
    station = client_as("station")
    page = station.get(f"/service-rounds/delete/{key}")
    assert "服务进网格记录" in page.text
    token = station.get(f"/service-rounds/delete/{free}").form()["csrf_token"]
    for one, status in ((key, 409), (free, 302)):
        told = {"csrf_token": token}
        assert station.post(f"/service-rounds/delete/{one}", told).status == status
    with portal.app_context():
        assert db.session.scalars(select(ServiceVisit.round_id)).all() == [key]
