"""Duties, hotlines, regulations and settings: what is the same for many grids (P3, P5, P11)."""

from datetime import date
from typing import ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Row, one_of
from portal.models.choices import FREQUENCIES, HOTLINE_SCOPES
from portal.models.grid import Grid
from portal.models.types import CODE


class Duty(Row):
    """One line of the catalogue behind the work manual and the notice board."""

    __tablename__ = "duties"
    resource: ClassVar[str | None] = "Duty"
    search_source: ClassVar[tuple[str, ...]] = ("title", "code", "title_en")

    group_no: Mapped[int] = mapped_column(Integer, nullable=False)
    code: Mapped[str] = mapped_column(String(12), nullable=False, unique=True)
    title: Mapped[str] = mapped_column(String(80), nullable=False)
    title_en: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(80), nullable=False)
    frequency: Mapped[str] = mapped_column(String(16), nullable=False)
    times: Mapped[str | None] = mapped_column(String(80))
    evidence: Mapped[str | None] = mapped_column(String(80))
    paper_replaced: Mapped[str | None] = mapped_column(String(80))
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    __table_args__ = (
        CheckConstraint("group_no BETWEEN 1 AND 5", name="group_no"),
        one_of("frequency", FREQUENCIES),
    )

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Hotline(Row):
    """A telephone number for the public. Those of the grids above are readable everywhere below."""

    __tablename__ = "hotlines"
    resource: ClassVar[str | None] = "Hotline"
    scope_column: ClassVar[str | None] = "grid_code"
    scope_above: ClassVar[bool] = True
    search_source: ClassVar[tuple[str, ...]] = ("name", "name_en", "number")

    grid_code: Mapped[str | None] = mapped_column(
        CODE, ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT")
    )
    scope: Mapped[str] = mapped_column(String(12), nullable=False)
    number: Mapped[str | None] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    name_en: Mapped[str | None] = mapped_column(String(60))
    hours: Mapped[str | None] = mapped_column(String(60))
    on_board: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    supervision: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    note: Mapped[str | None] = mapped_column(Text)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    grid: Mapped[Grid | None] = relationship(Grid, lazy="raise_on_sql")

    __table_args__ = (
        one_of("scope", HOTLINE_SCOPES),
        CheckConstraint("(scope = 'national') = (grid_code IS NULL)", name="national"),
        Index(None, "grid_code", "id"),
    )

    def __str__(self) -> str:
        return f"{self.name} {self.number or ''}".strip()


class Regulation(Row):
    """定章: a rule that goes on the wall and into the work manual."""

    __tablename__ = "regulations"
    resource: ClassVar[str | None] = "Regulation"
    search_source: ClassVar[tuple[str, ...]] = ("title", "code", "title_en")

    code: Mapped[str] = mapped_column(String(12), nullable=False, unique=True)
    title: Mapped[str] = mapped_column(String(80), nullable=False)
    title_en: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text, nullable=False)
    issue_no: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    in_force_from: Mapped[date | None] = mapped_column(Date)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Setting(Row):
    """A number or word the station may change; the defaults stand in ``rules/settings.py``."""

    __tablename__ = "settings"
    resource: ClassVar[str | None] = "Setting"

    key: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    value: Mapped[str] = mapped_column(String(200), nullable=False)
    note: Mapped[str | None] = mapped_column(String(200))

    def __str__(self) -> str:
        return self.key


class CalendarDay(Row):
    """A day on which people work, or do not, against the rule: adjusted rest days.

    Goes before what the calendar library knows; for years that it does not know it is the source.
    """

    __tablename__ = "calendar_days"
    resource: ClassVar[str | None] = "CalendarDay"

    day: Mapped[date] = mapped_column(Date, nullable=False, unique=True)
    working: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    name: Mapped[str | None] = mapped_column(String(60))

    def __str__(self) -> str:
        return self.day.isoformat()
