"""Grid: six levels, one hierarchical code."""

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.models.base import Row, one_of
from portal.models.choices import CELL_KINDS, LEVELS
from portal.models.types import CODE
from portal.scope import CODE_LENGTHS

LENGTH_OF_LEVEL = " OR ".join(
    f"(level = '{level}' AND length(code) = {size})" for level, size in CODE_LENGTHS.items()
)


class Grid(Row):
    """A grid of one of six levels (P1). Its code is a prefix of the codes below it."""

    __tablename__ = "grids"
    resource: ClassVar[str | None] = "Grid"
    scope_column: ClassVar[str | None] = "code"
    search_source: ClassVar[tuple[str, ...]] = ("name", "address", "code")

    code: Mapped[str] = mapped_column(CODE, nullable=False, unique=True)
    name: Mapped[str] = mapped_column(String(80), nullable=False)
    level: Mapped[str] = mapped_column(String(12), nullable=False)
    kind: Mapped[str | None] = mapped_column(String(12))
    parent_code: Mapped[str | None] = mapped_column(
        CODE,
        ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT"),
        index=True,
    )
    boundary: Mapped[str | None] = deferred(mapped_column(Text))
    bound_east: Mapped[str | None] = mapped_column(String(120))
    bound_south: Mapped[str | None] = mapped_column(String(120))
    bound_west: Mapped[str | None] = mapped_column(String(120))
    bound_north: Mapped[str | None] = mapped_column(String(120))
    households_declared: Mapped[int | None] = mapped_column(Integer)
    difficulty: Mapped[int | None] = mapped_column(Integer)
    address: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    active_from: Mapped[date | None] = mapped_column(Date)
    active_to: Mapped[date | None] = mapped_column(Date)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    parent: Mapped["Grid | None"] = relationship(
        "Grid",
        remote_side="Grid.code",
        foreign_keys=[parent_code],
        back_populates="children",
        lazy="raise_on_sql",
    )
    children: Mapped[list["Grid"]] = relationship(
        "Grid",
        foreign_keys=[parent_code],
        back_populates="parent",
        passive_deletes="all",
    )

    __table_args__ = (
        one_of("level", LEVELS),
        one_of("kind", CELL_KINDS),
        CheckConstraint(LENGTH_OF_LEVEL, name="code_length"),
        CheckConstraint("households_declared >= 0", name="households"),
        CheckConstraint("difficulty BETWEEN 1 AND 3", name="difficulty"),
        CheckConstraint("kind IS NULL OR level = 'cell'", name="kind_of_cells"),
        CheckConstraint("active_to IS NULL OR active_to >= active_from", name="active"),
        Index(None, "level", "code"),
    )

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class GridAlias(Row):
    """An old code that still leads to its grid, so that posted QR codes keep working."""

    __tablename__ = "grid_aliases"

    old_code: Mapped[str] = mapped_column(CODE, nullable=False, unique=True)
    grid_code: Mapped[str] = mapped_column(
        CODE,
        ForeignKey("grids.code", onupdate="CASCADE", ondelete="CASCADE"),
        nullable=False,
    )
