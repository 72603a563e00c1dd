"""The demo community's boundaries as the checks read them, and moves of its corners."""

import math
from collections.abc import Iterable, Iterator
from random import Random

import shapely
from sqlalchemy.orm import Session

from portal import clock
from portal.queries.grid_checks import GridRecord, grid_records
from portal.rules.geometry import Plane


def records_of(session: Session) -> list[GridRecord]:
    """Every grid in use."""
    return grid_records(session, clock.today())


def moved(shape: shapely.Polygon, corner: int, east: float, north: float) -> shapely.Polygon:
    """``shape`` with one corner moved by metres."""
    plane = Plane.around(*shape.bounds)
    points = shapely.get_coordinates(plane.flat(shape))[:-1].copy()
    points[corner] += [east, north]
    return plane.degrees(shapely.Polygon(points))


def moves(
    shape: shapely.Polygon, random: Random, metres: Iterable[float]
) -> Iterator[tuple[int, shapely.Polygon]]:
    """Each corner of ``shape`` moved by one of ``metres`` in some direction, where the ring stays
    valid: number of the corner, new shape."""
    choices = list(metres)
    for corner in range(len(shapely.get_coordinates(shape)) - 1):
        far, turn = random.choice(choices), random.random() * math.tau
        new = moved(shape, corner, far * math.cos(turn), far * math.sin(turn))
        if new.is_valid:
            yield corner, new
