"""Households with people, entered by the rules themselves."""

from typing import Any

from sqlalchemy.orm import Session

from portal.models import Building, Dwelling, Household, Resident
from portal.rules import idnumbers, population

CELL, BESIDE = "4201020029900101001", "4201020029900101002"  # of worker01 and worker02


def number(born: str = "19800101", serial: int = 1) -> str:
    """A number that fits together."""
    body = f"420102{born}{serial:03}"
    return body + idnumbers.check_character(body)


def home(session: Session, code: str = CELL, room: str = "101") -> Household:
    """A household without people in a building of its own."""
    building = Building(grid_code=code, name=f"{room}栋")
    dwelling = Dwelling(grid_code=code, building=building, name=f"{room}栋{room}", room=room)
    name = f"{room}栋{room} H{room}"
    household = Household(grid_code=code, dwelling=dwelling, name=name, number=f"H{room}")
    session.add(household)
    session.flush()
    return household


def person(
    session: Session, household: Household, name: str, relation: str | None = None, **more: Any
) -> Resident:
    """Somebody who has lived there for long."""
    one = Resident(name=name, relation_to_head=relation, **more)
    population.enter(session, household, one, "registered")
    return one
