"""The working calendar with the days that the station entered."""

import hashlib
import time
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.models import CalendarDay
from portal.workdays import WorkCalendar, source


def load_calendar(session: Session) -> WorkCalendar:
    """The calendar of now, in one statement."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.working))
    return WorkCalendar({row.day: row.working for row in rows})


KEPT = 60.0  # seconds
_kept: dict[str, tuple[float, WorkCalendar]] = {}


def calendar_for_words(session: Session) -> WorkCalendar:
    """A calendar for what pages say of deadlines: at most a minute old, so that a list need not
    load it each time. What decides anything asks ``load_calendar``.
    """
    key, now = str(session.get_bind().engine.url), time.monotonic()
    loaded = _kept.get(key)
    if loaded is None or now - loaded[0] > KEPT:
        loaded = _kept[key] = (now, load_calendar(session))
    return loaded[1]


def _forget(*_row: Any) -> None:
    _kept.clear()


for _when in ("after_insert", "after_update", "after_delete"):
    event.listen(CalendarDay, _when, _forget)


def digest_of(calendar: WorkCalendar) -> str:
    """A text that differs whenever the calendar may answer differently."""
    days = sorted((day.isoformat(), working) for day, working in calendar.table.items())
    return hashlib.sha256(f"{source()} {days}".encode()).hexdigest()
