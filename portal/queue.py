"""Work for later: `enqueue` by dotted name, `fetch` what became of it.

A job starts only after the transaction that asked for it is committed, so that it finds the rows it
works on; a rollback forgets it. Arguments and results travel as JSON: whoever can write to the
queue server must not be able to hand code to the worker, and a job takes ids, not rows.

A job that fails, or whose worker was killed, is tried again after growing pauses; after the last
try it stays as a dead letter with its reason, until somebody retries or drops it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask, current_app
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, Worker, cron_scheduler_registry
from rq import Retry as Tries
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

log = logging.getLogger(__name__)

Start = Callable[[], None]

NAME = "portal"  # quick work: the timetable, papers that somebody waits for
LONG = "portal-long"  # minutes to an hour; a worker of its own, so that a reminder is not late
NAMES = (NAME, LONG)
PAUSES = (10, 60, 300)  # seconds before the second, third and fourth try
TIMEOUT = 600  # seconds a job may take unless it says otherwise
KEEP_RESULT = 24 * 3600
KEEP_FAILURE = 14 * 24 * 3600
PACE, END = "portal:pace:", "portal:end:"  # keys of a task's figures and of the wish for an end
KEEP_PACE = 3600  # seconds
WAITING = "portal.queue.waiting"  # Session.info: what starts at the commit
WRITTEN = "portal.queue.written"  # Session.info: this transaction has sent a write
# A job in one of these states will still run, so asking for it again adds nothing.
UNDER_WAY = {JobStatus.QUEUED, JobStatus.STARTED, JobStatus.DEFERRED, JobStatus.SCHEDULED}


def connect(url: str) -> Redis:
    """A client of the queue server at `url` (unix:// or redis://); connects when first used."""
    # A page must not hang on a lost server: one more try, soon.
    again = Retry(ConstantBackoff(0.1), 1)
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10, retry=again)


def connection(app: Flask | None = None) -> Redis:
    """The application's client of the queue server, one per application."""
    application = app or current_app
    if "portal.queue" not in application.extensions:
        application.extensions["portal.queue"] = connect(application.config["PORTAL_REDIS_URL"])
    client: Redis = application.extensions["portal.queue"]
    return client


def queue(client: Redis | None = None, name: str = NAME) -> Queue:
    """A queue of the portal: of quick work, or the one called ``LONG``."""
    return Queue(name, connection=client or connection(), serializer=JSONSerializer)


def tries(pauses: Sequence[int]) -> Tries | None:
    """RQ's word for "again after so many seconds each"; None where nothing is tried again."""
    return Tries(max=len(pauses), interval=list(pauses)) if pauses else None


def enqueue(
    dotted_name: str,
    *args: Any,
    job_id: str | None = None,
    timeout: int = TIMEOUT,
    pauses: Sequence[int] = PAUSES,
    long: bool = False,
) -> str:
    """Ask for `dotted_name(*args)`, for example ``enqueue("jobs.meetings.plan", "")``; the job's
    id.

    Starts after the commit if the session has something to write, at once otherwise. `args` must be
    plain JSON values: keys, for the jobs page shows them. `timeout` is in seconds, so are the
    `pauses` before each further try (none: a failure is final at once, right where somebody waits
    for the answer). Work that takes minutes is `long`. With a `job_id` (letters, digits, dashes)
    the same work is not queued twice while it is still under way. Raises
    redis.exceptions.RedisError if the server is away and nothing was to be committed; after a
    commit a lost server is logged instead, for the rows are saved already.
    """
    name = job_id or uuid4().hex
    client = connection()

    def start() -> None:
        _start(client, LONG if long else NAME, dotted_name, args, name, timeout, pauses)

    session = current_app.extensions["sqlalchemy"].session()
    if session.info.get(WRITTEN) or session.new or session.dirty or session.deleted:
        inside = session.get_nested_transaction() or session.get_transaction()
        session.info.setdefault(WAITING, []).append((inside, start))
    else:
        start()
    return name


def fetch(job_id: str) -> Job | None:
    """The job as the queue server knows it, or None if it never was or is forgotten."""
    return known_job(connection(), job_id)


def known_job(client: Redis, job_id: str) -> Job | None:
    """As ``fetch``, over a given client."""
    try:
        return Job.fetch(job_id, connection=client, serializer=JSONSerializer)
    except NoSuchJobError:
        return None


def _start(
    client: Redis,
    name: str,
    dotted_name: str,
    args: tuple[Any, ...],
    job_id: str,
    timeout: int,
    pauses: Sequence[int],
) -> None:
    known = known_job(client, job_id)
    if known is not None and known.get_status() in UNDER_WAY:
        return
    queue(client, name).enqueue_call(
        dotted_name,
        args=args,
        job_id=job_id,
        timeout=timeout,
        result_ttl=KEEP_RESULT,
        failure_ttl=KEEP_FAILURE,
        retry=tries(pauses),
    )


@dataclass(frozen=True)
class Health:
    """Who serves the queues now: living workers (each queue has its own), jobs waiting, age of the
    timetable's last beat in seconds.
    """

    workers: int
    waiting: int
    timetable_age: float | None


def workers(client: Redis, one: Queue | None = None) -> int:
    """How many workers live, of all queues or of one."""
    # Not Worker.all: each worker object it makes would change the time-outs of this client.
    keys = Worker.all_keys(queue=one) if one is not None else Worker.all_keys(connection=client)
    return sum(bool(client.exists(key)) for key in keys)


def health(client: Redis) -> Health:
    """The state of the queue; raises redis.exceptions.RedisError if the server does not answer."""
    beats = client.zrange(cron_scheduler_registry.get_registry_key(), -1, -1, withscores=True)
    age = time.time() - float(beats[0][1]) if beats else None
    return Health(workers(client), sum(queue(client, name).count for name in NAMES), age)


# -- how far long work is, past the database (on SQLite its writer keeps everybody else out) ------


def note_pace(work: int, done: int, total: int) -> bool:
    """Keep that ``done`` of ``total`` items of a task are done; whether an end was asked for. A
    lost server keeps nothing and asks for nothing.
    """
    try:
        pipe = connection().pipeline(transaction=False)
        pipe.set(f"{PACE}{work}", f"{done}/{total}", ex=KEEP_PACE)
        pipe.exists(f"{END}{work}")
        return bool(pipe.execute()[1])
    except RedisError:
        return False


def pace(work: int) -> tuple[int, int] | None:
    """Items done and items in all as ``note_pace`` kept them; None where nothing is known."""
    try:
        told: Any = connection().get(f"{PACE}{work}")
    except RedisError:
        return None
    if not told:
        return None
    done, _slash, total = told.decode().partition("/")
    return int(done), int(total)


def ask_end(work: int) -> None:
    """Ask whoever works on the task for an end."""
    try:
        connection().set(f"{END}{work}", 1, ex=KEEP_PACE)
    except RedisError:
        log.warning("the queue is away: task %s is asked through the database only", work)


def forget_pace(work: int) -> None:
    """The task has ended, or begins anew."""
    try:
        connection().delete(f"{PACE}{work}", f"{END}{work}")
    except RedisError:
        log.warning("the queue is away: what it knows of task %s goes by itself", work)


# -- the session's own events --------------------------------------------------------------------


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: object) -> None:
    session.info[WRITTEN] = True


@event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info[WRITTEN] = True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint's end is not yet a commit
        return
    waiting: list[tuple[SessionTransaction | None, Start]] = session.info.pop(WAITING, [])
    session.info.pop(WRITTEN, None)
    for _inside, start in waiting:
        try:
            start()
        except RedisError:
            log.exception("a job could not be queued after the commit")


@event.listens_for(Session, "after_rollback")
def _rolled_back(session: Session) -> None:
    savepoint = session.get_nested_transaction()
    if savepoint is None:
        session.info.pop(WAITING, None)
        session.info.pop(WRITTEN, None)
        return
    waiting = session.info.get(WAITING, [])
    session.info[WAITING] = [entry for entry in waiting if not _within(entry[0], savepoint)]


def _within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer
