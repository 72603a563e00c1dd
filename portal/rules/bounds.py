"""The four bounds of a grid (四至) suggested: roads that people name, grids beyond (P1)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import shapely
from flask_babel import gettext as _
from shapely.geometry.base import BaseGeometry

from portal.rules.geometry.neighbours import REACH
from portal.rules.geometry.plane import Plane, polygons

SIDES = ("east", "north", "west", "south")
OPPOSITE = {"east": "west", "west": "east", "north": "south", "south": "north"}
SHORT = 10.0  # metres; a grid that touches a side along less is not named there
LONGEST = 120  # characters that a bound may have


@dataclass(frozen=True)
class Beside:
    """A grid beyond one side: its name, the metres of line shared there, and the bound that it
    names itself on its opposite side."""

    name: str
    shared_m: float
    bound: str = ""


@dataclass(frozen=True)
class GridBeside:
    """A grid around as it is read: name, shape in degrees, its bounds by side."""

    name: str
    shape: BaseGeometry
    bounds: Mapping[str, str]


def sides_of(shape: BaseGeometry) -> dict[str, list[shapely.LineString]]:
    """The edges of the outline that face each side, in the plane of ``shape`` (metres).

    An edge belongs to the side its outward normal points to.
    """
    flat = shapely.orient_polygons(Plane.around(*shape.bounds).flat(shape))
    found: dict[str, list[shapely.LineString]] = {side: [] for side in SIDES}
    for part in polygons(flat):
        ring = shapely.get_coordinates(part.exterior).tolist()
        for (x, y), (u, v) in zip(ring, ring[1:], strict=False):
            angle = math.degrees(math.atan2(x - u, v - y))  # of the normal to the right
            side = SIDES[round(angle / 90) % 4]
            found[side].append(shapely.LineString([(x, y), (u, v)]))
    return found


def beside(shape: BaseGeometry, around: Sequence[GridBeside]) -> dict[str, list[Beside]]:
    """Side → the grids that share a line with ``shape`` there, the longest line first."""
    plane = Plane.around(*shape.bounds)
    edges = {side: shapely.union_all(lines) for side, lines in sides_of(shape).items()}
    found: dict[str, list[Beside]] = {side: [] for side in SIDES}
    for grid in around:
        ground = plane.flat(grid.shape).buffer(REACH)
        for side, line in edges.items():
            length = float(line.intersection(ground).length)
            if length >= SHORT:
                theirs = grid.bounds.get(OPPOSITE[side], "")
                found[side].append(Beside(grid.name, length, theirs))
    return {side: sorted(hits, key=lambda hit: -hit.shared_m) for side, hits in found.items()}


def suggestions(road: str, near: Sequence[Beside]) -> list[str]:
    """What one bound may say, best first: the road that was typed (or, without one, the road that
    the grid beyond names as its own bound) with the grid beyond, the road alone, the grids alone.
    """
    names = [hit.name for hit in near]
    roads = [road] if road else []
    for hit in near:
        roads += [text for text in _roads(hit.bound) if text not in (*roads, *names)]
    found = []
    for text in roads[:2]:
        if names:
            found.append(_("%(road)s (beside %(grid)s)", road=text, grid=names[0]))
        found.append(text)
    if names:
        found.append(_(", ").join(names[:3]))
    return [text for text in dict.fromkeys(found) if len(text) <= LONGEST]


def _roads(bound: str) -> list[str]:
    """The roads in the text of a bound, without what stands in brackets behind them."""
    plain = bound.replace("(", "（").split("（")[0]
    return [text.strip() for text in plain.split("、") if text.strip()]
