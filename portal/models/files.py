"""Files that people gave the portal."""

from typing import ClassVar

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import InGrid, Row


class Photo(InGrid, Row):
    """A picture, decoded and written anew, so that nothing else of the upload is left.

    ``path`` is relative to ``PORTAL_VAR``; ``name`` is what the file was called.
    """

    __tablename__ = "photos"
    resource: ClassVar[str | None] = "Photo"

    name: Mapped[str] = mapped_column(String(200), nullable=False)
    path: Mapped[str] = mapped_column(String(200), nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    width: Mapped[int] = mapped_column(Integer, nullable=False)
    height: Mapped[int] = mapped_column(Integer, nullable=False)
    bytes: Mapped[int] = mapped_column(Integer, nullable=False)
