"""The published national list of statistical divisions: districts, streets, communities.

Only the communities need rows; streets and districts that are missing are made, and show their
code until a file names them. Provinces and cities are no grids.
"""

from portal.models import Grid
from portal.rules.imports.cells import code, text
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.work import Work
from portal.scope import CODE_LENGTHS, ancestors

LEVEL_OF_LENGTH = {size: level for level, size in CODE_LENGTHS.items()}
# The column of the file that names a grid above, and how many digits of the code it repeats.
ABOVE = {"streetCode": 9, "areaCode": 6, "cityCode": 4, "provinceCode": 2}

COLUMNS = (
    Column("code", "编码", code(r"\d{6}|\d{9}|\d{12}"), "code_missing", ("代码", "统计用区划代码")),
    Column("name", "名称", text(80), "name_missing"),
    Column("streetCode", "街道编码", code(r"\d{9}")),
    Column("areaCode", "区县编码", code(r"\d{6}")),
    Column("cityCode", "城市编码", code(r"\d{4}")),
    Column("provinceCode", "省份编码", code(r"\d{2}")),
)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every division of the file and what lies above it."""
    codes = {line["code"] for line in lines}
    above = {upper for own in codes for upper in ancestors(own)}
    found = work.find(Grid, "code", codes | above, ["name"], everywhere=True)
    known = {own: rows[0] for own, rows in found.items()}
    named = {line["code"] for line in lines}
    made: dict[str, Draft] = {}
    for line in lines:
        if not _fits(work, line) or not work.may_write(line, Grid, line["code"]):
            continue
        for upper in ancestors(line["code"]):
            if upper not in known and upper not in named:
                _put_unnamed(work, line, upper, made)
        if not line.failed:
            _put(work, line, known.get(line["code"]))


def _fits(work: Work, line: Line) -> bool:
    for name, size in ABOVE.items():
        if line[name] is not None and line[name] != line["code"][:size]:
            work.fail(line, "parent_mismatch", name)
    return not line.failed


def _put_unnamed(work: Work, line: Line, code: str, made: dict[str, Draft]) -> None:
    if code in made:
        work.join(line, made[code], {})
        return
    draft = work.put(line, Grid, _values(code, code), code, order=_order(code), side=True)
    if draft is not None:
        made[code] = draft


def _put(work: Work, line: Line, known: Found | None) -> None:
    code, name = line["code"], line["name"]
    label = f"{name} {code}"
    if known is None:
        work.put(line, Grid, _values(code, name), label, order=_order(code))
        return
    unnamed = known.raw["name"] == code
    values = {"name": name} if work.options.rename or unnamed else {}
    work.put(line, Grid, values, label, found=known)


def _values(code: str, name: str) -> dict[str, str | None]:
    above = ancestors(code)
    return {
        "code": code,
        "name": name,
        "level": LEVEL_OF_LENGTH[len(code)],
        "parent_code": above[-1] if above else None,
    }


def _order(code: str) -> tuple[int, str]:
    return len(code), code


DIVISIONS = Kind(
    "divisions",
    COLUMNS,
    Grid,
    (Grid,),
    plan,
    key=lambda line: line["code"],
)
