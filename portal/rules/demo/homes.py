"""Buildings of a demo cell with their dwellings: as many as the cell has declared households."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import shapely

from portal.rules.demo.plan import GridPlan
from portal.rules.demo.words import PROPERTY
from portal.rules.geometry import load_geometry

MARGIN = 0.00012  # degrees, about 12 m: nobody lives in the middle of the street
TRIES = 14
# kind of cell: (units, storeys, homes on a floor), one of them for each building
BUILT = {
    "gated": ((2, 11, 2), (3, 11, 2), (2, 17, 2)),
    "scattered": ((3, 6, 2), (2, 7, 2), (4, 6, 2), (3, 7, 2)),
}
YEARS = {"gated": (2003, 2021), "scattered": (1984, 2002), "bungalow": (1952, 1979)}
COURTYARD = (7, 13)  # homes around one
NAMED = {"gated": "栋", "scattered": "号楼", "bungalow": "号院"}
STOREYS_OF_SHOPS = 2


@dataclass(slots=True)
class HomePlan:
    """A dwelling to be made: where in its building; vacant until somebody moves in."""

    unit: str
    room: str
    use: str = "vacant"


@dataclass(slots=True)
class BuildingPlan:
    """A building to be made, with its dwellings."""

    grid_code: str
    name: str
    kind: str
    storeys: int
    units: int | None
    built_year: int
    property_company: str | None
    longitude: float
    latitude: float
    homes: list[HomePlan] = field(default_factory=list)


def plan_buildings(cell: GridPlan, random: Random) -> list[BuildingPlan]:
    """The buildings of ``cell``: homes for every declared household, and one for shops."""
    kind = cell.kind or "scattered"
    left = cell.households or 0
    company = f"{cell.name}{PROPERTY}" if kind == "gated" else None
    places = _Places(cell, random)
    found: list[BuildingPlan] = []

    def build(name: str, use: str, storeys: int, units: int | None, homes: list[HomePlan]) -> None:
        year = random.randint(*YEARS[kind])
        at = places.next()
        plan = BuildingPlan(cell.code, name, use, storeys, units, year, company, *at, homes)
        found.append(plan)

    while left > 0:
        name = f"{cell.name}{len(found) + 1}{NAMED[kind]}"
        if kind == "bungalow":
            homes = [HomePlan("", f"{n}室") for n in range(1, random.randint(*COURTYARD) + 1)]
            storeys, units = 1, None
        else:
            units, storeys, beside = random.choice(BUILT[kind])
            homes = list(_flats(units, storeys, beside))
        homes = homes[:left]
        left -= len(homes)
        build(name, "residential", storeys, units, homes)
    build(f"{cell.name}商铺", "commercial", STOREYS_OF_SHOPS, None, [])
    return found


def _flats(units: int, storeys: int, beside: int) -> Iterator[HomePlan]:
    """All homes of a building, floor by floor, so that one built only in part has whole floors."""
    for storey in range(1, storeys + 1):
        for unit in range(1, units + 1):
            for door in range(1, beside + 1):
                yield HomePlan(f"{unit}单元", f"{storey}{door:02d}")


class _Places:
    """Points inside a cell, apart from one another."""

    def __init__(self, cell: GridPlan, random: Random) -> None:
        shape = load_geometry(cell.boundary or "")
        inner = shape.buffer(-MARGIN)
        self.shape = shape if inner.is_empty else inner
        shapely.prepare(self.shape)
        self.random = random
        self.taken: list[tuple[float, float]] = []

    def next(self) -> tuple[float, float]:
        """The most lonely of some points, in degrees to a decimetre."""
        best, gap = None, -1.0
        west, south, east, north = self.shape.bounds
        for _try in range(TRIES):
            x = round(self.random.uniform(west, east), 6)
            y = round(self.random.uniform(south, north), 6)
            nearest = min(((x - a) ** 2 + (y - b) ** 2 for a, b in self.taken), default=1.0)
            if nearest > gap and shapely.contains_xy(self.shape, x, y):
                best, gap = (x, y), nearest
        if best is None:
            inside = self.shape.representative_point()
            best = (round(inside.x, 6), round(inside.y, 6))
        self.taken.append(best)
        return best
