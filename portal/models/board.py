"""Boards that hang on a wall (P5): which version, since when, and whether it is still true."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import InGrid, Row, one_of
from portal.models.choices import BOARD_SIZES, DOCUMENT_LANGUAGES, STALE_REASONS
from portal.models.files import Photo
from portal.models.records import IssuedDocument
from portal.models.types import INSTANT


class Board(InGrid, Row):
    """A notice board of a grid on its wall.

    ``document`` is the version that hangs there (None: not hung yet), ``replacement`` the one
    that has to be hung by ``replace_by``. ``stale_since``: since then the wall says what is no
    longer true, because of ``stale_reason``.
    """

    __tablename__ = "boards"
    resource: ClassVar[str | None] = "Board"
    constraints = (
        UniqueConstraint("grid_code", "size", "lang"),
        one_of("size", BOARD_SIZES),
        one_of("lang", DOCUMENT_LANGUAGES),
        one_of("stale_reason", STALE_REASONS),
    )

    size: Mapped[str] = mapped_column(String(8), nullable=False)
    lang: Mapped[str] = mapped_column(String(12), nullable=False)
    place: Mapped[str | None] = mapped_column(String(120))
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id", ondelete="RESTRICT")
    )
    posted_on: Mapped[date | None] = mapped_column(Date)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photos.id", ondelete="SET NULL"))
    stale_since: Mapped[datetime | None] = mapped_column(INSTANT)
    stale_reason: Mapped[str | None] = mapped_column(String(12))
    replacement_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id", ondelete="RESTRICT")
    )
    replace_by: Mapped[date | None] = mapped_column(Date)

    document: Mapped[IssuedDocument | None] = relationship(
        IssuedDocument, foreign_keys=[document_id], lazy="raise_on_sql"
    )
    replacement: Mapped[IssuedDocument | None] = relationship(
        IssuedDocument, foreign_keys=[replacement_id], lazy="raise_on_sql"
    )
    photo: Mapped[Photo | None] = relationship(Photo, lazy="raise_on_sql")
