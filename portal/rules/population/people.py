"""Changes of one person who is on record: death, moving, living elsewhere, registration."""

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import Household, PopulationChange, Resident
from portal.rules import register
from portal.rules.population.events import Snapshot, check_day, set_relations, write


def death(
    session: Session, resident: Resident, on: date | None, *, note: str | None = None
) -> PopulationChange:
    """Somebody who lives here died on that day."""
    on, before = _begin(resident, on)
    if resident.birth_date is not None and on < resident.birth_date:
        raise RuleError(_l("This day lies before the birthday."), "on")
    resident.died_on = on
    return _written(session, "death", resident, on, before, note=note)


def move_out(
    session: Session,
    resident: Resident,
    on: date | None,
    *,
    place: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """Somebody left the portal's grids on that day; ``place``: where to, if known."""
    on, before = _begin(resident, on)
    resident.moved_out_on = on
    return _written(session, "move_out", resident, on, before, place=place, note=note)


def move_in_known(
    session: Session,
    household: Household,
    resident: Resident,
    on: date | None,
    *,
    relation: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """Somebody on record came to live in ``household``: out of another household in the same verb
    (both events are written), or back after having moved out. The moving in is returned.
    """
    on = _may_come(household, resident, on)
    before = Snapshot([resident])
    came_from = session.get_one(Household, resident.household_id)
    transfer = resident.lives_here
    with session.no_autoflush:
        resident.household_id, resident.moved_in_on = household.id, on
        resident.moved_out_on, resident.relation_to_head = None, None
        register.place(session, resident)
    set_relations(session, [(resident, None)])
    register.check_placed(session, resident)
    resident.relation_to_head = relation or None
    with session.no_autoflush:
        register.check_free(session, resident)
    first = None
    if transfer:
        first = write(
            session, "move_out", came_from, on, resident=resident, before=before.changes(),
            other_household_id=household.id, other_code=household.grid_code,
            place=address(household), note=note,
        )  # fmt: skip
    return write(
        session,
        "move_in",
        household,
        on,
        resident=resident,
        before=None if first else before.changes(),
        part_of_id=first.id if first else None,
        other_household_id=came_from.id if transfer else None,
        other_code=came_from.grid_code if transfer else None,
        place=address(came_from) if transfer else None,
        note=note,
    )


def _may_come(household: Household, resident: Resident, on: date | None) -> date:
    on = check_day(on)
    if resident.died_on is not None:
        raise RuleError(_l("Somebody who died cannot move in: look at the record."), "resident")
    if resident.lives_here and resident.household_id == household.id:
        raise RuleError(_l("This person lives here already."), "resident")
    left = resident.moved_out_on or resident.moved_in_on
    if left is not None and on < left:
        raise RuleError(_l("This day lies before the last move of this person."), "on")
    return on


def away_begin(
    session: Session,
    resident: Resident,
    on: date | None,
    *,
    place: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """人户分离: registered here, living elsewhere (``place``) from that day on."""
    on, before = _begin(resident, on)
    if resident.away:
        raise RuleError(_l("It is on record already that they live elsewhere."), "resident")
    resident.away = True
    return _written(session, "away_begin", resident, on, before, place=place, note=note)


def away_end(
    session: Session, resident: Resident, on: date | None, *, note: str | None = None
) -> PopulationChange:
    """They live where they are registered again."""
    on, before = _begin(resident, on)
    if not resident.away:
        raise RuleError(_l("It is on record that they live here."), "resident")
    resident.away = False
    return _written(session, "away_end", resident, on, before, note=note)


def change_registration(
    session: Session,
    resident: Resident,
    registration: str,
    on: date | None,
    *,
    address: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """Registered here, floating or from overseas from that day on; ``address``: registered at."""
    on, before = _begin(resident, on)
    if registration == resident.registration:
        raise RuleError(_l("That is the registration on record."), "registration")
    resident.registration = registration
    if address:
        resident.registered_address = address
    return _written(session, "registration", resident, on, before, note=note)


def address(household: Household) -> str:
    """Where a household lives, without its number."""
    return household.name.removesuffix(f" {household.number}")


def _begin(resident: Resident, on: date | None) -> tuple[date, Snapshot]:
    on = check_day(on)
    if not resident.lives_here:
        raise RuleError(_l("This person no longer lives here: look at the record."), "resident")
    if resident.moved_in_on is not None and on < resident.moved_in_on:
        raise RuleError(_l("This day lies before the day of moving in."), "on")
    return on, Snapshot([resident])


def _written(
    session: Session,
    kind: str,
    resident: Resident,
    on: date,
    before: Snapshot,
    *,
    place: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    household = session.get_one(Household, resident.household_id)
    changed = before.changes()
    return write(
        session, kind, household, on, resident=resident, before=changed, place=place, note=note
    )
