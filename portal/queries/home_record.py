"""What the forms of the register say (P8.5): the card of a household, the book of the floating.

Plain data, worded in the language of the form and masked as its reader may see it; private values
are whole only on the card that somebody gave a reason for.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import Session

from portal.models import Building, Dwelling, Household, Resident
from portal.queries.register import living

Found = Row[Resident, Household, Dwelling]


@dataclass(frozen=True)
class Person:
    """Somebody of a household; ``born`` and ``since`` are ISO dates or empty."""

    name: str
    sex: str
    born: str
    relation: str
    paper: str
    number: str
    nation: str
    education: str
    work: str
    phone: str
    registration: str
    registered_at: str
    since: str


@dataclass(frozen=True)
class Home:
    """A household: where, which, and who lives there, the head first."""

    number: str
    kind: str
    place: str
    address: str
    head: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class HomeCards:
    """常住人口登记卡: a sheet for every household. ``whole``: numbers are shown in full;
    ``printed_by`` stands in the foot of every sheet.
    """

    lang: str
    code: str
    name: str
    publisher: str
    day: str
    printed_by: str
    whole: bool
    homes: tuple[Home, ...]


@dataclass(frozen=True)
class Lodger:
    """A line of the book: the person, where they live and whose dwelling it is."""

    place: str
    address: str
    owner: str
    person: Person


@dataclass(frozen=True)
class FloatingBook:
    """流动人口登记册 of a grid and all below it."""

    lang: str
    code: str
    name: str
    above: tuple[str, ...]
    publisher: str
    day: str
    printed_by: str
    lines: tuple[Lodger, ...]


def homes_count(session: Session, where: ColumnElement[bool]) -> int:
    """How many households that anybody lives in meet ``where`` (a condition on households)."""
    lived_in = select(Resident.id).where(Resident.household_id == Household.id, *living())
    return (
        session.scalar(select(func.count()).select_from(Household).where(where, lived_in.exists()))
        or 0
    )


def lodgers_count(session: Session, where: ColumnElement[bool]) -> int:
    """How many floating people who live here meet ``where`` (a condition on residents)."""
    found = select(func.count()).select_from(Resident).where(where, *_floating())
    return session.scalar(found) or 0


def people_of(session: Session, where: ColumnElement[bool]) -> list[Found]:
    """Everybody who lives in a household that meets ``where``, house by house, the head first."""
    return list(session.execute(_along(_homes().where(where, *living()))))


def lodgers(session: Session, where: ColumnElement[bool]) -> list[Found]:
    """The floating people who meet ``where``, house by house."""
    return list(session.execute(_along(_homes().where(where, *_floating()))))


def _floating() -> tuple[ColumnElement[bool], ...]:
    return Resident.registration == "floating", *living()


def _homes() -> Select[Resident, Household, Dwelling]:
    return (
        select(Resident, Household, Dwelling)
        .join(Resident.household)
        .join(Household.dwelling)
        .join(Dwelling.building)
    )


def _along(found: Select[Resident, Household, Dwelling]) -> Select[Resident, Household, Dwelling]:
    """In the order of a walk: building, unit, floor, room; within a household the head first."""
    return found.order_by(
        Resident.grid_code,
        func.length(Building.name),
        Building.name,
        func.length(Dwelling.unit),
        Dwelling.unit,
        func.length(Dwelling.room),
        Dwelling.room,
        Resident.household_id,
        case((Resident.relation_to_head == "head", 0), else_=1),
        Resident.birth_date,
        Resident.id,
    )


def iso(day: date | None) -> str:
    """An ISO date, or nothing."""
    return day.isoformat() if day is not None else ""
