"""What the timetable and the worker leave in the queue server for everybody to see: the entries,
the last slot of each that was queued, and how its last run went.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import croniter
from redis import Redis
from rq.utils import as_text

from portal import clock

SLOTS = "portal:timetable"  # hash: name of the entry → its last slot, ISO 8601
ENTRIES = "portal:timetable:entries"  # hash: name → its job and its times, JSON
RUNS = "portal:timetable:runs"  # hash: name → how the last run went, JSON
PREFIX = "timetable-"


def job_id(name: str, slot: datetime) -> str:
    """The job of a slot: two timetables make the same one."""
    return f"{PREFIX}{name}-{slot.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def entry_of(job: str) -> str | None:
    """Name of the entry that a job belongs to; None for a job of another origin."""
    return job.removeprefix(PREFIX).rpartition("-")[0] if job.startswith(PREFIX) else None


def latest(cron: str, moment: datetime) -> datetime:
    """The last slot of ``cron`` (minute hour day month weekday) not after `moment` (aware), in the
    portal's zone.

    A wall-clock time that daylight saving skips counts as the instant it would have been.
    """
    local = moment.astimezone(clock.zone()).replace(tzinfo=None)
    times = croniter(cron, local + timedelta(microseconds=1))
    while True:
        slot = times.get_prev(datetime).replace(tzinfo=clock.zone())
        if slot <= moment:
            return slot


def following(cron: str, moment: datetime) -> datetime:
    """The first slot of ``cron`` after `moment` (aware), in the portal's zone."""
    local = moment.astimezone(clock.zone()).replace(tzinfo=None)
    times = croniter(cron, local)
    while True:
        slot = times.get_next(datetime).replace(tzinfo=clock.zone())
        if slot > moment:
            return slot


@dataclass(frozen=True)
class Run:
    """How a slot's job went: ``at`` the portal's clock when it ended, ``seconds`` of real work."""

    slot: datetime
    at: datetime
    seconds: float
    good: bool


@dataclass(frozen=True)
class Known:
    """An entry of the timetable: ``queued`` its last slot, ``run`` the last one that ended."""

    name: str
    job: str
    cron: str
    queued: datetime | None
    run: Run | None


def publish(client: Redis, entries: dict[str, tuple[str, str]]) -> None:
    """Say what the timetable holds now: name → (job, times)."""
    told: dict[Any, Any] = {name: json.dumps(values) for name, values in entries.items()}
    with client.pipeline() as pipeline:
        pipeline.delete(ENTRIES)
        if told:
            pipeline.hset(ENTRIES, mapping=told)
        pipeline.execute()


def note_run(client: Redis, name: str, run: Run) -> None:
    """Keep how the last run of an entry went."""
    told = {
        "slot": run.slot.isoformat(),
        "at": run.at.isoformat(),
        "seconds": round(run.seconds, 3),
        "good": run.good,
    }
    client.hset(RUNS, name, json.dumps(told))


def known(client: Redis) -> list[Known]:
    """The timetable as it was last published, by name; raises redis.exceptions.RedisError if the
    server does not answer.
    """
    with client.pipeline(transaction=False) as pipeline:
        for key in (ENTRIES, SLOTS, RUNS):
            pipeline.hgetall(key)
        entries, slots, runs = (
            {as_text(name): as_text(value) for name, value in found.items()}
            for found in pipeline.execute()
        )
    return [
        _known(name, entries[name], slots.get(name), runs.get(name)) for name in sorted(entries)
    ]


def _known(name: str, entry: str, slot: str | None, run: str | None) -> Known:
    job, cron = json.loads(entry)
    queued = datetime.fromisoformat(slot) if slot else None
    return Known(name, job, cron, queued, _run(run) if run else None)


def _run(told: str) -> Run:
    values = json.loads(told)
    slot, at = (datetime.fromisoformat(values[name]) for name in ("slot", "at"))
    return Run(slot, at, values["seconds"], values["good"])
