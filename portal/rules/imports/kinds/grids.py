"""Grids of all six levels, in any order: a code's place in the hierarchy is the code itself."""

from typing import Any

from portal.models import Grid
from portal.rules.imports.cells import choice, code, text, whole_number
from portal.rules.imports.drafts import Found
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.work import Work
from portal.scope import CODE_LENGTHS, ancestors

LEVEL_OF_LENGTH = {size: level for level, size in CODE_LENGTHS.items()}
LEVEL_WORDS = {
    "district": ("区县", "区", "县"),
    "street": ("街道", "乡镇", "街道(乡镇)", "镇", "乡"),
    "community": ("社区", "村"),
    "area": ("片格", "片区"),
    "block": ("中格",),
    "cell": ("小格", "网格"),
}
KIND_WORDS = {
    "scattered": ("散居", "散居区"),
    "gated": ("封闭小区", "小区", "封闭"),
    "bungalow": ("平房区", "平房"),
}
CODE = "|".join(rf"\d{{{size}}}" for size in CODE_LENGTHS.values())
BOUNDS = ("bound_east", "bound_south", "bound_west", "bound_north")

COLUMNS = (
    Column("code", "编码", code(CODE), "code_missing", ("网格编码", "代码")),
    Column("name", "名称", text(80), "name_missing", ("网格名称",)),
    Column("level", "级别", choice(LEVEL_WORDS), aliases=("层级",)),
    Column("kind", "类型", choice(KIND_WORDS)),
    Column("parent_code", "上级编码", code(CODE), aliases=("上级网格编码",)),
    Column("households_declared", "户数", whole_number(0, 100_000)),
    Column("bound_east", "东至", text(120)),
    Column("bound_south", "南至", text(120)),
    Column("bound_west", "西至", text(120)),
    Column("bound_north", "北至", text(120)),
)
WRITTEN = ("name", "kind", "households_declared", *BOUNDS)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every grid whose parent is there or comes with the file; empty cells change nothing."""
    codes = {line["code"] for line in lines}
    parents = {ancestors(code)[-1] for code in codes if ancestors(code)}
    found = work.find(Grid, "code", codes | parents, WRITTEN, everywhere=True)
    there = set(found)
    for line in sorted(lines, key=lambda line: len(line["code"])):
        if not work.may_write(line, Grid, line["code"]):
            continue
        _check(work, line, there)
        if not line.failed:
            _put(work, line, found.get(line["code"], []))
        if not line.failed:
            there.add(line["code"])


def _check(work: Work, line: Line, there: set[str]) -> None:
    level = LEVEL_OF_LENGTH[len(line["code"])]
    above = ancestors(line["code"])
    parent = above[-1] if above else None
    if line["level"] is not None and line["level"] != level:
        work.fail(line, "level_mismatch", "level")
    elif line["parent_code"] is not None and line["parent_code"] != parent:
        work.fail(line, "parent_mismatch", "parent_code")
    elif line["kind"] is not None and level != "cell":
        work.fail(line, "kind_not_allowed", "kind")
    elif parent is not None and parent not in there:
        work.fail(line, "unknown_parent", "parent_code")


def _put(work: Work, line: Line, known: list[Found]) -> None:
    code = line["code"]
    values: dict[str, Any] = {name: line.values[name] for name in WRITTEN if name in line.values}
    label = f"{line['name']} {code}"
    if known:
        work.put(line, Grid, values, label, found=known[0])
        return
    above = ancestors(code)
    values |= {
        "code": code,
        "level": LEVEL_OF_LENGTH[len(code)],
        "parent_code": above[-1] if above else None,
    }
    work.put(line, Grid, values, label, order=(len(code), code))


GRIDS = Kind("grids", COLUMNS, Grid, (Grid,), plan, key=lambda line: line["code"])
