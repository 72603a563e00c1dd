"""Documents that somebody waits for: drawn by the queue worker, once, however many ask.

Every wait holds a web worker, so one visitor at a time has patience (``turn``).
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError
from rq.job import JobStatus

from portal import queue
from portal.extensions import db
from portal.models import IssuedDocument
from portal.rules import documents

log = logging.getLogger(__name__)

JOB = "jobs.render.document"
POLL_SECONDS = 0.03
ENDED_BADLY = {JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED}
LONGEST_WAIT = 8.0  # seconds; nobody looks at an empty page longer
SHORT_WAIT = 0.8  # for everybody else while somebody waits: a board takes half a second
WAITING = "portal:board-waiting"


def request(
    spec: documents.Spec,
    record: documents.Record,
    digest: str,
    size: str,
    wait_seconds: float,
    subject: str = "",
) -> IssuedDocument | None:
    """The document with the content ``digest``: the stored one, or drawn by the worker.

    None if the worker has not finished within ``wait_seconds`` or the queue is away: ask again.
    """
    code, lang = record.code, record.lang
    newest = documents.newest_issue(db.session, spec.kind, code, size, lang, subject)
    if newest is not None and newest.content_hash == digest and documents.is_stored(newest):
        return newest
    parts = ("render", spec.kind, code, subject, size, lang, digest[:16])
    job_id = "-".join(part for part in parts if part).replace("_", "-")
    return wait_for(job_id, JOB, (spec.kind, code, size, lang, subject), wait_seconds)


def wait_for(job_id: str, job: str, args: tuple[str, ...], seconds: float) -> IssuedDocument | None:
    """The issued document whose key ``job(*args)`` returns within ``seconds``; None otherwise."""
    try:
        # Somebody waits for the answer, and asking again is a new try.
        queue.enqueue(job, *args, job_id=job_id, pauses=())
        key = _wait(job_id, seconds)
    except RedisError:
        log.error("the queue is away: no %s", job_id)
        return None
    return db.session.get(IssuedDocument, key) if key else None


def _wait(job_id: str, seconds: float) -> int | None:
    """What the job returned, or None if it failed or takes longer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = queue.fetch(job_id)
        status = job.get_status() if job is not None else None
        if job is not None and status == JobStatus.FINISHED:
            return job.return_value()
        if status in ENDED_BADLY:
            return None
        time.sleep(POLL_SECONDS)
    return None


@contextmanager
def turn() -> Iterator[float]:
    """How many seconds this visitor may wait: one at a time has patience."""
    mine = False
    try:
        mine = bool(queue.connection().set(WAITING, "1", nx=True, ex=int(LONGEST_WAIT) + 2))
    except RedisError:
        log.warning("the queue is away: nobody waits for a document")
    try:
        yield LONGEST_WAIT if mine else SHORT_WAIT
    finally:
        if mine:
            _leave()


def _leave() -> None:
    try:
        queue.connection().delete(WAITING)
    except RedisError:
        log.warning("the queue went away while a document was waited for")
