"""The worker's main process: it loads everything once, forks a worker per queue, starts those that
end anew, and looks after what killed ones left behind. A lost queue server is waited for.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from redis.exceptions import RedisError

from jobs.rescue import Rescue
from portal.cli.process import die_with_parent

log = logging.getLogger("portal.worker")

TICK = 0.1  # seconds
ROUND = 1.0  # seconds between two looks at the queues
LONGEST_PAUSE = 10.0  # before a worker that ends at once is started again


@dataclass
class Lane:
    """A forked worker of one queue. ``pause`` grows while it ends right after its start."""

    queue: str
    pid: int = 0
    started: float = 0.0
    pause: float = 0.0
    told: bool = False  # to stop


class Foreman:
    """Runs ``work(queue)`` in a process of its own for each queue until told to stop."""

    def __init__(self, names: tuple[str, ...], work: Callable[[str], None], rescue: Rescue) -> None:
        self.lanes = [Lane(name) for name in names]
        self.work = work
        self.rescue = rescue
        self.stopping = False
        self.looked = -ROUND
        self.away = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT, which the workers get as well: they finish the job in hand."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
        self._reach(self.rescue.begin)
        while not self.stopping:
            for lane in self.lanes:
                self._keep(lane)
            if time.monotonic() - self.looked >= ROUND:
                self.looked = time.monotonic()
                self._reach(self.rescue.look)
            time.sleep(TICK)
        for lane in self.lanes:
            if not lane.told:  # the signal came while it was being started
                self._stop(lane)
        while any(lane.pid and not self._ended(lane) for lane in self.lanes):
            time.sleep(TICK)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        for lane in self.lanes:
            self._stop(lane)

    @staticmethod
    def _stop(lane: Lane) -> None:
        if lane.pid:
            os.kill(lane.pid, signal.SIGTERM)
            lane.told = True

    def _reach(self, task: Callable[[], None]) -> None:
        try:
            task()
            self.away = False
        except RedisError as error:
            if not self.away:
                log.warning("the queue server is away (%s); waiting for it", error)
            self.away = True

    def _keep(self, lane: Lane) -> None:
        now = time.monotonic()
        if lane.pid:
            if not self._ended(lane):
                return
            early = now - lane.started < LONGEST_PAUSE
            lane.pause = min(LONGEST_PAUSE, max(0.5, lane.pause * 2)) if early else 0.0
            log.warning("the worker of %s ended and is started again", lane.queue)
            lane.started = now  # the pause counts from here
        if now - lane.started >= lane.pause or lane.started == 0.0:
            lane.pid = self._fork(lane.queue)
            lane.started = now

    @staticmethod
    def _ended(lane: Lane) -> bool:
        ended, _status = os.waitpid(lane.pid, os.WNOHANG)
        if ended:
            lane.pid = 0
        return bool(ended)

    def _fork(self, name: str) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            die_with_parent(parent, signal.SIGKILL)
            if not self.stopping:
                self.work(name)
        except BaseException:
            log.exception("the worker of %s failed", name)
            os._exit(1)
        os._exit(0)
