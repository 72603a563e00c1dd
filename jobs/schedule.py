"""The whole timetable: what happens by itself, and when (wall clock of PORTAL_TIMEZONE).

A job of the timetable gets the slot it stands for (ISO 8601, with offset) as its only argument. It
may run late, once for several missed slots, or again after a crash; what must happen once is unique
in the database.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`job` (dotted name) at the times of `cron` (minute hour day month weekday); `timeout` in
    seconds.
    """

    name: str
    job: str
    cron: str
    timeout: int = 600


TIMETABLE: tuple[Entry, ...] = (
    Entry("tasks-resume", "jobs.tasks.resume", "*/2 * * * *", 60),
    Entry("tidy", "jobs.tidy.nightly", "40 3 * * *"),
    Entry("meetings-remind", "jobs.meetings.remind", "* * * * *", 300),
    Entry("meetings-plan", "jobs.meetings.plan", "20 3 * * *"),
)
