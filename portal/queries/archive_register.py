"""What a grid's archive takes from the register: buildings, organisations, sums; no person."""

from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from portal.models import Building, Dwelling, Household, Organisation, Resident
from portal.queries.register import living
from portal.scope import within

Counts = dict[str, int]


def buildings(session: Session, cell: str) -> list[Row[Any]]:
    """The buildings of a cell with how many dwellings of each are registered."""
    homes = select(func.count(Dwelling.id)).where(Dwelling.building_id == Building.id)
    found = select(
        Building.name,
        Building.kind,
        Building.units,
        Building.storeys,
        homes.correlate(Building).scalar_subquery().label("homes"),
    ).where(Building.grid_code == cell)
    return list(session.execute(found.order_by(Building.id)))


def organisations(session: Session, cell: str) -> list[Row[Any]]:
    """The organisations of a cell: name, kind, address."""
    columns = select(Organisation.name, Organisation.kind, Organisation.address)
    found = columns.where(Organisation.grid_code == cell)
    return list(session.execute(found.order_by(Organisation.id)))


def sums(session: Session, code: str, digits: int) -> dict[str, Counts]:
    """Part of grid ``code`` (the first ``digits`` of the cells' codes) → table → rows of it;
    of residents those who live here.
    """
    found: dict[str, Counts] = {}
    for model in (Building, Dwelling, Household, Resident, Organisation):
        part = func.substr(model.grid_code, 1, digits)
        asked = select(part, func.count()).where(within(model.grid_code, (code,)))
        if model is Resident:
            asked = asked.where(*living())
        for key, count in session.execute(asked.group_by(part)):
            found.setdefault(key, {})[model.__tablename__] = count
    return found
