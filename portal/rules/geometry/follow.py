"""A boundary moves and those beside and above it follow, so that no gap and no overlap is left.

Pure geometry, shapes in degrees. Overlays are computed on the grid of the stored precision, so
that two shapes that share a line share its points too. Three steps:

- what the grid gains is taken from the grids of its level that it lies on;
- what it loses goes, piece by piece, to the grid of its level that shares the longest line with it;
- outlines above take in what their parts gained outside them and give up what their parts lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from portal.rules.geometry.boundary import surface
from portal.rules.geometry.coverage import TOLERANCE, snapped
from portal.rules.geometry.neighbours import REACH
from portal.rules.geometry.plane import Plane, area_m2, polygons
from portal.rules.geometry.text import DECIMALS, rounded

STEP = 10.0**-DECIMALS
ON_THE_LINE = 0.03  # metres: rounding moves a corner that little off a line
TRACE = 0.01  # square metres; smaller pieces are noise of the overlay itself

Shapes = Mapping[str, BaseGeometry]


@dataclass(frozen=True)
class Level:
    """The grids of one level: code → shape in degrees."""

    shapes: Shapes

    def near(self, shape: BaseGeometry) -> dict[str, BaseGeometry]:
        """The grids within reach of ``shape``, by code."""
        reach = 3 * REACH / 100_000  # degrees, a little more than the reach in metres
        codes = list(self.shapes)
        tree = shapely.STRtree([self.shapes[code] for code in codes])
        hits = tree.query(shape, predicate="dwithin", distance=reach).tolist()
        return {codes[hit]: self.shapes[codes[hit]] for hit in sorted(hits)}


def matters(part: BaseGeometry) -> bool:
    """Whether a piece (degrees) is more than the noise of drawing: above 1 m², and somewhere
    wider than the reach."""
    if part.is_empty:
        return False
    flat = Plane.around(*part.bounds).flat(part)
    return not flat.buffer(-REACH / 2).is_empty and area_m2(part) > TOLERANCE


def parts_of(shape: BaseGeometry) -> BaseGeometry:
    """The pieces of ``shape`` that matter, as one surface."""
    return surface(shapely.union_all([part for part in polygons(shape) if matters(part)]))


def traces_of(shape: BaseGeometry) -> BaseGeometry:
    """The pieces of ``shape`` above the noise of overlays, as one surface."""
    pieces = [part for part in polygons(shape) if area_m2(part) > TRACE]
    return surface(shapely.union_all(pieces))


def without(shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """``shape`` minus ``other``."""
    return surface(shapely.difference(shape, other, grid_size=STEP))


def together(shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """``shape`` and ``other`` as one; a slit between them narrower than the reach closes."""
    joined = surface(shapely.union(shape, other, grid_size=STEP))
    if len(polygons(joined)) <= len(polygons(shape)):
        return joined
    drawn = through(other, [shape], REACH)
    return surface(shapely.union(through(shape, [drawn], REACH), drawn, grid_size=STEP))


def through(shape: BaseGeometry, others: Iterable[BaseGeometry], reach: float) -> BaseGeometry:
    """``shape`` drawn through the corners of ``others`` that lie within ``reach`` metres of its
    line."""
    around = list(others)
    if shape.is_empty or not around:
        return shape
    plane = Plane.around(*shape.bounds)
    corners = np.empty(len(around), dtype=object)
    corners[:] = [plane.flat(other) for other in around]
    result = rounded(plane.degrees(snapped(plane.flat(shape), corners, reach)))
    return surface(result) if result.is_valid else shape


def move(code: str, new: BaseGeometry, level: Level) -> dict[str, BaseGeometry]:
    """The shapes of the level that change when grid ``code`` becomes ``new``; itself first.

    A grid that loses all its ground comes back empty.
    """
    old = level.shapes.get(code, shapely.Polygon())
    others = Level({other: shape for other, shape in level.shapes.items() if other != code})
    beside = others.near(shapely.union_all([old, new]))
    new = through(new, beside.values(), REACH)
    changed: dict[str, BaseGeometry] = {}
    gained = without(new, old)
    for other, shape in beside.items():
        # Of the ground that moves every trace counts; old slivers elsewhere may stay.
        moved = traces_of(shapely.intersection(shape, gained))
        if not (moved.is_empty and parts_of(shapely.intersection(shape, new)).is_empty):
            changed[other] = without(shape, new)
    lost = without(old, shapely.union_all([new, *beside.values()]))
    for piece in polygons(lost):
        if area_m2(piece) > TRACE:
            heir = _heir(piece, beside | changed)
            if heir is not None:
                changed[heir] = together((beside | changed)[heir], piece)
    # Where the new line crosses an old one, both have a corner now.
    return {code: through(new, changed.values(), ON_THE_LINE)} | changed


def _heir(piece: BaseGeometry, beside: Shapes) -> str | None:
    """Who shares the longest line with ``piece``; None if nobody shares more than a corner."""
    plane = Plane.around(*piece.bounds)
    rim = plane.flat(piece).boundary
    shared = {
        code: rim.intersection(plane.flat(shape).buffer(REACH)).length
        for code, shape in beside.items()
        if not shape.is_empty
    }
    best = max(shared, key=lambda code: (shared[code], code), default=None)
    return best if best is not None and shared[best] > 4 * REACH else None


def lift(before: Shapes, after: Shapes, above: Shapes) -> dict[str, BaseGeometry]:
    """The outlines of one level ``above`` (code → shape) that change because grids below them
    changed from ``before`` to ``after`` (code → shape; missing before: new)."""
    changed: dict[str, BaseGeometry] = {}
    taken: list[BaseGeometry] = []
    for upper, outline in above.items():
        mine = [code for code in after if code.startswith(upper) and code != upper]
        if not mine:
            continue
        now = shapely.union_all([after[code] for code in mine])
        then = shapely.union_all([before.get(code, shapely.Polygon()) for code in mine])
        gained = traces_of(without(now, shapely.union_all([outline, then])))
        lost = traces_of(without(then, now))
        if not lost.is_empty:
            outline = without(outline, lost)
        if not gained.is_empty:
            outline = together(outline, gained)
            taken.append(gained)
        if not (lost.is_empty and gained.is_empty):
            changed[upper] = outline
    for gained in taken:
        for other, outline in Level(above).near(gained).items():
            here = changed.get(other, outline)
            doubled = parts_of(shapely.intersection(here, gained))
            if not doubled.is_empty and not _holds(gained, other, after):
                changed[other] = without(here, gained)
    return changed


def _holds(gained: BaseGeometry, upper: str, after: Shapes) -> bool:
    """Whether the ground ``gained`` belongs to parts of ``upper`` now."""
    mine = [shape for code, shape in after.items() if code.startswith(upper) and code != upper]
    return bool(mine) and shapely.union_all(mine).buffer(1e-9).intersects(
        gained.representative_point()
    )
