"""Units that owe a municipal service (市政服务), and each problem that was handed to one (P3, P7).

A unit's time is its own: it is shown apart and never held against the community. What is rated is
the unit, from its own rows; no person is.
"""

from datetime import date
from typing import Any, ClassVar

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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import InGrid, Row
from portal.models.organisations import Organisation
from portal.models.types import EncryptedText
from portal.models.work_order import WorkOrder

UNIT_PHONE = "municipal_units.contact_phone"


class MunicipalUnit(InGrid, Row):
    """A unit with what it owes (one service a line), for a grid and everything below it."""

    __tablename__ = "municipal_units"
    resource: ClassVar[str | None] = "MunicipalUnit"
    scope_above: ClassVar[bool] = True
    sensitive: ClassVar[tuple[str, ...]] = ("contact_phone",)
    search_source: ClassVar[tuple[str, ...]] = ("name", "services", "contact")
    constraints = (UniqueConstraint("grid_code", "name"), Index(None, "name", "id"))

    name: Mapped[str] = mapped_column(String(80), nullable=False)
    services: Mapped[str] = mapped_column(Text, nullable=False)
    contact: Mapped[str | None] = mapped_column(String(60))
    contact_phone: Mapped[str | None] = mapped_column(EncryptedText(UNIT_PHONE))
    in_use: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    def __str__(self) -> str:
        return self.name


class UnitCase(Row):
    """A municipal-service problem in the hands of a unit, or of a property company. It is reached
    through its order alone.

    ``due_on``: the unit's last day, anew after a re-check that found it not put right. ``on_time``
    and ``right_first`` are judged once, by the first answer and the first re-check; ``failed``
    counts the re-checks that found it not put right.
    """

    __tablename__ = "unit_cases"
    resource: ClassVar[str | None] = "WorkOrder"
    __table_args__: Any = (
        CheckConstraint("(unit_id IS NULL) <> (organisation_id IS NULL)", name="unit"),
        CheckConstraint("answered_on IS NULL OR on_time IS NOT NULL", name="answered"),
        CheckConstraint("(rechecked_on IS NULL) = (right_first IS NULL)", name="rechecked"),
        CheckConstraint("done_on IS NULL OR rechecked_on IS NOT NULL", name="done"),
        Index(None, "unit_id", "handed_on"),
        Index(None, "organisation_id", "handed_on"),
    )

    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="RESTRICT"), nullable=False, unique=True
    )
    order_id: Mapped[int] = mapped_column(
        ForeignKey("work_orders.id", ondelete="RESTRICT"), nullable=False, unique=True
    )
    unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("municipal_units.id", ondelete="RESTRICT")
    )
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="RESTRICT")
    )
    handed_on: Mapped[date] = mapped_column(Date, nullable=False)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    answered_on: Mapped[date | None] = mapped_column(Date)
    on_time: Mapped[bool | None] = mapped_column(Boolean)
    rechecked_on: Mapped[date | None] = mapped_column(Date)
    right_first: Mapped[bool | None] = mapped_column(Boolean)
    failed: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    done_on: Mapped[date | None] = mapped_column(Date)

    work_order: Mapped[WorkOrder] = relationship(WorkOrder, lazy="raise_on_sql")
    unit: Mapped[Any] = relationship(MunicipalUnit, lazy="raise_on_sql")
    organisation: Mapped[Any] = relationship(Organisation, lazy="raise_on_sql")

    def __str__(self) -> str:
        return f"unit_cases {self.order_id}"
