"""Dead letters: try them again, or drop them. Who did it stands in the audit log."""

from redis import Redis
from rq.exceptions import InvalidJobOperation
from rq.job import Job
from rq.registry import FailedJobRegistry
from sqlalchemy.orm import Session

from portal import queue
from portal.queries import jobs
from portal.rules import audit, tasks


def retry(session: Session, client: Redis, ids: list[str]) -> int:
    """Queue dead letters again, for as many tries as new work has; how many there were. Commits.

    What is no dead letter (any more) is left alone. Raises redis.exceptions.RedisError.
    """
    done = 0
    for job in _dead(client, ids):
        if job.func_name == tasks.JOB:
            tasks.reopen(session, job.args[0])
        _record(session, "retry", job)
        session.commit()  # the row first: a worker may be quick
        if job.retry_intervals:
            job.retries_left = len(job.retry_intervals)
            job.save()
        try:
            _registry(client, job).requeue(job)
            done += 1
        except InvalidJobOperation:
            continue  # somebody else was first
    return done


def drop(session: Session, client: Redis, ids: list[str]) -> int:
    """Forget dead letters for good; how many there were. Commits. Raises
    redis.exceptions.RedisError.
    """
    dead = _dead(client, ids)
    for job in dead:
        _record(session, "drop", job)
        session.commit()
        _registry(client, job).remove(job)
        job.delete()
    return len(dead)


def _dead(client: Redis, ids: list[str]) -> list[Job]:
    known = set(jobs.failed_ids(client))
    found = [queue.known_job(client, job_id) for job_id in ids if job_id in known]
    return [job for job in found if job is not None]


def _registry(client: Redis, job: Job) -> FailedJobRegistry:
    return FailedJobRegistry(queue=queue.queue(client, job.origin))


def _record(session: Session, action: str, job: Job) -> None:
    entry = {
        "row_id": None,
        "row_label": job.id,
        "grid_code": None,
        "changes": {"job": job.func_name},
        "reason": None,
    }
    audit.record_bulk(session, action, "jobs", [entry])
