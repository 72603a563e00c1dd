"""Petition matters (信访事项, P8.2): what the authority owes and by when, and who files for whom.

The days are those of the authority that has to decide (Regulation on petitions 22-23, 34-36): they
bind it, not the community. A petition is a matter; nothing here says who petitioned.
"""

from datetime import date
from typing import ClassVar

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import InGrid, Row, one_of
from portal.models.case_choices import OWED
from portal.models.matter import Confidential, MatterCategory
from portal.models.matter_choices import ORDER_LEVELS, VISIBILITIES
from portal.models.work_order import WorkOrder

# What an accusation is not recorded beyond: its date and where it went (Regulation 30).
BEYOND = (
    "received_on", "notice_on", "objected_on", "accepted_on", "extended_on", "answered_on",
    "review_asked_on", "review_answered_on", "second_asked_on", "second_answered_on",
    "agent_id", "mandate_on", "mandate_file",
)  # fmt: skip


class PetitionCase(Confidential, InGrid, Row):
    """The authority's side of a petition, and the agency of a worker (信访代理).

    ``owed`` and ``owed_by``: what the authority owes next and its last day, as the days on record
    say. ``claim``: a claim under article 31 (6), which has 60 days for the answer.
    """

    __tablename__ = "petition_cases"
    resource: ClassVar[str | None] = "PetitionCase"
    constraints = (
        one_of("visibility", VISIBILITIES),
        one_of("level", ORDER_LEVELS),
        one_of("owed", OWED),
        CheckConstraint("(owed IS NULL) = (owed_by IS NULL)", name="owed_by"),
        CheckConstraint(
            "NOT accusation OR (" + " AND ".join(f"{name} IS NULL" for name in BEYOND) + ")",
            name="accusation",
        ),
        CheckConstraint("NOT (accusation AND claim)", name="claim"),
        CheckConstraint("notice_on IS NULL OR received_on IS NOT NULL", name="notice"),
        CheckConstraint("answered_on IS NULL OR accepted_on IS NOT NULL", name="answer"),
        CheckConstraint("extended_on IS NULL OR (claim AND accepted_on IS NOT NULL)",
                        name="extension"),
        CheckConstraint("review_asked_on IS NULL OR answered_on IS NOT NULL", name="review"),
        CheckConstraint("review_answered_on IS NULL OR review_asked_on IS NOT NULL",
                        name="reviewed"),
        CheckConstraint("second_asked_on IS NULL OR review_answered_on IS NOT NULL",
                        name="second"),
        CheckConstraint("second_answered_on IS NULL OR second_asked_on IS NOT NULL",
                        name="seconded"),
        CheckConstraint("agent_id IS NULL OR mandate_on IS NOT NULL", name="mandate"),
        CheckConstraint("mandate_file IS NULL OR mandate_on IS NOT NULL", name="mandate_file"),
        Index(None, "owed_by", "id"),
    )  # fmt: skip

    number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="RESTRICT"), nullable=False, unique=True
    )
    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT"), nullable=False, unique=True
    )
    category_id: Mapped[int] = mapped_column(
        ForeignKey("matter_categories.id", ondelete="RESTRICT"), nullable=False
    )
    summary: Mapped[str] = mapped_column(String(200), nullable=False)
    accusation: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    claim: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    authority: Mapped[str | None] = mapped_column(String(80))
    handed_over_on: Mapped[date | None] = mapped_column(Date)
    received_on: Mapped[date | None] = mapped_column(Date)
    notice_on: Mapped[date | None] = mapped_column(Date)
    objected_on: Mapped[date | None] = mapped_column(Date)
    accepted_on: Mapped[date | None] = mapped_column(Date)
    extended_on: Mapped[date | None] = mapped_column(Date)
    answered_on: Mapped[date | None] = mapped_column(Date)
    review_asked_on: Mapped[date | None] = mapped_column(Date)
    review_answered_on: Mapped[date | None] = mapped_column(Date)
    second_asked_on: Mapped[date | None] = mapped_column(Date)
    second_answered_on: Mapped[date | None] = mapped_column(Date)
    owed: Mapped[str | None] = mapped_column(String(16))
    owed_by: Mapped[date | None] = mapped_column(Date)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    mandate_on: Mapped[date | None] = mapped_column(Date)
    mandate_file: Mapped[str | None] = mapped_column(String(80))

    work_order: Mapped[WorkOrder] = relationship(WorkOrder, lazy="raise_on_sql")
    category: Mapped[MatterCategory] = relationship(MatterCategory, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.number
