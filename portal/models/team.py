"""Workers, the posts they hold, the catalogue of posts, teams and the leading group (P2)."""

from datetime import date
from typing import ClassVar

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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.models.account import User
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.choices import BASES, ORIGINS, POST_LEVELS, TEAM_KINDS
from portal.models.files import Photo
from portal.models.types import EncryptedText, blind_index, indexed

PHONE_PLACE = "workers.phone"


class Worker(InGrid, Row):
    """A person who serves a grid. ``phone`` is private: encrypted, masked, opened with a reason."""

    __tablename__ = "workers"
    resource: ClassVar[str | None] = "Worker"
    sensitive: ClassVar[tuple[str, ...]] = ("phone",)
    search_source: ClassVar[tuple[str, ...]] = ("name", "number", "public_phone")
    search_people: ClassVar[bool] = True
    constraints = (
        one_of("origin", ORIGINS),
        CheckConstraint(
            "public_consent_on IS NOT NULL OR portrait IS NULL",
            name="portrait_by_consent",
        ),
    )

    name: Mapped[str] = mapped_column(String(60), nullable=False)
    number: Mapped[str | None] = mapped_column(String(30), unique=True)
    phone: Mapped[str | None] = mapped_column(EncryptedText(PHONE_PLACE))
    phone_index: Mapped[str | None] = mapped_column(
        String(64), index=True, info=indexed("phone", PHONE_PLACE)
    )
    public_phone: Mapped[str | None] = mapped_column(String(30))
    public_consent_on: Mapped[date | None] = mapped_column(Date)
    portrait: Mapped[int | None] = mapped_column(Integer)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photos.id", ondelete="SET NULL"))
    origin: Mapped[str] = mapped_column(String(24), nullable=False)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id", ondelete="SET NULL"), unique=True
    )
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    user: Mapped[User | None] = relationship(User, lazy="raise_on_sql")
    photo: Mapped[Photo | None] = relationship(Photo, lazy="raise_on_sql")
    posts: Mapped[list["Post"]] = relationship(
        "Post", back_populates="worker", passive_deletes="all"
    )

    @validates("phone")
    def _index_phone(self, name: str, value: str | None) -> str | None:
        self.phone_index = blind_index(PHONE_PLACE, value)
        return value

    def __str__(self) -> str:
        return self.name


class PostRole(Row):
    """One line of the catalogue of posts: what it is called, who answers, which account role."""

    __tablename__ = "post_roles"
    resource: ClassVar[str | None] = "PostRole"

    code: Mapped[str] = mapped_column(String(24), nullable=False, unique=True)
    level: Mapped[str] = mapped_column(String(12), nullable=False)
    name_zh: Mapped[str] = mapped_column(String(60), nullable=False)
    name_en: Mapped[str] = mapped_column(String(60), nullable=False)
    account_role: Mapped[str | None] = mapped_column(String(24))
    min_count: Mapped[int] = mapped_column(Integer, nullable=False)
    max_count: Mapped[int | None] = mapped_column(Integer)
    responsibility: Mapped[str | None] = mapped_column(Text)
    main_duties: Mapped[str | None] = mapped_column(Text)
    decides: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer, nullable=False)

    __table_args__ = (one_of("level", POST_LEVELS),)

    def __str__(self) -> str:
        return self.name_zh


class Post(InGrid, Row):
    """A worker serves a grid in a role from one date to another (四定: 定格定人定责)."""

    __tablename__ = "posts"
    resource: ClassVar[str | None] = "Post"
    constraints = (
        one_of("basis", BASES),
        CheckConstraint("until IS NULL OR until >= since", name="dates"),
        Index(None, "grid_code", "role"),
    )

    worker_id: Mapped[int] = mapped_column(
        ForeignKey("workers.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    role: Mapped[str] = mapped_column(
        ForeignKey("post_roles.code", onupdate="CASCADE", ondelete="RESTRICT"),
        nullable=False,
    )
    basis: Mapped[str] = mapped_column(String(12), nullable=False)
    since: Mapped[date] = mapped_column(Date, nullable=False)
    until: Mapped[date | None] = mapped_column(Date)
    public: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)

    worker: Mapped[Worker] = relationship(Worker, back_populates="posts", lazy="raise_on_sql")
    post_role: Mapped[PostRole] = relationship(PostRole, lazy="raise_on_sql")


team_members = Table(
    "team_members",
    Model.metadata,
    Column("team_id", ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "worker_id",
        ForeignKey("workers.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)


class Team(InGrid, Row):
    """巡防队, 平安和谐服务队 or 网格义工队 of a grid, with a captain and members."""

    __tablename__ = "teams"
    resource: ClassVar[str | None] = "Team"
    constraints = (one_of("kind", TEAM_KINDS),)

    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    captain_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))

    captain: Mapped[Worker | None] = relationship(
        Worker, foreign_keys=[captain_id], lazy="raise_on_sql"
    )
    members: Mapped[list[Worker]] = relationship(Worker, secondary=team_members, lazy="select")

    def __str__(self) -> str:
        return self.name


class LeadingGroup(InGrid, Row):
    """The leading group of a community and its office; its people hold posts of that level."""

    __tablename__ = "leading_groups"
    resource: ClassVar[str | None] = "LeadingGroup"

    name: Mapped[str] = mapped_column(String(80), nullable=False)
    office: Mapped[str | None] = mapped_column(String(120))
    formed_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)

    def __str__(self) -> str:
        return self.name
