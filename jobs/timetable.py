"""The timetable process: ``python -m jobs.timetable``.

RQ's scheduler of recurring jobs uses the process's time zone, forgets slots that passed while it
was down and queues twice when two of it run. Here a slot is computed in the portal's zone, the last
one is kept in the queue server, a missed one is caught up once, and the job's id is made of the
slot, so that two timetables queue it once.
"""

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from croniter import croniter
from flask import Flask
from redis import Redis
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError
from rq.utils import as_text

from config import load_settings
from jobs.schedule import TIMETABLE, Entry
from portal import clock, queue

SLOTS = "portal:timetable"  # hash: name of the entry -> its last slot, ISO 8601
LONGEST_SLEEP = 20.0  # seconds; also the pace of the heartbeat
TRAVEL_SLEEP = 0.2  # seconds; while a test clock runs


def latest_slot(entry: Entry, moment: datetime) -> datetime:
    """The last slot of `entry` not after `moment` (aware), in the portal's zone.

    A wall-clock time that daylight saving skips counts as the instant it would have been.
    """
    local = moment.astimezone(clock.zone()).replace(tzinfo=None)
    times = croniter(entry.cron, local + timedelta(microseconds=1))
    while True:
        slot = times.get_prev(datetime).replace(tzinfo=clock.zone())
        if slot <= moment:
            return slot


class Timetable(CronScheduler):
    """Queues the entries that are due. Needs an application context (zone and clock)."""

    def __init__(self, connection: Redis, entries: Sequence[Entry] = TIMETABLE) -> None:
        super().__init__(connection=connection, logging_level=logging.WARNING)
        self.entries = entries
        self.pace = LONGEST_SLEEP

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
            self.connection.hset(SLOTS, entry.name, slot.isoformat())
        return []

    def calculate_sleep_interval(self) -> float:
        """Seconds to the next look: short enough for the beat; a slot is at most so late."""
        return self.pace

    def _known(self, entry: Entry) -> datetime | None:
        stored = as_text(self.connection.hget(SLOTS, entry.name) or "")
        return datetime.fromisoformat(stored) if stored else None

    def _queue(self, entry: Entry, slot: datetime) -> None:
        stamp = slot.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            queue.queue(self.connection).enqueue_call(
                entry.job,
                args=(slot.isoformat(),),
                job_id=f"timetable-{entry.name}-{stamp}",
                timeout=entry.timeout,
                result_ttl=queue.KEEP_RESULT,
                failure_ttl=queue.KEEP_FAILURE,
                unique=True,
            )
        except DuplicateJobError:
            self.log.info("another timetable was first with %s of %s", entry.name, slot)


def main() -> int:
    """Beats and queues until SIGTERM. A bare application is enough: zone and clock, no routes."""
    app = Flask("timetable")
    app.config.update(load_settings())
    with app.app_context():
        timetable = Timetable(queue.connect(app.config["PORTAL_REDIS_URL"]))
        if app.config["PORTAL_CLOCK"]:
            timetable.pace = TRAVEL_SLEEP
        timetable.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
