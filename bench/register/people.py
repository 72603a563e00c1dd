"""The rows of a building: made the same every time, as objects of the portal's own models.

What follows from other columns (keyed hashes, sort key, search terms) is filled in by the very
validators and listeners that fill it in when the portal writes; the column types encrypt.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import inspect

from bench.register.names import full_name
from bench.register.plan import FAMILY_SIZES, BuildingPlan, dwellings_of
from portal.models import Building, Dwelling, Household, Resident
from portal.rules.idnumbers import check_character
from portal.rules.register import dwelling_name, household_name

WRITTEN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
DIVISION = "420102"
MOBILE = "154"  # a range that no operator has been given
# Birthdays of grown-ups and of children: days and serial numbers of a day make every number once.
GROWN, CHILD = (date(1936, 1, 1), 26_000), (date(2008, 1, 1), 6_500)
PER_DAY, STRIDE = 998, 7_919_999
EDUCATION = ("小学", "初中", "高中", "大专", "本科", None)
OCCUPATIONS = ("教师", "司机", "会计", "护士", "工程师", "个体经营", "退休", None)
ROLES = ("head", "spouse", "child", "child", "mother")


def rows(plan: BuildingPlan, seed: int) -> Iterator[Any]:
    """Building, dwellings, households and residents of ``plan``, in this order, with their keys."""
    chance = Random(f"{seed} {plan.key}")
    building = made(
        Building,
        id=plan.key,
        grid_code=plan.cell,
        name=f"{plan.number}栋",
        kind="residential",
        storeys=26,
        units=2,
        dwellings=dwellings_of(plan.households),
        built_year=chance.randint(1982, 2022),
        property_company="安居物业",
    )
    yield building
    dwellings = [_dwelling(plan, building, at, chance) for at in range(building.dwellings)]
    yield from dwellings
    homes = [_household(plan, dwellings[at], at) for at in range(plan.households)]
    yield from homes
    key = plan.residents_before
    for at, home in enumerate(homes):
        for place in range(FAMILY_SIZES[(plan.households_before + at) % len(FAMILY_SIZES)]):
            key += 1
            yield _resident(key, home, place, chance)


def made(model: Any, **given: Any) -> Any:
    """A row with everything that the portal fills in before it writes.

    Values go past the instrumentation of the session, which no one asks here: a third of the time.
    """
    mapper = inspect(model)
    row = mapper.class_manager.new_instance()
    row.__dict__.update(given, version=1, created_at=WRITTEN, updated_at=WRITTEN)
    for name, (validator, _options) in mapper.validators.items():
        if name in given:
            validator(row, name, given[name])
    mapper.dispatch.before_insert(mapper, None, inspect(row))
    return row


def _dwelling(plan: BuildingPlan, building: Any, at: int, chance: Random) -> Any:
    unit, room = f"{at % 2 + 1}单元", f"{at // 4 + 1}{at // 2 % 2 + 1:02d}"
    key = plan.dwellings_before + at + 1
    vacant = at >= plan.households
    return made(
        Dwelling,
        id=key,
        grid_code=plan.cell,
        building_id=building.id,
        name=dwelling_name(building.name, unit, room),
        unit=unit,
        room=room,
        use="vacant" if vacant else chance.choice(("owner", "owner", "owner", "rented")),
        owner_name=full_name(chance),
        owner_phone=f"{MOBILE}{50_000_000 + key:08d}",
    )


def _household(plan: BuildingPlan, dwelling: Any, at: int) -> Any:
    key = plan.households_before + at + 1
    number = f"H{key:07d}"
    return made(
        Household,
        id=key,
        grid_code=plan.cell,
        dwelling_id=dwelling.id,
        name=household_name(dwelling.name, number),
        number=number,
        kind="family",
    )


def _resident(key: int, home: Any, place: int, chance: Random) -> Any:
    role = ROLES[place]
    child = role == "child"
    number = id_number(key, child=child)
    male = int(number[16]) % 2 == 1
    if child:
        role = "son" if male else "daughter"
    elif role == "mother" and male:
        role = "father"
    here = chance.random() < 0.75
    return made(
        Resident,
        id=key,
        grid_code=home.grid_code,
        household_id=home.id,
        name=full_name(chance),
        sex="male" if male else "female",
        birth_date=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        id_type="resident_id",
        id_number=number,
        phone=None if child else f"{MOBILE}{key:08d}",
        registration="permanent" if here else "floating",
        away=False,
        registered_address=None if here else "湖北省黄冈市",
        relation_to_head=role,
        nation="汉族",
        education=None if child else chance.choice(EDUCATION),
        occupation=None if child else chance.choice(OCCUPATIONS),
        moved_in_on=WRITTEN.date() - timedelta(days=chance.randrange(400, 6_000)),
    )


def id_number(key: int, *, child: bool) -> str:
    """A number with a right check character, another one for every ``key`` (GB 11643)."""
    first, days = CHILD if child else GROWN
    day, serial = divmod(key * STRIDE % (days * PER_DAY), PER_DAY)
    body = f"{DIVISION}{first + timedelta(days=day):%Y%m%d}{serial + 1:03d}"
    return body + check_character(body)
