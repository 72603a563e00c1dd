"""What every row has: a key, a version, two instants; and what a row of a grid has."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from flask_appbuilder import Model
from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, event
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column, relationship

from portal import clock, extensions
from portal.models.search import search_terms
from portal.models.types import CODE, INSTANT

assert Model.metadata is extensions.db.metadata  # naming convention first, then tables


class Row(Model):
    """Base of the portal's tables.

    ``resource`` names the line of ``roles.TABLE`` that governs the rows, ``scope_column`` the
    column with their grid code (None: rows of no grid). ``scope_above`` lets readers see rows of
    the grids above theirs too. ``sensitive`` columns are masked in lists and in the audit log.
    ``search_source`` are the columns that ``search_terms`` follow from.
    """

    __abstract__ = True
    resource: ClassVar[str | None] = None
    scope_column: ClassVar[str | None] = None
    scope_above: ClassVar[bool] = False
    sensitive: ClassVar[tuple[str, ...]] = ()
    sorted_by: ClassVar[dict[str, str]] = {}  # column: the one that holds its order
    search_source: ClassVar[tuple[str, ...]] = ()
    search_people: ClassVar[bool] = False  # the source is names of people
    search_indexed: ClassVar[bool] = False  # the terms have an index (queries/search.py)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(INSTANT, nullable=False, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(
        INSTANT, nullable=False, default=clock.now, onupdate=clock.now
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class InGrid:
    """Mixin for rows that belong to a grid: indexed so that a subtree is one range."""

    scope_column: ClassVar[str | None] = "grid_code"

    @declared_attr
    def grid_code(cls) -> Mapped[str]:
        return mapped_column(
            CODE,
            ForeignKey("grids.code", onupdate="CASCADE", ondelete="RESTRICT"),
            nullable=False,
        )

    @declared_attr
    def grid(cls) -> Mapped[Any]:
        code: Any = cls.grid_code  # a column at this point, not yet its value
        return relationship("Grid", foreign_keys=[code], lazy="raise_on_sql")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(None, "grid_code", "id"), *getattr(cls, "constraints", ()))


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """CHECK that ``column`` holds one of ``values`` (or nothing, where it may be null)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


@event.listens_for(Model, "before_insert", propagate=True)
@event.listens_for(Model, "before_update", propagate=True)
def _fill_search_terms(mapper: Mapper[Any], connection: object, row: Any) -> None:
    source = getattr(row, "search_source", ())
    if source:
        texts = (getattr(row, name) for name in source)
        row.search_terms = search_terms(*texts, people=row.search_people)
