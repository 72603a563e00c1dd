"""A register to regrid: buildings with dwellings, households and people, made row by row."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Building, Dwelling, Grid, Household, Organisation, Resident
from portal.rules.geometry import load_geometry
from portal.rules.idnumbers import check_character
from portal.rules.regrid import Consent, Plan, Wish, carry_out, plan, seen_now

BLOCK = "4201020029900101"
CELL, BESIDE, THIRD, FOURTH = (f"{BLOCK}{n:03d}" for n in (1, 2, 3, 4))
AGREED = Consent("accepted", date(2026, 1, 5), "居民会议", "")


def id_number(serial: int) -> str:
    body = f"420102{1940 + serial // 1000 % 60}0101{serial % 1000:03d}"
    return body + check_character(body)


def inside(session: Session, code: str, number: int) -> list[tuple[float, float]]:
    """``number`` places within a cell, always the same."""
    shape = load_geometry(
        session.scalars(select(Grid.boundary).where(Grid.code == code)).one() or ""
    )
    west, south, east, north = shape.bounds
    found: list[tuple[float, float]] = []
    step = 0
    while len(found) < number:
        step += 1
        x = west + (east - west) * (step * 0.7548776662 % 1)
        y = south + (north - south) * (step * 0.5698402910 % 1)
        if shape.contains(shapely.Point(x, y)):
            found.append((round(x, 7), round(y, 7)))
    return found


def settle_people(
    session: Session,
    code: str,
    dwellings: Iterable[int],
    *,
    prefix: str = "",
    places: bool = True,
    people: bool = True,
) -> list[Building]:
    """A building for each of ``dwellings``, with so many dwellings; one household and one person
    in each. Not committed.
    """
    sizes = list(dwellings)
    points = inside(session, code, len(sizes)) if places else [(None, None)] * len(sizes)
    serial = (session.query(Resident).count() + 1) * 1
    found = []
    for number, (size, (longitude, latitude)) in enumerate(zip(sizes, points, strict=True), 1):
        building = Building(
            grid_code=code,
            name=f"{prefix}{number}栋",
            longitude=longitude,
            latitude=latitude,
            dwellings=size,
        )
        session.add(building)
        session.flush()
        found.append(building)
        if not people:
            continue
        flats = [
            Dwelling(
                grid_code=code, building_id=building.id, room=str(n), name=f"{building.name}{n}"
            )
            for n in range(size)
        ]
        session.add_all(flats)
        session.flush()
        homes = [
            Household(grid_code=code, dwelling_id=flat.id, number="H", name=f"{flat.name} H")
            for flat in flats
        ]
        session.add_all(homes)
        session.flush()
        for home in homes:
            serial += 1
            session.add(
                Resident(
                    grid_code=code,
                    household_id=home.id,
                    name=f"人{serial}",
                    id_number=id_number(serial),
                    relation_to_head="head",
                )
            )
        session.flush()
    return found


def shop(session: Session, code: str, name: str) -> Organisation:
    """An organisation."""
    row = Organisation(grid_code=code, name=name, kind="shop")
    session.add(row)
    session.flush()
    return row


def do(session: Session, wish: Wish, consent: Consent = AGREED) -> tuple[Any, Plan]:
    """Look at the plan and carry it out; the change and the plan."""
    found = plan(wish, session)
    assert not found.stops, [str(stop) for stop in found.stops]
    change, done = carry_out(session, wish, seen_now(session, found), consent)
    session.commit()
    return change, done


def today() -> date:
    return clock.today()
