"""The queue worker: ``python -m jobs.worker``.

The application and everything heavy that jobs need is imported before the first job, so that each
forked work horse starts warm. A horse and the scheduler die with the worker, also when the worker
is killed.
"""

import importlib
import logging
import pkgutil
import random
import sys
from typing import Any

from flask import Flask
from rq import Queue, SimpleWorker, Worker
from rq.executions import Execution
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

import jobs
from jobs import boards
from portal import queue
from portal.app import create_app
from portal.cli.process import die_with_parent
from portal.extensions import db
from portal.scope import SYSTEM, acting

MAINTENANCE_SECONDS = 60
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
        return done


class PortalScheduler(RQScheduler):
    """RQ's scheduler process, which ends with its worker."""

    def work(self) -> None:
        """First thing in the forked process."""
        die_with_parent()
        super().work()


class PortalWorker(InApplication, Worker):
    """The forking worker of `make run`: a job that crashes takes only its own process along."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self.app = app
        super().__init__([queue.NAME], **_options(app), **options)

    def _start_scheduler(self, burst: bool = False, *_formats: Any, **_named: Any) -> None:
        self.scheduler = PortalScheduler(
            self.queues,
            connection=self.connection,
            logging_level="WARNING",
            serializer=JSONSerializer,
        )
        if self.scheduler.acquire_locks() and not burst:
            self.scheduler.start()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The forked child: no connection of the parent's may be used in two processes."""
        die_with_parent()
        random.seed()
        with self.app.app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)


class InlineWorker(InApplication, SimpleWorker):
    """Runs jobs in the calling process; for tests and for `portal` commands that wait."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        super().__init__([queue.NAME], **_options(app))


def _options(app: Flask) -> dict[str, Any]:
    return {
        # A client of its own: the worker sets longer time-outs on it.
        "connection": queue.connect(app.config["PORTAL_REDIS_URL"]),
        "serializer": JSONSerializer,
        "maintenance_interval": MAINTENANCE_SECONDS,
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
    """Works until SIGTERM (finishes the job in hand) or a second signal (drops it)."""
    logging.getLogger("rq").setLevel(logging.WARNING)
    app = create_app()
    import_jobs()
    with app.app_context():
        boards.warm_up()
    worker = PortalWorker(app)
    worker.work(with_scheduler=True, logging_level="WARNING")
    return 0


if __name__ == "__main__":
    sys.exit(main())
