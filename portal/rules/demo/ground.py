"""The grids of a demo community: ground, names, four bounds, households, addresses."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from random import Random

import shapely

from portal.rules.demo.layout import COMMUNITY, SIDES, StreetNames, lay_out
from portal.rules.demo.mesh import Mesh
from portal.rules.demo.plan import SHAPE, GridPlan
from portal.rules.demo.sites import Site
from portal.rules.demo.words import CELLS, COMMUNITIES, NUMERALS, STREETS, SUFFIXES
from portal.rules.geometry import dump_geometry

LEVELS = {0: "community", 2: "area", 4: "block", 7: "cell"}
KINDS = ("scattered", "scattered", "scattered", "gated", "gated", "bungalow")
GROUND = {"scattered": 1.0, "gated": 1.25, "bungalow": 0.85}  # shares of ground
HOUSEHOLDS = {"scattered": (122, 158), "gated": (203, 248), "bungalow": (82, 118)}
DIFFICULTY = {"scattered": (1, 2, 2, 3), "gated": (1, 1, 2), "bungalow": (2, 3, 3)}
SHORT = 35.0  # metres; a shorter stretch of street is not named as a bound,
SMALL = 0.12  # nor one that makes less than this share of the side


def plan_grids(site: Site, random: Random) -> list[GridPlan]:
    """Community, areas, blocks and cells of ``site``, parents before children, by code."""
    kinds = [[[random.choice(KINDS) for _cell in range(n)] for n in area] for area in SHAPE]
    shares = [[[GROUND[kind] for kind in block] for block in area] for area in kinds]
    mesh = lay_out(site.longitude, site.latitude, shares, _street_names(random), random)
    kind_of = {
        f"{a:02d}{b:02d}{c:03d}": kind
        for a, area in enumerate(kinds, 1)
        for b, block in enumerate(area, 1)
        for c, kind in enumerate(block, 1)
    }
    return _Ground(site, mesh, kind_of, random).plans()


def _street_names(random: Random) -> StreetNames:
    words = random.sample(STREETS, len(STREETS))
    outer = [words.pop() + ("大道" if side % 2 == 0 else "路") for side in range(SIDES)]
    areas = [words.pop() + "路" for _ in range(len(SHAPE) - 1)]
    blocks = [words.pop() + "街" for area in SHAPE for _ in range(len(area) - 1)]
    cells = [words.pop() + "巷" for area in SHAPE for n in area for _ in range(n - 1)]
    return StreetNames(outer, areas, blocks, cells)


class _Ground:
    """Names and figures over one mesh."""

    def __init__(self, site: Site, mesh: Mesh, kinds: Mapping[str, str], random: Random) -> None:
        self.site, self.mesh, self.kinds, self.random = site, mesh, kinds, random
        self.faces = sorted(mesh.faces, key=lambda face: (len(face), face))
        words = random.sample(CELLS, len(kinds))
        self.cell_names = {
            face: word + random.choice(SUFFIXES[kind])
            for word, (face, kind) in zip(words, kinds.items(), strict=True)
        }
        self.households = {face: random.randint(*HOUSEHOLDS[kind]) for face, kind in kinds.items()}

    def plans(self) -> list[GridPlan]:
        plans = [self._plan(face) for face in self.faces]
        return sorted(plans, key=lambda plan: plan.code)

    def _plan(self, face: str) -> GridPlan:
        level = LEVELS[len(face)]
        kind = self.kinds.get(face)
        code = self.site.code + face
        parent = self.site.street_code if face == COMMUNITY else self._parent(face)
        return GridPlan(
            code=code,
            name=self._name(face, level),
            level=level,
            parent_code=parent,
            boundary=dump_geometry(shapely.Polygon(self.mesh.degrees(face))),
            bounds=four_bounds(self.mesh, face),
            kind=kind,
            households=sum(n for cell, n in self.households.items() if cell.startswith(face)),
            difficulty=self.random.choice(DIFFICULTY[kind]) if kind else None,
            address=self._address(face, level),
        )

    def _parent(self, face: str) -> str:
        return self.site.code + face[: {2: 0, 4: 2, 7: 4}[len(face)]]

    def _name(self, face: str, level: str) -> str:
        if level == "community":
            return f"{COMMUNITIES[self.site.number]}社区"
        if level == "cell":
            return self.cell_names[face]
        if level == "block":
            return f"{self._inner_street(face, 7)}片区"
        number = NUMERALS[int(face) - 1]
        community = COMMUNITIES[self.site.number]
        return f"{community}第{number}片格（{self._inner_street(face, 4)}段）"

    def _inner_street(self, face: str, digits: int) -> str:
        """The longest street between the grids of ``face`` whose codes have ``digits``."""
        rim = {frozenset(edge) for edge in self.mesh.edges(face)}
        inner: dict[str, float] = defaultdict(float)
        for other in self.faces:
            if len(other) == digits and other.startswith(face):
                for a, b in self.mesh.edges(other):
                    if frozenset((a, b)) not in rim:
                        inner[self.mesh.street(a, b)] += self._metres(a, b)
        return max(inner, key=lambda street: (inner[street], street))

    def _metres(self, a: int, b: int) -> float:
        return math.dist(self.mesh.point(a), self.mesh.point(b))

    def _address(self, face: str, level: str) -> str | None:
        if level not in ("community", "cell"):
            return None
        along: dict[str, float] = defaultdict(float)
        for a, b in self.mesh.edges(face):
            along[self.mesh.street(a, b)] += self._metres(a, b)
        street = max(along, key=lambda name: (along[name], name))
        first = self.random.randrange(1, 90)
        if level == "community":
            return f"{self.site.district_name}{street}{first}号"
        last = first + 2 * self.random.randrange(6, 20)
        return f"{self.site.district_name}{street}{first}—{last}号"


def four_bounds(mesh: Mesh, face: str) -> tuple[str, str, str, str]:
    """East, south, west and north bound of a face (四至): the streets its edges there lie on.

    An edge belongs to the side its outward normal points to. Streets stand in the order in
    which they follow one another, without those that only touch a corner.
    """
    sides: dict[str, dict[str, float]] = {side: {} for side in ("E", "S", "W", "N")}
    edges = mesh.edges(face)
    facing = [_side(mesh, a, b) for a, b in edges]
    turn = next(at for at in range(len(edges)) if facing[at] != facing[at - 1])
    for a, b in (*edges[turn:], *edges[:turn]):
        side = _side(mesh, a, b)
        street = mesh.street(a, b)
        metres = math.dist(mesh.point(a), mesh.point(b))
        sides[side][street] = sides[side].get(street, 0.0) + metres
    east, south, west, north = (
        _listed(sides[side]) or mesh.street(*_farthest(mesh, face, side)) for side in sides
    )
    return east, south, west, north


def _side(mesh: Mesh, a: int, b: int) -> str:
    (x, y), (u, v) = mesh.point(a), mesh.point(b)
    angle = math.degrees(math.atan2(x - u, v - y))  # of the normal to the right of the edge
    return "ENWS"[round(angle / 90) % 4]


def _listed(lengths: Mapping[str, float]) -> str:
    whole = sum(lengths.values())
    named = [s for s, metres in lengths.items() if metres >= SHORT and metres >= SMALL * whole]
    if not named and lengths:
        named = [max(lengths, key=lambda street: (lengths[street], street))]
    return "、".join(named)


def _farthest(mesh: Mesh, face: str, side: str) -> tuple[int, int]:
    """The edge that reaches farthest to a side that no edge faces."""
    axis, sign = {"E": (0, 1), "W": (0, -1), "N": (1, 1), "S": (1, -1)}[side]

    def reach(edge: tuple[int, int]) -> float:
        return sign * sum(mesh.point(node)[axis] for node in edge)

    edges: Iterable[tuple[int, int]] = mesh.edges(face)
    return max(edges, key=reach)
