"""Residents, with the buildings, dwellings and households that a row needs.

A person is known by the number of their papers among those who live here. Without papers the same
household, name and birthday are the same person, who gets a temporary number. Somebody who is on
record in another household is refused, not moved: that is an event with a date.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.models import Building, Dwelling, Grid, Household, Resident
from portal.models.register import ID_PLACE, derived_from
from portal.models.register_choices import GB_11643_TYPES
from portal.models.types import blind_index
from portal.rules import idnumbers
from portal.rules.imports.cells import choice, code, day, person_name, phone, text
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.kinds.resident_words import (
    HIDDEN_NUMBER,
    ID_TYPE_WORDS,
    REGISTRATION_WORDS,
    RELATION_WORDS,
    SEX_WORDS,
    id_number,
    place_name,
)
from portal.rules.imports.work import Draft, Found, Work
from portal.rules.register import dwelling_name, household_name

COLUMNS = (
    Column("grid_code", "网格编码", code(r".{1,40}"), "unknown_grid", ("所属网格", "网格")),
    Column("building", "楼栋", place_name(60), aliases=("楼号", "楼栋号")),
    Column("unit", "单元", place_name(20), aliases=("门栋", "单元号")),
    Column("room", "房号", place_name(20), aliases=("门牌", "房间", "室")),
    Column("household", "户号", place_name(30), aliases=("户编号", "家庭编号")),
    Column("relation_to_head", "与户主关系", choice(RELATION_WORDS), aliases=("关系",)),
    Column("name", "姓名", person_name(60), "name_missing"),
    Column("sex", "性别", choice(SEX_WORDS)),
    Column("id_type", "证件类型", choice(ID_TYPE_WORDS)),
    Column("id_number", "证件号码", id_number, aliases=("身份证号", "身份证号码"), sensitive=True),
    Column("birth_date", "出生日期", day, aliases=("出生年月", "生日")),
    Column("phone", "电话", phone(), aliases=("联系电话", "手机", "手机号"), sensitive=True),
    Column("registration", "户籍", choice(REGISTRATION_WORDS), aliases=("户籍类型",)),
    Column("nation", "民族", text(20)),
    Column("education", "文化程度", text(20), aliases=("学历",)),
    Column("occupation", "职业", text(60)),
    Column("employer", "工作单位", text(80)),
    Column("moved_in_on", "迁入日期", day, aliases=("入住日期",)),
)
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
PLAIN = ("registration", "nation", "education", "occupation", "employer", "moved_in_on")
ONLY_HOUSEHOLD = "1"  # the number of a household in a file that gives none
Home = tuple[Hashable, ...]  # grid, building, unit, room, number


@dataclass
class Round:
    """What one run knows: the register in the grids of the file and what the file has brought."""

    work: Work
    cells: set[str]
    buildings: dict[tuple[str, str], Found] = field(default_factory=dict)
    dwellings: dict[tuple[int, str, str], Found] = field(default_factory=dict)
    households: dict[tuple[int, str], Found] = field(default_factory=dict)
    by_number: dict[str, Found] = field(default_factory=dict)
    members: dict[int, list[Found]] = field(default_factory=dict)
    drafts: dict[Home, Draft] = field(default_factory=dict)  # a prefix of a home: what stands there
    numbers: set[str] = field(default_factory=set)  # keyed hashes that the file has brought
    heads: dict[Home, Any] = field(default_factory=dict)  # whom the file names as head


def plan(work: Work, lines: list[Line]) -> None:
    """Put every resident whose cell, address and number are in order."""
    codes = {line["grid_code"] for line in lines}
    grids = work.find(Grid, "code", codes, ("level",), everywhere=True)
    cells = {code for code, (grid, *_rest) in grids.items() if grid.raw["level"] == "cell"}
    run = Round(work, cells)
    _look_up(run, lines)
    for line in lines:
        if work.may_write(line, Resident, line["grid_code"]):
            _take(run, line)


def _look_up(run: Round, lines: list[Line]) -> None:
    find = run.work.find
    for cell, rows in find(Building, "grid_code", run.cells, ("name",)).items():
        run.buildings |= {(cell, row.raw["name"]): row for row in rows}
    ids = {row.id for row in run.buildings.values()}
    for building, rows in find(Dwelling, "building_id", ids, ("unit", "room")).items():
        run.dwellings |= {(building, row.raw["unit"], row.raw["room"]): row for row in rows}
    ids = {row.id for row in run.dwellings.values()}
    for dwelling, rows in find(Household, "dwelling_id", ids, ("number",)).items():
        run.households |= {(dwelling, row.raw["number"]): row for row in rows}
    numbers = {line["id_number"] for line in lines}
    for index, rows in run.work.find_sealed(Resident, "id_index", numbers, PERSON).items():
        here = [row for row in rows if _lives_here(row)]
        if here:
            run.by_number[index] = here[0]
    ids = {row.id for row in run.households.values()}
    for household, rows in find(Resident, "household_id", ids, PERSON).items():
        run.members[household] = [row for row in rows if _lives_here(row)]


def _lives_here(row: Found) -> bool:
    return row.raw["moved_out_on"] is None and row.raw["died_on"] is None


def _take(run: Round, line: Line) -> None:
    work = run.work
    if line["grid_code"] not in run.cells:
        work.fail(line, "unknown_grid", "grid_code")
    elif line["building"] is None or line["room"] is None:
        work.fail(line, "address_missing", "building" if line["building"] is None else "room")
    else:
        _judge_papers(line, work)
    if line.failed:
        return
    home = _home_of(line)
    household = _known_household(run, home)
    number, found = _person(run, line, home, household)
    index = blind_index(ID_PLACE, number) or ""
    if not _only_one(run, line, home, household, index, found):
        return
    run.numbers.add(index)
    if line["relation_to_head"] == "head":
        run.heads[home] = index
    _put(run, line, home, household, number, found)


def _judge_papers(line: Line, work: Work) -> None:
    """The number agrees with itself, with the birthday and with the sex; both may come from it."""
    number = line["id_number"]
    nobodys = number is None and HIDDEN_NUMBER not in line.notes
    kind = line["id_type"] or ("temporary" if nobodys else "resident_id")
    line.values["id_type"] = kind
    if number is None or kind not in GB_11643_TYPES:
        return
    try:
        told = idnumbers.read(number, clock.today())
    except idnumbers.BadNumber as bad:
        work.fail(line, bad.reason, "id_number")
        return
    if line["birth_date"] not in (None, told.birth_date):
        work.fail(line, "birth_mismatch", "birth_date")
    elif line["sex"] not in (None, told.sex):
        work.fail(line, "sex_mismatch", "sex")
    line.values |= {"birth_date": told.birth_date, "sex": told.sex}


def _home_of(line: Line) -> Home:
    number = line["household"] or ONLY_HOUSEHOLD
    return (line["grid_code"], line["building"], line["unit"] or "", line["room"], number)


def _known_household(run: Round, home: Home) -> Found | None:
    code, name, unit, room, number = home
    building = run.buildings.get((str(code), str(name)))
    dwelling = building and run.dwellings.get((building.id, str(unit), str(room)))
    return run.households.get((dwelling.id, str(number))) if dwelling else None


def _person(
    run: Round, line: Line, home: Home, household: Found | None
) -> tuple[str, Found | None]:
    """The number of the person, and who has it already."""
    number: str | None = line["id_number"]
    if number is not None:
        return number, run.by_number.get(blind_index(ID_PLACE, number) or "")
    masked = HIDDEN_NUMBER in line.notes and line["id_type"] != "temporary"
    if not masked:
        line.values["id_type"] = "temporary"
    number = idnumbers.temporary("|".join(map(str, home)), line["name"], line["birth_date"])
    for row in run.members.get(household.id, ()) if household else ():
        same = (row.raw["name"], row.raw["birth_date"]) == (line["name"], line["birth_date"])
        if same and (masked or row.raw["id_type"] == "temporary"):
            return number, row
    if masked:  # an export with hidden numbers adds nobody
        run.work.fail(line, "number_hidden", "id_number")
    return number, None


def _only_one(
    run: Round, line: Line, home: Home, household: Found | None, index: str, found: Found | None
) -> bool:
    """Whether nobody else has the number, and the household no other head."""
    elsewhere = found is not None and (
        household is None or found.raw["household_id"] != household.id
    )
    if index in run.numbers or elsewhere:
        run.work.fail(line, "duplicate_id", "id_number")
    elif line["relation_to_head"] == "head":
        heads = [
            row
            for row in (run.members.get(household.id, ()) if household else ())
            if row.raw["relation_to_head"] == "head" and (found is None or row.id != found.id)
        ]
        if heads or home in run.heads:
            run.work.fail(line, "two_heads", "relation_to_head")
    return not line.failed


def _put(
    run: Round, line: Line, home: Home, household: Found | None, number: str, found: Found | None
) -> None:
    values: dict[str, Any] = {name: line[name] for name in PLAIN if line[name] is not None}
    for name in ("relation_to_head", "sex", "birth_date"):
        if line[name] is not None:
            values[name] = line[name]
    values |= {"name": line["name"], **derived_from("name", line["name"])}
    if line["phone"] is not None:
        values |= {"phone": line["phone"], **derived_from("phone", line["phone"])}
    if found is not None:
        run.work.put(line, Resident, values, line["name"], found=found)
        return
    values |= {"grid_code": line["grid_code"], "id_type": line["id_type"], "id_number": number}
    values |= derived_from("id_number", number)
    links = {}
    if household is not None:
        values["household_id"] = household.id
    else:
        made = _household(run, line, home)
        if made is None:
            return
        links = {"household_id": made}
    run.work.put(line, Resident, values, line["name"], links=links)


def _household(run: Round, line: Line, home: Home) -> Draft | None:
    code, name, unit, room, number = (str(part) for part in home)
    address = dwelling_name(name, unit, room)
    building = run.buildings.get((code, name))
    dwelling = run.dwellings.get((building.id, unit, room)) if building else None
    over: Draft | Found | None = building or _made(
        run, line, home[:2], Building, {"name": name}, name, {}
    )
    if dwelling is None and over is not None:
        told = {"unit": unit, "room": room, "name": address}
        over = _made(run, line, home[:4], Dwelling, told, address, {"building_id": over})
    else:
        over = dwelling
    if over is None:
        return None
    called = household_name(address, number)
    told = {"number": number, "name": called}
    return _made(run, line, home, Household, told, called, {"dwelling_id": over})


def _made(
    run: Round,
    line: Line,
    key: Home,
    model: type[Any],
    values: dict[str, Any],
    label: str,
    above: dict[str, Draft | Found],
) -> Draft | None:
    """The new row at ``key``: made by this line, or shared with the one that made it."""
    earlier = run.drafts.get(key)
    if earlier is not None:
        return run.work.join(line, earlier, {})
    links = {name: row for name, row in above.items() if isinstance(row, Draft)}
    values |= {name: row.id for name, row in above.items() if isinstance(row, Found)}
    values["grid_code"] = line["grid_code"]
    draft = run.work.put(line, model, values, label, links=links, side=True)
    if draft is not None:
        run.drafts[key] = draft
    return draft


RESIDENTS = Kind("residents", COLUMNS, Resident, (Building, Dwelling, Household, Resident), plan)
