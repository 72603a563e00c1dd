"""Places that need attention (重点场所), the patrols of them, what they found (P3, P8.3)."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.models.base import InGrid, Model, Row, one_of
from portal.models.organisations import Organisation
from portal.models.place_choices import (
    CHECK_RESULTS,
    FREQUENCY_UNITS,
    PLACE_KINDS,
    PLACE_STATES,
)
from portal.models.types import CODE, INSTANT


def _account() -> Mapped[int | None]:
    return mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


class Place(InGrid, Row):
    """A place on the list: what it is, how often somebody looks at it, whether it was put right.

    ``patrol_every`` counts in ``patrol_unit``. ``next_patrol_on`` follows from the last look; it is
    empty once the place is off the list. Whoever accepts it is not who put it right.
    """

    __tablename__ = "places"
    resource: ClassVar[str | None] = "Place"
    search_source: ClassVar[tuple[str, ...]] = ("name", "address")
    constraints = (
        one_of("kind", PLACE_KINDS),
        one_of("state", PLACE_STATES),
        one_of("patrol_unit", FREQUENCY_UNITS),
        CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="position"),
        CheckConstraint("patrol_every BETWEEN 1 AND 366", name="patrol_every"),
        CheckConstraint("(state = 'listed') = (righted_on IS NULL)", name="righted"),
        CheckConstraint("(state = 'accepted') = (accepted_on IS NOT NULL)", name="accepted"),
        CheckConstraint(
            "accepted_by_id IS NULL OR righted_by_id IS NULL OR accepted_by_id <> righted_by_id",
            name="two_people",
        ),
        CheckConstraint("(off_list_on IS NULL) = (next_patrol_on IS NOT NULL)", name="on_list"),
        Index(None, "grid_code", "next_patrol_on", "id"),
        Index(None, "name", "id"),
    )

    kind: Mapped[str] = mapped_column(String(16), nullable=False)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    address: Mapped[str | None] = mapped_column(String(120))
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    licence: Mapped[str | None] = mapped_column(String(60))
    licence_until: Mapped[date | None] = mapped_column(Date)
    measures: Mapped[str | None] = mapped_column(Text)
    patrol_every: Mapped[int] = mapped_column(Integer, nullable=False, default=7)
    patrol_unit: Mapped[str] = mapped_column(String(8), nullable=False, default="day")
    listed_on: Mapped[date] = mapped_column(Date, nullable=False, default=clock.today)
    listed_by: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), nullable=False, default="listed")
    righted_on: Mapped[date | None] = mapped_column(Date)
    righted_by: Mapped[str | None] = mapped_column(String(80))
    righted_by_id: Mapped[int | None] = _account()
    righted_note: Mapped[str | None] = mapped_column(Text)
    accepted_on: Mapped[date | None] = mapped_column(Date)
    accepted_by: Mapped[str | None] = mapped_column(String(80))
    accepted_by_id: Mapped[int | None] = _account()
    off_list_on: Mapped[date | None] = mapped_column(Date)
    remark: Mapped[str | None] = mapped_column(Text)
    patrolled_on: Mapped[date | None] = mapped_column(Date)
    next_patrol_on: Mapped[date | None] = mapped_column(Date, default=clock.today)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    organisation: Mapped[Organisation | None] = relationship(Organisation, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.name


class Patrol(InGrid, Row):
    """The round of one person through one cell on one day: from the first look to the last.

    ``cell`` is the code that the cell had on that day; ``checked`` how many places were looked at.
    Where the person went in between is not recorded.
    """

    __tablename__ = "patrols"
    resource: ClassVar[str | None] = "Patrol"
    constraints = (
        UniqueConstraint("user_id", "day", "cell"),
        CheckConstraint("ended_at >= started_at", name="times"),
        CheckConstraint("checked >= 0", name="checked"),
        Index(None, "day", "id"),
    )

    user_id: Mapped[int | None] = _account()
    patroller: Mapped[str] = mapped_column(String(80), nullable=False)
    day: Mapped[date] = mapped_column(Date, nullable=False)
    cell: Mapped[str] = mapped_column(CODE, nullable=False)
    started_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    ended_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    checked: Mapped[int] = mapped_column(Integer, nullable=False, default=0)


class PatrolCheck(Model):
    """That a place was looked at on a patrol, once, and whether something was found."""

    __tablename__ = "patrol_checks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    patrol_id: Mapped[int] = mapped_column(
        ForeignKey("patrols.id", ondelete="CASCADE"), nullable=False
    )
    place_id: Mapped[int] = mapped_column(
        ForeignKey("places.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    checked_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False)
    result: Mapped[str] = mapped_column(String(8), nullable=False)

    patrol: Mapped[Patrol] = relationship(Patrol, lazy="raise_on_sql")
    place: Mapped[Place] = relationship(Place, lazy="raise_on_sql")

    __table_args__: Any = (
        UniqueConstraint("patrol_id", "place_id"),
        one_of("result", CHECK_RESULTS),
    )


class PatrolFinding(Model):
    """The matter that came of a check. It shows to whoever sees the matter."""

    __tablename__ = "patrol_findings"

    matter_id: Mapped[int] = mapped_column(
        ForeignKey("matters.id", ondelete="CASCADE"), primary_key=True
    )
    check_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_checks.id", ondelete="CASCADE"), nullable=False, index=True
    )
