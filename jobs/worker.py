"""The queue worker: ``python -m jobs.worker``.

The application and everything heavy that jobs need is imported before the first job, so that each
forked work horse starts warm. There is a worker for quick work and one for long work, forked and
looked after by this process (``jobs/foreman.py``); they and their horses die with it, also when it
is killed.
"""

import importlib
import logging
import pkgutil
import random
import signal
import sys
from datetime import datetime
from typing import Any

from flask import Flask
from rq import Queue, SimpleWorker, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

import jobs
from jobs import boards
from jobs.foreman import Foreman
from jobs.rescue import Rescue, worker_name
from portal import clock, queue, slots
from portal.app import create_app
from portal.cli.process import die_with_parent
from portal.extensions import db
from portal.scope import SYSTEM, acting

HEARTBEAT_SECONDS = 90  # a worker that says nothing for so long counts as gone


class InApplication:
    """Runs each job inside an application context of its own, acting as the system."""

    app: Flask
    performed = 0  # jobs run in this process

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """As RQ's, with a context around it; the session is closed with the context."""
        self.performed += 1
        with self.app.app_context(), acting(SYSTEM):
            done: bool = super().perform_job(job, queue, execution)  # type: ignore[misc]
            self._note(job, done)
        return done

    def _note(self, job: Job, done: bool) -> None:
        """Keep how the last run of an entry of the timetable went."""
        entry = slots.entry_of(job.id)
        if entry is None or job.started_at is None or job.ended_at is None:
            return
        slot = datetime.fromisoformat(job.args[0])
        seconds = (job.ended_at - job.started_at).total_seconds()
        slots.note_run(job.connection, entry, slots.Run(slot, clock.now(), seconds, done))


class PortalWorker(InApplication, Worker):
    """The forking worker of `make run`: a job that crashes takes only its own process along."""

    max_connection_wait_time = 2.0  # seconds between two knocks at a lost server

    def __init__(self, app: Flask, name: str) -> None:
        self.app = app
        super().__init__([name], name=worker_name(name), **_options(app))

    def run_maintenance_tasks(self) -> None:
        """Left to the foreman, who knows more (``jobs/rescue.py``)."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The forked child: no connection of the parent's may be used in two processes."""
        die_with_parent(self.pid, signal.SIGKILL)
        random.seed()
        _own_connections(self.app)
        super().main_work_horse(job, queue)


class InlineWorker(InApplication, SimpleWorker):
    """Runs jobs in the calling process; for tests and for `portal` commands that wait."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        super().__init__(list(queue.NAMES), **_options(app))


def _own_connections(app: Flask) -> None:
    """In a forked process: forget the connections it shares with its parent."""
    app.extensions.pop("portal.queue", None)
    with app.app_context():
        db.engine.dispose(close=False)


def _options(app: Flask) -> dict[str, Any]:
    return {
        # A client of its own: the worker sets longer time-outs on it.
        "connection": queue.connect(app.config["PORTAL_REDIS_URL"]),
        "serializer": JSONSerializer,
        "worker_ttl": HEARTBEAT_SECONDS,
    }


def import_jobs() -> list[str]:
    """Imports every module of this package, so that nothing is imported inside a job."""
    names = [f"jobs.{found.name}" for found in pkgutil.iter_modules(jobs.__path__)]
    for name in names:
        if name != __spec__.name:
            importlib.import_module(name)
    return names


def main() -> int:
    """Works until SIGTERM (finishes the jobs in hand) or a second signal (drops them)."""
    logging.getLogger("rq").setLevel(logging.WARNING)
    app = create_app()
    import_jobs()
    with app.app_context():
        boards.warm_up()

    def work(name: str) -> None:
        _own_connections(app)
        PortalWorker(app, name).work(logging_level="WARNING")

    Foreman(queue.NAMES, work, Rescue(queue.connect(app.config["PORTAL_REDIS_URL"]))).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
