"""Which grids touch, along how many metres, and in which direction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from portal.rules.geometry.plane import Plane

DIRECTIONS = (
    "east",
    "north_east",
    "north",
    "north_west",
    "west",
    "south_west",
    "south",
    "south_east",
)
REACH = 0.2  # metres within which two outlines count as the same line


@dataclass(frozen=True)
class Neighbour:
    """A touching grid: the shared line in degrees, its length in metres (0 for a corner) and
    the direction in which it lies, one of ``DIRECTIONS``."""

    code: str
    direction: str
    shared_m: float
    shared: BaseGeometry


def compass(east: float, north: float) -> str:
    """The direction of a step of ``east`` and ``north`` metres, in eight parts."""
    return DIRECTIONS[round(math.degrees(math.atan2(north, east)) / 45.0) % 8]


def neighbours(code: str, shapes: Mapping[str, BaseGeometry]) -> Sequence[Neighbour]:
    """The grids of ``shapes`` (code to boundary in degrees) that touch grid ``code``.

    The direction is the one in which the shared line lies, seen from the grid's centre. Sorted
    by code; the grid itself is left out. Raises ``KeyError`` for an unknown code.
    """
    plane = Plane.around(*shapes[code].bounds)
    focus = plane.flat(shapes[code])
    others = sorted(other for other in shapes if other != code)
    flats = [plane.flat(shapes[other]) for other in others]
    tree = shapely.STRtree(flats)
    found = []
    for index in sorted(tree.query(focus, predicate="dwithin", distance=REACH).tolist()):
        found.append(_neighbour(others[index], focus, flats[index], plane))
    return found


def _neighbour(code: str, focus: BaseGeometry, other: BaseGeometry, plane: Plane) -> Neighbour:
    shared = focus.boundary.intersection(other.boundary)
    if shared.length < REACH:
        # Outlines drawn apart by less than the reach have no common line to intersect.
        shared = focus.boundary.intersection(other.buffer(REACH))
        length = shared.length if shared.length > 4 * REACH else 0.0
    else:
        length = shared.length
    at = shared.centroid if not shared.is_empty else other.centroid
    centre = focus.centroid
    direction = compass(at.x - centre.x, at.y - centre.y)
    return Neighbour(code, direction, length, plane.degrees(shared))
