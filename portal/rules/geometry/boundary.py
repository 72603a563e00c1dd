"""The one door for boundaries from outside: parse, convert, mend, measure.

A ring that crosses or touches itself is mended when that changes its geodesic area by less than
0.1 %, otherwise the grid is refused by name (domain model, Grid).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import shapely
from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry

from portal.errors import RuleError
from portal.rules.geometry.datum import geometry_to_wgs84
from portal.rules.geometry.parse import FIELD, Surface, parse_geometry
from portal.rules.geometry.plane import area_m2, polygons
from portal.rules.geometry.text import dump_geometry, rounded

MOST_CHANGE = 0.001  # of the area
SYSTEMS = ("wgs84", "gcj02")
MOST_ROUNDS = 4


@dataclass(frozen=True)
class Boundary:
    """A boundary as it may be stored.

    ``geometry``: valid, in degrees, rounded to the stored precision. ``mended``: the rings had
    to be repaired; ``repeated``: how many repeated points were dropped.
    """

    geometry: Surface
    mended: bool
    repeated: int

    @cached_property
    def text(self) -> str:
        """The GeoJSON text to store."""
        return dump_geometry(self.geometry)

    @cached_property
    def area_m2(self) -> float:
        """Geodesic area in square metres."""
        return area_m2(self.geometry)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = self.geometry.bounds
        return west, south, east, north

    @property
    def centre(self) -> tuple[float, float]:
        """A longitude and latitude that lie inside: the centroid, or else a point within."""
        point = self.geometry.centroid
        if not self.geometry.contains(point):
            point = self.geometry.representative_point()
        return point.x, point.y


def read_boundary(source: str | Mapping[str, Any], name: str, system: str = "wgs84") -> Boundary:
    """Read a GeoJSON geometry from outside as a boundary that may be stored.

    ``name`` is what messages call the grid; ``system`` is ``wgs84`` or ``gcj02``. Raises
    ``RuleError`` on field ``boundary`` when it cannot be read or mended.
    """
    if system not in SYSTEMS:
        raise RuleError(
            _l(
                "%(name)s: the reference system %(system)s is not known; use wgs84 or gcj02.",
                name=name,
                system=system,
            ),
            FIELD,
        )
    geometry = parse_geometry(source, name)
    if system == "gcj02":
        geometry = surface(geometry_to_wgs84(geometry))
    return mend(geometry, name)


def mend(geometry: Surface, name: str) -> Boundary:
    """Drop repeated points, repair rings, round. Raises ``RuleError`` naming the grid when the
    area would change by 0.1 % or more, or nothing with an area is left."""
    single = surface(shapely.remove_repeated_points(geometry))
    repeated = shapely.get_num_coordinates(geometry) - shapely.get_num_coordinates(single)
    mended = bool(repeated) or not geometry.is_valid
    result = _repaired(single)
    # A loop of a ring that crosses itself counts with its sign, so mending it shows here.
    before, after = area_m2(geometry), area_m2(result)
    if not after:
        raise RuleError(_l("%(name)s: the boundary encloses no area.", name=name), FIELD)
    change = abs(after - before) / max(before, after)
    if change >= MOST_CHANGE:
        raise RuleError(
            _l(
                "%(name)s: the boundary crosses itself, and mending it would change its area by "
                "%(percent)s %%. Draw it again.",
                name=name,
                percent=f"{change * 100:.1f}",
            ),
            FIELD,
        )
    return Boundary(result, mended, int(repeated))


def _repaired(geometry: Surface) -> Surface:
    """A valid surface at the stored precision; rounding can make new faults, so look again."""
    result = geometry
    for _round in range(MOST_ROUNDS):
        if not result.is_valid:
            result = surface(shapely.make_valid(result, method="structure", keep_collapsed=False))
        result = surface(shapely.remove_repeated_points(rounded(result)))
        if result.is_valid:
            break
    return result


def surface(geometry: BaseGeometry) -> Surface:
    """The polygons of ``geometry`` as one Polygon or MultiPolygon, loose lines dropped."""
    parts = polygons(geometry)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
