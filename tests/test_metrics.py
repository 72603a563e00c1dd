"""``/metrics``: for whoever has the token, true with several web workers."""

import stat
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import select

from config import ConfigError, load_settings
from jobs.timetable import Timetable
from portal import slots
from portal.extensions import db
from portal.models import Meeting, Message, Task, User
from portal.queue import LONG, NAME, connect, connection, enqueue
from portal.scope import SYSTEM, acting
from tests.conftest import Place
from tests.support.client import PageClient

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(text: str) -> Figures:
    """Name and labels → value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    """One figure."""
    return found[name, tuple(sorted(labels.items()))]


def token(app: Flask) -> str:
    """The token in force."""
    text: str = app.config["PORTAL_METRICS_TOKEN"]
    return text


def test_without_the_token_nothing_is_said(
    portal: Flask, client_as: Callable[..., PageClient]
) -> None:
    for client in (client_as(None), client_as("admin")):
        for path in ("/metrics", "/metrics?token=wrong", "/metrics?token="):
            answer = client.get(path)
            assert (answer.status, answer.body) == (401, b"")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    wrong = client_as(None).get("/metrics", headers={"Authorization": f"Basic {token(portal)}"})
    assert wrong.status == 401


def test_jobs_tasks_inbox_and_meetings_are_counted_when_asked(
    portal: Flask, valkey: Redis, client_as: Callable[..., PageClient], work: Callable[[], int]
) -> None:
    with portal.app_context(), acting(SYSTEM):
        user = db.session.scalar(select(User.id).where(User.username == "station"))
        db.session.add_all(
            [Message(user_id=user, kind="task_done"), Message(user_id=user, kind="x")]
        )
        db.session.add(Task(user_id=user, kind="documents", state="running"))
        past = datetime.now(UTC) - timedelta(hours=1)
        db.session.add(
            Meeting(
                grid_code="420102002990", kind="talk", starts_at=past, minutes=30,
                attendees="office_director", mode="onsite",
            )
        )  # fmt: skip
        db.session.commit()
        before = db.session.query(Meeting).filter(Meeting.reminded_at.is_(None)).count()
        assert before >= 1
        enqueue("operator.truediv", 1, 0, pauses=())
        work()
        enqueue("operator.add", 1, 2)
        enqueue("operator.add", 1, 2, long=True)
        Timetable(valkey).beat()
        slot = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
        slots.note_run(valkey, "tasks-resume", slots.Run(slot, slot, 1.5, False))
    answer = client_as(None).get("/metrics", headers={"Authorization": f"Bearer {token(portal)}"})
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    found = figures(answer.text)
    assert value(found, "portal_jobs", queue=NAME, state="failed") == 1
    assert value(found, "portal_jobs", queue=NAME, state="waiting") == 1
    assert value(found, "portal_jobs", queue=LONG, state="waiting") == 1
    assert value(found, "portal_workers", queue=NAME) == 0
    assert value(found, "portal_tasks", state="running") == 1
    assert value(found, "portal_tasks", state="queued") == 0
    assert value(found, "portal_inbox_unread") == 2
    assert value(found, "portal_meetings_overdue") == 1
    assert value(found, "portal_timetable_age_seconds") < 60
    assert value(found, "portal_timetable_run_good", entry="tasks-resume") == 0
    assert value(found, "portal_timetable_run_seconds", entry="tasks-resume") == 1.5
    assert value(found, "portal_up", part="database") == 1
    assert value(found, "portal_up", part="queue") == 1


def test_a_lost_queue_server_is_down_and_the_rest_is_told(
    portal: Flask, client_as: Callable[..., PageClient]
) -> None:
    real = connection(portal)
    portal.extensions["portal.queue"] = connect("unix:///nonexistent/valkey.sock")
    try:
        answer = client_as(None).get(f"/metrics?token={token(portal)}")
    finally:
        portal.extensions["portal.queue"] = real
    found = figures(answer.text)
    assert value(found, "portal_up", part="queue") == 0
    assert value(found, "portal_up", part="database") == 1
    assert ("portal_inbox_unread", ()) in found
    assert not any(name == "portal_jobs" for name, _labels in found)


@pytest.mark.one_engine
def test_several_web_workers_count_together(portal: Flask, live_server: str) -> None:
    def ask(path: str) -> str:
        try:
            with urllib.request.urlopen(live_server + path, timeout=20) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as refused:
            return str(refused.code)

    address = f"/metrics?token={token(portal)}"
    before = figures(ask(address))
    for _each in range(30):  # several connections: both workers get some
        ask("/healthz")
    for _each in range(5):
        assert ask("/nowhere") == "404"
    found = figures(ask(address))

    def more(status: str) -> float:
        labels = {"method": "GET", "status": status}
        key = ("portal_requests_total", tuple(sorted(labels.items())))
        return found[key] - before.get(key, 0)

    assert more("2xx") == 31  # with the first look itself
    assert more("4xx") == 5
    assert value(found, "portal_request_seconds_count") >= 36


@pytest.mark.one_engine
def test_the_token_is_made_like_a_key_or_given(tmp_path: Path, place: Place) -> None:
    environ = {"PORTAL_VAR": str(tmp_path)}
    made = load_settings(environ)["PORTAL_METRICS_TOKEN"]
    file = tmp_path / "keys" / "portal_metrics_token"
    assert file.read_text() == made == load_settings(environ)["PORTAL_METRICS_TOKEN"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(made) >= 40
    given = "a" * 24
    assert (
        load_settings({**environ, "PORTAL_METRICS_TOKEN": given})["PORTAL_METRICS_TOKEN"] == given
    )
    with pytest.raises(ConfigError, match="PORTAL_METRICS_TOKEN"):
        load_settings({**environ, "PORTAL_METRICS_TOKEN": "short"})
