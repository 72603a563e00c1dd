"""Laying streets: cutting a face in two by a slightly curved line, so that the parts look lived in.

Several lines are drawn and the best one is kept: parts of the wanted size, compact, meeting the
edges at a fair angle and not a few metres beside an existing corner.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import shapely

from portal.rules.demo.mesh import Mesh, Point, area, length

TRIES = 28
STEP = 48.0  # metres between the nodes of a street
CLOSE = 16.0  # an end this near a node is that node
JOG = 48.0  # an end this near a junction makes an ugly jog
MARGIN = 22.0  # streets keep this far from other streets between their ends


@dataclass(frozen=True)
class End:
    """Where a street meets the ring: on edge number ``edge`` at ``point``, or at node ``node``."""

    edge: int
    point: Point
    node: int | None


@dataclass(frozen=True)
class Cut:
    """A street that could be laid: its ends, the points between them, and how bad it is."""

    start: End
    end: End
    between: list[Point]
    badness: float


def lay(
    mesh: Mesh, face: str, share: float, names: tuple[str, str], street: str, random: Random
) -> None:
    """Cut ``face`` by a street called ``street``; the face ``names[0]`` gets about ``share`` of
    the area. The first face is the northern or western one. Raises ValueError if no line fits."""
    ring = mesh.points(face)
    shape = shapely.Polygon(ring)
    busy = mesh.junctions() & set(mesh.faces[face])
    cuts = [_draw(mesh, face, shape, share, busy, random) for _try in range(TRIES)]
    fitting = [cut for cut in cuts if cut is not None]
    if not fitting:
        raise ValueError(f"no street fits into {face}")
    best = min(fitting, key=lambda cut: cut.badness)
    path = [_node(mesh, face, best.start)]
    path += [mesh.add(point) for point in best.between]
    path.append(_node(mesh, face, best.end))
    mesh.name(path, street)
    mesh.split(face, path, names[0], names[1])


def _draw(
    mesh: Mesh, face: str, shape: shapely.Polygon, share: float, busy: set[int], random: Random
) -> Cut | None:
    """One random line across the longer axis, or None where it does not fit."""
    ring = mesh.points(face)
    along = _axis(shape) + random.gauss(0.0, 0.16)
    # The normal points to the first face: north, or west for streets that run north to south.
    normal = (math.cos(along), math.sin(along))
    if normal[1] < -0.35 or (abs(normal[1]) <= 0.35 and normal[0] > 0):
        normal = (-normal[0], -normal[1])
    offset = _offset(ring, normal, share)
    crossings = _crossings(ring, normal, offset)
    if len(crossings) != 2:
        return None
    nodes = mesh.faces[face]
    start, end = (_end(ring, nodes, edge, point) for edge, point in crossings)
    if start.node is not None and start.node == end.node:
        return None
    between = _curve(start.point, end.point, random)
    return _judged(mesh, face, shape, share, busy, start, end, between)


def _judged(
    mesh: Mesh,
    face: str,
    shape: shapely.Polygon,
    share: float,
    busy: set[int],
    start: End,
    end: End,
    between: list[Point],
) -> Cut | None:
    path = [start.point, *between, end.point]
    middle = shapely.LineString(path[1:-1]) if len(between) > 1 else shapely.Point(between[0])
    if not shape.contains(middle) or shape.exterior.distance(middle) < MARGIN:
        return None
    parts = _parts(mesh, face, start, end, between)
    sizes = [area(part) for part in parts]
    if min(sizes) <= 0:
        return None
    bad = 6.0 * abs(sizes[0] / sum(sizes) - share) / min(share, 1 - share)
    for part, size in zip(parts, sizes, strict=True):
        bad += 1.6 * (1 - 4 * math.pi * size / length([*part, part[0]]) ** 2)
    for tip, inward in ((start, path[1]), (end, path[-2])):
        bad += _crookedness(mesh, face, tip, inward)
        if tip.node is None:
            close = min((math.dist(tip.point, mesh.point(n)) for n in busy), default=JOG)
            bad += 1.5 * max(0.0, 1 - close / JOG)
    return Cut(start, end, between, bad)


def _parts(
    mesh: Mesh, face: str, start: End, end: End, between: list[Point]
) -> tuple[list[Point], list[Point]]:
    """The two rings the cut would leave: left of the path, right of it."""
    ring = mesh.points(face)
    count = len(ring)

    def walk(first: End, last: End) -> list[Point]:
        points = [first.point]
        at = (first.edge + 1) % count
        stop = (last.edge + 1) % count
        steps = (stop - at) % count
        for step in range(steps):
            points.append(ring[(at + step) % count])
        points.append(last.point)
        return points

    right = [*walk(start, end), *reversed(between)]
    left = [*walk(end, start), *between]
    return left, right


def _crookedness(mesh: Mesh, face: str, end: End, inward: Point) -> float:
    """0 where the street meets the ring at a fair angle, up to 2 where it grazes it."""
    ring = mesh.points(face)
    a, b = ring[end.edge], ring[(end.edge + 1) % len(ring)]
    worst = 90.0
    for other in (a, b):
        if math.dist(other, end.point) > 1.0:
            worst = min(worst, _angle(end.point, other, inward))
    if end.node is not None:
        at = mesh.faces[face].index(end.node)
        for other in (ring[at - 1], ring[(at + 1) % len(ring)]):
            worst = min(worst, _angle(end.point, other, inward))
    return max(0.0, (62.0 - worst) / 31.0)


def _angle(at: Point, one: Point, other: Point) -> float:
    first = math.atan2(one[1] - at[1], one[0] - at[0])
    second = math.atan2(other[1] - at[1], other[0] - at[0])
    turn = abs(math.degrees(first - second)) % 360
    return min(turn, 360 - turn)


def _axis(shape: shapely.Polygon) -> float:
    """The direction of the longer side of the smallest box around ``shape``, in radians."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape)).tolist()
    sides = [(math.dist(a, b), a, b) for a, b in zip(box, box[1:], strict=False)]
    _length, a, b = max(sides[:2])
    return math.atan2(b[1] - a[1], b[0] - a[0])


def _offset(ring: Sequence[Point], normal: Point, share: float) -> float:
    """Where along ``normal`` a straight line leaves ``share`` of the ring beyond it."""
    heights = [x * normal[0] + y * normal[1] for x, y in ring]
    low, high = min(heights), max(heights)
    whole = area(ring)
    for _round in range(24):
        middle = (low + high) / 2
        if area(_beyond(ring, heights, middle)) > share * whole:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beyond(ring: Sequence[Point], heights: Sequence[float], level: float) -> list[Point]:
    """The part of a ring above ``level``, as one ring."""
    kept: list[Point] = []
    for at, point in enumerate(ring):
        after = (at + 1) % len(ring)
        if heights[at] > level:
            kept.append(point)
        if (heights[at] > level) != (heights[after] > level):
            kept.append(_between(point, ring[after], heights[at], heights[after], level))
    return kept


def _between(a: Point, b: Point, low: float, high: float, level: float) -> Point:
    part = (level - low) / (high - low)
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _crossings(ring: Sequence[Point], normal: Point, level: float) -> list[tuple[int, Point]]:
    """Edges of the ring that the line crosses, so that the first face lies left of the way from
    the first crossing to the second."""
    found = []
    heights = [x * normal[0] + y * normal[1] for x, y in ring]
    for at, point in enumerate(ring):
        after = (at + 1) % len(ring)
        if (heights[at] > level) != (heights[after] > level):
            meeting = _between(point, ring[after], heights[at], heights[after], level)
            # Going counter-clockwise the ring comes back below the line at the start.
            found.append((heights[at] > level, at, meeting))
    found.sort(key=lambda item: not item[0])
    return [(edge, point) for _down, edge, point in found]


def _end(ring: Sequence[Point], nodes: Sequence[int], edge: int, point: Point) -> End:
    """The crossing, moved to the node beside it where that is close."""
    after = (edge + 1) % len(ring)
    for at in (edge, after):
        if math.dist(ring[at], point) < CLOSE:
            return End(at, ring[at], nodes[at])
    return End(edge, point, None)


def _node(mesh: Mesh, face: str, end: End) -> int:
    if end.node is not None:
        return end.node
    # Inserting the other end may have moved the edge: find it by its place.
    a, b = min(
        mesh.edges(face),
        key=lambda edge: shapely.LineString([mesh.point(edge[0]), mesh.point(edge[1])]).distance(
            shapely.Point(end.point)
        ),
    )
    return mesh.insert(a, b, end.point)


def _curve(start: Point, end: Point, random: Random) -> list[Point]:
    """Points between two ends: a bow, a wave and a little unevenness."""
    far = math.dist(start, end)
    count = max(1, round(far / STEP) - 1)
    across = ((start[1] - end[1]) / far, (end[0] - start[0]) / far)
    bow, wave = random.gauss(0.0, 0.05) * far, random.gauss(0.0, 0.022) * far
    points = []
    for number in range(1, count + 1):
        part = (number + random.uniform(-0.18, 0.18)) / (count + 1)
        aside = bow * math.sin(math.pi * part) + wave * math.sin(2 * math.pi * part)
        aside += random.gauss(0.0, 1.2)
        points.append(
            (
                start[0] + (end[0] - start[0]) * part + across[0] * aside,
                start[1] + (end[1] - start[1]) * part + across[1] * aside,
            )
        )
    return points
