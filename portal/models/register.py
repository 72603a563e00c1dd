"""The register: building → dwelling → household → resident (房, 户, 人) (P1).

Every row carries the code of its cell, so that a scope is one range. ID numbers and private
telephones are encrypted; keyed hashes find them again. Marital, pregnancy and contraception data,
religion and political status are not held (``care.md``).
"""

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.models.base import InGrid, Row, one_of
from portal.models.register_choices import (
    BUILDING_KINDS,
    DWELLING_USES,
    HOUSEHOLD_KINDS,
    ID_TYPES,
    REGISTRATIONS,
    RELATIONS,
    SEXES,
)
from portal.models.search import sort_key
from portal.models.types import EncryptedText, blind_index, indexed

ID_PLACE = "residents.id_number"
ID_TAIL_PLACE = "residents.id_tail"
PHONE_PLACE = "residents.phone"
OWNER_PHONE_PLACE = "dwellings.owner_phone"
TAIL = 4  # last characters of a number that people search by
DUE, NEVER = text("next_visit_on IS NOT NULL"), text("visited_on IS NULL")
LIVES_HERE = text("moved_out_on IS NULL AND died_on IS NULL")
SORT_KEY = String(200).with_variant(String(200, collation="C"), "postgresql")


def terms_vector(column: str) -> str:
    """The expression of PostgreSQL whose index finds the search terms in ``column``."""
    return f"array_to_tsvector(array_remove(string_to_array({column}, ' '), ''))"


def terms_index(table: str) -> Any:
    """The index of the search terms on PostgreSQL; on SQLite migrations make a full-text table."""
    words = Index(f"ix_{table}_words", text(terms_vector("search_terms")), postgresql_using="gin")
    return words.ddl_if(dialect="postgresql")


def _few(name: str, condition: str) -> Index:
    """The index of the residents for whom ``condition`` holds, in the order of their scope."""
    only = text(condition)
    named = f"ix_residents_{name}"
    return Index(named, "grid_code", "id", sqlite_where=only, postgresql_where=only)


class Building(InGrid, Row):
    """A building of a cell; ``dwellings`` is how many it is known to have."""

    __tablename__ = "buildings"
    resource: ClassVar[str | None] = "Building"
    search_source: ClassVar[tuple[str, ...]] = ("name", "property_company")
    search_indexed: ClassVar[bool] = True
    constraints = (
        Unique("grid_code", "name"),
        one_of("kind", BUILDING_KINDS),
        CheckConstraint("storeys > 0 AND units > 0 AND dwellings >= 0", name="sizes"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        terms_index("buildings"),
    )

    name: Mapped[str] = mapped_column(String(60), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False, default="residential")
    storeys: Mapped[int | None] = mapped_column(Integer)
    units: Mapped[int | None] = mapped_column(Integer)
    dwellings: Mapped[int | None] = mapped_column(Integer)
    built_year: Mapped[int | None] = mapped_column(Integer)
    property_company: Mapped[str | None] = mapped_column(String(80))
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    def __str__(self) -> str:
        return self.name


class Dwelling(InGrid, Row):
    """A dwelling: unit (门栋单元) and room of a building; an empty unit where there is none."""

    __tablename__ = "dwellings"
    resource: ClassVar[str | None] = "Dwelling"
    sensitive: ClassVar[tuple[str, ...]] = ("owner_phone",)
    search_source: ClassVar[tuple[str, ...]] = ("name", "owner_name")
    search_indexed: ClassVar[bool] = True
    constraints = (
        Unique("building_id", "unit", "room"),
        one_of("use", DWELLING_USES),
        terms_index("dwellings"),
        Index(None, "name", "id", "grid_code"),
    )

    building_id: Mapped[int] = mapped_column(
        ForeignKey("buildings.id", ondelete="RESTRICT"), nullable=False
    )
    name: Mapped[str] = mapped_column(String(120), nullable=False)
    unit: Mapped[str] = mapped_column(String(20), nullable=False, default="", server_default="")
    room: Mapped[str] = mapped_column(String(20), nullable=False)
    use: Mapped[str] = mapped_column(String(12), nullable=False, default="owner")
    owner_name: Mapped[str | None] = mapped_column(String(60))
    owner_phone: Mapped[str | None] = mapped_column(EncryptedText(OWNER_PHONE_PLACE))
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    building: Mapped[Building] = relationship(Building, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.name


class Household(InGrid, Row):
    """People who keep house together in a dwelling, under the number of their register book."""

    __tablename__ = "households"
    resource: ClassVar[str | None] = "Household"
    search_source: ClassVar[tuple[str, ...]] = ("name",)
    search_indexed: ClassVar[bool] = True
    constraints = (
        Unique("dwelling_id", "number"),
        one_of("kind", HOUSEHOLD_KINDS),
        terms_index("households"),
        Index(None, "number", "id", "grid_code"),
        # Only rows that are waited for: an import of new homes pays for none of the first two.
        Index(
            "ix_households_visit_due",
            "grid_code",
            "next_visit_on",
            sqlite_where=DUE,
            postgresql_where=DUE,
        ),
        Index(
            "ix_households_visit_due_first",
            "next_visit_on",
            "id",
            sqlite_where=DUE,
            postgresql_where=DUE,
        ),
        Index(
            "ix_households_never_visited",
            "grid_code",
            "id",
            sqlite_where=NEVER,
            postgresql_where=NEVER,
        ),
    )

    dwelling_id: Mapped[int] = mapped_column(
        ForeignKey("dwellings.id", ondelete="RESTRICT"), nullable=False
    )
    name: Mapped[str] = mapped_column(String(160), nullable=False)
    number: Mapped[str] = mapped_column(String(30), nullable=False)
    kind: Mapped[str] = mapped_column(String(12), nullable=False, default="family")
    # Visits: days between two (None: by the settings), the last one, what it found open, the next.
    visit_every: Mapped[int | None] = mapped_column(Integer)
    visited_on: Mapped[date | None] = mapped_column(Date)
    next_visit_on: Mapped[date | None] = mapped_column(Date)
    needs: Mapped[str | None] = mapped_column(String(160))
    hazards: Mapped[str | None] = mapped_column(String(160))
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    dwelling: Mapped[Dwelling] = relationship(Dwelling, lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.name


class Resident(InGrid, Row):
    """A person of a household. One open record per ID number, one head per household."""

    __tablename__ = "residents"
    resource: ClassVar[str | None] = "Resident"
    sensitive: ClassVar[tuple[str, ...]] = ("id_number", "phone")
    sorted_by: ClassVar[dict[str, str]] = {"name": "name_sort"}
    search_source: ClassVar[tuple[str, ...]] = ("name",)
    search_people: ClassVar[bool] = True
    search_indexed: ClassVar[bool] = True
    constraints = (
        one_of("sex", SEXES),
        one_of("id_type", ID_TYPES),
        one_of("registration", REGISTRATIONS),
        one_of("relation_to_head", RELATIONS),
        CheckConstraint("id_number IS NOT NULL AND id_index IS NOT NULL", name="id_number"),
        CheckConstraint("died_on IS NULL OR died_on >= birth_date", name="died"),
        CheckConstraint("moved_out_on IS NULL OR moved_out_on >= moved_in_on", name="moved"),
        # Who may be on record twice, and who is dead by another record (register quality).
        Index(
            "ix_residents_alike_here",
            "birth_date",
            "name",
            "grid_code",
            sqlite_where=LIVES_HERE,
            postgresql_where=LIVES_HERE,
        ),
        Index(
            "ix_residents_died",
            "id_index",
            sqlite_where=text("died_on IS NOT NULL"),
            postgresql_where=text("died_on IS NOT NULL"),
        ),
        terms_index("residents"),
        Index(None, "grid_code", "name_sort", "id"),  # the order by name within a cell
        Index(None, "name_sort", "id", "grid_code"),  # and beyond
        Index(None, "registration", "grid_code", "id"),
        # The ready-made views of a few among very many.
        _few("no_papers", "id_type = 'temporary'"),
        _few("gone", "moved_out_on IS NOT NULL OR died_on IS NOT NULL"),
        Index(
            "uq_residents_id_index_here",
            "id_index",
            unique=True,
            sqlite_where=LIVES_HERE,
            postgresql_where=LIVES_HERE,
        ),
        Index(
            "uq_residents_head_here",
            "household_id",
            unique=True,
            sqlite_where=text(f"relation_to_head = 'head' AND {LIVES_HERE}"),
            postgresql_where=text(f"relation_to_head = 'head' AND {LIVES_HERE}"),
        ),
    )

    household_id: Mapped[int] = mapped_column(
        ForeignKey("households.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    name_sort: Mapped[str] = mapped_column(SORT_KEY, nullable=False, default="")
    sex: Mapped[str | None] = mapped_column(String(8))
    birth_date: Mapped[date | None] = mapped_column(Date)
    id_type: Mapped[str] = mapped_column(String(20), nullable=False, default="resident_id")
    # Never absent: without papers it is a temporary number, which the rule gives.
    id_number: Mapped[str | None] = mapped_column(EncryptedText(ID_PLACE))
    id_index: Mapped[str | None] = mapped_column(String(64), info=indexed("id_number", ID_PLACE))
    id_tail_index: Mapped[str | None] = mapped_column(
        String(64), index=True, info=indexed("id_number", ID_TAIL_PLACE, TAIL)
    )
    # What the nightly check found wrong with the number: a reason of ``rules/idnumbers.py``, or
    # birth_mismatch, sex_mismatch. No form takes such a number; older data may hold one.
    number_fault: Mapped[str | None] = mapped_column(String(16))
    phone: Mapped[str | None] = mapped_column(EncryptedText(PHONE_PLACE))
    phone_index: Mapped[str | None] = mapped_column(
        String(64), index=True, info=indexed("phone", PHONE_PLACE)
    )
    registration: Mapped[str] = mapped_column(String(12), nullable=False, default="permanent")
    away: Mapped[bool] = mapped_column(nullable=False, default=False)
    registered_address: Mapped[str | None] = mapped_column(String(200))
    relation_to_head: Mapped[str | None] = mapped_column(String(16))
    nation: Mapped[str | None] = mapped_column(String(20))
    education: Mapped[str | None] = mapped_column(String(20))
    occupation: Mapped[str | None] = mapped_column(String(60))
    employer: Mapped[str | None] = mapped_column(String(80))
    moved_in_on: Mapped[date | None] = mapped_column(Date)
    moved_out_on: Mapped[date | None] = mapped_column(Date)
    died_on: Mapped[date | None] = mapped_column(Date)
    search_terms: Mapped[str] = mapped_column(Text, nullable=False, default=" ")

    household: Mapped[Household] = relationship(Household, lazy="raise_on_sql")

    @validates("id_number", "phone", "name")
    def _index(self, name: str, value: str | None) -> str | None:
        for column, derived in derived_from(name, value).items():
            setattr(self, column, derived)
        if name == "id_number":
            self.number_fault = None
        return value

    @property
    def lives_here(self) -> bool:
        """Neither moved out nor died."""
        return self.moved_out_on is None and self.died_on is None

    def __str__(self) -> str:
        return self.name


def derived_from(column: str, value: str | None) -> dict[str, str | None]:
    """The columns of a resident that follow from ``name``, ``id_number`` or ``phone``."""
    if column == "name":
        return {"name_sort": sort_key(value)}
    if column == "phone":
        return {"phone_index": blind_index(PHONE_PLACE, value)}
    tail = value[-TAIL:] if value else None
    return {
        "id_index": blind_index(ID_PLACE, value),
        "id_tail_index": blind_index(ID_TAIL_PLACE, tail),
    }
