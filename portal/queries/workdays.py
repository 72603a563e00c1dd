"""The working calendar with the days that the station entered."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CalendarDay
from portal.workdays import WorkCalendar, source


def load_calendar(session: Session) -> WorkCalendar:
    """The calendar of now, in one statement."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.working))
    return WorkCalendar({row.day: row.working for row in rows})


def digest_of(calendar: WorkCalendar) -> str:
    """A text that differs whenever the calendar may answer differently."""
    days = sorted((day.isoformat(), working) for day, working in calendar.table.items())
    return hashlib.sha256(f"{source()} {days}".encode()).hexdigest()
