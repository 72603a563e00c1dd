"""The runner, for real: started as `make run` starts it, on a port and a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from portal.cli.run import answers_http
from portal.queue import connect, health, queue
from tests.conftest import Place
from tests.support.engines import TEMPLATE, SQLiteStore
from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180.0

pytestmark = pytest.mark.one_engine


class Started:
    """A runner under test and what belongs to it."""

    def __init__(
        self,
        var: Path,
        store: SQLiteStore,
        log: str = "run.log",
        command: tuple[str, ...] = (sys.executable, "-m", "portal.cli.run"),
    ) -> None:
        self.var = var
        self.port = free_port()
        database = var / "portal.db"
        var.mkdir(parents=True, exist_ok=True)
        if not database.exists():
            database.write_bytes(store.path(TEMPLATE).read_bytes())
        kept = {key: value for key, value in os.environ.items() if key != "PORTAL_DATABASE_URL"}
        self.environ = {**kept, "PORTAL_VAR": str(var), "PORTAL_PORT": str(self.port)}
        self.output = var.with_name(log)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=hear_ctrl_c,
            )

    def said(self) -> str:
        """Everything it has printed."""
        return self.output.read_text()

    def client(self) -> Redis:
        """A client of its queue server."""
        return connect(f"unix://{self.var / 'valkey.sock'}")

    def wait_until_up(self) -> None:
        """Until the address is printed."""
        wait_for(lambda: "Grid Portal is up" in self.said() or self.ended(), self.said)
        assert not self.ended(), self.said()
        assert answers_http("127.0.0.1", self.port)

    def ended(self) -> bool:
        """Whether the runner is gone."""
        return self.process.poll() is not None

    def signal(self, number: int) -> int:
        """Sends a signal to the runner alone and waits; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def state(self) -> str:
        """What it has printed, and what its processes are at: for a test that waited in vain."""
        told = [self.said()]
        for line in (f"{self.process.pid} (started here)", *self.living()):
            with suppress(OSError):
                process = Path(f"/proc/{line.split()[0]}")
                status = (process / "status").read_text().splitlines()
                kept = [text for text in status if text.startswith(("State", "PPid", "Sig"))]
                told.append(" ".join([line, (process / "wchan").read_text(), *kept]))
        return "\n".join(told)

    def living(self) -> list[str]:
        """Processes that carry this runner's environment, whoever their parent is now."""
        mark = f"PORTAL_VAR={self.var}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # The queue server writes its title over its environment, but names the folder.
                environ = (folder / "environ").read_bytes().split(b"\0")
                if mark in environ or f"{self.var}/" in words:
                    found.append(f"{folder.name} {words}")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return found


def hear_ctrl_c() -> None:
    """A shell starts what goes into the background (scripts/pytest.sh does) with SIGINT ignored,
    and so would be everything below: make heeds that.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: object, explain: object = lambda: "") -> None:
    """Polls a condition; AssertionError with the explanation when time is up."""
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, explain()  # type: ignore[operator]
        time.sleep(0.05)


@contextmanager
def running(var: Path, store: SQLiteStore, *command: str) -> Iterator[Started]:
    """A runner that is ended with the block, whatever happened."""
    started = Started(var, store, command=command) if command else Started(var, store)
    try:
        yield started
    finally:
        if not started.ended():
            started.process.kill()
            started.process.wait()


def refuse_a_second_one(var: Path, store: SQLiteStore) -> None:
    """One folder runs one portal: another runner says so and goes, the first one stays."""
    second = Started(var, store, "second.log")
    assert second.process.wait(PATIENCE) == 1
    assert "a portal already runs" in second.said()


@pytest.fixture
def store(place: Place) -> SQLiteStore:
    """Where the template lies."""
    assert isinstance(place.store, SQLiteStore)
    return place.store


def test_ctrl_c_stops_everything_in_order_and_lets_the_job_in_hand_finish(
    tmp_path: Path, store: SQLiteStore
) -> None:
    with running(tmp_path / "var", store) as portal:
        portal.wait_until_up()
        client = portal.client()
        wait_for(lambda: health(client).workers == 2, portal.said)
        wait_for(lambda: health(client).timetable_age is not None, portal.said)
        refuse_a_second_one(tmp_path / "var", store)
        # A job may leave a process behind that nobody waits for.
        stray = "setsid sleep 600 >/dev/null 2>&1 &"
        left = queue(client).enqueue_call("subprocess.getoutput", args=(stray,))
        wait_for(lambda: left.get_status() == "finished", portal.said)
        assert any("sleep 600" in line for line in portal.living())
        job = queue(client).enqueue_call("time.sleep", args=(1.5,))
        wait_for(lambda: job.get_status() == "started", portal.said)
        assert len(portal.living()) >= 6  # runner, queue, web and its workers, worker, timetable
        assert portal.signal(signal.SIGINT) == 0
        assert portal.living() == []
        assert not answers_http("127.0.0.1", portal.port)
        assert "has stopped" in portal.said()
        assert "did not stop in time" not in portal.said()
    with running(tmp_path / "var", store) as again:
        again.wait_until_up()
        kept = Job.fetch(job.id, connection=again.client(), serializer=JSONSerializer)
        assert kept.get_status() == "finished"
        assert again.signal(signal.SIGTERM) == 0
        assert again.living() == []


def test_a_killed_runner_leaves_no_process_and_a_new_one_starts(
    tmp_path: Path, store: SQLiteStore
) -> None:
    with running(tmp_path / "var", store) as portal:
        portal.wait_until_up()
        portal.process.kill()
        portal.process.wait()
        wait_for(lambda: portal.living() == [], lambda: "\n".join(portal.living()))
    with running(tmp_path / "var", store) as portal:
        portal.wait_until_up()
        assert portal.signal(signal.SIGINT) == 0
        assert portal.living() == []


def test_a_part_that_dies_stops_the_rest(tmp_path: Path, store: SQLiteStore) -> None:
    with running(tmp_path / "var", store) as portal:
        portal.wait_until_up()
        worker = next(line for line in portal.living() if "jobs.timetable" in line)
        os.kill(int(worker.split()[0]), signal.SIGKILL)
        assert portal.process.wait(PATIENCE) == 1
        assert "the timetable ended by itself" in portal.said()
        assert portal.living() == []


def test_a_signal_to_make_alone_stops_everything_too(tmp_path: Path, store: SQLiteStore) -> None:
    # From a terminal the whole group gets it; a supervisor tells only the process it knows.
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {sys.executable} -m portal.cli.run\n")
    with running(tmp_path / "var", store, "make", "-f", str(makefile), "run") as portal:
        portal.wait_until_up()
        portal.process.send_signal(signal.SIGINT)
        wait_for(portal.ended, portal.state)
        assert portal.living() == []
        assert "has stopped" in portal.said()


def test_ctrl_c_while_starting_leaves_nothing(tmp_path: Path, store: SQLiteStore) -> None:
    with running(tmp_path / "var", store) as portal:
        wait_for(lambda: any("valkey" in line for line in portal.living()), portal.said)
        assert portal.signal(signal.SIGINT) == 0
        assert portal.living() == []
        assert "Grid Portal is up" not in portal.said()


def test_a_port_in_use_is_said_plainly(tmp_path: Path, store: SQLiteStore) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.test_runner.free_port", lambda: taken)
            with running(tmp_path / "var", store) as portal:
                assert portal.process.wait(PATIENCE) == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in portal.said()
    assert f"PORTAL_PORT={taken + 1} make run" in portal.said()
    assert portal.living() == []


def test_unsafe_settings_are_refused_in_one_line(tmp_path: Path) -> None:
    environ = {**os.environ, "PORTAL_VAR": str(tmp_path), "PORTAL_DEMO_PASSWORD": "short"}
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli.run"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "PORTAL_DEMO_PASSWORD" in done.stderr
    assert len(done.stderr.splitlines()) == 1
