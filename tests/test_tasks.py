"""Long work: asked for, counted, cancelled, done once, whatever happens to the worker."""

import os
import sys
import time
from datetime import timedelta

import pytest
from rq.registry import ScheduledJobRegistry
from sqlalchemy import select, update

from config import load_settings
from jobs import tasks as jobs
from jobs import tidy
from portal import clock, queue, scope
from portal.extensions import db
from portal.models import Message, Task, User
from portal.rules import tasks
from tests.support import servers
from tests.support.task_kinds import KINDS

WHO = "clerk1"


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    for kind, handler in KINDS.items():
        monkeypatch.setitem(jobs.HANDLERS, kind, handler)


def start(kind, **params):
    """A task of the clerk, committed; its key."""
    user_id = db.session.scalar(select(User.id).where(User.username == WHO))
    task = tasks.start(db.session, user_id, f"test_{kind}", params)
    db.session.commit()
    return task.id


def state_of(key):
    """The task as the database has it."""
    return db.session.get(Task, key, populate_existing=True)


def told():
    """Kinds of the messages, in order."""
    return list(db.session.scalars(select(Message.kind).order_by(Message.id)))


def test_it_counts_keeps_a_file_and_tells_the_owner(session, work):
    key = start("count", n=5, bad=[1])
    assert state_of(key).state == "queued"
    assert work() == 1
    task = state_of(key)
    assert (task.state, task.total, task.done, task.failed) == ("done", 5, 4, 1)
    assert tasks.result_file(task).read_text() == "4"
    assert tasks.result_file(task).parent.stat().st_mode & 0o77 == 0
    assert told() == ["task_done"]
    assert jobs.run(key) == "nothing to do"
    assert told() == ["task_done"]


def test_nothing_starts_before_the_commit(session, valkey):
    user_id = session.scalar(select(User.id).where(User.username == WHO))
    tasks.start(session, user_id, "test_count", {"n": 1})
    session.rollback()
    assert queue.queue(valkey).count == 0


@pytest.mark.parametrize(("kind", "error"), [("refuse", "no"), ("break_down", "fault")])
def test_it_fails_with_a_reason(session, work, kind, error):
    key = start(kind)
    work()
    assert (state_of(key).state, state_of(key).error) == ("failed", error)
    assert told() == ["task_failed"]


def test_cancelled_while_waiting_it_never_starts(session, work):
    key = start("count", n=5)
    tasks.cancel(session, state_of(key))
    session.commit()
    assert state_of(key).state == "cancelled"
    work()
    assert (state_of(key).state, state_of(key).done) == ("cancelled", 0)
    assert told() == []  # who cancelled it knows


def test_cancelled_while_running_it_stops_after_the_item_in_hand(session):
    key = start("count", n=5)
    progress = tasks.take(session, key)
    progress.begin(5)
    progress.step()
    tasks.cancel(session, state_of(key))
    session.commit()
    with pytest.raises(tasks.Cancelled):
        progress.step()
    tasks.finish(session, key, "cancelled")
    assert (state_of(key).state, state_of(key).done) == ("cancelled", 2)
    assert told() == ["task_cancelled"]


def test_cancelling_at_the_moment_of_the_start_is_not_overwritten(session):
    """The worker has read "queued" when the owner's end is committed: it must see it."""
    key = start("count", n=5)
    session.get(Task, key)  # what the worker holds in memory
    with db.engine.begin() as other:
        changed = {"state": "cancelled", "cancel_asked_at": clock.now()}
        other.execute(update(Task.__table__).where(Task.__table__.c.id == key).values(changed))
    assert tasks.take(session, key) is None
    assert state_of(key).state == "cancelled"


def test_cancelling_what_has_ended_changes_nothing(session, work):
    key = start("count", n=1)
    work()
    tasks.cancel(session, state_of(key))
    session.commit()
    assert (state_of(key).state, state_of(key).cancel_asked_at) == ("done", None)


def test_progress_and_cancel_do_not_overwrite_each_other(session):
    key = start("count", n=50)
    progress = tasks.take(session, key)
    progress.begin(50)
    stale = session.get(Task, key)
    assert stale.done == 0
    progress.step(count=7)
    tasks.cancel(session, stale)
    session.commit()
    with pytest.raises(tasks.Cancelled):
        progress.step(count=3)
    assert (state_of(key).done, state_of(key).total) == (10, 50)


def test_what_a_lost_queue_forgot_is_asked_for_again(session, valkey, work):
    key = start("count", n=2)
    valkey.flushall()
    assert jobs.resume("") == 1
    assert jobs.resume("") == 1  # under way: not queued twice
    assert queue.queue(valkey, queue.LONG).count == 1
    work()
    assert state_of(key).state == "done"
    assert jobs.resume("") == 0


def test_begun_again_it_counts_from_the_beginning(session, work):
    key = start("count", n=4)
    progress = tasks.take(session, key)
    progress.begin(4)
    progress.step(count=3)
    assert jobs.run(key) == "done"
    assert (state_of(key).done, state_of(key).attempts) == (4, 2)


def test_what_breaks_every_worker_is_given_up(session):
    key = start("count", n=4)
    for _time in range(tasks.MOST_ATTEMPTS):
        assert tasks.take(session, key) is not None
    assert tasks.take(session, key) is None
    assert (state_of(key).state, state_of(key).error) == ("failed", "crashed")
    assert told() == ["task_failed"]


def test_asked_to_end_while_nobody_works_on_it(session):
    key = start("count", n=4)
    tasks.take(session, key)  # and the worker is killed
    tasks.cancel(session, state_of(key))
    session.commit()
    assert jobs.run(key) == "nothing to do"
    assert state_of(key).state == "cancelled"


def test_the_time_left_follows_the_pace():
    begun = clock.now()
    task = Task(state="running", started_at=begun, total=30)
    later = begun + timedelta(seconds=10)
    assert tasks.remaining(task, 10, 30, later) == timedelta(seconds=20)
    assert tasks.remaining(task, 0, 30, begun) is None


def test_files_go_after_their_time_and_the_row_says_so(session, work, client_as, portal):
    key = start("count", n=1)
    work()
    session.execute(update(Task.__table__).values(finished_at=clock.now() - timedelta(days=31)))
    session.commit()
    place = tasks.folder(key)
    assert tidy.nightly("")["files"] == 1
    assert not place.exists()
    task = state_of(key)
    assert (task.result_path, task.result_name) == (None, "数到 最后.csv")
    assert tidy.nightly("")["files"] == 0


# -- pages ------------------------------------------------------------------------------------


@pytest.fixture
def begun(portal):
    """``begun("count", n=3)``: a task of the clerk, started from outside a request; its key."""

    def begun(kind, **params):
        with portal.app_context(), scope.acting(scope.SYSTEM):
            return start(kind, **params)

    return begun


def test_the_page_from_waiting_to_the_file(client_as, begun, work):
    key = begun("count", n=4, bad=[0])
    client = client_as(WHO, "en")
    page = client.get(f"/tasks/{key}")
    assert page.one("noscript meta[http-equiv=refresh]")
    assert page.one("#progress")["hx-get"] == f"/tasks/{key}?part=1"
    work()
    page = client.get(f"/tasks/{key}")
    assert not page.soup.select("meta[http-equiv=refresh], [hx-get]")
    assert "4 of 4, 1 failed" in page.text and "Fill this in." in page.text
    file = client.get(f"/tasks/{key}/result")
    assert file.body == b"3"
    assert "%E6%95%B0%E5%88%B0%20%E6%9C%80%E5%90%8E.csv" in file.headers["Content-Disposition"]
    assert file.headers["Content-Disposition"].startswith("attachment")
    part = client.get(f"/tasks/{key}?part=1", check=False)
    assert part.headers["HX-Refresh"] == "true"
    assert client.get("/tasks/").links("main th a") == [f"/tasks/{key}"]


def test_the_bar_while_it_runs(portal, client_as, begun):
    key = begun("count", n=34)
    with portal.app_context():
        progress = tasks.take(db.session, key)
        progress.begin(34)
        progress.step(count=10)
        progress.step(count=2, failed=True)
    page = client_as(WHO, "en").get(f"/tasks/{key}")
    bar = page.one("progress")
    assert (bar["max"], bar["value"], bar.get_text()) == ("34", "12", "12 of 34, 2 failed")
    assert "left" in page.one(".figures").get_text()
    part = client_as(WHO).get(f"/tasks/{key}?part=1", check=False)
    assert "<html" not in part.text and "HX-Refresh" not in part.headers


def test_the_owner_cancels_with_one_click(portal, client_as, begun):
    key = begun("count", n=4)
    client = client_as(WHO)
    assert client.submit(f"/tasks/{key}/cancel", page=f"/tasks/{key}").location == f"/tasks/{key}"
    page = client.get(f"/tasks/{key}")
    assert "已取消" in page.text and not page.soup.select("main form")
    assert client.get(f"/tasks/{key}/cancel").status == 405


def test_tasks_of_others_are_not_there(portal, client_as, begun, work):
    key = begun("count", n=1)
    work()
    for name in ("station", "admin", "clerk2"):
        client = client_as(name)
        token = client.get("/logout/").form()
        assert client.get(f"/tasks/{key}").status == 404
        assert client.get(f"/tasks/{key}/result").status == 404
        assert client.post(f"/tasks/{key}/cancel", token).status == 404
        assert client.get("/tasks/").links("main th a") == []
    assert client_as(None).get(f"/tasks/{key}/result").status == 302
    assert client_as(WHO).get("/tasks/9999999999").status == 404


def test_failures_are_told_in_the_language_of_the_reader(client_as, begun, work):
    key = begun("break_down")
    work()
    assert "The portal made a mistake" in client_as(WHO, "en").get(f"/tasks/{key}").text
    assert "门户出错" in client_as(WHO).get(f"/tasks/{key}").text


def test_a_list_of_many_stays_small(client_as, begun):
    for _number in range(30):
        begun("count", n=1)
    client = client_as(WHO)
    page = client.get("/tasks/")
    assert len(page.soup.select("tbody tr")) == 25
    rest = client.get(page.links("a[rel=next]")[0])
    assert len(rest.soup.select("tbody tr")) == 5
    assert client.get("/tasks/?before=x").status == 400


# -- a real worker, killed ----------------------------------------------------------------------


@pytest.fixture
def strong_worker(portal, place, tmp_path):
    """The real, forking worker with the kinds of these tests."""
    place.foreign_writers = True
    command = [sys.executable, "-m", "tests.support.task_kinds"]
    client = queue.connect(place.redis_url)
    log = tmp_path / "worker.log"
    ready = lambda: queue.health(client).workers > 0  # noqa: E731 - a short condition
    with servers.started(command, ready, log, env=dict(os.environ)):
        yield


def until(condition, seconds=30):
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
        db.session.rollback()


def hurry(key):
    """Once the queue has noticed that the process of a task died: try again without the pause."""
    name = tasks.job_id(key)
    paused = ScheduledJobRegistry(queue=queue.queue(name=queue.LONG))
    until(lambda: name in paused.get_job_ids())
    queue.connection().zadd(paused.key, {name: 0}, xx=True)


def test_a_killed_worker_only_delays_it(session, strong_worker):
    key = start("die_once")
    until(lambda: (state_of(key).state, state_of(key).done) == ("running", 2))
    hurry(key)
    until(lambda: state_of(key).state == "done")
    assert (state_of(key).done, state_of(key).attempts) == (3, 2)
    assert told() == ["task_done"]


@pytest.mark.one_engine
def test_one_that_kills_every_worker_ends_too(session, strong_worker):
    key = start("die")
    for attempt in range(1, tasks.MOST_ATTEMPTS + 1):
        until(lambda attempt=attempt: state_of(key).attempts == attempt)
        hurry(key)
    until(lambda: state_of(key).state == "failed")
    assert state_of(key).error == "crashed"


@pytest.mark.one_engine
def test_the_worker_of_the_portal_does_it(session, live_worker):
    """A kind that nobody knows fails like a fault, in the worker that `make run` starts."""
    key = start("unknown_here")
    until(lambda: state_of(key).state == "failed")
    assert state_of(key).error == "fault"
    assert load_settings(dict(os.environ))["PORTAL_VAR"]
