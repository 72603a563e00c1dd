"""What one import of residents knows: homes by address, people by number, whom the file brought."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.models import Building, Dwelling, Household, Resident
from portal.models.register import ID_PLACE, ID_TAIL_PLACE, LIVES_HERE
from portal.models.types import hasher
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Line
from portal.rules.imports.matches import Matches
from portal.rules.imports.work import Work

PERSON = (
    *(
        "household_id",
        "name",
        "name_sort",
        "sex",
        "birth_date",
        "id_type",
        "id_index",
        "phone",
        "phone_index",
    ),
    *("registration", "relation_to_head", "nation", "education", "occupation", "employer"),
    *("moved_in_on", "moved_out_on", "died_on"),
)
UNIT, NUMBER = ("unit", "room"), ("number",)
ONLY_HOUSEHOLD = "1"  # the number of a household in a file that gives none
Home = tuple[str, ...]  # grid, building, unit, room, number


@dataclass
class Round:
    """What one run knows: homes by address, whom the file has brought so far; of the part in hand
    also who is on record. Homes are keys of rows: nothing of them is changed.
    """

    work: Work
    today: date
    codes: dict[str, bool] = field(default_factory=dict)  # grid codes of the file: is it a cell
    buildings: dict[Home, int] = field(default_factory=dict)
    dwellings: dict[tuple[int, str, str], int] = field(default_factory=dict)
    households: dict[tuple[int, str], int] = field(default_factory=dict)
    known: set[tuple[str, int]] = field(default_factory=set)  # table, row above it: looked up
    numbers: set[str] = field(default_factory=set)  # keyed hashes that the file has brought
    heads: set[Home] = field(default_factory=set)  # homes whose head the file names
    tails: dict[str, str | None] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)  # residents that earlier parts have changed
    began: dict[str, date] = field(default_factory=dict)  # cells: since when they have a register
    matches: Matches = field(init=False)  # whom rows look like, and what was decided
    index: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_PLACE))
    tail: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_TAIL_PLACE))
    # of the part
    by_number: dict[str, Found] = field(default_factory=dict)
    members: dict[int, list[Found]] = field(default_factory=dict)
    drafts: dict[Home, Draft] = field(default_factory=dict)  # a prefix of a home: what stands there

    def __post_init__(self) -> None:
        self.matches = Matches(self.work, PERSON, self.changed)


def keep_homes(run: Round) -> None:
    """The homes that the part before has made are there now."""
    for home, draft in run.drafts.items():
        if draft.row_id is None:
            continue
        if len(home) == 2:
            run.buildings[home] = draft.row_id
        elif len(home) == 4:
            run.dwellings[run.buildings[home[:2]], home[2], home[3]] = draft.row_id
        else:
            over = run.dwellings[run.buildings[home[:2]], home[2], home[3]]
            run.households[over, home[4]] = draft.row_id
    run.drafts = {}


def look_up(run: Round, lines: list[Line], cells: set[str]) -> None:
    find = run.work.find
    for cell, rows in find(Building, "grid_code", cells, ("name",)).items():
        run.buildings |= {(cell, row.raw["name"]): row.id for row in rows}
    homes = [line["home"] for line in lines]
    ids = {key for home in homes if (key := run.buildings.get(home[:2]))}
    for building, rows in find(Dwelling, "building_id", _new(run, Dwelling, ids), UNIT).items():
        run.dwellings |= {(building, row.raw["unit"], row.raw["room"]): row.id for row in rows}
    ids = {key for home in homes if (key := known_dwelling(run, home))}
    for over, rows in find(Household, "dwelling_id", _new(run, Household, ids), NUMBER).items():
        run.households |= {(over, row.raw["number"]): row.id for row in rows}
    numbers = {line["id_number"] for line in lines}
    found = run.work.find_sealed(Resident, "id_index", numbers, PERSON, only=LIVES_HERE)
    run.by_number = {index: rows[0] for index, rows in found.items()}
    ids = {key for home in homes if (key := known_household(run, home))}
    run.members = {}
    for household, rows in find(Resident, "household_id", ids, PERSON, only=LIVES_HERE).items():
        run.members[household] = [row for row in rows if not run.work.made_now(row)]


def _new(run: Round, model: type[Any], above: set[int]) -> set[int]:
    """Those of ``above`` of which it was not asked yet what is in them."""
    fresh = {key for key in above if (model.__tablename__, key) not in run.known}
    run.known |= {(model.__tablename__, key) for key in fresh}
    return fresh


def home_of(line: Line) -> Home:
    told: Any = line.values.get  # (a line without building or room is refused later)
    number = told("household") or ONLY_HOUSEHOLD
    return told("grid_code"), told("building"), told("unit") or "", told("room"), number


def known_dwelling(run: Round, home: Home) -> int | None:
    building = run.buildings.get(home[:2])
    return run.dwellings.get((building, home[2], home[3])) if building else None


def known_household(run: Round, home: Home) -> int | None:
    dwelling = known_dwelling(run, home)
    return run.households.get((dwelling, home[4])) if dwelling else None
