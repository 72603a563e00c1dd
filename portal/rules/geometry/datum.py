"""GCJ-02, the shifted datum of Chinese web maps, to and from WGS 84.

The shift is the publicly known one: two polynomials with sine terms over the Krasovsky
ellipsoid. It has no closed inverse; the fixed-point iteration below converges to far below the
1e-7 degree (about 1 cm) at which boundaries are stored. Outside China GCJ-02 equals WGS 84.
"""

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Degrees = NDArray[np.float64]

SEMI_MAJOR_AXIS = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
WEST, SOUTH, EAST, NORTH = 72.004, 0.8293, 137.8347, 55.8271
ORIGIN_LONGITUDE, ORIGIN_LATITUDE = 105.0, 35.0
ENOUGH = 1e-10  # degrees, about 0.01 mm
MOST_ROUNDS = 30


def _waves(angle: Degrees, parts: tuple[tuple[float, float], ...]) -> Degrees:
    """Sum of ``amplitude * sin(angle * pi * frequency)``, scaled as the shift uses it."""
    total = np.zeros_like(angle)
    for amplitude, frequency in parts:
        total += amplitude * np.sin(angle * math.pi * frequency)
    return total * 2.0 / 3.0


FINE = ((20.0, 6.0), (20.0, 2.0))
EAST_WAVES = ((20.0, 1.0), (40.0, 1.0 / 3.0), (150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0))
NORTH_WAVES = ((20.0, 1.0), (40.0, 1.0 / 3.0), (160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0))


def _shift(points: Degrees) -> Degrees:
    """The shift in degrees at WGS 84 ``points`` of shape (n, 2); zero outside China."""
    x = points[:, 0] - ORIGIN_LONGITUDE
    y = points[:, 1] - ORIGIN_LATITUDE
    root = np.sqrt(np.abs(x))
    fine = _waves(x, FINE)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += fine + _waves(y, NORTH_WAVES)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += fine + _waves(x, EAST_WAVES)
    latitude = np.radians(points[:, 1])
    curve = 1.0 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    per_north = math.pi / 180.0 * SEMI_MAJOR_AXIS * (1 - ECCENTRICITY_SQUARED) / curve**1.5
    per_east = math.pi / 180.0 * SEMI_MAJOR_AXIS * np.cos(latitude) / np.sqrt(curve)
    shift = np.column_stack([east / per_east, north / per_north])
    shift[~_inside(points)] = 0.0
    return shift


def _inside(points: Degrees) -> NDArray[np.bool_]:
    longitude, latitude = points[:, 0], points[:, 1]
    return (longitude > WEST) & (longitude < EAST) & (latitude > SOUTH) & (latitude < NORTH)


def wgs84_to_gcj02(points: Degrees) -> Degrees:
    """Shift WGS 84 ``points``, shape (n, 2) of longitude and latitude, to GCJ-02."""
    points = np.asarray(points, dtype=np.float64)
    return points + _shift(points)


def gcj02_to_wgs84(points: Degrees) -> Degrees:
    """Undo the shift of GCJ-02 ``points``, shape (n, 2); exact to better than 1e-9 degree."""
    points = np.asarray(points, dtype=np.float64)
    inside = _inside(points)
    guess = points - _shift(points)
    for _round in range(MOST_ROUNDS):
        error = guess + _shift(guess) - points
        guess = guess - error
        if not len(error) or float(np.abs(error[inside]).max(initial=0.0)) < ENOUGH:
            break
    guess[~inside] = points[~inside]
    return guess


def geometry_to_wgs84(geometry: BaseGeometry) -> BaseGeometry:
    """``geometry`` with every GCJ-02 coordinate brought back to WGS 84."""
    return shapely.transform(geometry, gcj02_to_wgs84)
