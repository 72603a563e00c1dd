"""Boundaries when cells are cut, joined or moved: nothing may overlap, nothing be left over (P1).

Overlays are computed on the grid of the stored precision, so that what is cut fits together again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import shapely
from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries.grid_checks import GridRecord
from portal.queries.regrid import BuildingLine
from portal.rules.boundaries import LEVELS_UPWARDS, concerned, is_new
from portal.rules.boundary_ground import load, shape_of
from portal.rules.check_grids import on_the_ground
from portal.rules.geometry import Plane, dump_geometry, mend
from portal.rules.geometry.boundary import surface
from portal.rules.geometry.follow import STEP, lift, matters, together, traces_of, without
from portal.rules.geometry.plane import polygons


@dataclass
class Redrawn:
    """Code → boundary of the cells after, of grids above that give way (with their names), and
    sentences about both.
    """

    cells: dict[str, str | None] = field(default_factory=dict)
    outlines: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    stops: list[Any] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)


def usable(boundary: str | None) -> BaseGeometry | None:
    """The surface of a stored boundary, None where there is none to compute with."""
    return shape_of(GridRecord("", "", "cell", boundary=boundary))


def cut(
    outline: BaseGeometry, parts: Sequence[Sequence[BuildingLine]]
) -> list[BaseGeometry] | None:
    """``outline`` cut between the buildings of the ``parts``: every place goes to the part of the
    building that is nearest. None where a building has no place on the map, two parts share one,
    or a part would get no ground.
    """
    owner: dict[tuple[float, float], int] = {}
    for number, buildings in enumerate(parts):
        for one in buildings:
            if one.point is None or owner.setdefault(one.point, number) != number:
                return None
    if len(set(owner.values())) < len(parts):
        return None
    plane = Plane.around(*outline.bounds)
    pieces = [plane.degrees(piece) for piece in _nearest(plane, outline, owner, len(parts))]
    found: list[BaseGeometry] = []
    left = outline
    for piece in pieces[:-1]:
        mine = surface(shapely.intersection(left, piece, grid_size=STEP))
        left = without(left, mine)
        found.append(mine)
    found.append(surface(left))
    return found if all(any(map(matters, polygons(shape))) for shape in found) else None


def _nearest(
    plane: Plane, outline: BaseGeometry, owner: Mapping[tuple[float, float], int], count: int
) -> list[BaseGeometry]:
    """For each part the ground that is nearest to its buildings, in metres, beyond the outline."""
    places = list(owner)
    flat = plane.flat(outline)
    points: Any = plane.flat(shapely.MultiPoint(places))
    reach = flat.buffer(max(flat.length, 1.0))
    if len(places) == 1:
        return [reach]
    cells: Any = shapely.voronoi_polygons(points, extend_to=reach)
    of_part: list[list[BaseGeometry]] = [[] for _part in range(count)]
    tree = shapely.STRtree(list(points.geoms))
    for cell in cells.geoms:
        for hit in tree.query(cell, predicate="contains").tolist():
            of_part[owner[places[hit]]].append(cell)
    return [shapely.union_all(cells) for cells in of_part]


def joined(shapes: Iterable[BaseGeometry]) -> BaseGeometry | None:
    """All of them as one; slits narrower than the reach of a line close."""
    whole: BaseGeometry | None = None
    for shape in shapes:
        whole = shape if whole is None else together(whole, shape)
    return whole


def settle(
    session: Session,
    home: str,
    before: Mapping[str, BaseGeometry | None],
    after: Mapping[str, tuple[GridRecord, BaseGeometry | None]],
    *,
    crossing: bool,
) -> Redrawn:
    """Judge the boundaries ``after`` (code → record and shape) against those ``before``.

    ``home``: a grid in use beside them. ``crossing``: cells change the grid above, so outlines
    above follow. What would overlap or be left over that was not so before stands in the way.
    """
    found = Redrawn()
    ground = load(session, home)
    for code, (record, shape) in after.items():
        try:
            found.cells[code] = (
                mend(surface(shape), record.name).text if shape is not None else None
            )
        except RuleError as refusal:
            found.stops.append(refusal.message)
            return found
        if shape is not None and len(polygons(shape)) > 1:
            found.notes.append(_in_pieces(record.name, len(polygons(shape))))
    if crossing:
        _lift(ground.records, before, after, found)
    _judge(ground.records, before, after, found)
    return found


def _in_pieces(name: str, number: int) -> Any:
    return _l("%(name)s would lie in %(number)s pieces.", name=name, number=number)


def _lift(
    records: Sequence[GridRecord],
    before: Mapping[str, BaseGeometry | None],
    after: Mapping[str, tuple[GridRecord, BaseGeometry | None]],
    found: Redrawn,
) -> None:
    then = {code: shape for code, shape in before.items() if shape is not None}
    now = {code: shape for code, (_r, shape) in after.items() if shape is not None}
    now |= {code: shapely.Polygon() for code in then if code not in now}
    level = next(record.level for record, _shape in after.values())
    for upper in LEVELS_UPWARDS[LEVELS_UPWARDS.index(level) + 1 :]:
        above = {r.code: r for r in records if r.level == upper}
        shapes = {code: s for code, r in above.items() if (s := shape_of(r)) is not None}
        for code, shape in lift(then, now, shapes).items():
            changed = traces_of(shapely.symmetric_difference(shape, shapes[code]))
            if changed.is_empty:
                continue
            if not any(map(matters, polygons(shape))):
                found.notes.append(_l("%(name)s would lose all its ground.", name=above[code].name))
                continue
            if len(polygons(shape)) > len(polygons(shapes[code])):
                found.notes.append(_in_pieces(above[code].name, len(polygons(shape))))
            found.outlines[code] = dump_geometry(shape)
            found.names[code] = above[code].name


def _judge(
    records: Sequence[GridRecord],
    before: Mapping[str, BaseGeometry | None],
    after: Mapping[str, tuple[GridRecord, BaseGeometry | None]],
    found: Redrawn,
) -> None:
    kept = [record for record in records if record.code not in before]
    later = [
        replace(record, boundary=found.outlines.get(record.code, record.boundary))
        for record in kept
    ]
    later += [replace(r, boundary=found.cells[code]) for code, (r, _shape) in after.items()]
    touched = {*before, *after, *found.outlines}
    old = on_the_ground(concerned(records, touched))
    for finding in on_the_ground(concerned(later, touched)):
        if is_new(finding, old):
            found.stops.append(finding.message)
