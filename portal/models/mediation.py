"""Mediation files (调解卷宗): one for a dispute that is mediated, with all that belongs in it.

People's Mediation Law 27 (a file for each case), 28 (oral agreements are recorded), 31 (performance
is followed up), 33 (joint application for confirmation within 30 days). Parties, what was said and
what was promised are sealed; a file shows to those who handle it (``rules/confidential.py``).
"""

from datetime import date, datetime
from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.case_choices import (
    AGREEMENT_FORMS,
    CONFIRMATIONS,
    MEDIATION_OUTCOMES,
    NOTICES,
    PARTY_ROLES,
    PERFORMANCES,
)
from portal.models.matter import Confidential, MatterCategory
from portal.models.matter_choices import CAUSES, ORDER_LEVELS
from portal.models.types import INSTANT, EncryptedText
from portal.models.work_order import WorkOrder

PARTY_NAME = "mediation_parties.name"
PARTY_CONTACT = "mediation_parties.contact"
SESSION_RECORD = "mediation_sessions.record"
TERM_TEXT = "mediation_terms.text"
REQUEST = "mediation_files.request"
RESOURCE = "MediationFile"


class MediationFile(Confidential, InGrid, Row):
    """The file of a dispute; its category, summary and level are those of the order.

    ``confirm_by``: the last day for the joint application to the court. ``told_ways``: which other
    ways those were told of who did not agree.
    """

    __tablename__ = "mediation_files"
    resource: ClassVar[str | None] = RESOURCE
    sensitive: ClassVar[tuple[str, ...]] = ("request",)
    constraints = (
        one_of("cause", CAUSES),
        one_of("outcome", MEDIATION_OUTCOMES),
        one_of("agreement_form", AGREEMENT_FORMS),
        one_of("confirmation", CONFIRMATIONS),
        one_of("level", ORDER_LEVELS),
        CheckConstraint("visibility = 'restricted'", name="visibility"),
        CheckConstraint("(outcome = 'open') = (ended_on IS NULL)", name="ended"),
        CheckConstraint("(outcome = 'agreed') = (agreement_form IS NOT NULL)", name="agreed"),
        CheckConstraint("(outcome = 'agreed') = (confirm_by IS NOT NULL)", name="confirm_by"),
        CheckConstraint("(confirm_by IS NULL) = (confirmation IS NULL)", name="confirming"),
        CheckConstraint(
            "(confirmation IN ('applied', 'confirmed', 'refused')) = (applied_on IS NOT NULL)"
            " OR confirmation IS NULL",
            name="applied",
        ),
        CheckConstraint("outcome <> 'not_agreed' OR told_ways IS NOT NULL", name="told"),
        Index(None, "opened_on", "id"),
        Index(None, "confirmation", "confirm_by"),
    )

    number: Mapped[str] = mapped_column(String(48), nullable=False, unique=True)
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
    cause: Mapped[str | None] = mapped_column(String(16))
    request: Mapped[str | None] = mapped_column(EncryptedText(REQUEST))
    opened_on: Mapped[date] = mapped_column(Date, nullable=False)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False, default="open")
    ended_on: Mapped[date | None] = mapped_column(Date)
    told_ways: Mapped[str | None] = mapped_column(String(400))
    agreement_form: Mapped[str | None] = mapped_column(String(8))
    confirm_by: Mapped[date | None] = mapped_column(Date)
    confirmation: Mapped[str | None] = mapped_column(String(12))
    applied_on: Mapped[date | None] = mapped_column(Date)

    work_order: Mapped[WorkOrder] = relationship(WorkOrder, lazy="raise_on_sql")
    category: Mapped[MatterCategory] = relationship(MatterCategory, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.number


def _file() -> Mapped[int]:
    return mapped_column(
        ForeignKey("mediation_files.id", ondelete="RESTRICT"), nullable=False, index=True
    )


class MediationMediator(Model):
    """An account that mediates in a file."""

    __tablename__ = "mediation_mediators"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("mediation_files.id", ondelete="CASCADE"), nullable=False
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )

    user: Mapped[Any] = relationship(User, lazy="raise_on_sql")

    __table_args__: Any = (PrimaryKeyConstraint("file_id", "user_id"), Index(None, "user_id"))


class MediationParty(Row):
    """Somebody whom the dispute is about, or who speaks for them; ``seq`` counts within a file."""

    __tablename__ = "mediation_parties"
    resource: ClassVar[str | None] = RESOURCE
    sensitive: ClassVar[tuple[str, ...]] = ("name", "contact")

    file_id: Mapped[int] = _file()
    seq: Mapped[int] = mapped_column(Integer, nullable=False)
    role: Mapped[str] = mapped_column(String(12), nullable=False)
    name: Mapped[str] = mapped_column(EncryptedText(PARTY_NAME), nullable=False)
    contact: Mapped[str | None] = mapped_column(EncryptedText(PARTY_CONTACT))

    __table_args__: Any = (UniqueConstraint("file_id", "seq"), one_of("role", PARTY_ROLES))

    def __str__(self) -> str:
        return f"mediation_parties {self.file_id}/{self.seq}"


class MediationSession(Row):
    """A meeting of the parties: planned while nothing is recorded. ``others``: who else came."""

    __tablename__ = "mediation_sessions"
    resource: ClassVar[str | None] = RESOURCE
    sensitive: ClassVar[tuple[str, ...]] = ("record",)

    file_id: Mapped[int] = _file()
    held_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    place: Mapped[str] = mapped_column(String(120), nullable=False)
    others: Mapped[str | None] = mapped_column(String(200))
    record: Mapped[str | None] = mapped_column(EncryptedText(SESSION_RECORD))

    __table_args__: Any = (Index(None, "held_at", "file_id"),)

    def __str__(self) -> str:
        return f"mediation_sessions {self.id}"


class MediationAttendance(Model):
    """That a party was there."""

    __tablename__ = "mediation_attendances"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("mediation_sessions.id", ondelete="CASCADE"), nullable=False
    )
    party_id: Mapped[int] = mapped_column(
        ForeignKey("mediation_parties.id", ondelete="RESTRICT"), nullable=False
    )

    __table_args__: Any = (PrimaryKeyConstraint("session_id", "party_id"),)


class MediationTerm(Row):
    """One promise of an agreement: who, what, by when; and what became of it."""

    __tablename__ = "mediation_terms"
    resource: ClassVar[str | None] = RESOURCE
    sensitive: ClassVar[tuple[str, ...]] = ("text", "note")

    file_id: Mapped[int] = _file()
    seq: Mapped[int] = mapped_column(Integer, nullable=False)
    party_id: Mapped[int | None] = mapped_column(
        ForeignKey("mediation_parties.id", ondelete="RESTRICT")
    )
    text: Mapped[str] = mapped_column(EncryptedText(TERM_TEXT), nullable=False)
    due_on: Mapped[date | None] = mapped_column(Date)
    performance: Mapped[str | None] = mapped_column(String(8))
    checked_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(EncryptedText("mediation_terms.note"))

    __table_args__: Any = (
        UniqueConstraint("file_id", "seq"),
        one_of("performance", PERFORMANCES),
        CheckConstraint("(performance IS NULL) = (checked_on IS NULL)", name="checked"),
        Index(None, "due_on", "file_id"),
    )

    def __str__(self) -> str:
        return f"mediation_terms {self.file_id}/{self.seq}"


class CaseNotice(Model):
    """That people were reminded of a day of a matter: once for each, whoever runs the round.

    ``ref`` is the key of what the day belongs to where a matter has several, else 0.
    """

    __tablename__ = "case_notices"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="CASCADE"), nullable=False
    )
    kind: Mapped[str] = mapped_column(String(16), nullable=False)
    ref: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    due_on: Mapped[date] = mapped_column(Date, nullable=False)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)

    __table_args__: Any = (
        UniqueConstraint("matter_id", "kind", "ref", "due_on"),
        one_of("kind", NOTICES),
    )
