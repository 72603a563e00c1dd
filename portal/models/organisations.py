"""Companies, shops and institutions of a cell (单位, P1)."""

from typing import ClassVar

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import InGrid, Row, one_of
from portal.models.register import terms_index
from portal.models.register_choices import ORGANISATION_KINDS
from portal.models.types import EncryptedText

CONTACT_PHONE_PLACE = "organisations.contact_phone"


class Organisation(InGrid, Row):
    """A company, shop or institution of a cell, with whom to talk to there."""

    __tablename__ = "organisations"
    resource: ClassVar[str | None] = "Organisation"
    sensitive: ClassVar[tuple[str, ...]] = ("contact_phone",)
    search_source: ClassVar[tuple[str, ...]] = ("name", "address", "contact")
    search_indexed: ClassVar[bool] = True
    constraints = (one_of("kind", ORGANISATION_KINDS), terms_index("organisations"))

    name: Mapped[str] = mapped_column(String(80), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    address: Mapped[str | None] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(60))
    contact_phone: Mapped[str | None] = mapped_column(EncryptedText(CONTACT_PHONE_PLACE))
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    def __str__(self) -> str:
        return self.name
