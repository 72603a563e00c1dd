"""Changes of whole households: another head, one becomes two, two become one."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import Dwelling, Household, PopulationChange, Resident
from portal.queries import population as queries
from portal.rules import register
from portal.rules.population.events import Snapshot, check_day, set_relations, write
from portal.rules.population.people import address

Relations = Mapping[int, str | None]


def change_head(
    session: Session,
    household: Household,
    head_id: int | None,
    relations: Relations,
    on: date | None,
    *,
    note: str | None = None,
) -> PopulationChange:
    """``head_id`` heads the household from that day on; ``relations``: what the others are to
    that person, by key. Whoever is not named keeps none.
    """
    on = check_day(on)
    people = queries.people(session, household.id)
    head = next((one for one in people if one.id == head_id), None)
    if head is None:
        raise RuleError(_l("Choose somebody who lives in this household."), "head")
    if head.relation_to_head == "head":
        raise RuleError(_l("%(name)s is the head already.", name=head.name), "head")
    before = Snapshot(people)
    set_relations(session, _relations(people, head, relations))
    return write(
        session,
        "change_of_head",
        household,
        on,
        resident=head,
        before=before.changes(),
        note=note,
    )


def split(
    session: Session,
    household: Household,
    chosen: Sequence[int],
    dwelling: Dwelling,
    number: str,
    head_id: int | None,
    relations: Relations,
    on: date | None,
    *,
    note: str | None = None,
) -> Household:
    """The ``chosen`` people become a household of their own, in the same dwelling or another.

    At least one must go and one must stay. Returns the new household.
    """
    on = check_day(on)
    people = queries.people(session, household.id)
    going = [one for one in people if one.id in set(chosen)]
    if not going:
        raise RuleError(_l("Choose who becomes a household of their own."), "people")
    if len(going) == len(people):
        raise RuleError(_l("Somebody has to stay: otherwise they move, all of them."), "people")
    head = next((one for one in going if one.id == head_id), None)
    if head is None:
        raise RuleError(_l("Choose the head among those who go."), "head")
    new = Household(
        dwelling_id=dwelling.id,
        number=number.strip(),
        kind=household.kind,
        grid_code=dwelling.grid_code,
        visited_on=household.visited_on,
        next_visit_on=household.next_visit_on,
    )
    with session.no_autoflush:
        register.prepare_household(session, new)
        session.add(new)
    session.flush()
    register.check_placed(session, new)
    before = Snapshot(people)
    _take(session, going, new, head, relations)
    write(
        session, "split", household, on, before=before.changes(), other_household_id=new.id,
        other_code=new.grid_code, place=address(new), note=note,
    )  # fmt: skip
    return new


def merge(
    session: Session,
    household: Household,
    into: Household,
    relations: Relations,
    on: date | None,
    *,
    note: str | None = None,
) -> PopulationChange:
    """Everybody of ``household`` joins ``into``; ``relations``: what they are to its head."""
    on = check_day(on)
    if household.id == into.id:
        raise RuleError(_l("Choose another household."), "household")
    going = queries.people(session, household.id)
    if not going:
        raise RuleError(_l("Nobody lives in this household."), "household")
    head = next(
        (one for one in queries.people(session, into.id) if one.relation_to_head == "head"), None
    )
    if head is None:
        raise RuleError(_l("The other household has no head: enter one there first."), "household")
    before = Snapshot(going)
    _take(session, going, into, head, relations)
    return write(
        session, "merge", household, on, before=before.changes(), other_household_id=into.id,
        other_code=into.grid_code, place=address(into), note=note,
    )  # fmt: skip


def _relations(
    people: Sequence[Resident], head: Resident, relations: Relations
) -> list[tuple[Resident, str | None]]:
    """What everybody is to ``head``; nobody else can be the head."""
    found: list[tuple[Resident, str | None]] = []
    for one in people:
        told = "head" if one is head else relations.get(one.id) or None
        if told == "head" and one is not head:
            raise RuleError(_l("A household has one head."), f"relation_{one.id}")
        found.append((one, told))
    return found


def _take(
    session: Session,
    going: Sequence[Resident],
    household: Household,
    head: Resident,
    relations: Relations,
) -> None:
    """Move ``going`` into ``household``, which ``head`` heads."""
    wanted = _relations(going, head, relations)
    set_relations(session, [(one, None) for one in going])
    with session.no_autoflush:
        for one in going:
            one.household_id = household.id
            register.place(session, one)
    set_relations(session, wanted)
    for one in going:
        register.check_placed(session, one)
