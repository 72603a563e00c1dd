"""The stored form of a boundary: GeoJSON text, the same bytes for the same shape."""

import json
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

DECIMALS = 7  # degrees; about 1 cm


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """``geometry`` with every coordinate rounded to the stored precision."""
    return shapely.transform(geometry, lambda points: np.round(points, DECIMALS) + 0.0)


def dump_geometry(geometry: BaseGeometry) -> str:
    """GeoJSON text of a Polygon or MultiPolygon, deterministic: seven decimals, rings from
    their canonical first point, outer rings counter-clockwise (RFC 7946), no spaces."""
    tidy = shapely.orient_polygons(shapely.normalize(rounded(geometry)))
    if isinstance(tidy, shapely.MultiPolygon):
        body = ",".join(_polygon_text(part) for part in tidy.geoms)
        return f'{{"type":"MultiPolygon","coordinates":[{body}]}}'
    if not isinstance(tidy, shapely.Polygon):
        raise TypeError(f"a boundary is a Polygon or MultiPolygon, not {tidy.geom_type}")
    return f'{{"type":"Polygon","coordinates":{_polygon_text(tidy)}}}'


def _polygon_text(polygon: shapely.Polygon) -> str:
    rings = [polygon.exterior, *polygon.interiors]
    return "[" + ",".join(_ring_text(ring) for ring in rings) + "]"


def _ring_text(ring: shapely.LinearRing) -> str:
    points = shapely.get_coordinates(ring).tolist()
    return "[" + ",".join(f"[{x:.{DECIMALS}f},{y:.{DECIMALS}f}]" for x, y in points) + "]"


def geometry_mapping(geometry: BaseGeometry) -> dict[str, Any]:
    """``geometry`` as a decoded GeoJSON object, in the stored form."""
    mapping: dict[str, Any] = json.loads(dump_geometry(geometry))
    return mapping


def load_geometry(text: str) -> BaseGeometry:
    """The shape of a stored boundary, quickly; text from outside goes through
    ``read_boundary``. Raises ``shapely.errors.GEOSException`` if it is not GeoJSON."""
    return shapely.from_geojson(text)
