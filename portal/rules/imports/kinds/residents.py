"""Residents, with the buildings, dwellings and households that a row needs.

A person is known by the number of their papers among those who live here. Without papers the same
household, name and birthday are the same person, who gets a temporary number. Somebody who is on
record in another household is refused, not moved: that is an event with a date.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal import clock
from portal.models import Building, Dwelling, Grid, Household, Resident
from portal.models.register import ID_PLACE, ID_TAIL_PLACE, PHONE_PLACE, TAIL
from portal.models.register_choices import GB_11643_TYPES
from portal.models.search import sort_key
from portal.models.types import hasher
from portal.rules import idnumbers, population
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
from portal.rules.imports.matches import Matches, number_of, stay
from portal.rules.imports.work import Draft, Found, Work
from portal.rules.register import dwelling_name, household_name

# Text that the cleaners leave as it is.
CHINESE_NAME = re.compile("[\u4e00-\u9fff]{1,60}")
WHOLE_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
PLAIN_NUMBER = re.compile(r"[0-9A-Za-z]{1,30}")
COLUMNS = (
    Column("grid_code", "网格编码", code(r".{1,40}"), "unknown_grid", ("所属网格", "网格")),
    Column("building", "楼栋", place_name(60), aliases=("楼号", "楼栋号")),
    Column("unit", "单元", place_name(20), aliases=("门栋", "单元号")),
    Column("room", "房号", place_name(20), aliases=("门牌", "房间", "室")),
    Column("household", "户号", place_name(30), aliases=("户编号", "家庭编号"), plain=PLAIN_NUMBER),
    Column("relation_to_head", "与户主关系", choice(RELATION_WORDS), aliases=("关系",)),
    Column("name", "姓名", person_name(60), "name_missing", plain=CHINESE_NAME),
    Column("sex", "性别", choice(SEX_WORDS)),
    Column("id_type", "证件类型", choice(ID_TYPE_WORDS)),
    Column(
        *("id_number", "证件号码", id_number, None, ("身份证号", "身份证号码")),
        sensitive=True,
        plain=WHOLE_NUMBER,
    ),
    Column("birth_date", "出生日期", day, aliases=("出生年月", "生日")),
    Column(
        *("phone", "电话", phone(), None, ("联系电话", "手机", "手机号")),
        sensitive=True,
        plain=MOBILE,
    ),
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
SAID = (
    *("name", "relation_to_head", "sex", "birth_date", "phone"),
    *("registration", "nation", "education", "occupation", "employer", "moved_in_on"),
)
UNIT, NUMBER = ("unit", "room"), ("number",)
AT_ONCE = 2000  # rows
ONLY_HOUSEHOLD = "1"  # the number of a household in a file that gives none
Home = tuple[str, ...]  # grid, building, unit, room, number


@dataclass
class Round:
    """What one run knows: homes by address, whom the file has brought so far; of the part in hand
    also who is on record. Homes are keys of rows: nothing of them is changed.
    """

    work: Work
    today: date
    codes: dict[str, bool] = field(default_factory=dict)  # grid codes of the file: is it a cell
    buildings: dict[Home, int] = field(default_factory=dict)
    dwellings: dict[tuple[int, str, str], int] = field(default_factory=dict)
    households: dict[tuple[int, str], int] = field(default_factory=dict)
    known: set[tuple[str, int]] = field(default_factory=set)  # table, row above it: looked up
    numbers: set[str] = field(default_factory=set)  # keyed hashes that the file has brought
    heads: set[Home] = field(default_factory=set)  # homes whose head the file names
    tails: dict[str, str | None] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)  # residents that earlier parts have changed
    matches: Matches = field(init=False)  # whom rows look like, and what was decided
    index: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_PLACE))
    phone: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(PHONE_PLACE))
    tail: Callable[[str | None], str | None] = field(default_factory=lambda: hasher(ID_TAIL_PLACE))
    # of the part
    by_number: dict[str, Found] = field(default_factory=dict)
    members: dict[int, list[Found]] = field(default_factory=dict)
    drafts: dict[Home, Draft] = field(default_factory=dict)  # a prefix of a home: what stands there

    def __post_init__(self) -> None:
        self.matches = Matches(self.work, PERSON, self.changed)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every resident whose cell, address and number are in order."""
    run = work.memory = work.memory or Round(work, clock.today())
    _keep_homes(run)
    codes = {line["grid_code"] for line in lines} - set(run.codes)
    grids = work.find(Grid, "code", codes, ("level",), everywhere=True)
    cells = {code for code, (grid, *_rest) in grids.items() if grid.raw["level"] == "cell"}
    run.codes |= {code: code in cells for code in codes}
    _look_up(run, lines, cells)
    for line in lines:
        if work.may_write(line, Resident, line["grid_code"]):
            _judge(run, line)
    standing = [line for line in lines if not line.failed]
    _look_alike(run, standing)
    for line in standing:
        _take(run, line)


def _keep_homes(run: Round) -> None:
    """The homes that the part before has made are there now."""
    for home, draft in run.drafts.items():
        if draft.row_id is None:
            continue
        if len(home) == 2:
            run.buildings[home] = draft.row_id
        elif len(home) == 4:
            run.dwellings[run.buildings[home[:2]], home[2], home[3]] = draft.row_id
        else:
            over = run.dwellings[run.buildings[home[:2]], home[2], home[3]]
            run.households[over, home[4]] = draft.row_id
    run.drafts = {}


def _look_up(run: Round, lines: list[Line], cells: set[str]) -> None:
    find = run.work.find
    for cell, rows in find(Building, "grid_code", cells, ("name",)).items():
        run.buildings |= {(cell, row.raw["name"]): row.id for row in rows}
    homes = [_home_of(line) for line in lines]
    ids = {key for home in homes if (key := run.buildings.get(home[:2]))}
    for building, rows in find(Dwelling, "building_id", _new(run, Dwelling, ids), UNIT).items():
        run.dwellings |= {(building, row.raw["unit"], row.raw["room"]): row.id for row in rows}
    ids = {key for home in homes if (key := _dwelling(run, home))}
    for over, rows in find(Household, "dwelling_id", _new(run, Household, ids), NUMBER).items():
        run.households |= {(over, row.raw["number"]): row.id for row in rows}
    for line in lines:
        line.values["id_index"] = run.index(line["id_number"])
    numbers = {line["id_number"] for line in lines}
    run.by_number = {}
    for index, rows in run.work.find_sealed(Resident, "id_index", numbers, PERSON).items():
        here = [row for row in rows if _lives_here(row)]
        if here:
            run.by_number[index] = here[0]
    ids = {key for home in homes if (key := _known_household(run, home))}
    run.members = {}
    for household, rows in find(Resident, "household_id", ids, PERSON).items():
        run.members[household] = [
            row for row in rows if _lives_here(row) and not run.work.made_now(row)
        ]


def _new(run: Round, model: type[Any], above: set[int]) -> set[int]:
    """Those of ``above`` of which it was not asked yet what is in them."""
    fresh = {key for key in above if (model.__tablename__, key) not in run.known}
    run.known |= {(model.__tablename__, key) for key in fresh}
    return fresh


def _lives_here(row: Found) -> bool:
    return row.raw["moved_out_on"] is None and row.raw["died_on"] is None


def _look_alike(run: Round, lines: list[Line]) -> None:
    """Look up whom those may be whose number nobody has."""
    unknown = [
        (line, _known_household(run, _home_of(line)))
        for line in lines
        if line["id_index"] not in run.by_number and HIDDEN_NUMBER not in line.notes
    ]
    run.matches.look_up(unknown, run.members)


def _judge(run: Round, line: Line) -> None:
    work = run.work
    if not run.codes[line["grid_code"]]:
        work.fail(line, "unknown_grid", "grid_code")
    elif line["building"] is None or line["room"] is None:
        work.fail(line, "address_missing", "building" if line["building"] is None else "room")
    else:
        _judge_papers(run, line)


def _take(run: Round, line: Line) -> None:
    home = _home_of(line)
    household = _known_household(run, home)
    number, known = _person(run, line, home, household)
    found = run.matches.settle(line, household, known) if not line.failed else None
    if line.failed:
        return
    number_told = {}
    if found is not None and found is not known:
        household, number_told = stay(line, household, found), number_of(line)
    index = line["id_index"] or run.index(number) or ""
    if not _only_one(run, line, home, household, index, found):
        return
    run.numbers.add(index)
    if line["relation_to_head"] == "head":
        run.heads.add(home)
    if found is not None:
        _put_changes(run, line, found, number_told)
    else:
        _put_new(run, line, home, household, number, index)


def _judge_papers(run: Round, line: Line) -> None:
    """The number agrees with itself, with the birthday and with the sex; both may come from it."""
    number = line["id_number"]
    nobodys = number is None and HIDDEN_NUMBER not in line.notes
    kind = line["id_type"] or ("temporary" if nobodys else "resident_id")
    line.values["id_type"] = kind
    if number is None or kind not in GB_11643_TYPES:
        return
    try:
        told = idnumbers.read(number, run.today)
    except idnumbers.BadNumber as bad:
        run.work.fail(line, bad.reason, "id_number")
        return
    if line["birth_date"] not in (None, told.birth_date):
        run.work.fail(line, "birth_mismatch", "birth_date")
    elif line["sex"] not in (None, told.sex):
        run.work.fail(line, "sex_mismatch", "sex")
    line.values["birth_date"], line.values["sex"] = told.birth_date, told.sex


def _home_of(line: Line) -> Home:
    told: Any = line.values.get  # (a line without building or room is refused later)
    number = told("household") or ONLY_HOUSEHOLD
    return told("grid_code"), told("building"), told("unit") or "", told("room"), number


def _dwelling(run: Round, home: Home) -> int | None:
    building = run.buildings.get(home[:2])
    return run.dwellings.get((building, home[2], home[3])) if building else None


def _known_household(run: Round, home: Home) -> int | None:
    dwelling = _dwelling(run, home)
    return run.households.get((dwelling, home[4])) if dwelling else None


def _person(run: Round, line: Line, home: Home, household: int | None) -> tuple[str, Found | None]:
    """The number of the person, and who has it already."""
    number: str | None = line["id_number"]
    if number is not None:
        return number, run.by_number.get(line["id_index"])
    masked = HIDDEN_NUMBER in line.notes and line["id_type"] != "temporary"
    if not masked:
        line.values["id_type"] = "temporary"
    number = idnumbers.temporary("|".join(home), line["name"], line["birth_date"])
    for row in run.members.get(household, ()) if household else ():
        same = (row.raw["name"], row.raw["birth_date"]) == (line["name"], line["birth_date"])
        if same and (masked or row.raw["id_type"] == "temporary"):
            return number, row
    if masked:  # an export with hidden numbers adds nobody
        run.work.fail(line, "number_hidden", "id_number")
    return number, None


def _only_one(
    run: Round, line: Line, home: Home, household: int | None, index: str, found: Found | None
) -> bool:
    """Whether nobody else has the number, and the household no other head."""
    elsewhere = found is not None and found.raw["household_id"] != household
    if index in run.numbers or elsewhere:
        run.work.fail(line, "duplicate_id", "id_number")
    elif line["relation_to_head"] == "head":
        heads = [
            row
            for row in (run.members.get(household, ()) if household else ())
            if row.raw["relation_to_head"] == "head" and (found is None or row.id != found.id)
        ]
        if heads or home in run.heads:
            run.work.fail(line, "two_heads", "relation_to_head")
    return line.error is None


def _values(run: Round, line: Line) -> dict[str, Any]:
    """What the line says of the person, number apart."""
    told = line.values
    values: dict[str, Any] = {name: told[name] for name in SAID if name in told}
    values["name_sort"] = sort_key(told["name"])
    if "phone" in values:
        values["phone_index"] = run.phone(values["phone"])
    return values


def _put_changes(run: Round, line: Line, found: Found, number: dict[str, Any]) -> None:
    values = _values(run, line) | number
    if found.id in run.changed:
        # Another line of an earlier part spoke of the same person: it must not say otherwise.
        if any(found.value(name) != value for name, value in values.items()):
            run.work.fail(line, "conflicting_rows")
        return
    run.work.put(line, Resident, values, line["name"], found=found)
    run.changed.add(found.id)


def _put_new(
    run: Round, line: Line, home: Home, household: int | None, number: str, index: str
) -> None:
    values = _values(run, line)
    tail = number[-TAIL:]
    if tail not in run.tails:
        run.tails[tail] = run.tail(tail)
    values["grid_code"], values["id_type"] = line["grid_code"], line["id_type"]
    values["id_number"], values["id_index"] = number, index
    values["id_tail_index"] = run.tails[tail]
    links = {}
    if household is not None:
        values["household_id"] = household
    else:
        made = _household(run, line, home)
        if made is None:
            return
        links = {"household_id": made}
    run.work.put(line, Resident, values, line["name"], links=links)


def _household(run: Round, line: Line, home: Home) -> Draft | None:
    """The new household at ``home``, with the dwelling and building that it needs."""
    known = run.drafts.get(home)
    if known is not None:
        for part in (home[:2], home[:4]):
            if part in run.drafts:
                run.drafts[part].lines.append(line)
        known.lines.append(line)
        return known
    code, name, unit, room, number = home
    address = dwelling_name(name, unit, room)
    building: Draft | int | None = run.buildings.get(home[:2])
    over: Draft | int | None = building or _made(
        run, line, home[:2], Building, {"name": name}, name, {}
    )
    dwelling = _dwelling(run, home)
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
    above: dict[str, Draft | int],
) -> Draft | None:
    """The new row at ``key``: made by this line, or shared with the one that made it."""
    earlier = run.drafts.get(key)
    if earlier is not None:
        return run.work.join(line, earlier, {})
    links = {name: row for name, row in above.items() if isinstance(row, Draft)}
    values |= {name: row for name, row in above.items() if not isinstance(row, Draft)}
    values["grid_code"] = line["grid_code"]
    draft = run.work.put(line, model, values, label, links=links, side=True)
    if draft is not None:
        run.drafts[key] = draft
    return draft


def _note_arrivals(work: Work, drafts: list[Draft]) -> None:
    """Who was born or moved in since the register of the cell began is an event that counts."""
    new = [d.row_id for d in drafts if d.model is Resident and d.found is None and d.row_id]
    if new:
        population.record_new(work.session, new, counted_only=True)


RESIDENTS = Kind(
    "residents",
    COLUMNS,
    Resident,
    (Building, Dwelling, Household, Resident),
    plan,
    at_once=AT_ONCE,
    after=_note_arrivals,
)
