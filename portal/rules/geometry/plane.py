"""Measuring: geodesic areas and lengths, and a flat local picture in metres."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

GEOD = Geod(ellps="WGS84")
METRES_PER_DEGREE = 111_319.49  # of longitude on the equator


def area_m2(geometry: BaseGeometry) -> float:
    """Geodesic area of all polygons in ``geometry`` (degrees), in square metres."""
    total = 0.0
    for polygon in polygons(geometry):
        outer = _ring_area(polygon.exterior)
        total += outer - sum(_ring_area(ring) for ring in polygon.interiors)
    return total


def _ring_area(ring: shapely.LinearRing) -> float:
    coordinates = shapely.get_coordinates(ring)
    area, _length = GEOD.polygon_area_perimeter(coordinates[:, 0], coordinates[:, 1])
    return abs(float(area))


def length_m(geometry: BaseGeometry) -> float:
    """Geodesic length of the lines in ``geometry``, in metres."""
    return float(GEOD.geometry_length(geometry))


def perimeter_m(geometry: BaseGeometry) -> float:
    """Geodesic length of the outline of ``geometry``, holes included, in metres."""
    return length_m(geometry.boundary)


def polygons(geometry: BaseGeometry) -> list[shapely.Polygon]:
    """The non-empty polygons in ``geometry``; points and lines are left out."""
    parts = shapely.get_parts(geometry)
    flat: Iterable[BaseGeometry] = (
        part
        for outer in parts
        for part in (shapely.get_parts(outer) if hasattr(outer, "geoms") else [outer])
    )
    return [part for part in flat if isinstance(part, shapely.Polygon) and not part.is_empty]


@dataclass(frozen=True)
class Plane:
    """A flat picture around ``latitude``: x east, y north, in metres (equirectangular).

    Straight lines stay straight and equal points stay equal, so it can serve for snapping and
    set operations; areas are taken after going back. Good for some hundred kilometres.
    """

    longitude: float
    latitude: float

    @classmethod
    def around(cls, west: float, south: float, east: float, north: float) -> "Plane":
        """The plane whose origin is the middle of a box in degrees."""
        return cls((west + east) / 2, (south + north) / 2)

    @property
    def scale(self) -> NDArray[np.float64]:
        """Metres per degree of longitude and of latitude, shape (2,)."""
        east = METRES_PER_DEGREE * math.cos(math.radians(self.latitude))
        return np.array([east, METRES_PER_DEGREE])

    def flat(self, geometry: BaseGeometry) -> BaseGeometry:
        """``geometry`` from degrees to metres."""
        origin, scale = self._origin, self.scale
        return shapely.transform(geometry, lambda points: (points - origin) * scale)

    def degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """``geometry`` from metres back to degrees."""
        origin, scale = self._origin, self.scale
        return shapely.transform(geometry, lambda points: points / scale + origin)

    @property
    def _origin(self) -> NDArray[np.float64]:
        return np.array([self.longitude, self.latitude])
