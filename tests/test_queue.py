"""The queue: work starts after the commit, once, as JSON, and a real worker does it."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq.registry import ScheduledJobRegistry
from sqlalchemy import text
from sqlalchemy.orm import Session

from jobs.rescue import Rescue
from portal.models import Setting
from portal.queue import LONG, NAMES, PAUSES, connect, connection, enqueue, fetch, health, queue

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


@pytest.mark.one_engine
def test_a_failing_job_is_tried_again_after_growing_pauses_and_stays_as_a_dead_letter(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    name = enqueue("operator.truediv", 1, 0)
    paused = ScheduledJobRegistry(queue=queue(valkey))
    for pause in PAUSES:
        asked = time.time()
        assert work() == 1
        job = fetch(name)
        assert job is not None
        assert job.get_status() == "scheduled"
        due = paused.get_scheduled_time(job).timestamp()
        assert asked + pause - 1 <= due <= time.time() + pause
        valkey.zadd(paused.key, {name: time.time() - 1})  # the pause is over
        Rescue(valkey).look()
        assert count(valkey) == 1
    assert work() == 1
    job = fetch(name)
    assert job is not None
    assert job.get_status() == "failed"
    assert queue(valkey).failed_job_registry.get_job_ids() == [name]
    result = job.latest_result()
    assert result is not None
    assert "ZeroDivisionError" in (result.exc_string or "")


def test_where_somebody_waits_a_failure_is_final_at_once(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    name = enqueue("operator.truediv", 1, 0, pauses=())
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


@pytest.mark.one_engine
def test_health_counts_real_workers(portal: Flask, valkey: Redis, live_worker: None) -> None:
    assert health(valkey).workers == len(NAMES)


def test_long_work_stands_in_a_queue_of_its_own_and_is_done_as_well(
    session: Session, valkey: Redis, work: Callable[[], int]
) -> None:
    name = enqueue(JOB, 1, 2, long=True, job_id="long-1")
    enqueue(JOB, 1, 2, job_id="long-1")  # the same work, wherever it waits
    assert (count(valkey), queue(valkey, LONG).job_ids) == (0, [name])
    assert health(valkey).waiting == 1
    assert work() == 1


@pytest.mark.one_engine
def test_jobs_run_in_a_real_worker_process(
    session: Session, valkey: Redis, live_worker: None
) -> None:
    name = enqueue("os.getpid")
    job = fetch(name)
    assert job is not None
    result = job.latest_result(timeout=20)
    assert result is not None
    assert result.return_value > 1
