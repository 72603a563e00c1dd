"""Places that need attention: on the list, put right, accepted by somebody else, off the list."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import Forbidden, RuleError
from portal.extensions import db
from portal.models import Place
from portal.rules import patrols, places
from portal.scope import acting
from portal.workdays import WorkCalendar
from tests.support.client import PageClient
from tests.support.matters import BLOCK, CELL, who
from tests.support.rounds import place_at

Client = Callable[..., PageClient]


@pytest.fixture
def session(portal: Flask) -> object:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        yield db.session


def step(session: Session, place: Place, username: str, name: str, **data: str) -> None:
    with acting(who(session, username)):
        places.act(session, place, name, data)


def test_put_right_and_accepted_by_somebody_else(session: Session) -> None:
    place = place_at(session, CELL)
    step(session, place, "worker07", "put_right", result="消防通道已清空")
    assert (place.state, place.righted_on, place.righted_note) == (
        "righted", clock.today(), "消防通道已清空",
    )  # fmt: skip
    with pytest.raises(Forbidden):
        step(session, place, "leader07", "accept")
    step(session, place, "area1", "not_right", reason="还有杂物")
    assert (place.state, place.righted_on, place.remark) == ("listed", None, "还有杂物")
    step(session, place, "station", "put_right", result="已清空")
    with pytest.raises(RuleError, match=r"Somebody else|别人|他人|另"):
        step(session, place, "station", "accept")
    step(session, place, "area1", "accept")
    assert (place.state, place.accepted_on) == ("accepted", clock.today())
    step(session, place, "area1", "off_list", reason="搬走了")
    assert (place.off_list_on, place.next_patrol_on) == (clock.today(), None)
    with acting(who(session, "area1")):
        assert [one.name for one in places.steps_of(place)] == ["again"]
    step(session, place, "station", "again", reason="又堆放")
    assert (place.state, place.off_list_on, place.next_patrol_on) == ("listed", None, clock.today())


def test_only_the_station_takes_off_what_nobody_has_accepted(session: Session) -> None:
    place = place_at(session, CELL)
    with pytest.raises(RuleError):
        step(session, place, "area1", "off_list", reason="拆除")
    with pytest.raises(RuleError) as missing:
        step(session, place, "station", "off_list")
    assert missing.value.field == "reason"
    step(session, place, "station", "off_list", reason="拆除")
    assert place.off_list_on == clock.today()


def test_words_hold_no_numbers_of_people(session: Session) -> None:
    place = place_at(session, CELL)
    with pytest.raises(RuleError) as refused:
        step(session, place, "worker07", "put_right", result="电话13812345678")
    assert refused.value.field == "result"
    place.measures = "11010519491231002X"
    with pytest.raises(RuleError) as refused:
        places.prepare(session, place, new=False)
    assert refused.value.field == "measures"


@pytest.mark.parametrize(
    ("number", "unit", "wanted"),
    [
        (1, "workday", date(2026, 10, 8)),
        (3, "day", date(2026, 10, 3)),
        (7, "day", date(2026, 10, 7)),
    ],
)
def test_the_next_look_counts_in_working_or_calendar_days(
    number: int, unit: str, wanted: date
) -> None:
    """30 September 2026 is the last working day before the holidays."""
    place = Place(patrolled_on=date(2026, 9, 30), patrol_every=number, patrol_unit=unit)
    assert places.next_look(place, WorkCalendar()) == wanted


def test_a_place_lies_in_a_cell(session: Session) -> None:
    place = Place(name="x", kind="other", grid_code=BLOCK, patrol_every=1)
    with pytest.raises(RuleError) as refused:
        places.prepare(session, place, new=True)
    assert refused.value.field == "grid"


@pytest.mark.parametrize(
    "wrong",
    [
        {"patrol_every": 0},
        {"state": "accepted"},
        {"longitude": 114.3},
        {"off_list_on": date(2026, 1, 5)},
        {"kind": "person"},
    ],
)
def test_the_database_refuses_what_cannot_be(session: Session, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        place_at(session, CELL, **wrong)
    session.rollback()


def test_the_steps_over_http(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        key = place_at(db.session, CELL).id
        db.session.commit()
    worker = client_as("worker07")
    page = worker.get(f"/places/step/put_right/{key}")
    data = page.form() | {"result": "已清空"}
    for _twice in range(2):
        assert worker.post(f"/places/step/put_right/{key}", data).location == f"/places/show/{key}"
    assert worker.get(f"/places/step/accept/{key}").status == 200  # says that it is for others
    token = page.form()["csrf_token"]
    assert worker.post(f"/places/step/accept/{key}", {"csrf_token": token}).status == 403
    area = client_as("area1")
    page = area.get(f"/places/show/{key}")
    assert page.soup.select(f'a[href="/places/step/accept/{key}"]')
    answer = area.post(f"/places/step/accept/{key}", area.get(f"/places/step/accept/{key}").form())
    assert answer.location == f"/places/show/{key}"
    assert client_as("worker08").get(f"/places/show/{key}").status == 404


def test_overdue_is_before_today(portal: Flask, client_as: Client) -> None:
    today = clock.today()
    with portal.app_context(), scope.acting(scope.SYSTEM):
        keys = [
            place_at(db.session, CELL, str(n), next_patrol_on=today + timedelta(days=n)).id
            for n in (-1, 0, 1)
        ]
        db.session.commit()
    client = client_as("worker07")

    def shown(preset: str) -> list[str]:
        page = client.get(f"/places/list/?preset={preset}")
        return [tag["href"].rsplit("/", 1)[1] for tag in page.soup.select("tbody th a")]

    assert shown("overdue") == [str(keys[0])]
    assert shown("due") == [str(key) for key in keys[:2]]


def test_what_was_looked_at_is_taken_off_the_list_instead(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        place = place_at(db.session, CELL)
        key = place.id
        with acting(who(db.session, "worker07")):
            patrols.nothing(db.session, [place])
        db.session.commit()
    page = client_as("station").get(f"/places/delete/{key}")
    assert "请移出名单" in page.one(".lead").get_text()
    assert "查看记录" in page.text and "patrol_checks" not in page.text
    assert not page.soup.select("form[method=post][action^='/places/delete']")
