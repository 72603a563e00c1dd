"""What the administrator sees of the queues: waiting, running, paused, given up; who works.

Everything is read from the queue server; every function raises redis.exceptions.RedisError if it
does not answer. Arguments of jobs are keys, and a reason carries no value that somebody typed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.registry import BaseRegistry, FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import as_text

from portal import queue
from portal.scope import CODE_LENGTHS

SHOWN = 50  # jobs of one state on the page
QUIET_TIMETABLE = 60  # seconds without a beat: it does not run
LONGEST_REASON = 200
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|‘[^’]*’|“[^”]*”""")
NUMBER = re.compile(r"[\dXx]{6,}|\S+@\S+")
HIDDEN = "…"


@dataclass(frozen=True)
class Item:
    """A job. ``at``: since when it waits or runs, when it is tried again, when it was given up.
    ``left``: how many further tries it has.
    """

    id: str
    job: str
    keys: tuple[Any, ...]
    at: datetime | None
    reason: str
    left: int


@dataclass(frozen=True)
class Pile:
    """Jobs of one state: how many, and the first ``SHOWN`` of them."""

    count: int
    items: list[Item]


@dataclass(frozen=True)
class Counts:
    """How many jobs of one queue are in which state, and how many workers serve it."""

    queue: str
    waiting: int
    running: int
    paused: int
    failed: int
    workers: int


def counts(client: Redis) -> list[Counts]:
    """The figures of each queue."""
    found = []
    for name in queue.NAMES:
        one = queue.queue(client, name)
        registries = (StartedJobRegistry, ScheduledJobRegistry, FailedJobRegistry)
        running, paused, failed = (
            registry(queue=one).get_job_count(cleanup=False) for registry in registries
        )
        workers = queue.workers(client, one)
        found.append(Counts(name, one.count, running, paused, failed, workers))
    return found


def dead_letters(client: Redis) -> int:
    """How many jobs were given up."""
    return sum(
        FailedJobRegistry(queue=queue.queue(client, name)).get_job_count(cleanup=False)
        for name in queue.NAMES
    )


def waiting(client: Redis) -> Pile:
    """Jobs in the queues, next first."""
    queues = _queues(client)
    ids = [job_id for one in queues for job_id in one.get_job_ids(0, SHOWN)]
    return _pile(client, sum(one.count for one in queues), ids, lambda job: job.enqueued_at)


def running(client: Redis) -> Pile:
    """Jobs in hand."""
    ids = _ids(StartedJobRegistry(queue=one) for one in _queues(client))
    return _pile(client, len(ids), ids, lambda job: job.started_at)


def paused(client: Redis) -> Pile:
    """Jobs that failed and are tried again, soonest first."""
    registries = [ScheduledJobRegistry(queue=one) for one in _queues(client)]
    due = {
        as_text(job_id): datetime.fromtimestamp(float(score)).astimezone()
        for registry in registries
        for job_id, score in _scores(client, registry.key)
    }
    ids = sorted(due, key=lambda job_id: due[job_id])
    return _pile(client, len(ids), ids, lambda job: due[job.id])


def failed(client: Redis) -> Pile:
    """Dead letters, newest first."""
    ids = _ids(FailedJobRegistry(queue=one) for one in _queues(client))
    jobs = _fetch(client, ids)
    jobs.sort(key=lambda job: job.ended_at.timestamp() if job.ended_at else 0.0, reverse=True)
    items = [_item(job, job.ended_at, failure(job)) for job in jobs[:SHOWN]]
    return Pile(len(jobs), items)


def failed_ids(client: Redis) -> list[str]:
    """Ids of all dead letters."""
    return _ids(FailedJobRegistry(queue=one) for one in _queues(client))


def failure(job: Job) -> str:
    """Why the last try of a job failed, without private values; "" if it is not known."""
    result = job.latest_result()
    return reason(result.exc_string or "") if result is not None else ""


def reason(trace: str) -> str:
    """Kind and first line of the last exception of a traceback, without what may be private.

    What follows (statements, parameters, details) is left out; quoted text, numbers as long as a
    telephone number or an identity number, and mail addresses are replaced by an ellipsis.
    """
    lines = trace.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    after = lines[frames[-1] + 1 :] if frames else lines
    headline = next((line for line in after if line and not line[0].isspace()), "")
    return NUMBER.sub(_number, QUOTED.sub(HIDDEN, headline))[:LONGEST_REASON]


def _number(match: re.Match[str]) -> str:
    text = match[0]
    return text if text.isdecimal() and len(text) in CODE_LENGTHS.values() else HIDDEN


def _queues(client: Redis) -> list[Queue]:
    return [queue.queue(client, name) for name in queue.NAMES]


def _ids(registries: Iterable[BaseRegistry]) -> list[str]:
    return [job_id for one in registries for job_id in one.get_job_ids(cleanup=False)]


def _scores(client: Redis, key: str) -> list[tuple[bytes, float]]:
    found: Any = client.zrange(key, 0, -1, withscores=True)
    return list(found)


def _fetch(client: Redis, ids: list[str]) -> list[Job]:
    jobs = Job.fetch_many(ids, connection=client, serializer=JSONSerializer) if ids else []
    return [job for job in jobs if job is not None]


def _pile(client: Redis, count: int, ids: list[str], when: Any) -> Pile:
    return Pile(count, [_item(job, when(job)) for job in _fetch(client, ids[:SHOWN])])


def _item(job: Job, at: datetime | None, why: str = "") -> Item:
    return Item(job.id, job.func_name or "", tuple(job.args), at, why, job.retries_left or 0)
