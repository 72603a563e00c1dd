"""Buildings, dwellings and households by themselves, without their people.

A building is known by cell and name, a dwelling by building, unit and room, a household by dwelling
and number. What a row stands in is made along where it is missing.
"""

from dataclasses import dataclass, field
from typing import Any

from portal.models import Building, Dwelling, Grid, Household, Row
from portal.rules.imports.cells import choice, code, decimal, phone, text, whole_number
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.kinds.resident_words import place_name
from portal.rules.imports.work import Work
from portal.rules.register import dwelling_name, household_name

BUILDING_WORDS = {
    "residential": ("住宅", "住宅楼", "居民楼"),
    "commercial": ("商业", "商业楼", "写字楼", "商用"),
    "public": ("公共", "公共建筑", "公建"),
    "mixed": ("商住", "商住楼", "商住两用"),
}
USE_WORDS = {
    "owner": ("自住", "自有"),
    "rented": ("出租", "租赁"),
    "vacant": ("空置", "空房", "空关"),
    "business": ("经营", "商用", "办公"),
}
HOUSEHOLD_WORDS = {"family": ("家庭户", "家庭"), "collective": ("集体户", "集体")}
ONLY_HOUSEHOLD = "1"  # the number of a household in a file that gives none
GRID = Column("grid_code", "网格编码", code(r".{1,40}"), "unknown_grid", ("所属网格", "网格"))
BUILDING = Column(
    "building", "楼栋", place_name(60), "address_missing", ("楼号", "楼栋号", "楼栋名称")
)
UNIT = Column("unit", "单元", place_name(20), aliases=("门栋", "单元号"))
ROOM = Column("room", "房号", place_name(20), "address_missing", ("门牌", "房间", "室"))
OF_BUILDING = (
    Column("kind", "类型", choice(BUILDING_WORDS), aliases=("楼栋类型", "建筑类型")),
    Column("storeys", "层数", whole_number(1, 200), aliases=("楼层数", "总层数")),
    Column("units", "单元数", whole_number(1, 100)),
    Column("dwellings", "房屋数", whole_number(0, 10_000), aliases=("套数", "户数", "房屋套数")),
    Column("built_year", "建成年份", whole_number(1800, 2100), aliases=("建成年代", "年份")),
    Column("property_company", "物业公司", text(80), aliases=("物业", "物业单位")),
    Column("longitude", "经度", decimal(-180, 180)),
    Column("latitude", "纬度", decimal(-90, 90)),
)
OF_DWELLING = (
    Column("use", "用途", choice(USE_WORDS), aliases=("使用情况", "房屋用途")),
    Column("owner_name", "产权人", text(60), aliases=("房主", "业主", "业主姓名", "房主姓名")),
    Column(*("owner_phone", "产权人电话", phone(), None, ("房主电话", "业主电话")), sensitive=True),
)
NUMBER = Column("household", "户号", place_name(30), aliases=("户编号", "家庭编号"))
OF_HOUSEHOLD = (Column("kind", "户类型", choice(HOUSEHOLD_WORDS), aliases=("类型", "户别")),)
Home = tuple[str, ...]  # grid, building, unit, room, number, or the beginning of it


@dataclass
class Homes:
    """What stands in the cells of the file, and what the file adds; by address."""

    work: Work
    cells: set[str]
    there: dict[Home, Found] = field(default_factory=dict)
    made: dict[Home, Draft] = field(default_factory=dict)


def plan(work: Work, lines: list[Line]) -> None:
    """Put the building, dwelling or household of every line whose cell is one."""
    codes = {line["grid_code"] for line in lines}
    grids = work.find(Grid, "code", codes, ("level",), everywhere=True)
    cells = {code for code, (grid, *_rest) in grids.items() if grid.raw["level"] == "cell"}
    homes = Homes(work, cells)
    _look_up(homes)
    for line in lines:
        if not work.may_write(line, work.kind.model, line["grid_code"]):
            continue
        if line["grid_code"] not in cells:
            work.fail(line, "unknown_grid", "grid_code")
            continue
        _put(homes, line)


def _look_up(homes: Homes) -> None:
    find, there, wanted = homes.work.find, homes.there, homes.work.kind.model
    of: dict[type[Row], list[str]] = {
        model: [name for name in _values_of(model) if model is wanted]
        for model in (Building, Dwelling, Household)
    }
    address: dict[int, Home] = {}
    for cell, rows in find(Building, "grid_code", homes.cells, ("name", *of[Building])).items():
        for row in rows:
            address[row.id] = (cell, row.raw["name"])
            there[address[row.id]] = row
    if wanted is Building:
        return
    names, above, address = ("unit", "room", *of[Dwelling]), address, {}
    for building, rows in find(Dwelling, "building_id", above, names).items():
        for row in rows:
            address[row.id] = (*above[building], row.raw["unit"], row.raw["room"])
            there[address[row.id]] = row
    if wanted is Household:
        for over, rows in find(Household, "dwelling_id", address, ("number", "kind")).items():
            there |= {(*address[over], row.raw["number"]): row for row in rows}


def _values_of(model: type[Row]) -> list[str]:
    columns = {Building: OF_BUILDING, Dwelling: OF_DWELLING, Household: OF_HOUSEHOLD}
    return [column.name for column in columns[model]]


def _put(homes: Homes, line: Line) -> None:
    values = {name: line[name] for name in _values_of(homes.work.kind.model) if line[name]}
    for name in ("dwellings", "longitude", "latitude"):  # nought says something too
        if line[name] is not None:
            values[name] = line[name]
    address = _address(homes.work.kind, line)
    found = homes.there.get(address)
    if found is not None:
        homes.work.put(line, homes.work.kind.model, values, _label(address), found=found)
    else:
        _make(homes, line, address, values, side=False)


def _make(
    homes: Homes, line: Line, address: Home, values: dict[str, Any], *, side: bool
) -> Draft | None:
    """A new row at ``address``, with what it stands in."""
    earlier = homes.made.get(address)
    if earlier is not None:
        return homes.work.join(line, earlier, {})
    model, told, over, above = _parts(address)
    links: dict[str, Draft] = {}
    values |= told | {"grid_code": address[0]}
    if above:
        found = homes.there.get(above)
        made = None if found else _make(homes, line, above, {}, side=True)
        if found is not None:
            values[over] = found.id
        elif made is not None:
            links[over] = made
        else:
            return None
    label = _label(address)
    draft = homes.work.put(line, model, values, label, links=links, side=side)
    if draft is not None:
        homes.made[address] = draft
    return draft


def _parts(address: Home) -> tuple[type[Row], dict[str, Any], str, Home]:
    """The table of an address, what follows from it, the column of what it stands in, and that."""
    if len(address) == 2:
        return Building, {"name": address[1]}, "", ()
    if len(address) == 4:
        told = {"unit": address[2], "room": address[3], "name": _label(address)}
        return Dwelling, told, "building_id", address[:2]
    told = {"number": address[4], "name": _label(address)}
    return Household, told, "dwelling_id", address[:4]


def _label(address: Home) -> str:
    if len(address) == 2:
        return address[1]
    dwelling = dwelling_name(*address[1:4])
    return dwelling if len(address) == 4 else household_name(dwelling, address[4])


def _address(kind: Kind, line: Line) -> Home:
    if kind.model is Building:
        return line["grid_code"], line["name"]
    return _home(line) if kind.model is Household else _dwelling(line)


def _dwelling(line: Line) -> Home:
    return line["grid_code"], line["building"], line["unit"] or "", line["room"]


def _home(line: Line) -> Home:
    return (*_dwelling(line), line["household"] or ONLY_HOUSEHOLD)


BUILDINGS = Kind(
    "buildings",
    (
        GRID,
        Column("name", "名称", place_name(60), "name_missing", ("楼栋", "楼栋名称", "楼号")),
        *OF_BUILDING,
    ),
    Building,
    (Building,),
    plan,
    key=lambda line: (line["grid_code"], line["name"]),
)
DWELLINGS = Kind(
    "dwellings",
    (GRID, BUILDING, UNIT, ROOM, *OF_DWELLING),
    Dwelling,
    (Building, Dwelling),
    plan,
    key=_dwelling,
)
HOUSEHOLDS = Kind(
    "households",
    (GRID, BUILDING, UNIT, ROOM, NUMBER, *OF_HOUSEHOLD),
    Household,
    (Building, Dwelling, Household),
    plan,
    key=_home,
)
