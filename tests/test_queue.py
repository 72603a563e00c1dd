"""The queue: work starts after the commit, once, as JSON, and a real worker does it."""

from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import Setting
from portal.queue import connect, connection, enqueue, fetch, health, queue

JOB = "operator.add"


def count(client: Redis) -> int:
    """How many jobs wait."""
    return queue(client).count


def test_work_starts_after_the_commit(session: Session, valkey: Redis) -> None:
    session.add(Setting(key="queue.test", value="1"))
    name = enqueue(JOB, 1, 2)
    session.flush()
    assert (count(valkey), fetch(name)) == (0, None)
    session.commit()
    assert count(valkey) == 1


def test_a_rollback_forgets_the_work(session: Session, valkey: Redis) -> None:
    session.add(Setting(key="queue.test", value="1"))
    enqueue(JOB, 1, 2)
    session.rollback()
    session.add(Setting(key="queue.other", value="1"))
    session.commit()
    assert count(valkey) == 0


def test_nothing_to_write_means_at_once(session: Session, valkey: Redis) -> None:
    session.execute(text("SELECT 1"))
    enqueue(JOB, 1, 2)
    assert count(valkey) == 1


def test_bulk_writes_count_as_writes(session: Session, valkey: Redis) -> None:
    session.info["portal.queue.written"] = False
    session.add(Setting(key="queue.test", value="1"))
    session.commit()
    row = session.query(Setting).filter_by(key="queue.test").one()
    row.value = "2"
    session.flush()  # nothing is pending any more, but the transaction has written
    enqueue(JOB, 1, 2)
    assert count(valkey) == 0
    session.commit()
    assert count(valkey) == 1


def test_a_savepoint_is_not_a_commit_and_takes_its_own_work_back(
    session: Session, valkey: Redis
) -> None:
    with session.begin_nested():
        session.add(Setting(key="queue.kept", value="1"))
        kept = enqueue(JOB, 1, 2)
    assert count(valkey) == 0
    inner = session.begin_nested()
    session.add(Setting(key="queue.dropped", value="1"))
    enqueue(JOB, 3, 4)
    inner.rollback()
    assert count(valkey) == 0
    session.commit()
    assert [job.id for job in queue(valkey).jobs] == [kept]


def test_the_same_work_is_queued_once_while_under_way(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    assert enqueue(JOB, 1, 2, job_id="board-42") == "board-42"
    enqueue(JOB, 1, 2, job_id="board-42")
    assert count(valkey) == 1
    assert work() == 1
    enqueue(JOB, 1, 2, job_id="board-42")  # done: asking again is new work
    assert count(valkey) == 1


def test_a_worker_does_it_and_the_result_is_found(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    name = enqueue(JOB, 20, 22)
    assert work() == 1
    job = fetch(name)
    assert job is not None
    assert job.get_status() == "finished"
    assert job.return_value() == 42


def test_a_failing_job_is_kept_as_failed(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    name = enqueue("operator.truediv", 1, 0)
    assert work() == 1
    job = fetch(name)
    assert job is not None
    assert job.get_status() == "failed"


def test_arguments_are_plain_values(session: Session, valkey: Redis) -> None:
    with pytest.raises(TypeError):
        enqueue(JOB, object())
    enqueue(JOB, "plain")
    raw = valkey.hgetall(f"rq:job:{queue(valkey).job_ids[0]}")
    assert not any(value.startswith(b"\x80") for value in raw.values())  # no pickle anywhere


def test_unknown_jobs_are_none(session: Session) -> None:
    assert fetch("never-was") is None


def test_a_lost_server_is_an_error_before_and_a_log_line_after_the_commit(
    portal: Flask, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    real = connection(portal)
    portal.extensions["portal.queue"] = connect("unix:///nonexistent/valkey.sock")
    try:
        with pytest.raises(RedisConnectionError):
            enqueue(JOB, 1, 2)
        session.add(Setting(key="queue.test", value="1"))
        enqueue(JOB, 1, 2)
        session.commit()
    finally:
        portal.extensions["portal.queue"] = real
    assert session.get(Setting, session.query(Setting.id).filter_by(key="queue.test").scalar())
    assert "could not be queued" in caplog.text


def test_health_counts_real_workers(portal: Flask, valkey: Redis, live_worker: None) -> None:
    assert health(valkey).workers == 1


def test_jobs_run_in_a_real_worker_process(
    session: Session, valkey: Redis, live_worker: None
) -> None:
    name = enqueue("os.getpid")
    job = fetch(name)
    assert job is not None
    result = job.latest_result(timeout=20)
    assert result is not None
    assert result.return_value > 1
