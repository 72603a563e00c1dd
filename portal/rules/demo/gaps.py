"""What is missing or doubtful in the demo's register, on purpose: a few rows of every kind.

A page about the quality of a register has nothing to show where nothing is wrong.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from portal.rules import idnumbers
from portal.rules.demo.families import COUNTED_ON, Person
from portal.rules.demo.homes import HomePlan

NO_PHONE, NO_RELATION, NO_PAPERS = 0.02, 0.004, 0.003  # shares of people
HOUSEHOLDS_PER_HEADLESS = 150
AREA = 14  # digits
PEOPLE_PER_TWIN, PEOPLE_PER_MOVE = 800, 1000  # of one suspected duplicate, one old record


@dataclass(slots=True)
class HouseholdPlan:
    """A household to be made: in which cell and dwelling, under which number, with whom."""

    grid_code: str
    home: HomePlan
    number: str
    people: list[Person]


def leave_gaps(households: Sequence[HouseholdPlan], random: Random) -> None:
    """Take something away from a few of ``households``, always from the same ones."""
    for household in households:
        _of_people(household, random)
    several = [household for household in households if len(household.people) > 1]
    for household in several[11::HOUSEHOLDS_PER_HEADLESS]:
        _without_head(household.people[0], random)
    _twice(households, random)


def _of_people(household: HouseholdPlan, random: Random) -> None:
    for person in household.people:
        if person.phone and random.random() < NO_PHONE:
            person.phone = None
        if random.random() < NO_RELATION and person.relation != "head":
            person.relation = None
        if random.random() < NO_PAPERS and person.id_type == "resident_id":
            _without_papers(person, household.number)
            if random.random() < 0.5:
                person.birth_date = None


def _without_head(head: Person, random: Random) -> None:
    """The head died and nobody has been made head, or nobody ever was."""
    if head.birth_date and head.birth_date < date(1955, 1, 1):
        died = COUNTED_ON - timedelta(days=random.randrange(5, 200))
        head.died_on = max(died, head.moved_in_on or died)
    else:
        head.relation = None


def _without_papers(person: Person, household: str) -> None:
    """No keyed hash as the rule gives it: the same demo has the same numbers under every key."""
    told = f"{household}|{person.name}|{person.birth_date}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12].upper()
    person.id_type, person.number = "temporary", f"{idnumbers.TEMPORARY}{digest}"


def _twice(households: Sequence[HouseholdPlan], random: Random) -> None:
    """Some people stand in two cells: entered twice, moved within the community, or with a
    record that says they died.
    """
    alone = [h for h in households if len(h.people) == 1 and h.people[0].id_type == "resident_id"]
    count = sum(len(household.people) for household in households)
    twins, moves = count // PEOPLE_PER_TWIN, count // PEOPLE_PER_MOVE
    # Two records of one area, so that one clerk sees both.
    chosen = random.sample(alone, min(4 * (twins + moves), len(alone)))
    chosen.sort(key=lambda household: household.grid_code)
    found = [
        pair
        for pair in zip(chosen[::2], chosen[1::2], strict=False)
        if pair[0].grid_code != pair[1].grid_code
        and pair[0].grid_code[:AREA] == pair[1].grid_code[:AREA]
    ]
    random.shuffle(found)
    for at, (first, second) in enumerate(found[: twins + moves]):
        known, other = first.people[0], second.people[0]
        other.name, other.sex, other.birth_date = known.name, known.sex, known.birth_date
        if at < twins:
            _without_papers(other, second.number)
            continue
        other.number, other.phone = known.number, known.phone
        since = other.moved_in_on = COUNTED_ON - timedelta(days=random.randrange(20, 200))
        known.moved_in_on = since - timedelta(days=900)
        if at % 5 == 4:
            known.died_on = since
        else:
            known.moved_out_on = since
