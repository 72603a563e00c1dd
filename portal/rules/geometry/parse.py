"""From GeoJSON to a shapely polygon, refusing by name what is no boundary.

Accepted is a GeoJSON geometry of type Polygon or MultiPolygon in two dimensions, EPSG:4326
(RFC 7946). Whether its rings cross themselves is decided later, in ``boundary``.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import shapely
from flask_babel import lazy_gettext as _l

from portal.errors import RuleError

FIELD = "boundary"
MOST_POINTS = 200_000
KNOWN_CRS = ("CRS84", "4326")

Position = tuple[float, float]
Ring = list[Position]
Surface = shapely.Polygon | shapely.MultiPolygon


def parse_geometry(source: str | Mapping[str, Any], name: str) -> Surface:
    """Read ``source`` (text or decoded GeoJSON geometry) as a Polygon or MultiPolygon.

    ``name`` is what the message calls the grid. Raises ``RuleError`` on field ``boundary`` for
    text that is not JSON, another type, another reference system, heights, coordinates that are
    no finite numbers or out of range, and rings that are too short or not closed.
    """
    data = _decoded(source, name)
    kind = data.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise RuleError(
            _l(
                "%(name)s: the boundary must be a GeoJSON Polygon or MultiPolygon, not %(kind)s.",
                name=name,
                kind=_shown(kind),
            ),
            FIELD,
        )
    _require_wgs84(data, name)
    parts = [data.get("coordinates")] if kind == "Polygon" else data.get("coordinates")
    polygons = [_polygon(part, name) for part in _list(parts, name)]
    if sum(len(ring) for rings in polygons for ring in rings) > MOST_POINTS:
        raise RuleError(
            _l(
                "%(name)s: the boundary has more than %(most)s points; simplify it.",
                name=name,
                most=MOST_POINTS,
            ),
            FIELD,
        )
    surfaces = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
    return surfaces[0] if kind == "Polygon" else shapely.MultiPolygon(surfaces)


def _decoded(source: str | Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    try:
        data = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise RuleError(
            _l("%(name)s: the boundary is not readable as GeoJSON.", name=name), FIELD
        ) from error
    if not isinstance(data, dict):
        raise RuleError(
            _l("%(name)s: the boundary must be a GeoJSON geometry object.", name=name), FIELD
        )
    return data


def _require_wgs84(data: Mapping[str, Any], name: str) -> None:
    """Old GeoJSON files may declare a ``crs``; anything but WGS 84 is refused."""
    declared = data.get("crs")
    if declared is not None and not any(known in json.dumps(declared) for known in KNOWN_CRS):
        raise RuleError(
            _l("%(name)s: the boundary must use EPSG:4326 (longitude, latitude).", name=name),
            FIELD,
        )


def _polygon(value: Any, name: str) -> list[Ring]:
    return [_ring(ring, name) for ring in _list(value, name)]


def _ring(value: Any, name: str) -> Ring:
    ring = [_position(position, name) for position in _list(value, name)]
    if ring[0] != ring[-1]:
        raise RuleError(
            _l(
                "%(name)s: a ring of the boundary is not closed (first and last point differ).",
                name=name,
            ),
            FIELD,
        )
    if len(set(ring)) < 3:
        raise RuleError(
            _l(
                "%(name)s: a ring of the boundary needs at least three different points.", name=name
            ),
            FIELD,
        )
    return ring


def _position(value: Any, name: str) -> Position:
    if isinstance(value, (list, tuple)) and len(value) > 2:
        raise RuleError(
            _l(
                "%(name)s: the boundary has heights; export it with longitude and latitude only.",
                name=name,
            ),
            FIELD,
        )
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_number, value)):
        raise RuleError(
            _l(
                "%(name)s: the boundary holds %(value)s where a longitude and a latitude belong.",
                name=name,
                value=_shown(value),
            ),
            FIELD,
        )
    longitude, latitude = float(value[0]), float(value[1])
    if not (-180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0):
        raise RuleError(
            _l(
                "%(name)s: %(longitude)s, %(latitude)s is out of range; longitude comes first, "
                "in degrees.",
                name=name,
                longitude=longitude,
                latitude=latitude,
            ),
            FIELD,
        )
    return longitude, latitude


def _number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, (list, tuple)) or not value:
        raise RuleError(
            _l("%(name)s: the boundary has an empty or misplaced list of coordinates.", name=name),
            FIELD,
        )
    return list(value)


def _shown(value: Any) -> str:
    """``value`` as the message quotes it: short, on one line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"
