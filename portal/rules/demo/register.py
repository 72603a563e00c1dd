"""Writing the register of a demo community: homes for all, people, shops and companies.

Rows are written in bulk through the encrypting types; the audit log gets one entry for each table.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Building, Dwelling, Grid, Household, Organisation, Resident
from portal.models.register import derived_from
from portal.models.search import search_terms
from portal.rules.audit import record_bulk
from portal.rules.demo.families import MOBILE, Families
from portal.rules.demo.gaps import HouseholdPlan, leave_gaps
from portal.rules.demo.homes import BuildingPlan, HomePlan, plan_buildings
from portal.rules.demo.plan import GridPlan
from portal.rules.demo.words import COMPANIES, GIVEN, PROPERTY, SHOPS, SURNAMES
from portal.rules.register import dwelling_name, household_name

AT_ONCE = 2_000  # rows of one statement
FEWEST_SHOPS, MOST_SHOPS = 3, 6
NOT_ENTERED = 0.03  # of the homes that stand empty: people live there, nobody wrote them down
FIRST_CONTACT = 1_900_000  # behind the telephones of residents, of 2,000,000 a community
FIRST_PHONE, PHONES = 10_000_000, 2_000_000


def has_register(session: Session, community: str) -> bool:
    """Whether the community has a building on record."""
    inside = Building.grid_code.between(community, community + ":")
    return session.scalar(select(Building.id).where(inside).limit(1)) is not None


def build_register(
    session: Session, seed: int, number: int, community: str, residents: int
) -> dict[str, int]:
    """Register homes, ``residents`` people and organisations in the cells of demo community
    ``number``; how many rows by kind. The same for the same seed and grids.
    """
    cells = list(_cells(session, community))
    random = Random(f"{seed} {community} register")
    buildings, households = plan_register(cells, number, residents, random)
    written = _write(session, buildings, households)
    organisations = _organisations(cells, number, random)
    written["organisations"] = _insert(session, Organisation, organisations)
    for name, count in written.items():
        entry = {"row_id": None, "row_label": f"演示数据 {count}", "grid_code": community}
        record_bulk(session, "insert", name, [entry])
    return written


def plan_register(
    cells: Sequence[GridPlan], number: int, residents: int, random: Random
) -> tuple[list[BuildingPlan], list[HouseholdPlan]]:
    """Buildings with their homes and ``residents`` people in households, yet to be written."""
    buildings = [building for cell in cells for building in plan_buildings(cell, random)]
    households = list(_move_in(buildings, Families(number, random), residents, random))
    leave_gaps(households, random)
    return buildings, households


def _cells(session: Session, community: str) -> Iterator[GridPlan]:
    found = select(Grid.code, Grid.name, Grid.kind, Grid.households_declared, Grid.boundary).where(
        Grid.level == "cell",
        Grid.code.between(community, community + ":"),
        Grid.boundary.is_not(None),
        Grid.active_to.is_(None),
    )
    for code, name, kind, households, boundary in session.execute(found.order_by(Grid.code)):
        yield GridPlan(code, name, "cell", None, boundary, kind=kind, households=households)


def _move_in(
    buildings: Sequence[BuildingPlan], families: Families, residents: int, random: Random
) -> Iterator[HouseholdPlan]:
    """Households until ``residents`` people live here, in every cell as its homes are many; where
    all homes are full, a second household moves into each, and so on.
    """
    homes: dict[str, list[tuple[BuildingPlan, HomePlan]]] = {}
    for building in buildings:
        if building.homes:
            homes.setdefault(building.grid_code, []).extend((building, h) for h in building.homes)
    total = sum(map(len, homes.values()))
    passed = housed = 0
    for code, own in homes.items():
        passed += len(own)
        quota = residents * passed // total - housed
        housed += quota
        order = random.sample(own, len(own))
        serial = 0
        while quota > 0:
            building, home = order[serial % len(order)]
            serial += 1
            address = dwelling_name(building.name, home.unit, home.room)
            use, people = families.next(address)
            people = people[:quota]
            quota -= len(people)
            home.use = use
            yield HouseholdPlan(code, home, f"{code[12:]}-{serial:03d}", people)
        for _building, home in order[serial:]:
            home.use = "owner" if random.random() < NOT_ENTERED else "vacant"


def _organisations(
    cells: Iterable[GridPlan], number: int, random: Random
) -> Iterator[dict[str, Any]]:
    serial = FIRST_PHONE + number * PHONES + FIRST_CONTACT
    for cell in cells:
        kinds = random.sample(SHOPS, random.randint(FEWEST_SHOPS, MOST_SHOPS))
        names = [("shop", f"{cell.name}{kind}", at) for at, kind in enumerate(kinds, 1)]
        if cell.kind == "gated":
            names.append(("property", f"{cell.name}{PROPERTY}", 0))
            names.append(("owners_committee", f"{cell.name}业主委员会", 0))
        elif random.random() < 0.4:
            names.append(("company", f"{cell.name}{random.choice(COMPANIES)}有限公司", 0))
        for kind, name, shop in names:
            serial += 1
            address = f"{cell.name}商铺{shop}号" if shop else f"{cell.name}1"
            address += "" if shop else ("号院" if cell.kind == "bungalow" else "栋")
            contact = random.choice(SURNAMES) + "".join(random.sample(GIVEN, 2))
            yield {
                "grid_code": cell.code,
                "name": name,
                "kind": kind,
                "address": address,
                "contact": contact,
                "contact_phone": f"{MOBILE}{serial:08d}",
                "search_terms": search_terms(name, address, contact),
            }


def _write(
    session: Session, buildings: Sequence[BuildingPlan], households: Sequence[HouseholdPlan]
) -> dict[str, int]:
    keys = _keys(session, Building, (_building(plan) for plan in buildings))
    owners = {id(h.home): h.people[0].name for h in reversed(households) if h.home.use == "owner"}
    homes = [
        (key, plan, home) for key, plan in zip(keys, buildings, strict=True) for home in plan.homes
    ]
    keys = _keys(session, Dwelling, (_dwelling(*one, owners.get(id(one[2]))) for one in homes))
    at = {
        id(home): (key, dwelling_name(plan.name, home.unit, home.room))
        for key, (_building_key, plan, home) in zip(keys, homes, strict=True)
    }
    keys = _keys(session, Household, (_household(plan, *at[id(plan.home)]) for plan in households))
    people = (
        _resident(plan.grid_code, key, person)
        for key, plan in zip(keys, households, strict=True)
        for person in plan.people
    )
    written = {"buildings": len(buildings), "dwellings": len(homes), "households": len(households)}
    return written | {"residents": _insert(session, Resident, people)}


def _building(plan: BuildingPlan) -> dict[str, Any]:
    return {
        "grid_code": plan.grid_code,
        "name": plan.name,
        "kind": plan.kind,
        "storeys": plan.storeys,
        "units": plan.units,
        "dwellings": len(plan.homes) or None,
        "built_year": plan.built_year,
        "property_company": plan.property_company,
        "longitude": plan.longitude,
        "latitude": plan.latitude,
        "search_terms": search_terms(plan.name, plan.property_company),
    }


def _dwelling(
    building: int, plan: BuildingPlan, home: HomePlan, owner: str | None
) -> dict[str, Any]:
    name = dwelling_name(plan.name, home.unit, home.room)
    return {
        "grid_code": plan.grid_code,
        "building_id": building,
        "name": name,
        "unit": home.unit,
        "room": home.room,
        "use": home.use,
        "owner_name": owner,
        "search_terms": search_terms(name, owner),
    }


def _household(plan: HouseholdPlan, dwelling: int, address: str) -> dict[str, Any]:
    name = household_name(address, plan.number)
    return {
        "grid_code": plan.grid_code,
        "dwelling_id": dwelling,
        "name": name,
        "number": plan.number,
        "kind": "family",
        "search_terms": search_terms(name),
    }


def _resident(code: str, household: int, person: Any) -> dict[str, Any]:
    return {
        "grid_code": code,
        "household_id": household,
        "name": person.name,
        **derived_from("name", person.name),
        "sex": person.sex,
        "birth_date": person.birth_date,
        "id_type": person.id_type,
        "id_number": person.number,
        **derived_from("id_number", person.number),
        "phone": person.phone,
        **derived_from("phone", person.phone),
        "registration": person.registration,
        "away": person.away,
        "registered_address": person.registered_address,
        "relation_to_head": person.relation,
        "nation": person.nation,
        "education": person.education,
        "occupation": person.occupation,
        "moved_in_on": person.moved_in_on,
        "moved_out_on": person.moved_out_on,
        "died_on": person.died_on,
        "search_terms": search_terms(person.name, people=True),
    }


def _keys(session: Session, model: Any, rows: Iterable[dict[str, Any]]) -> list[int]:
    """Write ``rows``; their keys, in the same order."""
    table = model.__table__  # rows with and without a value in one statement
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return [key for some in _portions(rows) for key in session.scalars(statement, some)]


def _insert(session: Session, model: Any, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for some in _portions(rows):
        session.execute(insert(model.__table__), some)
        count += len(some)
    return count


def _portions(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    now = clock.now()
    stamps = {"version": 1, "created_at": now, "updated_at": now}
    stamped = (stamps | row for row in rows)
    while some := list(islice(stamped, AT_ONCE)):
        yield some
