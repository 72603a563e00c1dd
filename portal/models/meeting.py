"""Meetings (P8.4): series, their occurrences, and who was reminded when."""

from datetime import date, datetime, time
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.choices import (
    HOLIDAY_RULES,
    MEETING_KINDS,
    MEETING_MODES,
    MEETING_STATES,
    REMINDER_STATES,
)
from portal.models.team import Worker
from portal.models.types import INSTANT


class MeetingSeries(InGrid, Row):
    """A rule of meetings: RFC 5545 RRULE on the community's wall clock, without it held ad hoc.

    ``attendees``: codes of posts, separated by a semicolon. ``planned_until``: up to this day the
    occurrences are written down.
    """

    __tablename__ = "meeting_series"
    resource: ClassVar[str | None] = "MeetingSeries"
    constraints = (
        one_of("kind", MEETING_KINDS),
        one_of("holiday", HOLIDAY_RULES),
        one_of("mode", MEETING_MODES),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("until IS NULL OR until >= since", name="dates"),
        CheckConstraint("rrule IS NULL OR start_time IS NOT NULL", name="start_of_rule"),
    )

    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    rrule: Mapped[str | None] = mapped_column(String(200))
    start_time: Mapped[time | None] = mapped_column(Time)
    minutes: Mapped[int] = mapped_column(Integer, nullable=False)
    place: Mapped[str | None] = mapped_column(String(120))
    attendees: Mapped[str] = mapped_column(String(200), nullable=False)
    holiday: Mapped[str] = mapped_column(String(20), nullable=False)
    mode: Mapped[str] = mapped_column(String(12), nullable=False)
    agenda: Mapped[str | None] = mapped_column(Text)
    since: Mapped[date] = mapped_column(Date, nullable=False)
    until: Mapped[date | None] = mapped_column(Date)
    planned_until: Mapped[date | None] = mapped_column(Date)


class Meeting(InGrid, Row):
    """One meeting; ``rule_date`` is the day its series' rule names, which a holiday may move.

    Those of the grids above are readable everywhere below: whoever is invited to the meeting of
    the block, the area or the community sees it.
    """

    __tablename__ = "meetings"
    resource: ClassVar[str | None] = "Meeting"
    scope_above: ClassVar[bool] = True
    constraints = (
        one_of("kind", MEETING_KINDS),
        one_of("mode", MEETING_MODES),
        one_of("state", MEETING_STATES),
        CheckConstraint("minutes > 0", name="minutes"),
        UniqueConstraint("series_id", "rule_date"),
        Index(None, "starts_at", "kind"),
        Index(None, "reminded_at", "starts_at"),
    )

    series_id: Mapped[int | None] = mapped_column(
        ForeignKey("meeting_series.id", ondelete="RESTRICT")
    )
    rule_date: Mapped[date | None] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    starts_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    minutes: Mapped[int] = mapped_column(Integer, nullable=False)
    place: Mapped[str | None] = mapped_column(String(120))
    attendees: Mapped[str] = mapped_column(String(200), nullable=False)
    mode: Mapped[str] = mapped_column(String(12), nullable=False)
    state: Mapped[str] = mapped_column(String(12), nullable=False, default="planned")
    agenda: Mapped[str | None] = mapped_column(Text)
    record: Mapped[str | None] = mapped_column(Text)
    # When the round of reminders was done with it: everything sent, or recorded as missed.
    reminded_at: Mapped[datetime | None] = mapped_column(INSTANT)

    series: Mapped[MeetingSeries | None] = relationship(MeetingSeries, lazy="raise_on_sql")


class Reminder(Model):
    """That a person was reminded of a meeting, once per lead time and channel; or why not.

    The unique key is what makes it happen once, whatever the queue does.
    """

    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), nullable=False
    )
    worker_id: Mapped[int] = mapped_column(
        ForeignKey("workers.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    lead_minutes: Mapped[int] = mapped_column(Integer, nullable=False)
    channel: Mapped[str] = mapped_column(String(12), nullable=False)
    state: Mapped[str] = mapped_column(String(12), nullable=False)
    due_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)

    meeting: Mapped[Meeting] = relationship(Meeting, lazy="raise_on_sql")
    worker: Mapped[Worker] = relationship(Worker, lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("meeting_id", "worker_id", "lead_minutes", "channel"),
        one_of("state", REMINDER_STATES),
    )
