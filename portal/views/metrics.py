"""``/metrics`` in the text form of Prometheus, for whoever has the token.

Requests are counted by each web worker in a file of the server's own folder (``portal/cli/web.py``)
and added up when asked; everything else is counted in the database and the queue server at that
moment. Nothing here says anything about a person or a grid.
"""

import hmac
import os
import time
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal import queue, slots
from portal.extensions import db
from portal.queries import figures, jobs

metrics = Blueprint("metrics", __name__)

_own = CollectorRegistry()  # of this process; with several, the folder has them all
REQUESTS = Counter(
    "portal_requests", "Answers by method and class of status.", ("method", "status"), registry=_own
)
SECONDS = Histogram(
    "portal_request_seconds",
    "Time to an answer.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_own,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}


@metrics.after_app_request
def _count(response: Response) -> Response:
    if request.endpoint != "static":
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, f"{response.status_code // 100}xx").inc()
        if (started := g.get("started")) is not None:  # by hooks.py, first thing of a request
            SECONDS.observe(time.perf_counter() - started)
    return response


@metrics.url_value_preprocessor
def _public(_endpoint: str | None, _values: object) -> None:
    g.public = True  # before anything looks at the session


@metrics.get("/metrics")
def read() -> ResponseReturnValue:
    """The figures; 401 without a word where the token is missing or wrong."""
    if not _knows_the_token():
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(_Same())
    registry.register(_Now())
    return Response(
        generate_latest(registry),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


def _knows_the_token() -> bool:
    given = request.args.get("token", "")
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        given = value.strip()
    token = current_app.config["PORTAL_METRICS_TOKEN"]
    return hmac.compare_digest(given.encode(), token.encode())


class _Same(Collector):
    """What this process counts itself."""

    def collect(self) -> Iterator[Metric]:
        yield from _own.collect()


class _Now(Collector):
    """What the database and the queue server say now. A part that does not answer is down, and
    its figures are left out.
    """

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("portal_up", "Whether the part answers.", labels=("part",))
        for part, ask in (("database", _of_the_database), ("queue", _of_the_queue)):
            try:
                found = ask()
            except (SQLAlchemyError, RedisError):
                db.session.rollback()
                found = []
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
            yield from found
        yield up


def _of_the_database() -> list[Metric]:
    session = db.session
    tasks = GaugeMetricFamily("portal_tasks", "Long work by state.", labels=("state",))
    for state, count in figures.open_tasks(session).items():
        tasks.add_metric([state], count)
    leaving = GaugeMetricFamily(
        "portal_deliveries", "E-mails and group messages by state.", labels=("state",)
    )
    for state, count in figures.deliveries(session).items():
        leaving.add_metric([state], count)
    return [
        tasks,
        leaving,
        _gauge("portal_inbox_unread", "Unread messages.", figures.unread_messages(session)),
        _gauge(
            "portal_meetings_overdue",
            "Meetings that have begun and whose reminders are not settled.",
            figures.overdue_meetings(session),
        ),
    ]


def _of_the_queue() -> list[Metric]:
    client = queue.connection()
    states = GaugeMetricFamily("portal_jobs", "Jobs by state.", labels=("queue", "state"))
    workers = GaugeMetricFamily("portal_workers", "Living workers.", labels=("queue",))
    for one in jobs.counts(client):
        workers.add_metric([one.queue], one.workers)
        for state in ("waiting", "running", "paused", "failed"):
            states.add_metric([one.queue, state], getattr(one, state))
    found: list[Metric] = [states, workers, *_of_the_timetable()]
    age = queue.health(client).timetable_age
    if age is not None:
        found.append(_gauge("portal_timetable_age_seconds", "Since its last beat.", age))
    return found


def _of_the_timetable() -> list[Metric]:
    ended = GaugeMetricFamily(
        "portal_timetable_run_timestamp_seconds", "When the last run ended.", labels=("entry",)
    )
    good = GaugeMetricFamily(
        "portal_timetable_run_good", "Whether the last run went well.", labels=("entry",)
    )
    took = GaugeMetricFamily(
        "portal_timetable_run_seconds", "How long the last run took.", labels=("entry",)
    )
    for entry in slots.known(queue.connection()):
        if entry.run is not None:
            ended.add_metric([entry.name], entry.run.at.timestamp())
            good.add_metric([entry.name], entry.run.good)
            took.add_metric([entry.name], entry.run.seconds)
    return [ended, good, took]


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)
