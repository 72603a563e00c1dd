"""Two simulated days of reminders with real processes and kills; ``python -m bench.endurance`` runs
the whole month. And: the judge finds what is wrong.
"""

import os
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from portal.extensions import db
from portal.rules.planning import plan_all
from portal.rules.reminders import remind
from tests.conftest import Place
from tests.support.endurance import KILLS, Clock, Fleet, Run, schedule
from tests.support.endurance_judge import Outage, Verdict, held, judge, series
from tests.support.engines import TEMPLATE

pytestmark = pytest.mark.one_engine


def at(text_: str) -> datetime:
    """An instant of the community's wall clock in February 2026: ``13 08:00``."""
    return datetime.strptime(f"2026 02 {text_} +0800", "%Y %m %d %H:%M %z").astimezone(UTC)


def test_kills_change_nothing(place: Place, tmp_path: Path) -> None:
    """Friday, and the Saturday that is worked; two timetables all the time."""
    begin, end = at("12 20:00"), at("14 09:00")
    place.store.clone(TEMPLATE, "portal_endurance")
    url = place.store.url("portal_endurance")
    clock = Clock(tmp_path / "clock.json")
    clock.set(begin, 0)
    environ = {**os.environ, "PORTAL_DATABASE_URL": url}
    fleet = Fleet(tmp_path / "var", environ, clock, random.Random(14))
    engine = create_engine(fleet.settings["SQLALCHEMY_DATABASE_URI"])
    told: list[str] = []
    run = Run(fleet, engine, begin, end, 4, 20.0, (0, 2), told.append)
    try:
        run.run()
    finally:
        fleet.stop()
    verdict = judge(engine, begin, end, fleet.outages)
    engine.dispose()
    assert verdict.wrong == [], f"{verdict} {told}"
    assert run.killed == 4
    assert verdict.sent == 2 * 68 + 78  # each cell daily, each block once
    assert verdict.missed == 0


def test_every_kind_of_kill_has_its_turn() -> None:
    plan = schedule(random.Random(1), 33, 30)
    kills = [kill.what for many in plan.values() for kill in many]
    assert len(kills) == 30
    assert {kills.count(what) for what in KILLS} <= {4, 5}


def test_the_days_that_the_judge_expects() -> None:
    """As the calendar on the wall has them."""
    days = {line["zh"] + line["level"]: held(line["rrule"], line["holiday"]) for line in series()}
    february = {
        name: [day.day for day in sorted(found) if (day.year, day.month) == (2026, 2)]
        for name, found in days.items()
    }
    assert february == {
        "日通气cell": [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28],
        "周碰头block": [6, 13, 24, 27],
        "周碰头area": [2, 9, 24],
        "月总结community": [27],
        "形势研判会community": [11],
    }
    assert all(date(2026, 3, 2) not in found for name, found in days.items() if "block" in name)


@pytest.fixture
def morning(session: Session) -> Callable[[], Verdict]:
    """Friday morning as it must be; ``morning()`` judges it."""
    plan_all(session, at("13 06:00"))
    session.commit()
    remind(session, at("13 06:00"))
    remind(session, at("13 08:00"))
    return lambda: judge(db.engine, at("13 06:01"), at("13 09:00"))


def change(session: Session, statement: str) -> None:
    """Something that must not happen."""
    session.execute(text(statement))
    session.commit()


ONE = "SELECT max(id) FROM reminders WHERE state = 'sent' AND lead_minutes = 30"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"DELETE FROM reminders WHERE id = ({ONE})", ["lost", "in the inbox, not on record"]),
        ("DELETE FROM messages WHERE id = (SELECT max(id) FROM messages)", ["sent, but 0"]),
        (
            "INSERT INTO messages (user_id, kind, params, url, created_at, updated_at)"
            " SELECT user_id, kind, params, url, created_at, updated_at FROM messages"
            " WHERE id = (SELECT max(id) FROM messages)",
            ["twice", "sent, but 2"],
        ),
        (
            f"UPDATE reminders SET state = 'missed' WHERE id = ({ONE})",
            ["missed, but 1", "too early"],
        ),
        (
            f"UPDATE reminders SET at = '2026-02-13 00:01:00.000000' WHERE id = ({ONE})",
            ["late without a reason"],
        ),
        (
            f"UPDATE reminders SET at = '2026-02-13 00:30:00.000000' WHERE id = ({ONE})",
            ["after the meeting had begun", "late without a reason"],
        ),
        (
            f"UPDATE reminders SET at = '2026-02-12 23:59:00.000000' WHERE id = ({ONE})",
            ["too early"],
        ),
        (f"UPDATE reminders SET lead_minutes = 31 WHERE id = ({ONE})", ["nobody expected", "lost"]),
    ],
)
def test_the_judge_finds_what_is_wrong(
    session: Session, morning: Callable[[], Verdict], statement: str, found: list[str]
) -> None:
    assert morning().wrong == []
    change(session, statement)
    wrong = "\n".join(morning().wrong)
    for words in found:
        assert words in wrong


def test_late_is_excused_by_an_outage_that_reaches_so_far(
    session: Session, morning: Callable[[], Verdict]
) -> None:
    change(session, f"UPDATE reminders SET at = '2026-02-13 00:05:30.000000' WHERE id = ({ONE})")
    due, minute = at("13 08:00"), timedelta(minutes=1)
    for begun, ended, good in ((-1, 4, True), (-1, 2, False), (6, 9, False), (-9, -5, False)):
        outage = Outage("worker", due + begun * minute, due + ended * minute)
        verdict = judge(db.engine, at("13 06:01"), at("13 09:00"), [outage])
        assert (verdict.wrong == []) == good, outage
