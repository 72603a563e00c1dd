"""What the monthly population report says (P8.5), and the counts behind it.

Counted from dated rows: who lived there at the end of a day, and what happened between two days.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from portal import scope
from portal.models import Grid, PopulationChange, Resident
from portal.queries.population import standing

STOCK = (
    "households", "people", "male", "female", "permanent", "floating", "overseas", "away",
    "under_18", "over_60",
)  # fmt: skip
FLOW = (
    "birth", "death", "move_in", "move_out", "away_begin", "away_end", "change_of_head", "split",
    "merge",
)  # fmt: skip
MINOR, ELDER = 18, 60  # years


@dataclass(frozen=True)
class ReportLine:
    """The figures of a grid with all below it, in the order of STOCK and FLOW; ``before``: people
    at the end of the month before.
    """

    code: str
    name: str
    level: str
    stock: tuple[int, ...]
    flow: tuple[int, ...]
    before: int


@dataclass(frozen=True)
class PopulationReport:
    """The report of one grid for a month (``period``: ``2026-10``, ``last_day`` ISO); its own line
    first, then those of the grids below in the order of their codes. ``inner``: moves between
    grids of this one, which both of them count.
    """

    lang: str
    code: str
    name: str
    level: str
    above: tuple[str, ...]
    period: str
    last_day: str
    lines: tuple[ReportLine, ...]
    inner: int
    url: str
    publisher: str
    levels: dict[str, str] = field(default_factory=dict)


def grids_in_force(session: Session, code: str, day: date) -> list[Any]:
    """Code, name and level of the grid and of those below it that were in force on ``day``."""
    found = select(Grid.code, Grid.name, Grid.level).where(
        scope.within(Grid.code, (code,)),
        or_(Grid.active_from.is_(None), Grid.active_from <= day, Grid.code == code),
        or_(Grid.active_to.is_(None), Grid.active_to >= day, Grid.code == code),
    )
    return list(session.execute(found.order_by(Grid.code)))


def stock(session: Session, code: str, day: date) -> dict[str, tuple[int, ...]]:
    """STOCK by cell at the end of ``day``."""
    there = _there_on(code, day).c
    minor, elder = _years_before(day, MINOR), _years_before(day, ELDER)

    def of(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns = (
        func.count(distinct(there.household_id)),
        func.count(),
        of(there.sex == "male"),
        of(there.sex == "female"),
        of(there.registration == "permanent"),
        of(there.registration == "floating"),
        of(there.registration == "overseas"),
        of(there.away.is_(True)),
        of(there.birth_date > minor),
        of(there.birth_date <= elder),
    )
    return _by_cell(session, there, columns)


def people(session: Session, code: str, day: date) -> dict[str, tuple[int, ...]]:
    """How many people by cell at the end of ``day``, as one-tuples."""
    return _by_cell(session, _there_on(code, day).c, (func.count(),))


def flow(session: Session, code: str, first: date, last: date) -> dict[str, tuple[int, ...]]:
    """FLOW by cell of the changes that happened from ``first`` to ``last``, both included."""
    counts: dict[str, dict[str, int]] = {}
    found = (
        select(PopulationChange.grid_code, PopulationChange.kind, func.count())
        .where(*_between(code, first, last), PopulationChange.kind.in_(FLOW))
        .group_by(PopulationChange.grid_code, PopulationChange.kind)
    )
    for cell, kind, number in session.execute(found):
        counts.setdefault(cell, {})[kind] = number
    return {cell: tuple(known.get(kind, 0) for kind in FLOW) for cell, known in counts.items()}


def moves_inside(session: Session, code: str, first: date, last: date) -> int:
    """How many people moved from one grid below ``code`` to another."""
    found = select(func.count()).where(
        *_between(code, first, last),
        PopulationChange.kind == "move_in",
        PopulationChange.other_code >= code,
        PopulationChange.other_code < scope.following(code),
    )
    return session.scalar(found) or 0


def _by_cell(session: Session, there: Any, columns: tuple[Any, ...]) -> dict[str, tuple[int, ...]]:
    found = select(there.grid_code, *columns).group_by(there.grid_code)
    return {row[0]: tuple(int(number) for number in row[1:]) for row in session.execute(found)}


def _there_on(code: str, day: date) -> Subquery:
    """Who lived within ``code`` at the end of ``day``, where, in which household.

    Whoever has moved since lived where that move began; of everybody else the register tells.
    """
    facts = (Resident.sex, Resident.registration, Resident.away, Resident.birth_date)
    left = _first_left_after(day)
    stayed = select(Resident.grid_code, Resident.household_id, *facts).where(
        scope.within(Resident.grid_code, (code,)),
        or_(Resident.moved_in_on.is_(None), Resident.moved_in_on <= day),
        or_(Resident.birth_date.is_(None), Resident.birth_date <= day),
        or_(Resident.moved_out_on.is_(None), Resident.moved_out_on > day),
        or_(Resident.died_on.is_(None), Resident.died_on > day),
        Resident.id.not_in(select(left.c.resident_id)),
    )
    came = aliased(PopulationChange)
    arrived = select(came.id).where(
        came.resident_id == left.c.resident_id,
        came.kind.in_(("move_in", "birth")),
        came.happened_on > day,
        or_(
            came.happened_on < left.c.happened_on,
            and_(came.happened_on == left.c.happened_on, came.id < left.c.id),
        ),
        standing(came),
    )
    moved = (
        select(left.c.grid_code, left.c.household_id, *facts)
        .join(Resident, Resident.id == left.c.resident_id)
        .where(
            left.c.place == 1,
            left.c.grid_code >= code,
            left.c.grid_code < scope.following(code),
            or_(Resident.birth_date.is_(None), Resident.birth_date <= day),
            ~arrived.exists(),
        )
    )
    return union_all(stayed, moved).subquery("there")


def _first_left_after(day: date) -> Subquery:
    """Moves out after ``day`` that stand; the first one of each person has ``place`` 1."""
    change = PopulationChange
    place = func.row_number().over(
        partition_by=change.resident_id, order_by=(change.happened_on, change.id)
    )
    columns = change.id, change.resident_id, change.grid_code, change.household_id
    return (
        select(*columns, change.happened_on, place.label("place"))
        .where(
            change.kind == "move_out",
            change.happened_on > day,
            change.resident_id.is_not(None),
            standing(),
        )
        .subquery("left_since")
    )


def _between(code: str, first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (
        scope.within(PopulationChange.grid_code, (code,)),
        PopulationChange.happened_on >= first,
        PopulationChange.happened_on <= last,
        standing(),
    )


def _years_before(day: date, years: int) -> date:
    """Who was born after it is younger than ``years`` on ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
