"""Households of cells before and after, against the standard of their kind (P1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.queries import regrid as queries
from portal.queries.regrid import BuildingLine, GridLine
from portal.queries.settings import household_standards


@dataclass(frozen=True)
class Figures:
    """Sums over buildings."""

    buildings: int
    households: int
    dwellings: int
    residents: int


def summed(buildings: Iterable[BuildingLine]) -> Figures:
    """The figures of ``buildings`` together."""
    found = list(buildings)
    return Figures(
        len(found),
        sum(one.households for one in found),
        sum(one.dwellings for one in found),
        sum(one.residents for one in found),
    )


def households_of(cell: GridLine, buildings: Sequence[BuildingLine]) -> int | None:
    """What counts for a cell: its dwellings; while none is on record, what was declared."""
    counted = summed(buildings).households
    return counted or cell.declared


def limits_of(session: Session) -> Mapping[str, tuple[int, int]]:
    """Kind of cell → fewest and most households."""
    return household_standards(session)


def difference(declared: int | None, change: int) -> int | None:
    """A declared number after ``change``; none stays none."""
    return None if declared is None else max(0, declared + change)


def off_standard(session: Session, cells: Sequence[GridLine]) -> dict[str, tuple[int | None, str]]:
    """Cell → its households, and ``within``, ``few``, ``many`` or nothing."""
    limits = limits_of(session)
    counted = queries.households(session, [cell.code for cell in cells])
    found: dict[str, tuple[int | None, str]] = {}
    for cell in cells:
        number = counted.get(cell.code) or cell.declared
        span = limits.get(cell.kind or "")
        verdict = ""
        if number is not None and span is not None:
            verdict = "few" if number < span[0] else "many" if number > span[1] else "within"
        found[cell.code] = (number, verdict)
    return found
