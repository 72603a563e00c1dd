"""A planar mesh of streets: faces that tile the ground exactly, because they share their nodes.

Nodes are whole numbers of 1e-7 degree, so that what is stored is what was computed. A face is a
ring of node numbers, counter-clockwise. When a street meets an edge, its end is put into every
face that has that edge, so no T-junction is missing on the other side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

UNITS = 10_000_000  # per degree
METRES_PER_DEGREE = 111_319.49

Point = tuple[float, float]


@dataclass
class Mesh:
    """Nodes, named edges and faces around a centre in degrees. Points are metres from there."""

    longitude: float
    latitude: float
    nodes: list[tuple[int, int]] = field(default_factory=list)
    streets: dict[tuple[int, int], str] = field(default_factory=dict)
    faces: dict[str, list[int]] = field(default_factory=dict)

    @property
    def _east(self) -> float:
        return METRES_PER_DEGREE * math.cos(math.radians(self.latitude))

    def add(self, point: Point) -> int:
        """A new node at ``point`` (metres), rounded to the stored precision; its number."""
        self.nodes.append(
            (
                round((self.longitude + point[0] / self._east) * UNITS),
                round((self.latitude + point[1] / METRES_PER_DEGREE) * UNITS),
            )
        )
        return len(self.nodes) - 1

    def point(self, node: int) -> Point:
        """Node ``node`` in metres from the centre."""
        x, y = self.nodes[node]
        return (
            (x / UNITS - self.longitude) * self._east,
            (y / UNITS - self.latitude) * METRES_PER_DEGREE,
        )

    def points(self, face: str) -> list[Point]:
        """The corners of a face in metres, counter-clockwise, not closed."""
        return [self.point(node) for node in self.faces[face]]

    def degrees(self, face: str) -> list[Point]:
        """The ring of a face in degrees, closed."""
        ring = [self.nodes[node] for node in self.faces[face]]
        return [(x / UNITS, y / UNITS) for x, y in (*ring, ring[0])]

    def edges(self, face: str) -> list[tuple[int, int]]:
        """The edges of a face in order, each from one node to the next."""
        ring = self.faces[face]
        return list(zip(ring, (*ring[1:], ring[0]), strict=True))

    def street(self, a: int, b: int) -> str:
        """The name of the street along an edge."""
        return self.streets[min(a, b), max(a, b)]

    def name(self, nodes: Sequence[int], street: str) -> None:
        """Name the edges along ``nodes``."""
        for a, b in zip(nodes, nodes[1:], strict=False):
            self.streets[min(a, b), max(a, b)] = street

    def insert(self, a: int, b: int, point: Point) -> int:
        """Put a node at ``point`` into edge a–b of every face that has it; its number."""
        node = self.add(point)
        street = self.streets.pop((min(a, b), max(a, b)))
        self.name([a, node, b], street)
        for ring in self.faces.values():
            for at, first in enumerate(ring):
                if {first, ring[(at + 1) % len(ring)]} == {a, b}:
                    ring.insert(at + 1, node)
                    break
        return node

    def split(self, face: str, path: Sequence[int], left: str, right: str) -> None:
        """Cut ``face`` along ``path``, whose ends are nodes of its ring, into faces ``left`` and
        ``right`` of the path. The old face stays, as the parent of the two."""
        ring = self.faces[face]
        start, end = ring.index(path[0]), ring.index(path[-1])
        around = [*ring[start:], *ring[:start]]
        turn = (end - start) % len(ring)
        # Counter-clockwise from the path's start to its end runs along its right-hand side.
        self.faces[right] = [*around[: turn + 1], *reversed(path[1:-1])]
        self.faces[left] = [*around[turn:], around[0], *path[1:-1]]

    def junctions(self) -> set[int]:
        """Nodes where three or more edges meet."""
        degree: dict[int, int] = {}
        for edge in self.streets:
            for node in edge:
                degree[node] = degree.get(node, 0) + 1
        return {node for node, count in degree.items() if count > 2}


def area(points: Sequence[Point]) -> float:
    """Signed area of a ring (not closed): positive when counter-clockwise."""
    turned = (*points[1:], points[0]) if points else ()
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, turned, strict=True)) / 2


def length(points: Sequence[Point]) -> float:
    """Length of a line."""
    return sum(math.dist(a, b) for a, b in zip(points, points[1:], strict=False))
