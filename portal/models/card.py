"""Worker cards (持证上岗, P2)."""

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal import clock
from portal.models.base import InGrid, Row
from portal.models.team import Worker
from portal.models.types import EncryptedText, blind_index, indexed

TOKEN_PLACE = "cards.token"  # noqa: S105 - the name of a column


class Card(InGrid, Row):
    """A card of a worker for a grid, valid from one day to another unless it was revoked.

    ``token`` stands in the QR code. It is encrypted; a keyed hash finds the card, so a copy of
    the database opens no page and guessing learns nothing from the time an answer takes.
    """

    __tablename__ = "cards"
    resource: ClassVar[str | None] = "Card"
    sensitive: ClassVar[tuple[str, ...]] = ("token",)
    constraints = (
        CheckConstraint("expires_on >= issued_on", name="dates"),
        CheckConstraint("revoked_on IS NULL OR revoked_on >= issued_on", name="revoked"),
    )

    worker_id: Mapped[int] = mapped_column(
        ForeignKey("workers.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    issued_on: Mapped[date] = mapped_column(Date, nullable=False)
    expires_on: Mapped[date] = mapped_column(Date, nullable=False)
    revoked_on: Mapped[date | None] = mapped_column(Date)
    revoke_reason: Mapped[str | None] = mapped_column(String(120))
    token: Mapped[str] = mapped_column(EncryptedText(TOKEN_PLACE), nullable=False)
    token_index: Mapped[str] = mapped_column(
        String(64), nullable=False, unique=True, info=indexed("token", TOKEN_PLACE)
    )

    worker: Mapped[Worker] = relationship(Worker, lazy="raise_on_sql")

    @validates("token")
    def _index_token(self, name: str, value: str) -> str:
        self.token_index = blind_index(TOKEN_PLACE, value) or ""
        return value

    @property
    def state(self) -> str:
        """Today's state by its dates: valid, expired or revoked (one of ``CARD_STATES``)."""
        if self.revoked_on is not None:
            return "revoked"
        return "valid" if self.expires_on >= clock.today() else "expired"

    def __str__(self) -> str:
        return self.number
