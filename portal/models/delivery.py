"""What leaves the portal: deliveries by e-mail and group robot, what each account wants."""

from datetime import datetime
from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.choices import DOCUMENT_LANGUAGES
from portal.models.message_choices import (
    CHANNELS,
    DELIVERY_ERRORS,
    DELIVERY_STATES,
    DELIVERY_TOPICS,
    OPEN_STATES,
    ROBOT_KINDS,
    TOPICS,
    TRY_AGAIN,
    WISHES,
)
from portal.models.types import INSTANT, EncryptedText

CHINESE = "zh_Hans_CN"
_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)


class GroupRobot(InGrid, Row):
    """A group in WeCom, DingTalk or Feishu that hears of what happens in a grid and below it.

    The address opens the group to whoever has it: it is sealed, typed in and never shown. What
    stands behind its ``#`` is the key of robots that want signatures. It is opened only where it is
    asked for, so that one that cannot be opened breaks no page. ``topics``: ``a;b``.
    """

    __tablename__ = "group_robots"
    resource: ClassVar[str | None] = "GroupRobot"
    sensitive: ClassVar[tuple[str, ...]] = ("hook",)
    constraints = (one_of("kind", ROBOT_KINDS), one_of("lang", DOCUMENT_LANGUAGES))

    name: Mapped[str] = mapped_column(String(60), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    hook: Mapped[str] = deferred(mapped_column(EncryptedText("group_robots.hook"), nullable=False))
    topics: Mapped[str] = mapped_column(String(80), nullable=False)
    lang: Mapped[str] = mapped_column(
        String(12), nullable=False, default=CHINESE, server_default=CHINESE
    )
    active: Mapped[bool] = mapped_column(
        Boolean, nullable=False, default=True, server_default=true()
    )


class Delivery(Row):
    """One message on one way out of the portal: to the e-mail address of its account, or to a group
    robot. The unique key is what makes it go out once, whatever the queue does.

    ``target`` names the robot (``robot-7``, or one of the settings); of an e-mail it is empty.
    ``bare``: subject and link only. ``expires_at``: from then on it is too late. ``error`` is one
    of a closed list and ``answer`` the number a server gave: nothing that somebody wrote.
    """

    __tablename__ = "deliveries"
    resource: ClassVar[str | None] = "Delivery"

    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id", ondelete="SET NULL"), index=True
    )
    robot_id: Mapped[int | None] = mapped_column(
        ForeignKey("group_robots.id", ondelete="SET NULL"), index=True
    )
    channel: Mapped[str] = mapped_column(String(8), nullable=False)
    target: Mapped[str] = mapped_column(String(24), nullable=False, default="", server_default="")
    topic: Mapped[str] = mapped_column(String(12), nullable=False)
    urgent: Mapped[bool] = mapped_column(
        Boolean, nullable=False, default=False, server_default=false()
    )
    bare: Mapped[bool] = mapped_column(
        Boolean, nullable=False, default=False, server_default=false()
    )
    state: Mapped[str] = mapped_column(String(8), nullable=False, default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(INSTANT)
    expires_at: Mapped[datetime | None] = mapped_column(INSTANT)
    claimed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    sent_at: Mapped[datetime | None] = mapped_column(INSTANT)
    error: Mapped[str | None] = mapped_column(String(12))
    answer: Mapped[int | None] = mapped_column(Integer)

    user: Mapped[Any] = relationship(User, lazy="raise_on_sql")
    robot: Mapped[GroupRobot | None] = relationship(GroupRobot, lazy="raise_on_sql")

    @property
    def can_try_again(self) -> bool:
        """Whether trying it again is of use: it did not go out, its message is there, and it is not
        too late.
        """
        late = self.expires_at is not None and clock.aware(self.expires_at) <= clock.now()
        return self.state in TRY_AGAIN and self.message_id is not None and not late

    @property
    def can_be_left(self) -> bool:
        """Whether somebody may decide that it need not go out."""
        return self.state == "given_up"

    __table_args__ = (
        UniqueConstraint("message_id", "channel", "target"),
        one_of("channel", CHANNELS),
        one_of("topic", DELIVERY_TOPICS),
        one_of("state", DELIVERY_STATES),
        one_of("error", DELIVERY_ERRORS),
        CheckConstraint("(channel = 'email') = (target = '')", name="target"),
        CheckConstraint(f"(state IN ({_OPEN})) = (next_try_at IS NOT NULL)", name="next_try"),
        CheckConstraint("(state = 'sending') = (claimed_at IS NOT NULL)", name="claimed"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_deliveries_due",
            "next_try_at",
            postgresql_where=text("next_try_at IS NOT NULL"),
            sqlite_where=text("next_try_at IS NOT NULL"),
        ),
        Index(None, "state", "id"),
        Index(None, "created_at", "id"),
    )


class MessageChoice(Model):
    """What one account wants beside its inbox, and in which language; without a row the defaults
    of the columns hold.
    """

    __tablename__ = "message_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    lang: Mapped[str] = mapped_column(
        String(12), nullable=False, default=CHINESE, server_default=CHINESE
    )
    orders: Mapped[str] = mapped_column(String(8), nullable=False, default="urgent")
    warnings: Mapped[str] = mapped_column(String(8), nullable=False, default="urgent")
    meetings: Mapped[str] = mapped_column(String(8), nullable=False, default="none")
    documents: Mapped[str] = mapped_column(String(8), nullable=False, default="none")
    work: Mapped[str] = mapped_column(String(8), nullable=False, default="none")
    other: Mapped[str] = mapped_column(String(8), nullable=False, default="none")

    __table_args__ = (
        one_of("lang", DOCUMENT_LANGUAGES),
        *(one_of(topic, WISHES) for topic in TOPICS),
    )
