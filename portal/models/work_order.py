"""Work orders (工作单): how a matter is handled, its clock, its trace, its warnings (P4, P7)."""

from datetime import date, datetime
from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.matter import Confidential, Matter, MatterCategory
from portal.models.matter_choices import (
    ENDED,
    GRADES,
    MATTER_KINDS,
    ORDER_LEVELS,
    ORDER_STATES,
    OUTCOMES,
    SATISFACTIONS,
    SUPERVISION_STATES,
    SUSPENSIONS,
    URGENCIES,
    VISIBILITIES,
    WARNINGS,
)
from portal.models.register import terms_index
from portal.models.types import INSTANT

TO_WARN = text("next_warning_at IS NOT NULL")
# Something is still to be done.
STILL_OPEN = text("state NOT IN ('rejected', 'closed') AND NOT void AND merged_into_id IS NULL")
# Who sees an order, and whether its clock runs: what is open is counted without reading its rows.
COUNTED = ["about_user_id", "suspended_at", "state", "visibility", "level", "matter_id"]
# Drawn to be looked at again, or those concerned are to be asked, and nobody has.
TO_ASK = text(
    "state = 'closed' AND satisfaction IS NULL AND (to_sample OR return_visit_by IS NOT NULL)"
)
CLOSED = text("closed_at IS NOT NULL")
WARNED = text("warned IS NOT NULL")
SUSPENDED = text("suspended_at IS NOT NULL")
MERGED = text("merged_into_id IS NOT NULL")
MAJOR_HAZARD = text("kind = 'hazard' AND grade = 'major' AND closed_at IS NULL")
ASKED = text("asked_at IS NOT NULL")
IN_DANGER = text("control_due_at IS NOT NULL AND controlled_at IS NULL")


def _account() -> Mapped[int | None]:
    return mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


class WorkOrder(Confidential, InGrid, Row):
    """The handling of one matter. ``number``, ``kind``, ``category_id``, ``summary``, ``urgency``,
    ``visibility`` and ``about_user_id`` are those of the matter.

    ``due_at`` is what the present step must be done by: taking in, then the answer. The rounds
    look at ``next_warning_at`` alone: it is the next of ``yellow_at``, ``due_at`` and ``red_at``,
    and empty while the clock stands still. ``trail_count`` is the number of entries of the trace,
    ``trail_head`` a keyed hash of it and the last entry, so that a removed last one shows.

    ``told_unit`` and ``told_at``: who was told of what must be reported at once, and when.
    ``asked_days``: how many working days more are asked for, until somebody decides.
    ``outside_unit``: who it was handed to or sent on to; its clock is its own, and
    ``outside_due_at`` its day (that of 12345 is the matter's).
    """

    __tablename__ = "work_orders"
    resource: ClassVar[str | None] = "WorkOrder"
    search_source: ClassVar[tuple[str, ...]] = ("summary", "number")
    search_indexed: ClassVar[bool] = True
    constraints = (
        terms_index("work_orders"),
        one_of("kind", MATTER_KINDS),
        one_of("urgency", URGENCIES),
        one_of("visibility", VISIBILITIES),
        one_of("grade", GRADES),
        one_of("state", ORDER_STATES),
        one_of("level", ORDER_LEVELS),
        one_of("warned", WARNINGS),
        one_of("suspend_reason", SUSPENSIONS),
        one_of("satisfaction", SATISFACTIONS),
        one_of("outcome", OUTCOMES),
        CheckConstraint("state <> 'handed' OR outside_unit IS NOT NULL", name="handed"),
        CheckConstraint("(asked_at IS NULL) = (asked_days IS NULL)", name="asked"),
        CheckConstraint("(told_at IS NULL) = (told_unit IS NULL)", name="told"),
        CheckConstraint(
            "state NOT IN ('dispatched', 'handling', 'answered') OR assignee_id IS NOT NULL",
            name="assigned",
        ),
        CheckConstraint(
            "state NOT IN ('dispatched', 'handling', 'answered') OR grade IS NOT NULL",
            name="graded",
        ),
        CheckConstraint("(suspended_at IS NULL) = (suspend_reason IS NULL)", name="suspended"),
        Index("ix_work_orders_to_warn", "next_warning_at", sqlite_where=TO_WARN,
              postgresql_where=TO_WARN),
        Index("ix_work_orders_suspended", "suspended_until", sqlite_where=SUSPENDED,
              postgresql_where=SUSPENDED),
        Index("ix_work_orders_merged", "merged_into_id", sqlite_where=MERGED,
              postgresql_where=MERGED),
        Index("ix_work_orders_in_danger", "control_due_at", sqlite_where=IN_DANGER,
              postgresql_where=IN_DANGER),
        Index("ix_work_orders_major_hazards", "accepted_at", sqlite_where=MAJOR_HAZARD,
              postgresql_where=MAJOR_HAZARD),
        Index("ix_work_orders_open", "due_at", "id", sqlite_where=STILL_OPEN,
              postgresql_where=STILL_OPEN, postgresql_include=["grid_code", *COUNTED]),
        Index("ix_work_orders_open_here", "grid_code", "due_at", "id", sqlite_where=STILL_OPEN,
              postgresql_where=STILL_OPEN, postgresql_include=COUNTED),
        Index("ix_work_orders_closed", "closed_at", sqlite_where=CLOSED, postgresql_where=CLOSED),
        Index("ix_work_orders_to_ask", "grid_code", "return_visit_by", sqlite_where=TO_ASK,
              postgresql_where=TO_ASK),
        Index("ix_work_orders_asked", "grid_code", "due_at", "id", sqlite_where=ASKED,
              postgresql_where=ASKED),
        Index("ix_work_orders_warned", "warned", "due_at", sqlite_where=WARNED,
              postgresql_where=WARNED),
        Index(None, "due_at", "id"),
        Index(None, "reported_at", "id", "kind", "grid_code"),
        Index(None, "grid_code", "due_at", "id"),
        Index(None, "assignee_id", "state", "due_at"),
        Index(None, "state", "due_at", "id"),
        Index(None, "category_id", "id"),
    )  # fmt: skip

    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="RESTRICT"), nullable=False, unique=True
    )
    number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("matter_categories.id", ondelete="RESTRICT"), nullable=False
    )
    summary: Mapped[str] = mapped_column(String(200), nullable=False)
    urgency: Mapped[str] = mapped_column(String(10), nullable=False)
    crowd: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    grade: Mapped[str | None] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), nullable=False, default="reported")
    assignee_id: Mapped[int | None] = _account()
    dispatcher_id: Mapped[int | None] = _account()
    reported_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    accepted_at: Mapped[datetime | None] = mapped_column(INSTANT)
    level_since: Mapped[datetime | None] = mapped_column(INSTANT)
    answered_at: Mapped[datetime | None] = mapped_column(INSTANT)
    closed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    due_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    yellow_at: Mapped[datetime | None] = mapped_column(INSTANT)
    red_at: Mapped[datetime | None] = mapped_column(INSTANT)
    escalate_by: Mapped[datetime | None] = mapped_column(INSTANT)
    next_warning_at: Mapped[datetime | None] = mapped_column(INSTANT)
    warned: Mapped[str | None] = mapped_column(String(8))
    control_due_at: Mapped[datetime | None] = mapped_column(INSTANT)
    controlled_at: Mapped[datetime | None] = mapped_column(INSTANT)
    extended: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    asked_days: Mapped[int | None] = mapped_column(Integer)
    asked_reason: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime | None] = mapped_column(INSTANT)
    suspended_at: Mapped[datetime | None] = mapped_column(INSTANT)
    suspended_until: Mapped[date | None] = mapped_column(Date)
    suspend_reason: Mapped[str | None] = mapped_column(String(12))
    outside_unit: Mapped[str | None] = mapped_column(String(80))
    outside_due_at: Mapped[datetime | None] = mapped_column(INSTANT)
    outside_answered_at: Mapped[datetime | None] = mapped_column(INSTANT)
    told_unit: Mapped[str | None] = mapped_column(String(80))
    told_at: Mapped[datetime | None] = mapped_column(INSTANT)
    outcome: Mapped[str | None] = mapped_column(String(10))
    help_asked_at: Mapped[datetime | None] = mapped_column(INSTANT)
    analysis: Mapped[str | None] = mapped_column(Text)
    station_signed_id: Mapped[int | None] = _account()
    area_signed_id: Mapped[int | None] = _account()
    result: Mapped[str | None] = mapped_column(Text)
    settled: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    to_sample: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    return_visit_by: Mapped[date | None] = mapped_column(Date)
    satisfaction: Mapped[str | None] = mapped_column(String(10))
    reopened: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT")
    )
    void: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    trail_head: Mapped[str] = mapped_column(String(64), nullable=False, default="")
    trail_count: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    matter: Mapped[Matter] = relationship(Matter, lazy="raise_on_sql")
    category: Mapped[MatterCategory] = relationship(MatterCategory, lazy="raise_on_sql")
    assignee: Mapped[Any] = relationship(User, lazy="raise_on_sql", foreign_keys=[assignee_id])

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be done: ended, void, or part of another order."""
        return self.state in ENDED or self.void or self.merged_into_id is not None

    def __str__(self) -> str:
        return self.number


class TraceEntry(Model):
    """One step of an order, never changed: by code, and by a trigger.

    ``mac`` is a keyed hash of this entry and of the one before (``rules/trace.py``).
    """

    __tablename__ = "trace_entries"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT"), nullable=False
    )
    seq: Mapped[int] = mapped_column(Integer, nullable=False)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    actor_name: Mapped[str] = mapped_column(String(80), nullable=False)
    move: Mapped[str] = mapped_column(String(16), nullable=False)
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12), nullable=False)
    note: Mapped[str | None] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text, nullable=False, default="{}")
    mac: Mapped[str] = mapped_column(String(64), nullable=False)

    __table_args__: Any = (UniqueConstraint("order_id", "seq"),)


class OrderWarning(Model):
    """That an order was warned of: once for each kind and deadline, whoever runs the round."""

    __tablename__ = "order_warnings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="CASCADE"), nullable=False
    )
    kind: Mapped[str] = mapped_column(String(8), nullable=False)
    due_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)

    __table_args__: Any = (UniqueConstraint("order_id", "kind", "due_at"), one_of("kind", WARNINGS))


class SupervisionOrder(Confidential, InGrid, Row):
    """督办单: written by the round when an order is over by half of its limit.

    ``due_at`` is the deadline that was missed: one supervision order for each.
    """

    __tablename__ = "supervision_orders"
    resource: ClassVar[str | None] = "SupervisionOrder"
    constraints = (
        one_of("state", SUPERVISION_STATES),
        one_of("visibility", VISIBILITIES),
        one_of("level", ORDER_LEVELS),
        UniqueConstraint("order_id", "due_at"),
    )

    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT"), nullable=False
    )
    number: Mapped[str] = mapped_column(String(48), nullable=False, unique=True)
    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    made_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    due_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False, default="open")
    signed_by: Mapped[str | None] = mapped_column(String(80))
    signed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    reply: Mapped[str | None] = mapped_column(Text)

    work_order: Mapped[WorkOrder] = relationship(WorkOrder, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.number
