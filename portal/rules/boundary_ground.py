"""The ground around a grid whose boundary is drawn: the records near it, and their shapes (P1)."""

import hashlib
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal.queries import boundaries as queries
from portal.queries.grid_checks import GridRecord
from portal.rules.geometry.follow import parts_of, without
from portal.rules.geometry.plane import polygons

BESIDE = 1e-5  # degrees, about a metre: communities this near to a change are looked into


@dataclass(frozen=True)
class Ground:
    """The records around grid ``code``, itself among them; ``near`` are the codes of those that
    are looked at whatever is drawn."""

    code: str
    records: list[GridRecord]
    near: frozenset[str]

    @property
    def grid(self) -> GridRecord:
        """The grid itself."""
        return next(record for record in self.records if record.code == self.code)

    @property
    def digest(self) -> str:
        """Of every boundary near: another one means that somebody changed a line here."""
        told = "\n".join(
            f"{record.code} {record.boundary or ''}"
            for record in self.records
            if record.code in self.near
        )
        return hashlib.sha256(told.encode()).hexdigest()[:20]


def load(session: Session, code: str, new: BaseGeometry | None = None) -> Ground:
    """The ground around grid ``code``, and around its ``new`` boundary if that reaches farther.

    Below a community that is its whole community and each one that the grid or ``new`` touches.
    At most two statements. Raises KeyError for a grid that is not in use.
    """
    found = {record.code: record for record in queries.family(session, code)}
    reach = _reach(found[code], new)
    homes = {code[: queries.COMMUNITY_DIGITS]} | {
        record.code
        for record in found.values()
        if record.level == "community" and _touches(record, reach)
    }
    home = code[: queries.COMMUNITY_DIGITS]
    below = sorted(homes) if len(code) > queries.COMMUNITY_DIGITS else [code]
    near = set(found)
    for record in queries.inside(session, below):
        found[record.code] = record
        if record.code.startswith(home):
            near.add(record.code)
    return Ground(code, [found[key] for key in sorted(found)], frozenset(near))


def _reach(record: GridRecord, new: BaseGeometry | None) -> BaseGeometry:
    shapes = [shape for shape in (shape_of(record), new) if shape is not None]
    return shapely.union_all(shapes)


def _touches(record: GridRecord, reach: BaseGeometry) -> bool:
    shape = shape_of(record)
    return shape is not None and bool(shapely.dwithin(shape, reach, BESIDE))


def shape_of(record: GridRecord) -> BaseGeometry | None:
    """The surface of a stored boundary, None where there is none to compute with."""
    text = record.boundary
    shape = shapely.from_geojson(text, on_invalid="ignore") if text else None
    return shape if shape is not None and shape.is_valid and polygons(shape) else None


def rest_of_parent(ground: Ground) -> BaseGeometry | None:
    """The ground of the grid above that none of its parts has: what a grid without a boundary
    most likely is. None where there is none, or the grid has a boundary."""
    records = {record.code: record for record in ground.records}
    parent = records.get(ground.grid.parent_code or "")
    outline = shape_of(parent) if parent is not None else None
    if ground.grid.boundary or outline is None:
        return None
    beside = [
        shape
        for record in ground.records
        if record.parent_code == ground.grid.parent_code and (shape := shape_of(record)) is not None
    ]
    left = parts_of(without(outline, shapely.union_all(beside))) if beside else outline
    return None if left.is_empty else left
