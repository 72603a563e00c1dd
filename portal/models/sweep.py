"""Sweeps (专项排查): a checklist that is gone through in every cell; service rounds (P2, P3)."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import InGrid, Model, Row, one_of
from portal.models.organisations import Organisation
from portal.models.place_choices import (
    CHECK_RESULTS,
    FREQUENCY_UNITS,
    PLACE_KINDS,
    SERVICES,
)
from portal.models.types import CODE, INSTANT


def _account() -> Mapped[int | None]:
    return mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


SWEEP_GRIDS = Table(
    "sweep_grids",
    Model.metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "sweep_id", Integer, ForeignKey("sweeps.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column(
        "grid_code",
        CODE,
        ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    ),
    UniqueConstraint("sweep_id", "grid_code"),
)
"""The grids whose cells are swept; a sweep without any covers everything below its own."""


class Sweep(InGrid, Row):
    """What is gone through from one day to another: the lines of a checklist in every cell of its
    grids, and each place of one kind there. Seen from the grids below, which do the work.

    ``checklist`` holds a line each; ``reminded_on``: when those who had not done it were told that
    it ends.
    """

    __tablename__ = "sweeps"
    resource: ClassVar[str | None] = "Sweep"
    scope_above: ClassVar[bool] = True
    constraints = (
        one_of("place_kind", PLACE_KINDS),
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("checklist IS NOT NULL OR place_kind IS NOT NULL", name="something"),
        Index(None, "ends_on", "id"),
    )

    title: Mapped[str] = mapped_column(String(80), nullable=False)
    detail: Mapped[str | None] = mapped_column(Text)
    checklist: Mapped[str | None] = mapped_column(Text)
    place_kind: Mapped[str | None] = mapped_column(String(16))
    starts_on: Mapped[date] = mapped_column(Date, nullable=False)
    ends_on: Mapped[date] = mapped_column(Date, nullable=False)
    made_by: Mapped[str | None] = mapped_column(String(80))
    reminded_on: Mapped[date | None] = mapped_column(Date)

    grids: Mapped[list[Any]] = relationship(
        "Grid", secondary=SWEEP_GRIDS, lazy="select", order_by="Grid.code"
    )

    def __str__(self) -> str:
        return self.title


class SweepLine(Model):
    """One line of a checklist, kept in step with the text of it (``rules/sweeps.py``)."""

    __tablename__ = "sweep_lines"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sweep_id: Mapped[int] = mapped_column(
        ForeignKey("sweeps.id", ondelete="CASCADE"), nullable=False
    )
    seq: Mapped[int] = mapped_column(Integer, nullable=False)
    text: Mapped[str] = mapped_column(String(120), nullable=False)

    __table_args__: Any = (UniqueConstraint("sweep_id", "seq"),)


class SweepCheck(Model):
    """That a line was gone through in a cell, or a place was looked at: each once. It shows that
    the sweep was made, so neither sweep nor line goes while it stands.

    ``cell`` is the code that the cell had then; ``grid_code`` follows a regridding.
    """

    __tablename__ = "sweep_checks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sweep_id: Mapped[int] = mapped_column(
        ForeignKey("sweeps.id", ondelete="RESTRICT"), nullable=False
    )
    grid_code: Mapped[str] = mapped_column(
        CODE,
        ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    )
    cell: Mapped[str] = mapped_column(CODE, nullable=False)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("sweep_lines.id", ondelete="RESTRICT"))
    place_id: Mapped[int | None] = mapped_column(
        ForeignKey("places.id", ondelete="CASCADE"), index=True
    )
    done_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    done_by: Mapped[str] = mapped_column(String(80), nullable=False)
    user_id: Mapped[int | None] = _account()
    result: Mapped[str] = mapped_column(String(8), nullable=False)

    __table_args__: Any = (
        UniqueConstraint("line_id", "cell"),
        UniqueConstraint("sweep_id", "place_id"),
        CheckConstraint("(line_id IS NULL) <> (place_id IS NULL)", name="one"),
        one_of("result", CHECK_RESULTS),
        Index(None, "sweep_id", "grid_code"),
    )


class SweepFinding(Model):
    """The matter that came of a sweep. It shows to whoever sees the matter."""

    __tablename__ = "sweep_findings"

    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="CASCADE"), primary_key=True
    )
    check_id: Mapped[int] = mapped_column(
        ForeignKey("sweep_checks.id", ondelete="CASCADE"), nullable=False, index=True
    )


class ServiceRound(InGrid, Row):
    """How often a linked service comes into a grid (服务体系进网格), and when it comes next."""

    __tablename__ = "service_rounds"
    resource: ClassVar[str | None] = "ServiceRound"
    constraints = (
        one_of("service", SERVICES),
        one_of("unit", FREQUENCY_UNITS),
        CheckConstraint("every BETWEEN 1 AND 366", name="every"),
        CheckConstraint("service <> 'other' OR name IS NOT NULL", name="named"),
        Index(None, "grid_code", "next_on", "id"),
        Index(None, "next_on", "id"),
    )

    service: Mapped[str] = mapped_column(String(20), nullable=False)
    name: Mapped[str | None] = mapped_column(String(60))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    every: Mapped[int] = mapped_column(Integer, nullable=False, default=30)
    unit: Mapped[str] = mapped_column(String(8), nullable=False, default="day")
    what: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    last_on: Mapped[date | None] = mapped_column(Date)
    next_on: Mapped[date] = mapped_column(Date, nullable=False)

    organisation: Mapped[Organisation | None] = relationship(Organisation, lazy="raise_on_sql")


class ServiceVisit(Model):
    """That a service came, once a day."""

    __tablename__ = "service_visits"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    round_id: Mapped[int] = mapped_column(
        ForeignKey("service_rounds.id", ondelete="RESTRICT"), nullable=False
    )
    came_on: Mapped[date] = mapped_column(Date, nullable=False)
    noted_by: Mapped[str] = mapped_column(String(80), nullable=False)
    user_id: Mapped[int | None] = _account()

    __table_args__: Any = (UniqueConstraint("round_id", "came_on"),)
