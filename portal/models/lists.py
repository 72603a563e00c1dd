"""Lists as somebody likes to see them: their own address and columns."""

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model

LONGEST_NAME, LONGEST_ADDRESS = 30, 600


class SavedList(Model):
    """A list of an account under a name of its own; without a name, how the list opens for it.

    ``slug`` says which list, ``address`` is its query (search, filters, order, columns): nothing
    that could not stand in a bookmark.
    """

    __tablename__ = "saved_lists"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
    )
    slug: Mapped[str] = mapped_column(String(40), nullable=False)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), nullable=False, default="")
    address: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), nullable=False)

    __table_args__ = (UniqueConstraint("user_id", "slug", "name"),)
