"""The timetable: slots in the portal's zone, each once, a missed one caught up once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from jobs.schedule import TIMETABLE, Entry
from jobs.timetable import SLOTS, Timetable, latest_slot
from portal.queue import health, queue

pytestmark = pytest.mark.one_engine

HOURLY = Entry("hourly", "operator.length_hint", "0 * * * *")
NIGHTLY = Entry("nightly", "operator.length_hint", "30 2 * * *")


@pytest.fixture
def travel(portal: Flask, tmp_path: Path) -> Iterator[object]:
    """``travel("2026-04-01T10:00+08:00")`` sets the portal's clock."""
    file = tmp_path / "clock.json"
    before = portal.config["PORTAL_CLOCK"], portal.config["PORTAL_TIMEZONE"]

    def to(instant: str) -> None:
        file.write_text(json.dumps({"at": instant}))
        portal.config["PORTAL_CLOCK"] = str(file)

    with portal.app_context():
        yield to
    portal.config["PORTAL_CLOCK"], portal.config["PORTAL_TIMEZONE"] = before


def jobs_waiting(client: Redis) -> list[str]:
    """Ids of the queued jobs, in order."""
    return list(queue(client).job_ids)


def test_slots_are_wall_clock_times_of_the_portal(portal: Flask, travel: object) -> None:
    moment = datetime(2026, 4, 1, 10, 20, tzinfo=UTC)  # 18:20 in Shanghai
    assert latest_slot(NIGHTLY, moment).isoformat() == "2026-04-01T02:30:00+08:00"
    assert latest_slot(HOURLY, moment).isoformat() == "2026-04-01T18:00:00+08:00"
    exact = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    assert latest_slot(NIGHTLY, exact).isoformat() == "2026-04-01T02:30:00+08:00"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Clocks go forward at 02:00 on 29 March 2026: 02:30 is the instant 03:30 summer time.
        ("2026-03-29T01:45:00+00:00", "2026-03-29T02:30:00+01:00"),
        # They go back at 03:00 on 25 October: the first 02:30 counts, the second adds nothing.
        ("2026-10-25T00:45:00+00:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:45:00+00:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_daylight_saving_neither_loses_nor_doubles(
    portal: Flask, travel: object, moment: str, expected: str
) -> None:
    portal.config["PORTAL_TIMEZONE"] = "Europe/Berlin"
    assert latest_slot(NIGHTLY, datetime.fromisoformat(moment)).isoformat() == expected


def test_an_entry_starts_with_its_next_slot(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    travel("2026-04-01T10:20+08:00")
    timetable = Timetable(valkey, [HOURLY])
    timetable.enqueue_jobs()
    assert jobs_waiting(valkey) == []
    travel("2026-04-01T11:00+08:00")
    timetable.enqueue_jobs()
    timetable.enqueue_jobs()
    assert jobs_waiting(valkey) == ["timetable-hourly-20260401T030000Z"]
    job = queue(valkey).fetch_job("timetable-hourly-20260401T030000Z")
    assert job is not None
    assert list(job.args) == ["2026-04-01T11:00:00+08:00"]
    job.delete()  # long done and forgotten: still the same slot
    timetable.enqueue_jobs()
    assert jobs_waiting(valkey) == []


def test_missed_slots_are_caught_up_once(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    travel("2026-04-01T10:20+08:00")
    Timetable(valkey, [HOURLY]).enqueue_jobs()
    travel("2026-04-01T18:40+08:00")
    Timetable(valkey, [HOURLY]).enqueue_jobs()
    assert jobs_waiting(valkey) == ["timetable-hourly-20260401T100000Z"]


def test_a_slot_whose_job_was_lost_does_not_hold_up_the_next(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    timetable = Timetable(valkey, [HOURLY])
    for instant in ("2026-04-01T10:20+08:00", "2026-04-01T11:00+08:00"):
        travel(instant)
        timetable.enqueue_jobs()
    (lost,) = jobs_waiting(valkey)
    valkey.lrem(queue(valkey).key, 0, lost)  # its hash says that it waits, but it stands nowhere
    travel("2026-04-01T12:00+08:00")
    timetable.enqueue_jobs()
    assert jobs_waiting(valkey) == ["timetable-hourly-20260401T040000Z"]


def test_two_timetables_queue_a_slot_once(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    travel("2026-04-01T10:20+08:00")
    first, second = Timetable(valkey, [HOURLY]), Timetable(valkey, [HOURLY])
    first.enqueue_jobs()
    seen = valkey.hgetall(SLOTS)
    travel("2026-04-01T11:05+08:00")
    first.enqueue_jobs()
    valkey.hset(SLOTS, mapping=seen)  # as if both had looked at the same moment
    second.enqueue_jobs()
    assert len(jobs_waiting(valkey)) == 1


def test_a_clock_set_back_repeats_nothing(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    timetable = Timetable(valkey, [HOURLY])
    for instant in ("2026-04-01T10:20+08:00", "2026-04-01T11:20+08:00"):
        travel(instant)
        timetable.enqueue_jobs()
    travel("2026-04-01T09:30+08:00")
    timetable.enqueue_jobs()
    travel("2026-04-01T11:30+08:00")
    timetable.enqueue_jobs()
    assert len(jobs_waiting(valkey)) == 1


def test_the_heart_beat_is_seen(valkey: Redis, travel) -> None:  # type: ignore[no-untyped-def]
    travel("2026-04-01T10:20+08:00")
    assert health(valkey).timetable_age is None
    timetable = Timetable(valkey, [])
    timetable.register_birth()
    timetable.heartbeat()
    age = health(valkey).timetable_age
    assert age is not None
    assert age < 5


def test_every_entry_has_a_name_and_a_time_of_its_own(portal: Flask, travel: object) -> None:
    names = [entry.name for entry in TIMETABLE]
    assert len(set(names)) == len(names)
    for entry in TIMETABLE:
        assert latest_slot(entry, datetime(2026, 4, 1, tzinfo=UTC))
