"""What the portal writes about its own doings: audit, imports, issued documents."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
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
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row
from portal.models.types import CODE, INSTANT

MANY = text("rows IS NOT NULL")


class AuditEntry(Model):
    """One change or one opening of a sensitive value; append-only, by code and by trigger."""

    __tablename__ = "audit_entries"
    resource: ClassVar[str | None] = "AuditEntry"
    scope_column: ClassVar[str | None] = None
    scope_above: ClassVar[bool] = False
    sensitive: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(16), nullable=False)
    table_name: Mapped[str] = mapped_column(String(40), nullable=False)
    row_id: Mapped[int | None] = mapped_column(Integer)
    row_label: Mapped[str | None] = mapped_column(String(120))
    grid_code: Mapped[str | None] = mapped_column(CODE)
    changes: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(200))
    request_id: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(45))

    __table_args__ = (Index(None, "table_name", "row_id"), Index(None, "actor", "at"))


class ImportBatch(Row):
    """One run of an import, with its report; ``undone_at`` once it was taken back.

    ``grid_code``: the smallest grid around what it could write; who sees it: ``rules/listed.py``.
    """

    __tablename__ = "import_batches"
    resource: ClassVar[str | None] = "ImportBatch"

    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    file_name: Mapped[str] = mapped_column(String(200), nullable=False)
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    grid_code: Mapped[str | None] = mapped_column(CODE)
    rows: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    created: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    updated: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    failed: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    report: Mapped[str | None] = deferred(mapped_column(Text))
    undone_at: Mapped[datetime | None] = mapped_column(INSTANT)


class ImportChange(Model):
    """What a batch did to a row: enough to take it back, and to see that it changed since.

    ``rows``: new rows of one table, many in one entry (``rules/imports/memory.py``), with keys from
    ``row_id`` to ``last_id``; otherwise the entry is about the row ``row_id`` alone.
    """

    __tablename__ = "import_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[int] = mapped_column(
        ForeignKey("import_batches.id", ondelete="CASCADE"), nullable=False, index=True
    )
    table_name: Mapped[str] = mapped_column(String(40), nullable=False)
    row_id: Mapped[int] = mapped_column(Integer, nullable=False)
    label: Mapped[str] = mapped_column(String(120), nullable=False)
    before: Mapped[str | None] = mapped_column(Text)
    row_version: Mapped[int] = mapped_column(Integer, nullable=False)
    rows: Mapped[str | None] = mapped_column(Text)
    last_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("(rows IS NULL) = (last_id IS NULL)", name="rows"),
        CheckConstraint("rows IS NULL OR before IS NULL", name="new_rows"),
        Index(None, "table_name", "row_id"),
        Index(
            "ix_import_changes_rows", "table_name", "last_id",
            sqlite_where=MANY, postgresql_where=MANY,
        ),
    )  # fmt: skip

    batch: Mapped[ImportBatch] = relationship(ImportBatch)


class ImportMapping(Model):
    """How somebody last said which columns of their files are which of ours, per kind (JSON)."""

    __tablename__ = "import_mappings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    mapping: Mapped[str] = mapped_column(Text, nullable=False)

    __table_args__ = (UniqueConstraint("user_id", "kind"),)


class IssuedDocument(InGrid, Row):
    """A document as it was issued: numbered, hashed, superseded by a later one, never changed."""

    __tablename__ = "issued_documents"
    resource: ClassVar[str | None] = "IssuedDocument"
    constraints = (
        UniqueConstraint("grid_code", "kind", "subject", "size", "lang", "issue_no"),
        CheckConstraint("issue_no > 0", name="issue_no"),
    )

    kind: Mapped[str] = mapped_column(String(24), nullable=False)
    # What of the grid it is about, where that is not all of it: a post of its manual.
    subject: Mapped[str] = mapped_column(String(24), nullable=False, default="", server_default="")
    size: Mapped[str] = mapped_column(String(8), nullable=False)
    lang: Mapped[str] = mapped_column(String(12), nullable=False)
    number: Mapped[str] = mapped_column(String(60), nullable=False)
    issue_no: Mapped[int] = mapped_column(Integer, nullable=False)
    content_hash: Mapped[str] = mapped_column(String(64), nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    issued_on: Mapped[date] = mapped_column(Date, nullable=False)
    pages: Mapped[int] = mapped_column(Integer, nullable=False)
    path: Mapped[str] = mapped_column(String(200), nullable=False)

    def __str__(self) -> str:
        return self.number
