"""Boundaries of grids as pure geometry: no database, no request.

Coordinates are longitude, latitude in degrees (EPSG:4326, WGS 84), areas are geodesic square
metres, distances metres. ``read_boundary`` is the one door for boundaries from outside.
"""

from portal.rules.geometry.boundary import Boundary, mend, read_boundary
from portal.rules.geometry.datum import gcj02_to_wgs84, geometry_to_wgs84, wgs84_to_gcj02
from portal.rules.geometry.neighbours import DIRECTIONS, Neighbour, compass, neighbours
from portal.rules.geometry.parse import parse_geometry
from portal.rules.geometry.plane import Plane, area_m2, length_m, perimeter_m
from portal.rules.geometry.text import DECIMALS, dump_geometry, geometry_mapping, load_geometry

__all__ = [
    "DECIMALS",
    "DIRECTIONS",
    "Boundary",
    "Neighbour",
    "Plane",
    "area_m2",
    "compass",
    "dump_geometry",
    "gcj02_to_wgs84",
    "geometry_mapping",
    "geometry_to_wgs84",
    "length_m",
    "load_geometry",
    "mend",
    "neighbours",
    "parse_geometry",
    "perimeter_m",
    "read_boundary",
    "wgs84_to_gcj02",
]
