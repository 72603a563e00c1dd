"""Settings of the web server (``gunicorn -c python:portal.cli.web``).

Synchronous workers, because views of the framework keep state between requests; preloaded, so that
workers share the memory of the imported application.
"""

import gc
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from config import load_settings
from portal.cli.process import die_with_parent

_settings = load_settings()


def _counting_folder(port: int) -> Path:
    """Where the workers of this server count their requests together; empty at its start."""
    folder: Path = _settings["PORTAL_VAR"] / "metrics" / str(port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


# Read by prometheus-client when it is first imported, so before the application is.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counting_folder(_settings["PORTAL_PORT"]))

wsgi_app = "portal.app:create_app()"
bind = f"{_settings['PORTAL_HOST']}:{_settings['PORTAL_PORT']}"
workers = _settings["PORTAL_WORKERS"]
worker_class = "sync"
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 2
# Each worker starts afresh now and then, so that slow leaks of memory never add up.
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 8190
control_socket_disable = True
loglevel = "warning"
errorlog = "-"
accesslog = None  # the application writes one line per request, with its id
proc_name = "grid-portal-web"


def when_ready(_server: Any) -> None:
    """Before the first worker: what is loaded now stays, so no worker looks through it for garbage,
    which would cost time and copy the shared memory.
    """
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """In each new worker: no database connection may be shared with the parent."""
    die_with_parent(worker.ppid)
    application = worker.app.wsgi()
    with application.app_context():
        application.extensions["sqlalchemy"].engine.dispose(close=False)


def worker_exit(_server: Any, _worker: Any) -> None:
    """A worker that has answered its last request goes at once: tearing down every module that it
    shares with the parent would copy the memory of all of them first.
    """
    logging.shutdown()
    os._exit(0)
