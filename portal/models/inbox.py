"""What people are told, and the long work they asked for."""

from datetime import datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.models.base import Row, one_of
from portal.models.choices import TASK_STATES
from portal.models.types import CODE, INSTANT


class Message(Row):
    """One line of somebody's inbox, kept as kind and values: it is worded when it is read.

    Belongs to one account, not to a grid: every statement names the account.
    """

    __tablename__ = "messages"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )
    kind: Mapped[str] = mapped_column(String(24), nullable=False)
    params: Mapped[str] = mapped_column(Text, nullable=False, default="{}")
    url: Mapped[str | None] = mapped_column(String(200))
    read_at: Mapped[datetime | None] = mapped_column(INSTANT)

    __table_args__ = (Index(None, "user_id", "id"), Index(None, "user_id", "read_at"))


class Task(Row):
    """Long work in the queue: how far it is, and what came of it. Belongs to who asked for it.

    ``params`` (JSON) holds keys and codes only. Progress is written past the session, so that
    the worker's count and the owner's "cancel" never overwrite each other. ``attempts`` counts how
    often a worker took it: more than once only where a worker was killed. A ``result_name`` without
    ``result_path`` is a file that was kept for its time and is gone.
    """

    __tablename__ = "tasks"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )
    kind: Mapped[str] = mapped_column(String(24), nullable=False)
    grid_code: Mapped[str | None] = mapped_column(CODE)
    params: Mapped[str] = mapped_column(Text, nullable=False, default="{}")
    state: Mapped[str] = mapped_column(String(12), nullable=False, default="queued")
    total: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    done: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    failed: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    started_at: Mapped[datetime | None] = mapped_column(INSTANT)
    finished_at: Mapped[datetime | None] = mapped_column(INSTANT)
    cancel_asked_at: Mapped[datetime | None] = mapped_column(INSTANT)
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, default=0, server_default="0")
    report: Mapped[str | None] = deferred(mapped_column(Text))
    result_path: Mapped[str | None] = mapped_column(String(200))
    result_name: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(400))

    user: Mapped[Any] = relationship(User, lazy="raise_on_sql")

    __table_args__ = (
        one_of("state", TASK_STATES),
        CheckConstraint("done >= 0 AND failed >= 0 AND total >= 0", name="counts"),
        Index(None, "user_id", "id"),
        Index(None, "state", "id"),
    )
