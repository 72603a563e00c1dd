"""The administrator's page of jobs, and its numbers on the desk."""

import importlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq.registry import FailedJobRegistry
from sqlalchemy import select

from jobs.schedule import TIMETABLE
from jobs.tasks import HANDLERS
from jobs.timetable import Timetable
from portal import slots
from portal.extensions import db
from portal.models import AuditEntry, Task, User
from portal.models.choices import JOBS, TASK_KINDS
from portal.queries.jobs import reason
from portal.queue import LONG, connect, connection, enqueue, queue
from portal.rules import tasks
from portal.scope import SYSTEM, acting
from tests.support.browser import Visitor
from tests.support.client import PageClient

ROOT = Path(__file__).resolve().parents[1]
JOB_NAME = re.compile(r'"(jobs\.[a-z_]+\.[a-z_]+)"')
Client = Callable[..., PageClient]
Work = Callable[[], int]


def ask(app: Flask, *args: object, **options: object) -> str:
    """Queues a job."""
    with app.app_context():
        return enqueue(*args, **options)  # type: ignore[arg-type]


def dead(app: Flask, work: Work) -> str:
    """A dead letter: a job that failed and is not tried again."""
    name = ask(app, "operator.truediv", 1, 0, pauses=())
    work()
    return name


@pytest.mark.one_engine
def test_every_job_has_words_and_is_there() -> None:
    sources = [*ROOT.glob("portal/**/*.py"), *ROOT.glob("jobs/*.py")]
    named = {name for file in sources for name in JOB_NAME.findall(file.read_text("utf-8"))}
    asked = named - set(HANDLERS.values())  # those are parts of long work
    assert {entry.job for entry in TIMETABLE} <= asked
    assert asked == set(JOBS)
    assert set(HANDLERS) <= set(TASK_KINDS)
    for name in named:
        module, _dot, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), name


def test_the_page_shows_what_waits_runs_and_was_given_up(
    portal: Flask, valkey: Redis, client_as: Client, work: Work
) -> None:
    dead(portal, work)
    ask(portal, "operator.truediv", 1, 0)
    work()  # fails and pauses
    ask(portal, "jobs.boards.render_board", "4201020029900101001", "a4", "zh_Hans_CN")
    ask(portal, "jobs.boards.refresh", [""], ["42010200299001"], list(range(1, 9)), long=True)
    page = client_as("admin", "en").get("/jobs/")
    assert page.status == 200
    assert "42010200299001 · 1 · 2 · 3 · 4 · 5 · +3" in page.text
    tiles = {tile.select_one(".lab").text: tile.b.text for tile in page.soup.select(".tile")}
    assert tiles == {
        "Given up": "1",
        "Running": "0",
        "Waiting": "2",
        "Waiting for another try": "1",
        "Workers at work": "0",
    }
    assert "ZeroDivisionError: division by zero" in page.text
    assert "Draw a notice board" in page.text
    assert "4201020029900101001 · A4 · Chinese" in page.text
    assert "The timetable does not run" in page.text


def test_the_timetable_is_shown_in_local_time_with_last_and_next_run(
    portal: Flask, valkey: Redis, client_as: Client
) -> None:
    with portal.app_context():
        Timetable(valkey).beat()
        (entry,) = [entry for entry in TIMETABLE if entry.name == "tasks-resume"]
        slot = slots.latest(entry.cron, slots.datetime.fromisoformat("2026-04-01T02:07:00+00:00"))
        slots.note_run(valkey, "tasks-resume", slots.Run(slot, slot, 1.25, True))
    page = client_as("admin", "en").get("/jobs/")
    assert "The timetable does not run" not in page.text
    table = page.soup.find("section", {"aria-labelledby": "timetable"})
    rows = {row.th.text: [cell.text for cell in row.find_all("td")] for row in table.select("tr")}
    last, took, how, following = rows["Look after long work that nobody works on"]
    assert (last, took, how) == ("1 Apr 2026, 10:06", "1.2 s", "Went well")
    assert following


def test_a_dead_letter_is_tried_again_and_dropped_and_the_log_says_who(
    portal: Flask, valkey: Redis, client_as: Client, work: Work
) -> None:
    name = dead(portal, work)
    admin = client_as("admin")
    assert admin.submit("/jobs/retry", None, "/jobs/", "/jobs/retry").status == 302
    assert queue(valkey).job_ids == [name]
    work()
    assert FailedJobRegistry(queue=queue(valkey)).get_job_ids() == [name]
    assert admin.submit("/jobs/drop", None, "/jobs/", "/jobs/drop").status == 302
    assert FailedJobRegistry(queue=queue(valkey)).get_job_ids() == []
    with portal.app_context():
        asked = select(AuditEntry.actor, AuditEntry.action).where(AuditEntry.table_name == "jobs")
        assert db.session.execute(asked).all() == [("admin", "retry"), ("admin", "drop")]
    assert "再次执行" in client_as("auditor").get("/audit/list/").text


def test_all_of_them_at_once_but_dropping_only_if_one_is_sure(
    portal: Flask, valkey: Redis, client_as: Client, work: Work
) -> None:
    names = {dead(portal, work), dead(portal, work)}
    admin = client_as("admin")
    token = admin.get("/jobs/").form()["csrf_token"]
    assert admin.post("/jobs/drop", {"csrf_token": token, "job": "all"}).status == 400
    assert admin.post("/jobs/retry", {"csrf_token": token, "job": "all"}).status == 302
    assert set(queue(valkey).job_ids) == names
    work()
    sure = {"csrf_token": token, "job": "all", "sure": "1"}
    assert admin.post("/jobs/drop", sure).status == 302
    assert FailedJobRegistry(queue=queue(valkey)).get_job_ids() == []


def test_a_job_that_is_no_dead_letter_is_left_alone(
    portal: Flask, valkey: Redis, client_as: Client
) -> None:
    name = ask(portal, "operator.add", 1, 2)
    admin = client_as("admin")
    token = admin.get("/logout/").form()["csrf_token"]
    for verb in ("retry", "drop"):
        answer = admin.post(f"/jobs/{verb}", {"csrf_token": token, "job": name})
        assert answer.status == 302
    assert queue(valkey).job_ids == [name]


def test_a_task_that_was_given_up_goes_on_when_it_is_tried_again(
    portal: Flask, valkey: Redis, client_as: Client
) -> None:
    with portal.app_context(), acting(SYSTEM):
        user = db.session.scalar(select(User.id).where(User.username == "station"))
        task = Task(user_id=user, kind="documents", params="{}", state="failed", error="?")
        db.session.add(task)
        db.session.commit()
        key = task.id
    name = ask(portal, tasks.JOB, key, job_id=tasks.job_id(key), long=True)
    one = queue(valkey, LONG)
    valkey.lrem(one.key, 0, name)
    valkey.hset(f"rq:job:{name}", "status", "failed")
    valkey.zadd(FailedJobRegistry(queue=one).key, {name: time.time() + 99})
    admin = client_as("admin", "en")
    page = admin.get("/jobs/")
    assert f"Batch of documents, number {key}" in page.text
    admin.submit("/jobs/retry", None, "/jobs/", "/jobs/retry")
    assert one.job_ids == [name]
    with portal.app_context():
        assert db.session.get_one(Task, key).state == "queued"


def test_a_lost_queue_server_is_said_and_the_desk_stays(portal: Flask, client_as: Client) -> None:
    admin = client_as("admin", "en")
    admin.get("/desk/")
    real = connection(portal)
    portal.extensions["portal.queue"] = connect("unix:///nonexistent/valkey.sock")
    try:
        page, desk = admin.get("/jobs/"), admin.get("/desk/")
    finally:
        portal.extensions["portal.queue"] = real
    assert (page.status, desk.status) == (503, 200)
    assert "The queue server does not answer" in page.text
    assert "cannot be told now" in desk.text


def test_the_desk_counts_dead_letters_and_leads_to_them(
    portal: Flask, valkey: Redis, client_as: Client, work: Work
) -> None:
    dead(portal, work)
    desk = client_as("admin", "en").get("/desk/")
    tile = desk.soup.find("a", {"href": "/jobs/#failed"})
    assert (tile.select_one(".lab").text, tile.b.text) == ("Jobs given up", "1")
    assert "/jobs/" in desk.links(".side a[href]")
    assert "/jobs/" not in client_as("station").get("/desk/").links(".side a[href]")


TRACE = """Traceback (most recent call last):
  File "/x/portal/rules/teams.py", line 1, in add
    session.flush()
  File "/x/sqlalchemy/orm/session.py", line 4, in flush
    raise
sqlalchemy.exc.IntegrityError: (psycopg.errors.UniqueViolation) duplicate key "ix_phone"
DETAIL:  Key (phone)=(13912345678) already exists.
[SQL: INSERT INTO workers (name) VALUES (%(name)s)]
[parameters: {'name': '张三'}]
(Background on this error at: https://sqlalche.me/e/20/gkpj)
"""


FRAME = 'Traceback (most recent call last):\n  File "x", line 1, in y\n    z\n'


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (TRACE, "sqlalchemy.exc.IntegrityError: (psycopg.errors.UniqueViolation) duplicate key …"),
        (f"{FRAME}ValueError: bad '张三' 11010519491231002X", "ValueError: bad … …"),
        (f"{FRAME}ValueError: first line\nsecond: 张三", "ValueError: first line"),
        (f"{FRAME}KeyError", "KeyError"),
        ("Work-horse terminated unexpectedly; x", "Work-horse terminated unexpectedly; x"),
        ("13912345678 of a@b.cn in 420102002990", "… of … in 420102002990"),
        ("", ""),
    ],
)
def test_a_reason_is_the_fault_without_private_values(trace: str, expected: str) -> None:
    assert reason(trace) == expected


@pytest.mark.one_engine
@pytest.mark.browser
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_page_follows_by_itself_and_everybody_can_use_it(
    portal: Flask, valkey: Redis, visit: Callable[..., Visitor], work: Work, phone: bool
) -> None:
    dead(portal, work)
    visitor = visit("admin", phone=phone)
    visitor.page.goto("/jobs/")
    waiting = visitor.page.locator("section[aria-labelledby=waiting] tbody tr")
    assert waiting.count() == 0
    assert visitor.axe() == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(overflow) <= 0
    ask(portal, "operator.add", 1, 2)
    waiting.wait_for()
    visitor.page.get_by_role("button", name="再试一次").click()
    visitor.page.locator(".flash, [role=status], .note").first.wait_for()
    assert queue(valkey).count == 2
