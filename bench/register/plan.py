"""How many people live where: cells, buildings and the keys of their rows, before any row is made.

1,000,000 residents are 350,000 households in 3,500 buildings of 2,334 cells. One cell of the demo
community is small and old: 40 people with the lowest keys, which is where a scope through a join
or a key order is slowest. The other cells hold one or two buildings of a hundred households.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SMALL_CELL = "4201020029900103003"  # the cell of the demo's account leader10
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "200k": 200_000, "1m": 1_000_000}
FAMILY_SIZES = (3, 2, 4, 1, 3, 5, 2)  # turn after turn: 20 people in 7 households
SMALL_HOUSEHOLDS = 14  # two turns: 40 people
PER_BUILDING = 100  # households
BUILDINGS_PER_CELL = 1.5
VACANT_EVERY = 25  # one more dwelling, vacant, for so many households
STREET, FIRST_COMMUNITY, COMMUNITY_SHAPE = "420102002", 801, (4, 4, 10)


@dataclass(frozen=True)
class BuildingPlan:
    """A building with its households and the last keys given out before it."""

    cell: str
    number: int  # within the cell
    key: int
    households: int
    dwellings_before: int
    households_before: int
    residents_before: int


@dataclass(frozen=True)
class CellPlan:
    """A cell and its buildings."""

    code: str
    buildings: tuple[BuildingPlan, ...]


def people_in(households: int, start: int = 0) -> int:
    """How many people live in so many households, the first of which is number ``start``."""
    turns = len(FAMILY_SIZES)
    return sum(FAMILY_SIZES[(start + at) % turns] for at in range(households))


def dwellings_of(households: int) -> int:
    """Dwellings of a building, those that are vacant included."""
    return households + max(1, households // VACANT_EVERY)


def plan_cells(residents: int, cells: Sequence[str]) -> list[CellPlan]:
    """Cells with their buildings, in the order of keys, for as near ``residents`` as whole
    households allow. ``cells``: codes to use, ``SMALL_CELL`` not among them; further ones are made
    up as needed (``further_cells``).
    """
    households = round(residents * 7 / 20)
    left = max(households - SMALL_HOUSEHOLDS, 0)
    sizes = [PER_BUILDING] * (left // PER_BUILDING)
    if left % PER_BUILDING:
        sizes.append(left % PER_BUILDING)
    wanted = max(round(len(sizes) / BUILDINGS_PER_CELL), 1)
    codes = [*cells, *further_cells(wanted - len(cells))][:wanted]
    per_cell: dict[str, list[int]] = {SMALL_CELL: [min(SMALL_HOUSEHOLDS, households)]}
    for at, size in enumerate(sizes):
        per_cell.setdefault(codes[at % wanted], []).append(size)
    return _keyed(per_cell)


def _keyed(per_cell: dict[str, list[int]]) -> list[CellPlan]:
    plans, building, dwellings, households, residents = [], 0, 0, 0, 0
    for code, sizes in per_cell.items():
        buildings = []
        for number, size in enumerate(sizes, 1):
            building += 1
            buildings.append(
                BuildingPlan(code, number, building, size, dwellings, households, residents)
            )
            residents += people_in(size, households)
            dwellings += dwellings_of(size)
            households += size
        plans.append(CellPlan(code, tuple(buildings)))
    return plans


def further_cells(count: int) -> list[str]:
    """Codes of ``count`` cells of further communities of the demo's street."""
    areas, blocks, cells = COMMUNITY_SHAPE
    found: list[str] = []
    community = FIRST_COMMUNITY
    while len(found) < count:
        found += [
            f"{STREET}{community}{area:02d}{block:02d}{cell:03d}"
            for area in range(1, areas + 1)
            for block in range(1, blocks + 1)
            for cell in range(1, cells + 1)
        ]
        community += 1
    return found[: max(count, 0)]
