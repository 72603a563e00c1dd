"""What became of grids: splits, merges and moves, each dated and signed, never changed (P1)."""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.models.base import Model, one_of
from portal.models.choices import ACCEPTANCES, REGRIDDINGS
from portal.models.types import CODE, INSTANT

END = ";"  # after every code, so that one code is found in the text of many


class GridChange(Model):
    """One regridding; append-only, by code and by trigger.

    ``home``: the smallest grid around all of it. The codes are text on purpose: they tell which
    they were that day, whatever becomes of the grids. ``told`` (JSON) holds their names and
    households then, and what moved; no person stands in it. Residents' acceptance (征求意见):
    how and when they were asked, and the ``outcome``.
    """

    __tablename__ = "grid_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), nullable=False)
    happened_on: Mapped[date] = mapped_column(Date, nullable=False)
    at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)
    actor: Mapped[str] = mapped_column(String(64), nullable=False)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    home: Mapped[str] = mapped_column(CODE, nullable=False)
    from_codes: Mapped[str] = mapped_column(Text, nullable=False)
    to_codes: Mapped[str] = mapped_column(Text, nullable=False)
    told: Mapped[str] = mapped_column(Text, nullable=False)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False)
    asked_on: Mapped[date | None] = mapped_column(Date)
    asked_how: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        one_of("kind", REGRIDDINGS),
        one_of("outcome", ACCEPTANCES),
        CheckConstraint("outcome = 'not_asked' OR asked_on IS NOT NULL", name="asked"),
        Index(None, "home", "id"),
    )

    @property
    def old(self) -> list[str]:
        """Codes of the grids there were."""
        return self.from_codes.split(END)[:-1]

    @property
    def new(self) -> list[str]:
        """Codes of the grids that came of it."""
        return self.to_codes.split(END)[:-1]

    @property
    def details(self) -> dict[str, Any]:
        """``told``, read."""
        found: dict[str, Any] = json.loads(self.told)
        return found
