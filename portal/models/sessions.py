"""What has to outlive a request: sessions that were ended, forms that were sent."""

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.models.base import Model
from portal.models.types import INSTANT


class EndedSession(Model):
    """A session that was signed out: its cookie is worth nothing any more, wherever it went."""

    __tablename__ = "ended_sessions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sid: Mapped[str] = mapped_column(String(32), nullable=False, unique=True)
    ended_at: Mapped[datetime] = mapped_column(
        INSTANT, nullable=False, default=clock.now, index=True
    )


class SentForm(Model):
    """A form that added a record: sent a second time, even at the same moment, it adds nothing."""

    __tablename__ = "sent_forms"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(24), nullable=False, unique=True)
    url: Mapped[str] = mapped_column(String(200), nullable=False)
    sent_at: Mapped[datetime] = mapped_column(
        INSTANT, nullable=False, default=clock.now, index=True
    )
