"""Matters (P4, P6 a–b): what somebody found, asked for or complained of, and its categories."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    event,
    false,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from portal import clock
from portal.models.account import AccountGrant
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.matter_choices import (
    CAUSES,
    CHANNELS,
    LEADS_OF,
    MATTER_KINDS,
    ORDER_LEVELS,
    PARTS,
    ROUTES,
    URGENCIES,
    VISIBILITIES,
)
from portal.models.register import terms_index
from portal.models.team import Post, Worker
from portal.models.types import CODE, INSTANT, EncryptedText

REPORTER_PLACE = "matters.reporter_name"
CONTACT_PLACE = "matters.reporter_contact"
OUTSIDE = text("outside")


class MatterCategory(Row):
    """A line of the catalogue: what a matter is about, and what follows from that.

    A line without ``parent_code`` is a group. ``route`` says what becomes of it, ``convert_to``
    into which kind a letter or finding turns.
    """

    __tablename__ = "matter_categories"
    resource: ClassVar[str | None] = "MatterCategory"
    search_source: ClassVar[tuple[str, ...]] = ("name", "code", "name_en")

    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    code: Mapped[str] = mapped_column(String(12), nullable=False, unique=True)
    parent_code: Mapped[str | None] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    name_en: Mapped[str | None] = mapped_column(String(60))
    lead: Mapped[str] = mapped_column(String(12), nullable=False)
    urgency: Mapped[str] = mapped_column(String(10), nullable=False, default="normal")
    visibility: Mapped[str] = mapped_column(String(10), nullable=False, default="normal")
    route: Mapped[str] = mapped_column(String(8), nullable=False, default="handle")
    convert_to: Mapped[str | None] = mapped_column(String(12))
    cause: Mapped[str | None] = mapped_column(String(16))
    common: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    in_use: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    note: Mapped[str | None] = mapped_column(String(200))
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    __table_args__ = (
        one_of("kind", MATTER_KINDS),
        one_of("lead", LEADS_OF),
        one_of("urgency", URGENCIES),
        one_of("visibility", VISIBILITIES),
        one_of("route", ROUTES),
        one_of("convert_to", MATTER_KINDS),
        one_of("cause", CAUSES),
        CheckConstraint("(route = 'convert') = (convert_to IS NOT NULL)", name="convert"),
        Index(None, "kind", "code"),
    )

    def __str__(self) -> str:
        return self.name


class Confidential:
    """Mixin for rows that not everybody of their grid sees (``rules/confidential.py``).

    ``about_user_id``: the account of the worker whom a complaint is about. ``level``: the level
    that has the matter now; who leads below it does not see what is restricted.
    """

    visibility: Mapped[str] = mapped_column(String(10), nullable=False, default="normal")
    level: Mapped[str] = mapped_column(String(10), nullable=False, default="cell")
    about_user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


class Matter(Confidential, InGrid, Row):
    """What was found or asked for. Who reported it may be named, and can be searched by nobody.

    ``form_key``: made by the form that was sent, so that a form sent twice makes one matter.
    ``crowd``: five people or ten households are concerned, which makes it major.
    ``converted_from``: the kind that it came in as, where it turned into another one.
    ``outside_key``: community and ``outside_number``, so that a number of 12345 or of a superior
    is one matter; empty where the import that brought it was taken back. ``outside_due_at``: by
    when they want it answered, whoever else gets it.
    """

    __tablename__ = "matters"
    resource: ClassVar[str | None] = "Matter"
    sensitive: ClassVar[tuple[str, ...]] = ("reporter_name", "reporter_contact")
    search_source: ClassVar[tuple[str, ...]] = ("summary", "number", "place")
    search_indexed: ClassVar[bool] = True
    constraints = (
        one_of("kind", MATTER_KINDS),
        one_of("channel", CHANNELS),
        one_of("urgency", URGENCIES),
        one_of("visibility", VISIBILITIES),
        one_of("level", ORDER_LEVELS),
        one_of("converted_from", MATTER_KINDS),
        CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="position"),
        CheckConstraint("about_worker_id IS NULL OR kind = 'complaint'", name="about"),
        Index(None, "reported_at", "id"),
        Index(None, "category_id", "place"),
        Index(None, "outside_key", unique=True),
        terms_index("matters"),
    )

    number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("matter_categories.id", ondelete="RESTRICT"), nullable=False
    )
    summary: Mapped[str] = mapped_column(String(200), nullable=False)
    detail: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(String(120))
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    reported_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    channel: Mapped[str] = mapped_column(String(16), nullable=False)
    urgency: Mapped[str] = mapped_column(String(10), nullable=False)
    crowd: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    reporter_name: Mapped[str | None] = mapped_column(EncryptedText(REPORTER_PLACE))
    reporter_contact: Mapped[str | None] = mapped_column(EncryptedText(CONTACT_PLACE))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    about_worker_id: Mapped[int | None] = mapped_column(
        ForeignKey("workers.id", ondelete="RESTRICT"), index=True
    )
    unit: Mapped[str | None] = mapped_column(String(80))
    outside_number: Mapped[str | None] = mapped_column(String(60))
    outside_due_at: Mapped[datetime | None] = mapped_column(INSTANT)
    converted_from: Mapped[str | None] = mapped_column(String(12))
    outside_key: Mapped[str | None] = mapped_column(String(80))
    form_key: Mapped[str | None] = mapped_column(String(40), unique=True)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    category: Mapped[MatterCategory] = relationship(MatterCategory, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.number


class MatterPerson(Model):
    """That an account has something to do with a matter, and what.

    ``outside``: the matter may lie outside of the grids of the account, which sees it all the same.
    Few people have such rows, and only for them it is asked which.
    """

    __tablename__ = "matter_people"

    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="CASCADE"), nullable=False
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )
    part: Mapped[str] = mapped_column(String(12), nullable=False)
    outside: Mapped[bool] = mapped_column(
        Boolean, nullable=False, default=False, server_default=false()
    )

    __table_args__: Any = (
        PrimaryKeyConstraint("matter_id", "user_id", "part"),
        one_of("part", PARTS),
        Index(None, "user_id", "matter_id"),
        Index("ix_matter_people_outside", "user_id", sqlite_where=OUTSIDE,
              postgresql_where=OUTSIDE),
    )  # fmt: skip


def _moved(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """Another post, another place: what the account takes part in may now lie elsewhere."""
    people = MatterPerson.__table__
    user = row.user_id if isinstance(row, AccountGrant) else (
        select(Worker.user_id).where(Worker.id == row.worker_id).scalar_subquery()
    )  # fmt: skip
    connection.execute(update(people).where(people.c.user_id == user).values(outside=True))


for _model in (Post, AccountGrant):
    for _when in ("after_update", "after_delete"):
        event.listen(_model, _when, _moved)


class MatterPhoto(Model):
    """A picture of a matter; the file is named after its content (``rules/matter_photos.py``)."""

    __tablename__ = "matter_photos"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True
    )
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    width: Mapped[int] = mapped_column(Integer, nullable=False)
    height: Mapped[int] = mapped_column(Integer, nullable=False)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)


class MatterCounter(Model):
    """The last number that was given within a community on a day."""

    __tablename__ = "matter_counters"

    community: Mapped[str] = mapped_column(CODE, nullable=False)
    day: Mapped[date] = mapped_column(Date, nullable=False)
    last: Mapped[int] = mapped_column(Integer, nullable=False)

    __table_args__: Any = (PrimaryKeyConstraint("community", "day"),)
