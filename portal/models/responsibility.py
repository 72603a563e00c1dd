"""Responsibility (责任认定): drafted by the round, heard, then decided; nothing of it is public."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import InGrid, Row, one_of
from portal.models.matter import Confidential
from portal.models.matter_choices import (
    ORDER_LEVELS,
    RESPONSIBILITY_DECIDERS,
    RESPONSIBILITY_STATES,
    VISIBILITIES,
)
from portal.models.types import INSTANT


class ResponsibilityDraft(Confidential, InGrid, Row):
    """That an order was over by half of its limit while one person had it: once for both.

    ``number`` is that of the order, ``user_id`` the person concerned, who is heard until
    ``hear_by``. ``decider``: the station; where the person belongs to it, a leader.
    """

    __tablename__ = "responsibility_drafts"
    resource: ClassVar[str | None] = "ResponsibilityDraft"
    of_one_person: ClassVar[bool] = True
    constraints = (
        one_of("state", RESPONSIBILITY_STATES),
        one_of("decider", RESPONSIBILITY_DECIDERS),
        one_of("visibility", VISIBILITIES),
        one_of("level", ORDER_LEVELS),
        CheckConstraint("state <> 'heard' OR statement IS NOT NULL", name="heard"),
        CheckConstraint(
            "(state IN ('recorded', 'not_recorded')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint("decided_at IS NULL OR reason IS NOT NULL", name="reasoned"),
        CheckConstraint("decided_by_id <> user_id", name="not_oneself"),
        UniqueConstraint("order_id", "user_id"),
    )

    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT"), nullable=False
    )
    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    number: Mapped[str] = mapped_column(String(40), nullable=False)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id", ondelete="SET NULL"), index=True
    )
    due_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    drafted_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    hear_by: Mapped[date] = mapped_column(Date, nullable=False)
    decider: Mapped[str] = mapped_column(String(8), nullable=False, default="station")
    state: Mapped[str] = mapped_column(String(12), nullable=False, default="open")
    statement: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime | None] = mapped_column(INSTANT)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(INSTANT)

    def __str__(self) -> str:
        return self.number


DECIDED: tuple[Any, ...] = ("recorded", "not_recorded")
