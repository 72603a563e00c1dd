"""The ground of a demo community: an irregular outline, cut into areas, blocks and cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from portal.rules.demo.mesh import Mesh, Point
from portal.rules.demo.streets import lay

COMMUNITY = ""
ATTEMPTS = 40
SIDES = 5
RADIUS = (600.0, 740.0)  # metres from the centre to the corners
STEP = 62.0  # metres between the nodes of an outer road

# Per area, per block: what share of the ground each cell asks for.
Shares = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True)
class StreetNames:
    """Names for the streets, by what they divide. ``outer`` has one for each side, in order
    counter-clockwise from the east; the others are used from the front."""

    outer: Sequence[str]
    areas: Sequence[str]
    blocks: Sequence[str]
    cells: Sequence[str]


def lay_out(
    longitude: float, latitude: float, shares: Shares, names: StreetNames, random: Random
) -> Mesh:
    """A mesh with the faces ``""`` (community), ``01`` (area), ``0102`` (block), ``0102003``
    (cell). Tries again where a street finds no room; raises ValueError if that does not help."""
    for _attempt in range(ATTEMPTS):
        mesh = Mesh(longitude, latitude)
        _outline(mesh, names.outer, random)
        try:
            _divide_all(mesh, shares, names, random)
        except ValueError:
            continue
        return mesh
    raise ValueError("no layout found")


def _outline(mesh: Mesh, names: Sequence[str], random: Random) -> None:
    turn = random.uniform(-0.3, 0.3)
    corners: list[Point] = []
    for side in range(SIDES):
        angle = turn + (side - 0.5 + random.uniform(-0.17, 0.17)) * 2 * math.pi / SIDES
        far = random.uniform(*RADIUS)
        corners.append((far * math.cos(angle), far * math.sin(angle)))
    ring: list[int] = []
    sides: list[list[int]] = []
    for side, corner in enumerate(corners):
        nodes = [mesh.add(point) for point in _road(corner, corners[(side + 1) % SIDES], random)]
        sides.append(nodes)
        ring += nodes
    for side, nodes in enumerate(sides):
        mesh.name([*nodes, sides[(side + 1) % SIDES][0]], names[side])
    mesh.faces[COMMUNITY] = ring


def _road(start: Point, end: Point, random: Random) -> list[Point]:
    """Points of one side, its first corner included, its last one not."""
    far = math.dist(start, end)
    count = max(2, round(far / STEP))
    across = ((end[1] - start[1]) / far, (start[0] - end[0]) / far)
    bow, wave = random.uniform(-0.02, 0.07) * far, random.gauss(0.0, 0.02) * far
    points = [start]
    for number in range(1, count):
        part = (number + random.uniform(-0.15, 0.15)) / count
        aside = bow * math.sin(math.pi * part) + wave * math.sin(2 * math.pi * part)
        aside += random.gauss(0.0, 1.5)
        points.append(
            (
                start[0] + (end[0] - start[0]) * part + across[0] * aside,
                start[1] + (end[1] - start[1]) * part + across[1] * aside,
            )
        )
    return points


def _divide_all(mesh: Mesh, shares: Shares, names: StreetNames, random: Random) -> None:
    areas, blocks, cells = (list(reversed(n)) for n in (names.areas, names.blocks, names.cells))
    codes = {f"{number:02d}": area for number, area in enumerate(shares, 1)}
    sizes = {code: sum(map(sum, area)) for code, area in codes.items()}
    _divide(mesh, COMMUNITY, sizes, areas, random)
    for area_code, area in codes.items():
        in_area = {f"{area_code}{number:02d}": block for number, block in enumerate(area, 1)}
        _divide(mesh, area_code, {c: sum(b) for c, b in in_area.items()}, blocks, random)
    for area_code, area in codes.items():
        for number, block in enumerate(area, 1):
            block_code = f"{area_code}{number:02d}"
            in_block = {f"{block_code}{n:03d}": share for n, share in enumerate(block, 1)}
            _divide(mesh, block_code, in_block, cells, random)


def _divide(
    mesh: Mesh, face: str, parts: dict[str, float], names: list[str], random: Random
) -> None:
    """Cut ``face`` into ``parts`` (name → share), halving again and again."""
    if len(parts) == 1:
        (name,) = parts
        if name != face:
            mesh.faces[name] = mesh.faces.pop(face) if "+" in face else list(mesh.faces[face])
        return
    codes = list(parts)
    middle = (len(codes) + random.randrange(2)) // 2
    halves = [{code: parts[code] for code in half} for half in (codes[:middle], codes[middle:])]
    titles = ["+".join((*half, "")) for half in halves]
    share = sum(halves[0].values()) / sum(parts.values())
    lay(mesh, face, share, (titles[0], titles[1]), names.pop(), random)
    if "+" in face:
        del mesh.faces[face]
    for title, half in zip(titles, halves, strict=True):
        _divide(mesh, title, half, names, random)
