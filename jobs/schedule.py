"""The whole timetable: what happens by itself, and when (wall clock of PORTAL_TIMEZONE).

A job of the timetable gets the slot it stands for (ISO 8601, with offset) as its only argument. It
may run late, once for several missed slots, or again after a crash; what must happen once is unique
in the database.
"""

from dataclasses import dataclass

from portal.queue import PAUSES


@dataclass(frozen=True)
class Entry:
    """`job` (dotted name) at the times of `cron` (minute hour day month weekday); `timeout` in
    seconds, `pauses` before each further try (none where the next slot does the same work soon).
    A job that takes minutes is `long`: it does not make the others wait. Its words for people
    stand in ``portal/models/choices.py`` (JOBS).
    """

    name: str
    job: str
    cron: str
    timeout: int = 600
    pauses: tuple[int, ...] = PAUSES
    long: bool = False


TIMETABLE: tuple[Entry, ...] = (
    Entry("tasks-resume", "jobs.tasks.resume", "*/2 * * * *", 60, pauses=()),
    Entry("uploads", "jobs.tidy.hourly", "17 * * * *", 120),
    Entry("tidy", "jobs.tidy.nightly", "40 3 * * *"),
    Entry("meetings-remind", "jobs.meetings.remind", "* * * * *", 300, pauses=()),
    Entry("deliveries", "jobs.deliveries.send", "* * * * *", 300, pauses=()),
    Entry("orders-tick", "jobs.orders.tick", "*/5 * * * *", 300, pauses=()),
    Entry("cases-remind", "jobs.cases.remind", "5 8 * * *", 300),
    Entry("sweeps-remind", "jobs.rounds.morning", "0 8 * * *", 300),
    Entry("boards-review", "jobs.boards.review", "0 3 * * *", 3600, long=True),
    Entry("population-reports", "jobs.population.monthly", "30 4 1 * *", 3600, long=True),
    Entry("meetings-plan", "jobs.meetings.plan", "20 3 * * *"),
    Entry("quality", "jobs.quality.nightly", "15 2 * * *", 3600, long=True),
    # A post ends with its day: its card is no longer good the next morning.
    Entry("cards", "jobs.cards.nightly", "10 0 * * *"),
)
