"""Workers, their main process and the queue server are killed for real; no work is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Worker
from rq.job import Job
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from sqlalchemy.orm import Session

from config import load_settings
from jobs.rescue import REASON, Rescue, is_gone, worker_name
from portal import slots
from portal.cli.run import answers_ping, valkey_command
from portal.queue import LONG, NAME, NAMES, connect, enqueue, fetch, health, known_job, queue
from tests.conftest import Place
from tests.support import servers

pytestmark = pytest.mark.one_engine
PATIENCE = 85.0  # seconds; a heartbeat is overdue after 90


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Polls a condition; AssertionError when time is up."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def worker(folder: Path, client: Redis) -> Iterator[subprocess.Popen[bytes]]:
    """The real worker, as a process that a test may kill."""
    command = [sys.executable, "-m", "jobs.worker"]
    environ = dict(os.environ)

    def ready() -> bool:
        return health(client).workers >= len(NAMES)

    with servers.started(command, ready, folder / "worker.log", env=environ) as process:
        yield process


def lane(client: Redis, name: str) -> int:
    """The process that works on a queue."""
    (key,) = Worker.all_keys(queue=queue(client, name))
    return int(client.hget(key, "pid") or 0)


def started(client: Redis, job_id: str) -> bool:
    """Whether somebody works on the job."""
    job = known_job(client, job_id)
    return job is not None and job.get_status() == "started"


def finished(client: Redis, job_id: str) -> bool:
    """Whether the job is done."""
    job = known_job(client, job_id)
    return job is not None and job.get_status() == "finished"


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """A file that each run of a job adds a letter to."""
    return tmp_path / "marks"


def slow_job(marks: Path, job_id: str, *, long: bool = False) -> str:
    """Queues a job that adds a letter and takes two seconds."""
    return enqueue(
        "subprocess.getoutput", f"printf x >> {marks}; sleep 2", job_id=job_id, long=long
    )


def test_a_job_of_a_killed_worker_runs_again_at_once_on_the_next(
    portal: Flask, place: Place, session: Session, valkey: Redis, tmp_path: Path, marks: Path
) -> None:
    place.foreign_writers = True
    slow_job(marks, "first")
    with worker(tmp_path, valkey) as process:
        until(lambda: started(valkey, "first") and marks.exists())
        process.kill()
        process.wait()
    with worker(tmp_path, valkey):
        until(lambda: finished(valkey, "first"))
    assert marks.read_text() == "xx"
    assert len(StartedJobRegistry(queue=queue(valkey)).get_job_ids(cleanup=False)) == 0


def test_a_killed_lane_is_started_again_and_the_other_one_goes_on(
    portal: Flask, place: Place, session: Session, valkey: Redis, tmp_path: Path, marks: Path
) -> None:
    place.foreign_writers = True
    with worker(tmp_path, valkey):
        slow_job(marks, "long-one", long=True)
        until(lambda: started(valkey, "long-one") and marks.exists())
        before = lane(valkey, NAME)
        os.kill(lane(valkey, LONG), signal.SIGKILL)
        until(lambda: finished(valkey, "long-one"))
        assert (marks.read_text(), lane(valkey, NAME)) == ("xx", before)
        # Quick work does not wait for long work.
        slow_job(marks, "long-two", long=True)
        until(lambda: started(valkey, "long-two"))
        quick = enqueue("operator.add", 1, 2)
        until(lambda: finished(valkey, quick))
        assert started(valkey, "long-two")


def test_a_horse_that_is_killed_is_tried_again_after_a_pause(
    portal: Flask, place: Place, session: Session, valkey: Redis, tmp_path: Path
) -> None:
    place.foreign_writers = True
    with worker(tmp_path, valkey):
        name = enqueue("os.kill", 0, signal.SIGKILL)  # its own process group
        paused = ScheduledJobRegistry(queue=queue(valkey))
        until(lambda: name in paused.get_job_ids())
        valkey.zadd(paused.key, {name: 0})
        until(lambda: fetch(name).retries_left == 1)  # type: ignore[union-attr]


def test_the_queue_server_may_be_killed_and_started_again(
    portal: Flask, place: Place, session: Session, tmp_path: Path
) -> None:
    """Worker and timetable wait for it and go on; what was queued is still there."""
    place.foreign_writers = True
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"at": "2026-04-01T10:20+08:00"}))
    environ = {
        **os.environ,
        "PORTAL_VAR": str(tmp_path / "var"),
        "PORTAL_CLOCK": str(clock),  # with it the timetable beats often
    }
    settings = load_settings(environ)
    (settings["PORTAL_VAR"] / "queue").mkdir(parents=True)
    Path(settings["PORTAL_REDIS_URL"].removeprefix("unix://")).parent.mkdir(
        mode=0o700, parents=True, exist_ok=True
    )
    client = connect(settings["PORTAL_REDIS_URL"])

    def server() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(valkey_command(settings))
        until(lambda: answers_ping(settings))
        return process

    valkey = server()
    command = [sys.executable, "-m", "jobs.timetable"]
    beats = lambda: (health(client).timetable_age or 99) < 5  # noqa: E731 - read once below
    try:
        with (
            servers.started(command, beats, tmp_path / "timetable.log", env=environ) as timetable,
            servers.worker(environ, settings["PORTAL_REDIS_URL"], tmp_path),
        ):
            valkey.kill()
            valkey.wait()
            time.sleep(1.5)
            valkey = server()
            queue(client).enqueue_call("operator.add", args=(1, 2), job_id="after")
            until(lambda: finished(client, "after"))
            client.delete("rq:cron_schedulers")
            until(lambda: health(client).timetable_age is not None)
            until(lambda: health(client).workers == len(NAMES))
            assert timetable.poll() is None
            timetable.terminate()
            assert timetable.wait(60) == 0
    finally:
        valkey.kill()
        valkey.wait()


def test_what_was_taken_and_not_begun_goes_back_at_once(session: Session, valkey: Redis) -> None:
    name = enqueue("operator.add", 1, 2)
    one = queue(valkey)
    valkey.lmove(one.key, one.intermediate_queue_key)  # killed right here
    Rescue(valkey).begin()
    assert (one.job_ids, one.intermediate_queue.get_job_ids()) == ([name], [])
    job = fetch(name)
    assert job is not None
    assert job.retries_left == 3  # it was not its fault


def test_where_another_worker_lives_it_waits_a_moment(
    portal: Flask, session: Session, valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = enqueue("operator.add", 1, 2)
    one = queue(valkey)
    valkey.lmove(one.key, one.intermediate_queue_key)
    Worker(
        [NAME], name=worker_name(NAME), connection=connect(portal.config["PORTAL_REDIS_URL"])
    ).register_birth()
    rescue = Rescue(valkey)
    rescue.begin()
    assert one.job_ids == []
    monkeypatch.setattr("jobs.rescue.STUCK_SECONDS", 0)
    time.sleep(0.01)
    rescue.look()
    assert one.job_ids == [name]


def test_a_job_that_stands_nowhere_is_found(session: Session, valkey: Redis) -> None:
    """RQ marks a job as paused before it puts it among the paused ones."""
    name = enqueue("operator.add", 1, 2)
    one = queue(valkey)
    valkey.lrem(one.key, 0, name)
    valkey.hset(f"rq:job:{name}", "status", "scheduled")
    rescue = Rescue(valkey)
    rescue.look()
    assert one.job_ids == []  # it may be on its way
    rescue.searched = -1e9
    rescue.look()
    assert one.job_ids == [name]


def abandon(valkey: Redis, name: str, left: int) -> None:
    """The job as a worker leaves it that was killed while it worked on it."""
    one = queue(valkey)
    valkey.lrem(one.key, 0, name)
    valkey.hset(f"rq:job:{name}", mapping={"status": "started", "retries_left": left})
    gone = f"{worker_name(NAME).partition('.')[0]}.{os.getpid()}.1.{NAME}"  # began at another time
    assert is_gone(gone)
    assert not is_gone(worker_name(NAME))
    assert not is_gone("0123456789ab.1.1.portal")  # of another machine: nobody can tell
    valkey.hset(f"rq:execution:{name}:e1", mapping={"worker_name": gone, "job_id": name})
    valkey.zadd(StartedJobRegistry(queue=one).key, {f"{name}:e1": time.time() + 90})


def test_after_the_last_try_a_dead_letter_stays_with_its_reason(
    session: Session, valkey: Redis
) -> None:
    name = enqueue("operator.add", 1, 2)
    one = queue(valkey)
    abandon(valkey, name, 1)
    Rescue(valkey).look()
    assert one.job_ids == [name]
    abandon(valkey, name, 0)
    Rescue(valkey).look()
    assert one.job_ids == []
    assert FailedJobRegistry(queue=one).get_job_ids() == [name]
    result = known_job(valkey, name).latest_result()  # type: ignore[union-attr]
    assert result is not None
    assert result.exc_string == REASON


def dead_slot(valkey: Redis, stamp: str) -> str:
    """A slot of the timetable that failed for good."""
    job_id = f"timetable-hourly-{stamp}"
    one = queue(valkey)
    Job.create(
        "operator.add", id=job_id, connection=valkey, serializer=one.serializer, origin=NAME
    ).save()
    valkey.zadd(FailedJobRegistry(queue=one).key, {job_id: time.time() + 99})
    return job_id


def test_of_dead_slots_the_last_one_stays_until_a_later_one_went_well(
    session: Session, valkey: Redis
) -> None:
    slots.publish(valkey, {"hourly": ("operator.add", "0 * * * *")})
    old, new = dead_slot(valkey, "20260401T030000Z"), dead_slot(valkey, "20260401T040000Z")
    assert old < new
    Rescue(valkey).look()
    dead = FailedJobRegistry(queue=queue(valkey))
    assert dead.get_job_ids() == [new]
    later = slots.latest("0 * * * *", slots.datetime.fromisoformat("2026-04-01T13:00+08:00"))
    slots.note_run(valkey, "hourly", slots.Run(later, later, 0.1, True))
    Rescue(valkey).look()
    assert dead.get_job_ids() == []
