"""What a killed worker or queue server left half-done goes back into its queue.

RQ's own maintenance waits until a heartbeat is overdue (90 s and more), never looks at a job whose
status and place disagree, and counts a job that was never begun as failed. Here a worker's name
tells the process it is, so that on its own machine the kernel answers at once whether it lives;
workers of another machine count as gone when their heartbeat is overdue.
"""

import logging
import os
import time
from collections import defaultdict
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError
from rq import Queue, Worker
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.registry import ScheduledJobRegistry, StartedJobRegistry, clean_registries
from rq.utils import as_text
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY, clean_worker_registry

from portal import queue, slots
from portal.cli import process

log = logging.getLogger("portal.worker")

REASON = "WorkerLost: the worker was killed or lost while it worked on this job"
STUCK_SECONDS = 10  # between taking a job and beginning it; it takes milliseconds
SEARCH_SECONDS = 60  # between two searches for jobs that stand nowhere
WAITING = {JobStatus.QUEUED, JobStatus.SCHEDULED, JobStatus.STARTED}
JOB_KEY = "rq:job:"


def worker_name(name: str) -> str:
    """A name for the worker of queue ``name`` in this process that tells whether it lives."""
    pid = os.getpid()
    return f"{process.machine()}.{pid}.{process.began(pid) or 0}.{name}"


def is_gone(name: str) -> bool:
    """Whether the worker of that name is certainly no more."""
    machine, _dot, rest = name.partition(".")
    if not machine or machine != process.machine() or rest.count(".") < 2:
        return False
    pid, began, _queue = rest.split(".", 2)
    return process.began(int(pid)) != began


class Rescue:
    """Looks after the queues of ``client``; remembers from look to look what seemed amiss."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.queues = [queue.queue(client, name) for name in queue.NAMES]
        self.stuck: dict[tuple[str, str], float] = {}  # (queue, job) → first seen taken, not begun
        self.nowhere: set[str] = set()  # jobs that stood nowhere at the last search
        self.searched = float(-SEARCH_SECONDS)

    def begin(self) -> None:
        """Before the first worker of this process starts: where no other one lives, what was taken
        from a queue and not begun goes back at once. Raises redis.exceptions.RedisError.
        """
        self.look()
        for one in self.queues:
            if not Worker.all_keys(queue=one):
                for job_id in one.intermediate_queue.get_job_ids():
                    self._put_back(one, job_id)

    def look(self) -> None:
        """One round, every second or so. Raises redis.exceptions.RedisError."""
        for one in self.queues:
            self._forget_gone_workers(one)
            self._take_from_gone_workers(one)
            self._take_stuck(one)
            self._start_paused(one)
        if time.monotonic() - self.searched >= SEARCH_SECONDS:
            self.searched = time.monotonic()
            self._search_lost()
            for one in self.queues:
                clean_registries(one)
                clean_worker_registry(one)
                self._clear_dead_slots(one)

    def _forget_gone_workers(self, one: Queue) -> None:
        for key in Worker.all_keys(queue=one):
            if is_gone(key.removeprefix(Worker.redis_worker_namespace_prefix)):
                with self.client.pipeline() as pipeline:
                    pipeline.srem(WORKERS_BY_QUEUE_KEY % one.name, key)
                    pipeline.srem(REDIS_WORKER_KEYS, key)
                    pipeline.delete(key, f"{key}:executions")
                    pipeline.execute()

    def _take_from_gone_workers(self, one: Queue) -> None:
        registry = StartedJobRegistry(queue=one)
        now = time.time()
        for place in self._members(registry.key):
            expires = self.client.zscore(registry.key, place) or 0.0
            name = as_text(self.client.hget(f"rq:execution:{place}", "worker_name") or b"")
            if is_gone(name) or float(expires) < now:
                self._put_back(one, registry.parse_job_id(place), place)

    def _take_stuck(self, one: Queue) -> None:
        registry = StartedJobRegistry(queue=one)
        begun = {registry.parse_job_id(place) for place in self._members(registry.key)}
        taken = {
            (one.name, job_id)
            for job_id in one.intermediate_queue.get_job_ids()
            if job_id not in begun
        }
        now = time.monotonic()
        for mark in taken:
            if now - self.stuck.setdefault(mark, now) > STUCK_SECONDS:
                self._put_back(one, mark[1])
        for mark in [m for m in self.stuck if m[0] == one.name and m not in taken]:
            del self.stuck[mark]

    def _put_back(self, one: Queue, job_id: str, place: str | None = None) -> None:
        """Take a job from where a worker left it, and let it run again if it has not ended."""
        job = queue.known_job(self.client, job_id)
        with self.client.pipeline() as pipeline:
            if place is not None:
                pipeline.zrem(StartedJobRegistry(queue=one).key, place)
                pipeline.zrem(f"rq:executions:{job_id}", place.rpartition(":")[2])
                pipeline.delete(f"rq:execution:{place}")
            pipeline.lrem(one.intermediate_queue_key, 0, job_id)
            if job is not None and job.get_status() in WAITING:
                self._again(one, job, pipeline)
            pipeline.execute()

    def _again(self, one: Queue, job: Job, pipeline: Pipeline) -> None:
        waits = self.client.lpos(one.key, job.id) is not None
        if waits or self.client.zscore(ScheduledJobRegistry(queue=one).key, job.id) is not None:
            return
        if job.get_status(refresh=False) == JobStatus.STARTED:
            if not job.retries_left:
                log.warning("job %s has lost its worker and had its last try", job.id)
                record_job_failure(job, REASON, pipeline)
                return
            job.retries_left -= 1  # it may be what ended the worker
        log.warning("job %s has lost its worker and is queued again", job.id)
        job.started_at = job.ended_at = None
        one._enqueue_job(job, pipeline=pipeline, at_front=True)

    def _start_paused(self, one: Queue) -> None:
        """Queue what has paused long enough; two at once queue it once."""
        registry = ScheduledJobRegistry(queue=one)
        for job_id in registry.get_jobs_to_schedule():
            job = queue.known_job(self.client, job_id)
            with self.client.pipeline() as pipeline:
                try:
                    pipeline.watch(registry.key)
                    if pipeline.zscore(registry.key, job_id) is None:
                        continue
                    pipeline.multi()
                    pipeline.zrem(registry.key, job_id)
                    if job is not None:
                        one._enqueue_job(job, pipeline=pipeline)
                    pipeline.execute()
                except WatchError:
                    continue  # somebody else has moved; the next round sees what is left

    def _search_lost(self) -> None:
        """Jobs that say they wait or run but stand nowhere, twice in a row, are queued again."""
        keys = [as_text(key) for key in self.client.scan_iter(f"{JOB_KEY}*", count=1000)]
        ids = [key.removeprefix(JOB_KEY) for key in keys]
        ids = [job_id for job_id in ids if ":" not in job_id]
        with self.client.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hmget(JOB_KEY + job_id, "status", "origin")
            states = pipeline.execute()
        placed = self._placed()
        waiting = {status.value.encode() for status in WAITING}
        nowhere = {
            job_id: as_text(origin)
            for job_id, (status, origin) in zip(ids, states, strict=True)
            if status in waiting and origin and job_id not in placed
        }
        for one in self.queues:
            for job_id, origin in nowhere.items():
                if origin == one.name and job_id in self.nowhere:
                    self._put_back(one, job_id)
        self.nowhere = set(nowhere)

    def _placed(self) -> set[str]:
        found: set[str] = set()
        for one in self.queues:
            started, paused = StartedJobRegistry(queue=one), ScheduledJobRegistry(queue=one)
            found |= set(one.job_ids) | set(one.intermediate_queue.get_job_ids())
            found |= set(self._members(paused.key))
            found |= {started.parse_job_id(place) for place in self._members(started.key)}
        return found

    def _members(self, key: str) -> list[str]:
        found: Any = self.client.zrange(key, 0, -1)
        return [as_text(member) for member in found]

    def _clear_dead_slots(self, one: Queue) -> None:
        """Of dead slots of the timetable the last one of an entry stays, until a later one went
        well: a slot also does what earlier ones left.
        """
        dead: dict[str, list[str]] = defaultdict(list)
        for job_id in one.failed_job_registry.get_job_ids(cleanup=False):
            if (entry := slots.entry_of(job_id)) is not None:
                dead[entry].append(job_id)
        if not dead:
            return
        good = {k.name: k.run.slot for k in slots.known(self.client) if k.run and k.run.good}
        for entry, ids in dead.items():
            *old, last = sorted(ids)
            if entry in good and slots.job_id(entry, good[entry]) > last:
                old.append(last)
            for job_id in old:
                one.failed_job_registry.remove(job_id)
                if (job := queue.known_job(self.client, job_id)) is not None:
                    job.delete()
