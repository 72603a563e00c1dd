"""The timetable process: ``python -m jobs.timetable``.

RQ's scheduler of recurring jobs uses the process's time zone, forgets slots that passed while it
was down and queues twice when two of it run. Here a slot is computed in the portal's zone, the last
one is kept in the queue server, a missed one is caught up once, and the job's id is made of the
slot, so that two timetables queue it once. A lost queue server is waited for.
"""

import contextlib
import logging
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import cron_scheduler_registry
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError, SchedulerNotFound, StopRequested
from rq.utils import as_text

from config import load_settings
from jobs.schedule import TIMETABLE, Entry
from portal import clock, queue, slots
from portal.slots import SLOTS

LONGEST_SLEEP = 20.0  # seconds; also the pace of the heartbeat
TRAVEL_SLEEP = 0.2  # seconds; while a test clock runs
RECONNECT = 0.5  # seconds between two knocks at a lost server
MINUTE = 60

log = logging.getLogger("portal.timetable")


def latest_slot(entry: Entry, moment: datetime) -> datetime:
    """The last slot of `entry` not after `moment` (aware), in the portal's zone."""
    return slots.latest(entry.cron, moment)


class Timetable(CronScheduler):
    """Queues the entries that are due. Needs an application context (zone and clock)."""

    def __init__(self, connection: Redis, entries: Sequence[Entry] = TIMETABLE) -> None:
        super().__init__(connection=connection, logging_level=logging.WARNING)
        self.entries = entries
        self.travels = False

    def start(self) -> None:
        """Beats and queues until SIGTERM or SIGINT; waits for a lost queue server."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request_stop)
        lost = False
        try:
            while True:
                try:
                    self.beat()
                    lost, pause = False, self.calculate_sleep_interval()
                except RedisError as error:
                    if not lost:
                        log.warning("the queue server is away (%s); waiting for it", error)
                    lost, pause = True, RECONNECT
                time.sleep(pause)
        except StopRequested:
            pass
        finally:
            with contextlib.suppress(RedisError, SchedulerNotFound):
                self.register_death()

    def beat(self) -> None:
        """One round: what the timetable holds, what is due, that somebody is there."""
        slots.publish(self.connection, {e.name: (e.job, e.cron) for e in self.entries})
        self.enqueue_jobs()
        self.heartbeat()  # also makes known a timetable that the server has not heard of
        cron_scheduler_registry.cleanup(self.connection)

    def enqueue_jobs(self) -> list[CronJob]:
        """Queues each entry whose latest slot is new; nothing is stored in RQ's own list."""
        moment = clock.now()
        for entry in self.entries:
            slot = latest_slot(entry, moment)
            known = self._known(entry)
            if known is not None and slot <= known:
                continue  # done, or the clock was set back
            if known is not None:  # an entry never seen before starts with its next slot
                self._queue(entry, slot)
            # After the job, never before it: who is killed in between queues the slot again.
            self.connection.hset(SLOTS, entry.name, slot.isoformat())
        return []

    def calculate_sleep_interval(self) -> float:
        """Seconds to the next look: just after the minute, and often enough for the beat."""
        if self.travels:
            return TRAVEL_SLEEP
        return min(LONGEST_SLEEP, MINUTE - time.time() % MINUTE + 0.01)

    def _known(self, entry: Entry) -> datetime | None:
        stored = as_text(self.connection.hget(SLOTS, entry.name) or "")
        return datetime.fromisoformat(stored) if stored else None

    def _queue(self, entry: Entry, slot: datetime) -> None:
        try:
            queue.queue(self.connection, queue.LONG if entry.long else queue.NAME).enqueue_call(
                entry.job,
                args=(slot.isoformat(),),
                job_id=slots.job_id(entry.name, slot),
                timeout=entry.timeout,
                result_ttl=queue.KEEP_RESULT,
                failure_ttl=queue.KEEP_FAILURE,
                retry=queue.tries(entry.pauses),
                unique=True,
            )
        except DuplicateJobError:
            log.info("another timetable was first with %s of %s", entry.name, slot)


def main() -> int:
    """Beats and queues until SIGTERM. A bare application is enough: zone and clock, no routes."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = Flask("timetable")
    app.config.update(load_settings())
    with app.app_context():
        timetable = Timetable(queue.connect(app.config["PORTAL_REDIS_URL"]))
        timetable.travels = bool(app.config["PORTAL_CLOCK"])
        timetable.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
