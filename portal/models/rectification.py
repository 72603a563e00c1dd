"""Hazards put right (整改) and checked again (复查): what the order of a hazard holds beside."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model, one_of
from portal.models.matter_choices import RECHECKS
from portal.models.types import INSTANT

TO_RECHECK = text("righted_at IS NOT NULL AND rechecked_at IS NULL")


class Rectification(Model):
    """Who puts a hazard right, what is to be done and by when; then that it was done, and what the
    re-check found. One for an order; what went before stands in the trace.

    A re-check that is not good empties what was put right; ``rechecked_at`` and ``recheck_result``
    tell of it until it is put right again. Whoever checks again is not who put it right.
    """

    __tablename__ = "rectifications"

    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    responsible: Mapped[str] = mapped_column(String(80), nullable=False)
    what: Mapped[str] = mapped_column(Text, nullable=False)
    right_by: Mapped[date] = mapped_column(Date, nullable=False)
    ordered_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    ordered_by: Mapped[str] = mapped_column(String(80), nullable=False)
    righted_at: Mapped[datetime | None] = mapped_column(INSTANT)
    righted_by: Mapped[str | None] = mapped_column(String(80))
    righted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    recheck_on: Mapped[date | None] = mapped_column(Date)
    rechecked_at: Mapped[datetime | None] = mapped_column(INSTANT)
    rechecked_by: Mapped[str | None] = mapped_column(String(80))
    rechecked_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id", ondelete="SET NULL")
    )
    recheck_result: Mapped[str | None] = mapped_column(String(4))

    __table_args__: Any = (
        one_of("recheck_result", RECHECKS),
        CheckConstraint("(righted_at IS NULL) = (recheck_on IS NULL)", name="righted"),
        CheckConstraint("(rechecked_at IS NULL) = (recheck_result IS NULL)", name="rechecked"),
        CheckConstraint(
            "recheck_result IS NULL OR (recheck_result = 'good') = (righted_at IS NOT NULL)",
            name="good",
        ),
        CheckConstraint(
            "righted_by_id IS NULL OR rechecked_by_id IS NULL OR righted_by_id <> rechecked_by_id",
            name="two_people",
        ),
        Index(
            "ix_rectifications_to_recheck",
            "recheck_on",
            sqlite_where=TO_RECHECK,
            postgresql_where=TO_RECHECK,
        ),
    )

    @property
    def is_righted(self) -> bool:
        """Whether it was put right, checked again or not."""
        return self.righted_at is not None

    @property
    def awaits_recheck(self) -> bool:
        """Whether somebody else is still to look at it again."""
        return self.righted_at is not None and self.rechecked_at is None
