"""Changes of the register as dated events (P8.5), visits at home, questions to another grid."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import InGrid, Row, one_of
from portal.models.population_choices import (
    CHANGE_KINDS,
    CHECK_OUTCOMES,
    CHECK_SIDES,
    CHECK_STATES,
    OF_HOUSEHOLDS,
    VISIT_PURPOSES,
    VISIT_RESULTS,
)
from portal.models.register import Household, Resident
from portal.models.types import CODE, INSTANT

_NO_PERSON = ", ".join(f"'{kind}'" for kind in (*OF_HOUSEHOLDS, "correction"))


class PopulationChange(InGrid, Row):
    """What happened to a person or a household, on the day it happened; ``created_at`` is when it
    was entered. Append-only: what was wrong is taken back by another event (``cancels_id``).

    ``other_household_id`` and ``other_code``: where from or to within the portal; ``place``: the
    same in words. ``part_of_id``: the second event of one change, as the moving in that belongs
    to a moving out. ``before`` (JSON) is what was changed in the register, for taking it back.
    """

    __tablename__ = "population_changes"
    resource: ClassVar[str | None] = "PopulationChange"
    constraints = (
        one_of("kind", CHANGE_KINDS),
        CheckConstraint("(kind = 'correction') = (cancels_id IS NOT NULL)", name="cancels"),
        CheckConstraint(f"resident_id IS NOT NULL OR kind IN ({_NO_PERSON})", name="person"),
        Index(None, "grid_code", "happened_on"),
        Index(None, "happened_on", "id"),
    )

    kind: Mapped[str] = mapped_column(String(16), nullable=False)
    happened_on: Mapped[date] = mapped_column(Date, nullable=False)
    resident_id: Mapped[int | None] = mapped_column(
        ForeignKey("residents.id", ondelete="CASCADE"), index=True
    )
    household_id: Mapped[int] = mapped_column(
        ForeignKey("households.id", ondelete="CASCADE"), nullable=False, index=True
    )
    other_household_id: Mapped[int | None] = mapped_column(
        ForeignKey("households.id", ondelete="SET NULL"), index=True
    )
    other_code: Mapped[str | None] = mapped_column(
        CODE, ForeignKey("grids.code", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    place: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    part_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("population_changes.id", ondelete="CASCADE"), index=True
    )
    cancels_id: Mapped[int | None] = mapped_column(
        ForeignKey("population_changes.id", ondelete="CASCADE"), unique=True
    )
    before: Mapped[str | None] = mapped_column(Text)

    resident: Mapped[Resident | None] = relationship(Resident, lazy="raise_on_sql")
    household: Mapped[Household] = relationship(
        Household, lazy="raise_on_sql", foreign_keys=[household_id]
    )


class HomeVisit(InGrid, Row):
    """A visit to a household; ``needs`` and ``hazards`` are codes of closed lists, ``a;b``."""

    __tablename__ = "home_visits"
    resource: ClassVar[str | None] = "HomeVisit"
    constraints = (
        one_of("purpose", VISIT_PURPOSES),
        one_of("result", VISIT_RESULTS),
        Index(None, "visited_on", "id"),
    )

    household_id: Mapped[int] = mapped_column(
        ForeignKey("households.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    visited_on: Mapped[date] = mapped_column(Date, nullable=False)
    purpose: Mapped[str] = mapped_column(String(12), nullable=False, default="routine")
    result: Mapped[str] = mapped_column(String(12), nullable=False)
    needs: Mapped[str | None] = mapped_column(String(160))
    hazards: Mapped[str | None] = mapped_column(String(160))
    note: Mapped[str | None] = mapped_column(String(500))
    next_visit_on: Mapped[date | None] = mapped_column(Date)
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    visitor: Mapped[str] = mapped_column(String(80), nullable=False)

    household: Mapped[Household] = relationship(Household, lazy="raise_on_sql")


class CrossCheck(InGrid, Row):
    """A question of one grid to another (信息反馈协查), once on each side.

    The row of the asking grid (``sent``) knows whom it is about; that of the asked grid
    (``received``) holds the words of the question only. ``other_code`` is the other side's grid.
    """

    __tablename__ = "cross_checks"
    resource: ClassVar[str | None] = "CrossCheck"
    constraints = (
        one_of("side", CHECK_SIDES),
        one_of("state", CHECK_STATES),
        one_of("outcome", CHECK_OUTCOMES),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered"),
        CheckConstraint(
            "side = 'sent' OR (resident_id IS NULL AND household_id IS NULL)", name="words_only"
        ),
        Index(None, "grid_code", "state", "reply_by"),
    )

    side: Mapped[str] = mapped_column(String(8), nullable=False)
    twin_id: Mapped[int | None] = mapped_column(Integer, unique=True)
    other_code: Mapped[str] = mapped_column(
        CODE,
        ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    )
    resident_id: Mapped[int | None] = mapped_column(
        ForeignKey("residents.id", ondelete="SET NULL"), index=True
    )
    household_id: Mapped[int | None] = mapped_column(
        ForeignKey("households.id", ondelete="SET NULL"), index=True
    )
    subject: Mapped[str] = mapped_column(String(120), nullable=False)
    question: Mapped[str] = mapped_column(String(500), nullable=False)
    asked_by: Mapped[str] = mapped_column(String(80), nullable=False)
    reply_by: Mapped[date] = mapped_column(Date, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False, default="open")
    outcome: Mapped[str | None] = mapped_column(String(8))
    answer: Mapped[str | None] = mapped_column(String(500))
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None] = mapped_column(INSTANT)

    resident: Mapped[Resident | None] = relationship(Resident, lazy="raise_on_sql")
    household: Mapped[Household | None] = relationship(Household, lazy="raise_on_sql")
    other: Mapped[Any] = relationship("Grid", foreign_keys=[other_code], lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.subject
