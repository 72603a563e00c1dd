"""Where on a grid map names go: the roomiest spot of a grid, the stretch that faces a side."""

import math
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from portal.documents.gridmap_parts import Point, lines_of, text_width
from portal.rules.geometry.boundary import surface


def label_place(shape: BaseGeometry, inset: float = 0.0) -> tuple[Point, float]:
    """Where a name has most room, ``inset`` away from the outline where that leaves any: the
    middle and the radius of the widest circle inside."""
    inner = shape.buffer(-inset)
    area = surface(shape if inner.is_empty else inner)
    circle = shapely.maximum_inscribed_circle(area, tolerance=4.0)
    (x, y), *_rest = shapely.get_coordinates(circle).tolist()
    return (x, y), float(circle.length)


def fitting(name: str, radius: float, least: float, most: float) -> float:
    """The size at which ``name`` fits into a circle, within limits."""
    widest = max(text_width(line, 1.0) for line in lines_of(name))
    return max(least, min(most, 1.9 * radius / max(1.0, widest)))


def side_runs(shape: BaseGeometry) -> dict[str, list[Point]]:
    """The longest stretch of the outline that faces each side, in picture units (y down)."""
    widest = max(shapely.get_parts(shape), key=lambda part: part.area)
    ring = shapely.get_coordinates(shapely.orient_polygons(widest).exterior).tolist()
    faces = [_facing(a, b) for a, b in zip(ring, ring[1:], strict=False)]
    turn = next((at for at in range(len(faces)) if faces[at] != faces[at - 1]), 0)
    runs: dict[str, list[Point]] = {}
    current: list[Point] = []
    side = ""
    for step in range(len(faces)):
        at = (turn + step) % len(faces)
        if faces[at] != side:
            side, current = faces[at], [tuple(ring[at])]
        current.append(tuple(ring[at + 1]))
        if _line_length(current) > _line_length(runs.get(side, [])):
            runs[side] = current
    return runs


def _line_length(points: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in zip(points, points[1:], strict=False))


def _facing(a: Sequence[float], b: Sequence[float]) -> str:
    """The side an edge of a counter-clockwise ring (in plain x, y) faces, with y downwards."""
    angle = math.degrees(math.atan2(-(a[0] - b[0]), b[1] - a[1]))
    return ("east", "north", "west", "south")[round(angle / 90) % 4]
