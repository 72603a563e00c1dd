"""What the register lacks: conditions that lists and counts share, and the counts per cell.

A number on a page and the list behind its link use the same condition, so they agree. Only gaps of
the data are looked for; nobody is told apart by anything else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from portal import clock, roles, scope
from portal.models import Dwelling, Grid, Household, Resident
from portal.queries.directory import is_active
from portal.queries.register import living

GROWN = 18  # years from which on somebody is asked for a telephone
Condition = Callable[[], ColumnElement[bool]]


def no_papers() -> ColumnElement[bool]:
    """There is a temporary number instead of one of papers."""
    return Resident.id_type == "temporary"


def wrong_number() -> ColumnElement[bool]:
    """The nightly check found the number of the papers wrong."""
    return Resident.number_fault.is_not(None)


def no_birth_date() -> ColumnElement[bool]:
    """The birthday is not known."""
    return Resident.birth_date.is_(None)


def no_phone() -> ColumnElement[bool]:
    """Somebody grown-up, or of unknown age, without a telephone."""
    today = clock.today()
    born = date(today.year - GROWN, today.month, min(today.day, 28))
    old_enough = or_(Resident.birth_date.is_(None), Resident.birth_date <= born)
    return and_(Resident.phone_index.is_(None), old_enough)


def no_relation() -> ColumnElement[bool]:
    """What they are to the head of the household is not known."""
    return Resident.relation_to_head.is_(None)


def twice() -> ColumnElement[bool]:
    """Somebody else with the same name and birthday lives within the reader's scope."""
    other = aliased(Resident)
    here = (other.moved_out_on.is_(None), other.died_on.is_(None))
    same = (
        select(other.name, other.birth_date)
        .where(*here, other.birth_date.is_not(None), _readable(other.grid_code))
        .group_by(other.name, other.birth_date)
        .having(func.count() > 1)
    )
    return tuple_(Resident.name, Resident.birth_date).in_(same)


def died_elsewhere() -> ColumnElement[bool]:
    """Another record with the same number says that they died."""
    dead, alive = aliased(Resident), aliased(Resident)
    # The dead are few and have an index of their own: their grid shall not choose another one.
    seen = _readable(dead.grid_code.concat(""))
    found = (
        select(alive.id)
        .join(dead, dead.id_index == alive.id_index)
        .where(dead.died_on.is_not(None), seen)
        .where(alive.moved_out_on.is_(None), alive.died_on.is_(None))
    )
    return Resident.id.in_(found)


def no_head() -> ColumnElement[bool]:
    """People live there, and nobody is the head."""
    head = and_(_lives_in(), Resident.relation_to_head == "head")
    return and_(exists().where(_lives_in()), ~exists().where(head))


def empty() -> ColumnElement[bool]:
    """Nobody lives there any more."""
    return ~exists().where(_lives_in())


def no_household() -> ColumnElement[bool]:
    """A home said to be lived in, and no household is on record for it."""
    inside = exists().where(Household.dwelling_id == Dwelling.id)
    return and_(Dwelling.use.in_(("owner", "rented")), ~inside)


def not_vacant() -> ColumnElement[bool]:
    """A home said to be vacant, and people live there."""
    lived_in = exists().where(Household.dwelling_id == Dwelling.id, _lives_in())
    return and_(Dwelling.use == "vacant", lived_in)


PEOPLE: dict[str, Condition] = {
    "no_papers": no_papers,
    "wrong_number": wrong_number,
    "no_birth_date": no_birth_date,
    "no_phone": no_phone,
    "no_relation": no_relation,
}
PAIRS: dict[str, Condition] = {"twice": twice, "died_elsewhere": died_elsewhere}
HOUSEHOLDS: dict[str, Condition] = {"no_head": no_head, "empty": empty}
HOMES: dict[str, Condition] = {"no_household": no_household, "not_vacant": not_vacant}


def people(condition: Condition) -> Callable[[Select[Any]], Select[Any]]:
    """The rows of a list of residents who live here and for whom ``condition`` holds."""
    return lambda found: found.where(*living(), condition())


def rows(condition: Condition) -> Callable[[Select[Any]], Select[Any]]:
    """The rows of a list for which ``condition`` holds."""
    return lambda found: found.where(condition())


@dataclass
class Counted:
    """A part of the register: ``code`` of a grid, how much is there, and the gaps by name.

    ``homes`` are counted against ``declared``; ``grown`` are those asked for a telephone.
    """

    code: str
    name: str = ""
    declared: int | None = None
    homes: int = 0
    households: int = 0
    people: int = 0
    grown: int = 0
    gaps: dict[str, int] = field(default_factory=dict)


def counted(session: Session, under: str, digits: int) -> dict[str, Counted]:
    """The register below ``under`` ("": all that the reader sees) by the grids whose codes have
    ``digits``, in the order of their codes. Four statements.
    """
    found = {
        code: Counted(code, name, declared)
        for code, name, declared in session.execute(_grids(under, digits))
    }
    grown = or_(Resident.phone_index.is_not(None), no_phone())
    sums = _sums(Resident, under, PEOPLE | {"grown": lambda: grown})
    for code, count, *gaps, adults in session.execute(sums.where(*living())):
        part = _part(found, code[:digits], PEOPLE, gaps)
        part.people += count
        part.grown += adults
    for code, count, *gaps in session.execute(_sums(Household, under, HOUSEHOLDS)):
        _part(found, code[:digits], HOUSEHOLDS, gaps).households += count
    for code, count, *gaps in session.execute(_sums(Dwelling, under, HOMES)):
        _part(found, code[:digits], HOMES, gaps).homes += count
    return dict(sorted(found.items()))


def _part(
    found: dict[str, Counted], code: str, names: Iterable[str], gaps: Iterable[int]
) -> Counted:
    """The part ``code``, with ``gaps`` added to those it has."""
    part = found.setdefault(code, Counted(code))
    for name, count in zip(names, gaps, strict=True):
        part.gaps[name] = part.gaps.get(name, 0) + count
    return part


def registered_percent(session: Session) -> int | None:
    """How many of the declared households of the reader's cells have a registered home, in percent;
    None where nothing was declared.
    """
    cells = counted_homes(session)
    declared = sum(wanted for wanted, _homes in cells)
    return sum(min(pair) for pair in cells) * 100 // declared if declared else None


def counted_homes(session: Session) -> list[tuple[int, int]]:
    """Declared households and registered homes of the reader's cells."""
    own = select(func.count(Dwelling.id)).where(Dwelling.grid_code == Grid.code)
    columns = (Grid.households_declared, own.correlate(Grid).scalar_subquery())
    found = select(*columns).where(Grid.level == "cell", is_active(), _readable(Grid.code))
    return [(declared or 0, homes) for declared, homes in session.execute(found)]


def pairs(session: Session, under: str) -> dict[str, int]:
    """How many residents below ``under`` the conditions of ``PAIRS`` hold for. One statement."""
    column = Resident.grid_code
    here = select(Resident.id).where(*living(), _readable(column), _below(column, under))
    counts = [
        select(func.count()).select_from(here.where(condition()).subquery()).scalar_subquery()
        for condition in PAIRS.values()
    ]
    return dict(zip(PAIRS, session.execute(select(*counts)).one(), strict=True))


def _sums(model: Any, under: str, conditions: dict[str, Condition]) -> Select[Any]:
    """Per cell: what is grouped in the order of the index needs no sorting."""
    columns = [func.sum(case((condition(), 1), else_=0)) for condition in conditions.values()]
    return (
        select(model.grid_code, func.count(), *columns)
        .where(_readable(model.grid_code), _below(model.grid_code, under))
        .group_by(model.grid_code)
    )


def _grids(under: str, digits: int) -> Any:
    levels = {size: level for level, size in scope.CODE_LENGTHS.items()}
    columns = select(Grid.code, Grid.name, Grid.households_declared)
    there = columns.where(Grid.level == levels[digits], is_active())
    return there.where(_readable(Grid.code), _below(Grid.code, under)).order_by(Grid.code)


def _readable(column: Any) -> ColumnElement[bool]:
    return scope.within(column, scope.current().prefixes(roles.READ, "Resident"))


def _below(column: Any, under: str) -> ColumnElement[bool]:
    return scope.within(column, (under,))


def _lives_in() -> ColumnElement[bool]:
    return and_(Resident.household_id == Household.id, *living())
