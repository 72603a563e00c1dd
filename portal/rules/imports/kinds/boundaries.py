"""Boundaries from a GeoJSON FeatureCollection; every grid must be there already."""

from typing import Any

from portal.errors import RuleError, kept
from portal.models import Grid
from portal.rules.geometry import read_boundary
from portal.rules.imports.cells import Note, choice, code, text
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.kinds.grids import CODE
from portal.rules.imports.work import Work

SYSTEM_WORDS = {
    "wgs84": ("wgs-84", "wgs_84", "epsg:4326", "4326", "crs84"),
    "gcj02": ("gcj-02", "gcj_02"),
}


def _geometry(cell: Any, note: Note) -> Any:
    return cell  # judged with the grid's name at hand, in plan


COLUMNS = (
    Column("code", "编码", code(CODE), "code_missing"),
    Column("name", "名称", text(80)),
    Column("crs", "坐标系", choice(SYSTEM_WORDS, "unknown_crs")),
    Column("geometry", "边界", _geometry, "bad_boundary"),
)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every boundary that can be read or mended. A grid that still shows its code for a name
    takes the feature's name."""
    codes = {line["code"] for line in lines}
    found = work.find(Grid, "code", codes, ["name", "boundary"], everywhere=True)
    for line in lines:
        if not work.may_write(line, Grid, line["code"]):
            continue
        known = found.get(line["code"])
        if not known:
            work.fail(line, "unknown_grid", "code")
            continue
        name = known[0].raw["name"]
        label = f"{name} {line['code']}" if name != line["code"] else name
        values = _read(work, line, label)
        if line["name"] and (name == line["code"] or work.options.rename):
            values["name"] = line["name"]
        if not line.failed:
            work.put(line, Grid, values, label, found=known[0])


def _read(work: Work, line: Line, label: str) -> dict[str, str]:
    try:
        boundary = read_boundary(line["geometry"], label, line["crs"] or "wgs84")
    except RuleError as error:
        # The geometry itself is too long to repeat; the message says where it is wrong.
        work.fail(line, "bad_boundary", message=kept(error.message))
        return {}
    if boundary.mended:
        line.notes.append("invalid_ring")
    return {"boundary": boundary.text}


BOUNDARIES = Kind(
    "boundaries",
    COLUMNS,
    Grid,
    (Grid,),
    plan,
    key=lambda line: line["code"],
    shape="features",
)
