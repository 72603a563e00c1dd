"""What one import of residents knows: homes by address, people by number, whom the file brought."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from sys import intern
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
MOST_HOMES = 20_000  # households that a run remembers
Home = tuple[str, ...]  # grid, building, unit, room, number


@dataclass
class Round:
    """What one run knows: homes by address, people whom the file has changed; of the part in hand
    also who is on record. Homes are keys of rows: nothing of them is changed. Who came with an
    earlier part is on record by then: however long the file, little more is kept.
    """

    work: Work
    today: date
    codes: dict[str, bool] = field(default_factory=dict)  # grid codes of the file: is it a cell
    buildings: dict[Home, int] = field(default_factory=dict)
    dwellings: dict[tuple[int, str, str], int] = field(default_factory=dict)
    households: dict[tuple[int, str], int] = field(default_factory=dict)
    known: dict[type[Any], set[int]] = field(default_factory=dict)  # rows above that were asked
    nameless: set[str] = field(default_factory=set)  # keyed hashes of those without papers
    tails: dict[str, str | None] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)  # residents on record that the file names
    brought: set[int] = field(default_factory=set)  # those of them with their number
    began: dict[str, date] = field(default_factory=dict)  # cells: since when they have a register
    matches: Matches = field(init=False)  # whom rows look like, and what was decided
    index: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_PLACE))
    tail: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_TAIL_PLACE))
    # of the part
    by_number: dict[str, Found] = field(default_factory=dict)
    members: dict[int, list[Found]] = field(default_factory=dict)  # without those it made itself
    headed: set[int] = field(default_factory=set)  # households whose head it made in earlier parts
    numbers: set[str] = field(default_factory=set)  # keyed hashes that the part has brought
    heads: set[Home] = field(default_factory=set)  # homes whose head it names
    drafts: dict[Home, Draft] = field(default_factory=dict)  # a prefix of a home: what stands there

    def __post_init__(self) -> None:
        self.matches = Matches(self.work, PERSON, self.changed)


def keep_homes(run: Round) -> None:
    """The homes that the part before has made are there now. Too many are forgotten: those that
    are needed are looked up again, with their cells.
    """
    if len(run.households) > MOST_HOMES:
        for known in (run.codes, run.buildings, run.dwellings, run.households, run.known):
            known.clear()
    else:
        for home, draft in run.drafts.items():
            if draft.row_id is not None:
                _keep(run, home, draft.row_id)
    run.drafts, run.numbers, run.heads = {}, set(), set()


def _keep(run: Round, home: Home, key: int) -> None:
    if len(home) == 2:
        run.buildings[home] = key
        return
    building = run.buildings[home[:2]]
    if len(home) == 4:
        run.dwellings[building, intern(home[2]), intern(home[3])] = key
    else:
        run.households[run.dwellings[building, home[2], home[3]], intern(home[4])] = key


def look_up(run: Round, lines: list[Line], cells: set[str]) -> None:
    """What is on record of the homes and people of a part."""
    find = run.work.find
    for cell, rows in find(Building, "grid_code", cells, ("name",)).items():
        run.buildings |= {(cell, row.raw["name"]): row.id for row in rows}
    homes = [line["home"] for line in lines]
    ids = {key for home in homes if (key := run.buildings.get(home[:2]))}
    for building, rows in find(Dwelling, "building_id", _new(run, Dwelling, ids), UNIT).items():
        for row in rows:
            run.dwellings[building, intern(row.raw["unit"]), intern(row.raw["room"])] = row.id
    ids = {key for home in homes if (key := known_dwelling(run, home))}
    for over, rows in find(Household, "dwelling_id", _new(run, Household, ids), NUMBER).items():
        run.households |= {(over, intern(row.raw["number"])): row.id for row in rows}
    numbers = {line["id_number"] for line in lines}
    found = run.work.find_sealed(Resident, "id_index", numbers, PERSON, only=LIVES_HERE)
    run.by_number = {index: rows[0] for index, rows in found.items()}
    _look_up_members(run, {key for home in homes if (key := known_household(run, home))})


def _look_up_members(run: Round, households: set[int]) -> None:
    run.members, run.headed = {}, set()
    found = run.work.find(Resident, "household_id", households, PERSON, only=LIVES_HERE)
    for household, rows in found.items():
        before = run.members[household] = []
        for row in rows:
            if not run.work.made_now(row):
                before.append(row)
            elif row.raw["relation_to_head"] == "head":
                run.headed.add(household)


def _new(run: Round, model: type[Any], above: set[int]) -> set[int]:
    """Those of ``above`` of which it was not asked yet what is in them."""
    known = run.known.setdefault(model, set())
    fresh = above - known
    known |= fresh
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
