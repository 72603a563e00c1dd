"""A real run of web, worker, timetable and queue server through simulated days, with kills.

The processes believe one clock file. It runs at speed around each minute at which reminders are
due, until everything due is on record, and jumps over the hours at which nothing is. Processes are
killed with SIGKILL at random moments, some of them between write and commit, and started again as
a supervisor would.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rq import Worker
from rq.cron_scheduler_registry import get_registry_key
from rq.utils import as_text
from sqlalchemy import Engine, text

from config import load_settings
from jobs.rescue import is_gone
from portal.cli import process
from portal.cli.run import answers_http, answers_ping, valkey_command
from portal.queue import NAMES, connect
from tests.support.endurance_judge import Outage, expected
from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
TICK = 0.02  # seconds
BEFORE = timedelta(seconds=75)  # the clock is that early at a due minute
AFTER = timedelta(seconds=70)
MOST = timedelta(minutes=29)  # of a due minute; then the next one is gone to
KILLS = ("worker", "lane", "horse", "valkey", "timetable", "before", "after")


class Clock:
    """The file that all processes believe."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.at, self.since, self.speed = datetime(2026, 1, 1, tzinfo=UTC), time.time(), 0.0

    def set(self, at: datetime, speed: float) -> None:
        """From now on it is ``at``, and time passes ``speed`` times as fast."""
        self.at, self.since, self.speed = at, time.time(), speed
        draft = self.file.with_suffix(".new")
        state = {"at": at.isoformat(), "since": self.since, "speed": speed}
        draft.write_text(json.dumps(state))
        draft.replace(self.file)  # nobody reads half of it

    def now(self) -> datetime:
        """What time it is there."""
        return self.at + timedelta(seconds=(time.time() - self.since) * self.speed)


@dataclass
class Part:
    """One process under the supervisor. ``ready`` says whether it does its work."""

    name: str
    command: Sequence[str]
    ready: Callable[[int], bool]
    process: subprocess.Popen[bytes] | None = None
    restart_at: float = 0.0
    is_ready: bool = False


@dataclass
class Fleet:
    """All processes: started, killed, started again."""

    var: Path
    environ: dict[str, str]
    clock: Clock
    chance: random.Random
    parts: dict[str, Part] = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)
    open: list[tuple[str, datetime]] = field(default_factory=list)
    wanted: bool = True

    def __post_init__(self) -> None:
        self.marks = self.var / "marks"
        self.marks.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.environ = {
            **self.environ,
            "PORTAL_VAR": str(self.var),
            "PORTAL_CLOCK": str(self.clock.file),
            "PORTAL_PORT": str(port),
            "ENDURANCE_MARKS": str(self.marks),
        }
        self.settings = load_settings(self.environ)
        (self.var / "queue").mkdir(exist_ok=True)
        self.client = connect(self.settings["PORTAL_REDIS_URL"])
        python = [sys.executable, "-m"]
        web = [*python, "gunicorn", "-c", "python:portal.cli.web"]
        for part in (
            Part("valkey", valkey_command(self.settings), lambda _p: answers_ping(self.settings)),
            Part("worker", [*python, "tests.support.endurance_worker"], lambda _p: self._work()),
            Part("timetable", [*python, "jobs.timetable"], self._beats),
            Part("web", web, lambda _p: answers_http("127.0.0.1", port)),
        ):
            self.parts[part.name] = part

    def add_timetable(self) -> None:
        """A second one beside the first."""
        first = self.parts["timetable"]
        self.parts["timetable2"] = Part("timetable2", first.command, first.ready)

    def remove_timetable(self) -> None:
        """Ends the second one."""
        part = self.parts.pop("timetable2", None)
        if part is not None and part.process is not None:
            part.process.terminate()
            part.process.wait(20)

    def tick(self) -> bool:
        """Start what is down and due; whether everything is ready."""
        for part in self.parts.values():
            gone = part.process is None or part.process.poll() is not None
            if gone and time.monotonic() >= part.restart_at:
                self._start(part)
            elif not gone and not part.is_ready and part.process is not None:
                part.is_ready = self._asks(part, part.process.pid)
        ready = all(part.is_ready for part in self.parts.values())
        if ready and self.open:
            now = self.clock.now()
            self.outages += [Outage(what, begun, now) for what, begun in self.open]
            self.open = []
        return ready

    def wait(self, patience: float = 120) -> None:
        """Until everything is ready."""
        deadline = time.monotonic() + patience
        while not self.tick():
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.05)

    def kill(self, what: str) -> None:
        """Kill a process of that kind for good, at once."""
        self.open.append((what, self.clock.now()))
        if what in ("lane", "horse"):
            pid = self._below_worker(what)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.parts["worker"].is_ready = False
                return
            what = "worker"
        if what == "timetable" and "timetable2" in self.parts and self.chance.random() < 0.5:
            what = "timetable2"
        part = self.parts[what]
        if part.process is not None:
            part.process.kill()
            part.process.wait()
        part.is_ready = False
        part.restart_at = time.monotonic() + self.chance.uniform(0.1, 1.5)

    def stop(self) -> None:
        """End everything."""
        for name in ("timetable2", "timetable", "web", "worker", "valkey"):
            part = self.parts.get(name)
            if part is None or part.process is None:
                continue
            part.process.terminate()
            try:
                part.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(part.process.pid, signal.SIGKILL)
                part.process.wait()

    def _start(self, part: Part) -> None:
        parent = os.getpid()
        with (self.var / f"{part.name}.log").open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: process.die_with_parent(parent),
            )
        part.is_ready = False

    @staticmethod
    def _asks(part: Part, pid: int) -> bool:
        try:
            return part.ready(pid)
        except (OSError, ConnectionError):
            return False
        except Exception as error:  # the client's own errors while the server is away
            if type(error).__module__.startswith("redis"):
                return False
            raise

    def _work(self) -> bool:
        names = [k.removeprefix("rq:worker:") for k in Worker.all_keys(connection=self.client)]
        return len([name for name in names if not is_gone(name)]) >= len(NAMES)

    def _beats(self, pid: int) -> bool:
        beats = self.client.zrange(get_registry_key(), 0, -1)
        return any(f":{pid}:" in as_text(name) for name in beats)

    def _below_worker(self, what: str) -> int | None:
        worker = self.parts["worker"].process
        lanes = _children(worker.pid) if worker is not None else []
        horses = [pid for lane in lanes for pid in _children(lane)]
        found = horses if what == "horse" else lanes
        return self.chance.choice(found) if found else None

    def _said(self) -> str:
        down = [name for name, part in self.parts.items() if not part.is_ready]
        logs = [(self.var / f"{name}.log").read_text()[-2000:] for name in down]
        return "\n".join([f"not ready: {down}", *logs])


def _children(pid: int) -> list[int]:
    file = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(word) for word in file.read_text().split()]
    except OSError:
        return []


@dataclass(frozen=True)
class Kill:
    """One kill: so many seconds after the beginning of a window, or (before, after) when a commit
    of reminders stops for it.
    """

    what: str
    after: float


def schedule(chance: random.Random, windows: int, kills: int) -> dict[int, list[Kill]]:
    """Which kill happens in which window: every kind in turn, the moments by chance."""
    found: dict[int, list[Kill]] = {number: [] for number in range(windows)}
    order = [KILLS[number % len(KILLS)] for number in range(kills)]
    chance.shuffle(order)
    for what in order:
        free = [n for n in found if not any(k.what == what for k in found[n])]
        fewest = min(len(found[n]) for n in free)
        number = chance.choice([n for n in free if len(found[n]) == fewest])
        found[number].append(Kill(what, chance.uniform(0.5, 7.0)))
    return found


@dataclass
class Run:
    """The simulated days from ``begin`` to ``end``."""

    fleet: Fleet
    engine: Engine
    begin: datetime
    end: datetime
    kills: int
    speed: float
    two_timetables: tuple[float, float] = (0.3, 0.7)  # share of the windows
    say: Callable[[str], None] = lambda _line: None
    killed: int = 0

    def run(self) -> None:
        """Go through all windows; at the end every meeting has begun and is closed."""
        clock, fleet = self.fleet.clock, self.fleet
        due: dict[datetime, int] = {}
        for one in expected(self.engine, self.begin, self.end):
            due[one.due_at] = due.get(one.due_at, 0) + 1
        windows = sorted(due)
        plan = schedule(fleet.chance, len(windows), self.kills)
        clock.set(self.begin, 0)
        fleet.wait()
        time.sleep(1)  # the timetable has seen the beginning
        for number, minute in enumerate(windows):
            share = number / len(windows)
            both = self.two_timetables[0] <= share < self.two_timetables[1]
            if both and "timetable2" not in fleet.parts:
                fleet.add_timetable()
                fleet.wait()
            elif not both:
                fleet.remove_timetable()
            total = sum(count for at, count in due.items() if at <= minute)
            self._window(minute, total, plan[number])
        fleet.remove_timetable()
        last = max(one.starts_at for one in expected(self.engine, self.begin, self.end))
        self._jump(max(last, self.end) + timedelta(minutes=1))
        self._until(lambda: self._unsettled() == 0, 60)

    def _window(self, minute: datetime, total: int, kills: list[Kill]) -> None:
        clock, fleet = self.fleet.clock, self.fleet
        if clock.now() < minute - BEFORE:
            self._jump(minute - BEFORE)
        clock.set(clock.now(), self.speed)
        begun, left = time.monotonic(), list(kills)
        for kill in left:
            if kill.what in ("before", "after"):
                (fleet.marks / f"arm-{kill.what}").touch()
        while True:
            ready = fleet.tick()
            for kill in [k for k in left if self._is_time(k, time.monotonic() - begun)]:
                left.remove(kill)
                self._kill(kill)
                ready = False
            now = clock.now()
            done = not left and ready and now >= minute + AFTER and self._on_record() >= total
            if done or now >= minute + MOST:
                break
            time.sleep(TICK)
        clock.set(clock.now(), 0)
        fleet.wait()

    def _is_time(self, kill: Kill, passed: float) -> bool:
        if kill.what in ("before", "after"):
            return (self.fleet.marks / f"at-{kill.what}").exists()
        return passed >= kill.after

    def _kill(self, kill: Kill) -> None:
        what, chance = kill.what, self.fleet.chance
        if what in ("before", "after"):
            time.sleep(chance.uniform(0, 0.15))
            what = chance.choice(("worker", "horse", "lane", "valkey"))
        self.fleet.kill(what)
        (self.fleet.marks / f"at-{kill.what}").unlink(missing_ok=True)
        self.killed += 1
        where = {"before": " between write and commit", "after": " right after a commit"}
        local = self.fleet.clock.now() + timedelta(hours=8)
        self.say(f"{local:%d %b %H:%M:%S} killed {what}{where.get(kill.what, '')}")

    def _jump(self, to: datetime) -> None:
        """Over hours at which nothing is due; the slots passed over are caught up."""
        self.fleet.clock.set(to, 0)

    def _on_record(self) -> int:
        asked = text("SELECT count(*) FROM reminders WHERE due_at >= :begin AND due_at <= :now")
        if self.engine.dialect.name == "sqlite":
            moments = {n: v.strftime("%Y-%m-%d %H:%M:%S.%f") for n, v in self._span().items()}
        else:
            moments = self._span()
        with self.engine.connect() as connection:
            return int(connection.execute(asked, moments).scalar_one())

    def _span(self) -> dict[str, datetime]:
        return {"begin": self.begin, "now": self.fleet.clock.now()}

    def _unsettled(self) -> int:
        asked = text(
            "SELECT count(*) FROM meetings WHERE reminded_at IS NULL AND state = 'planned'"
            " AND starts_at <= :now"
        )
        now = self.fleet.clock.now()
        moment = now.strftime("%Y-%m-%d %H:%M:%S.%f")
        with self.engine.connect() as connection:
            value = moment if self.engine.dialect.name == "sqlite" else now
            return int(connection.execute(asked, {"now": value}).scalar_one())

    def _until(self, condition: Callable[[], bool], patience: float) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            self.fleet.tick()
            assert time.monotonic() < deadline, "meetings that have begun are not settled"
            time.sleep(0.1)
