"""Rules of the register (P1, P8.5): where a row lies, whose number it is, who heads a household."""

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.errors import RuleError
from portal.models import Building, Dwelling, Grid, Household, Organisation, Resident
from portal.models.register import ID_PLACE
from portal.models.register_choices import GB_11643_TYPES
from portal.models.types import blind_indexes
from portal.queries import register as queries
from portal.rules import idnumbers, phones

LONGEST = 3650  # days between two visits
# What a wrong identity number is told by, for people.
WRONG_NUMBER = {
    "id_check_digit": _l("The number is mistyped: its 18 characters do not fit together."),
    "id_date": _l("The number holds no possible birthday: compare it with the card."),
    "id_region": _l("The number begins with no known region: compare it with the card."),
}


def place(session: Session, row: Any) -> None:
    """Give ``row`` the grid of what it belongs to: a dwelling its building's, and so on down."""
    model, key = _above(row)
    above = session.get(model, key) if key else None
    if above is not None:
        row.grid_code = above.grid_code


def check_placed(session: Session, row: Any) -> None:
    """After the flush of ``row``: what it belongs to still lies where ``place`` found it.

    A regridding locks its cells first, and a row that is written in one of them waits for it (by
    the foreign key); it may come free in the old cell when everything else has left. Raises
    StaleDataError then.
    """
    model, key = _above(row)
    if key and session.scalar(select(model.grid_code).where(model.id == key)) != row.grid_code:
        raise StaleDataError(f"{row.__tablename__} {row.id}: moved meanwhile")


def _above(row: Any) -> tuple[Any, int | None]:
    """Model and key of what a row belongs to; no key where it belongs to nothing."""
    if isinstance(row, Dwelling):
        return Building, row.building_id
    if isinstance(row, Household):
        return Dwelling, row.dwelling_id
    if isinstance(row, Resident):
        return Household, row.household_id
    return None, None


def dwelling_name(building: str, unit: str, room: str) -> str:
    """3栋1单元101."""
    return f"{building}{unit}{room}"


def household_name(dwelling: str, number: str) -> str:
    """3栋1单元101 H700005: where it lives, and its number."""
    return f"{dwelling} {number}"


def prepare_building(session: Session, building: Building) -> None:
    """It stands in a cell, and no other of its name does; what is in it is called after it.

    Raises RuleError.
    """
    _check_cell(session, building.grid_code)
    same = select(Building.id).where(
        Building.grid_code == building.grid_code,
        Building.name == building.name,
        Building.id != (building.id or 0),
    )
    if session.scalar(same) is not None:
        raise RuleError(_l("The cell has a building of this name: choose another name."), "name")
    inside = select(Dwelling).where(Dwelling.building_id == (building.id or 0))
    for dwelling in session.scalars(inside):
        _name_dwelling(session, dwelling, building.name)


def prepare_dwelling(session: Session, dwelling: Dwelling) -> None:
    """Its name follows from building, unit and room; each is there once. Raises RuleError."""
    building = session.get_one(Building, dwelling.building_id)
    dwelling.unit = dwelling.unit or ""
    _name_dwelling(session, dwelling, building.name)
    dwelling.owner_phone = phones.entered(dwelling.owner_phone, "owner_phone")
    same = select(Dwelling.id).where(
        Dwelling.building_id == dwelling.building_id,
        Dwelling.unit == dwelling.unit,
        Dwelling.room == dwelling.room,
        Dwelling.id != (dwelling.id or 0),
    )
    if session.scalar(same) is not None:
        raise RuleError(_l("The building has this room already."), "room")


def _name_dwelling(session: Session, dwelling: Dwelling, building: str) -> None:
    dwelling.name = dwelling_name(building, dwelling.unit, dwelling.room)
    inside = select(Household).where(Household.dwelling_id == (dwelling.id or 0))
    for household in session.scalars(inside):
        household.name = household_name(dwelling.name, household.number)


def prepare_household(session: Session, household: Household) -> None:
    """Its number is there once in the dwelling; its visits are at most ten years apart. Raises
    RuleError.
    """
    if household.visit_every is not None and not 1 <= household.visit_every <= LONGEST:
        raise RuleError(
            _l("Use a number from %(min)d to %(max)d.", min=1, max=LONGEST), "visit_every"
        )
    dwelling = session.get_one(Dwelling, household.dwelling_id)
    household.name = household_name(dwelling.name, household.number)
    same = select(Household.id).where(
        Household.dwelling_id == household.dwelling_id,
        Household.number == household.number,
        Household.id != (household.id or 0),
    )
    if session.scalar(same) is not None:
        raise RuleError(_l("The dwelling has a household of this number already."), "number")


def prepare_organisation(session: Session, organisation: Organisation) -> None:
    """It lies in a cell; its private telephone has one form. Raises RuleError."""
    _check_cell(session, organisation.grid_code)
    organisation.contact_phone = phones.entered(organisation.contact_phone, "contact_phone")


def prepare_resident(session: Session, resident: Resident) -> None:
    """The number agrees with itself, birthday and sex; nobody else who lives here has it, and the
    household has one head. Without papers there is a temporary number. Raises RuleError.
    """
    resident.phone = phones.entered(resident.phone, "phone")
    _judge_number(resident)
    _judge_dates(resident)
    check_free(session, resident)


def check_free(
    session: Session, resident: Resident, *, besides: Collection[int] = (), head: bool | None = None
) -> None:
    """Nobody else living here has the number or heads the household. Raises RuleError.

    ``besides``: keys of people who change together with this one; ``head``: whether this one is
    about to be head, otherwise as on record.
    """
    if not resident.lives_here:
        return
    indexes = blind_indexes(ID_PLACE, resident.id_number)
    others = Resident.id.not_in({resident.id or 0, *besides})
    here = select(Resident).where(*queries.living(), others)
    if session.scalar(here.where(Resident.id_index.in_(indexes))) is not None:
        raise RuleError(
            _l(
                "Somebody with this number is on record already. Enter there that they moved out,"
                " or ask the station to compare the two."
            ),
            "id_number",
        )
    heads = here.where(
        Resident.household_id == resident.household_id, Resident.relation_to_head == "head"
    )
    heading = resident.relation_to_head == "head" if head is None else head
    if heading and (chief := session.scalar(heads)) is not None:
        raise RuleError(
            _l("%(name)s is the head of this household: change that first.", name=chief.name),
            "relation_to_head",
        )


def _judge_number(resident: Resident) -> None:
    number = idnumbers.tidy(resident.id_number or "")
    if not number:
        resident.id_type = "temporary"
        number = idnumbers.temporary(str(resident.household_id), resident.name, resident.birth_date)
    elif resident.id_type in GB_11643_TYPES:
        try:
            told = idnumbers.read(number, clock.today())
        except idnumbers.BadNumber as bad:
            raise RuleError(WRONG_NUMBER[bad.reason], "id_number") from bad
        if resident.birth_date not in (None, told.birth_date):
            raise RuleError(_l("The birthday in the number is another one."), "birth_date")
        if resident.sex not in (None, "", told.sex):
            raise RuleError(_l("The number is that of somebody of the other sex."), "sex")
        resident.birth_date, resident.sex = told.birth_date, told.sex
    if number != resident.id_number:
        resident.id_number = number


def _judge_dates(resident: Resident) -> None:
    today = clock.today()
    for field in ("birth_date", "moved_in_on", "moved_out_on", "died_on"):
        value = getattr(resident, field)
        if value is not None and value > today:
            raise RuleError(_l("This day has not come yet."), field)
    moved_in, moved_out = resident.moved_in_on, resident.moved_out_on
    if moved_in is not None and moved_out is not None and moved_out < moved_in:
        raise RuleError(_l("This day lies before the day of moving in."), "moved_out_on")
    born, died = resident.birth_date, resident.died_on
    if born is not None and died is not None and died < born:
        raise RuleError(_l("This day lies before the birthday."), "died_on")


def _check_cell(session: Session, code: str) -> None:
    level = session.scalar(select(Grid.level).where(Grid.code == code))
    if level != "cell":
        raise RuleError(_l("Choose a cell: the register is kept by cells."), "grid")
