"""Do grids tile the ground? Overlaps, gaps, and parts outside the parent (domain model, Grid).

Everything is compared in one flat picture in metres; areas are geodesic. What counts:

- the parent is snapped to its children's vertices within ``REACH``;
- a piece of at most ``TOLERANCE`` square metres, or nowhere wider than ``REACH``, is the noise of
  drawing and rounding;
- gaps thinner than ``THIN`` between the same grids are one finding, so that two rough copies of
  one river bank give one line and not hundreds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from portal.rules.geometry.neighbours import REACH
from portal.rules.geometry.plane import Plane, area_m2, polygons

TOLERANCE = 1.0  # square metres
THIN = 2.0  # metres


@dataclass(frozen=True)
class Place:
    """A grid with a valid boundary in degrees."""

    code: str
    level: str
    parent_code: str | None
    shape: BaseGeometry


@dataclass(frozen=True)
class Piece:
    """Ground that is wrong: ``kind`` overlap, gap or outside_parent.

    ``about``: the two that overlap, or child and parent, or the uncovered parent (none for a
    hole between grids whose parent has no boundary). ``touching``: every other grid of the level
    whose outline touches the piece, and the parent of a gap where the gap reaches its outline.
    """

    kind: str
    about: tuple[str, ...]
    touching: tuple[str, ...]
    area_m2: float
    shape: BaseGeometry


class Coverage:
    """The checks over one set of grids. ``bare``: codes of parents with a child that has no
    boundary yet, whose cover therefore cannot be judged."""

    def __init__(self, places: Sequence[Place], bare: Iterable[str] = ()) -> None:
        self.places = list(places)
        self.bare = frozenset(bare)
        self.index = {place.code: number for number, place in enumerate(self.places)}
        shapes = [place.shape for place in self.places]
        self.plane = Plane.around(*(shapely.total_bounds(shapes) if shapes else (0, 0, 0, 0)))
        self.flats: NDArray[np.object_] = np.empty(len(shapes), dtype=object)
        self.flats[:] = [self.plane.flat(shape) for shape in shapes]
        self.levels: dict[str, list[int]] = defaultdict(list)
        for number, place in enumerate(self.places):
            self.levels[place.level].append(number)

    def pieces(self) -> list[Piece]:
        """All pieces, overlaps first, each kind from the largest to the smallest."""
        found = [*self._overlaps(), *self._outside(), *self._gaps()]
        order = {"overlap": 0, "outside_parent": 1, "gap": 2}
        return sorted(found, key=lambda p: (order[p.kind], -p.area_m2, p.about, p.touching))

    @cached_property
    def _trees(self) -> dict[str, shapely.STRtree]:
        return {level: shapely.STRtree(self.flats[at]) for level, at in self.levels.items()}

    def _overlaps(self) -> Iterable[Piece]:
        for level, at in self.levels.items():
            numbers = np.array(at)
            left, right = self._trees[level].query(self.flats[numbers], predicate="intersects")
            once = left < right
            pairs = [
                pair
                for pair in zip(numbers[left[once]], numbers[right[once]], strict=True)
                if self._comparable(*pair)
            ]
            if not pairs:
                continue
            first, second = np.array(pairs).T
            common = shapely.intersection(self.flats[first], self.flats[second])
            for a, b, shape in zip(first, second, common, strict=True):
                codes = tuple(sorted((self.places[a].code, self.places[b].code)))
                yield from self._whole("overlap", codes, level, shape)

    def _comparable(self, a: int, b: int) -> bool:
        """Siblings, or cousins of which one has no parent outline to stay inside; between other
        cousins the piece is already named as lying outside its parent."""
        parents = {self.places[a].parent_code, self.places[b].parent_code}
        return len(parents) == 1 or any(parent not in self.index for parent in parents)

    def _outside(self) -> Iterable[Piece]:
        for parent, numbers in sorted(self._below.items()):
            outline = self._snapped[parent]
            shapely.prepare(outline)
            inside = shapely.covers(outline, self.flats[numbers])
            for number, covered in zip(numbers, inside, strict=True):
                if not covered:
                    place = self.places[number]
                    shape = shapely.difference(self.flats[number], outline)
                    about = (place.code, self.places[parent].code)
                    yield from self._whole("outside_parent", about, place.level, shape)

    @cached_property
    def _below(self) -> dict[int, list[int]]:
        """Number of each outline → numbers of the grids that must lie inside it: those whose
        nearest ancestor with a boundary it is."""
        below: dict[int, list[int]] = defaultdict(list)
        for number, place in enumerate(self.places):
            above = [self.index[code] for code in self._ancestors(place) if code in self.index]
            if above:
                below[above[0]].append(number)
        return below

    def _ancestors(self, place: Place) -> list[str]:
        """Codes that may be above ``place``, nearest first: its parent, then every prefix."""
        prefixes = [place.code[:size] for size in range(len(place.code) - 1, 0, -1)]
        return [place.parent_code, *prefixes] if place.parent_code else prefixes

    @cached_property
    def _snapped(self) -> dict[int, BaseGeometry]:
        """The outlines of ``_below``, snapped to their children's vertices."""
        return {
            parent: snapped(self.flats[parent], self.flats[numbers])
            for parent, numbers in self._below.items()
        }

    def _gaps(self) -> Iterable[Piece]:
        families: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, place in enumerate(self.places):
            families[place.parent_code or "", place.level].append(number)
        for (parent_code, level), numbers in sorted(families.items()):
            union = shapely.union_all(self.flats[numbers])
            parent = self.index.get(parent_code)
            if parent is None:
                yield from self._each_gap((), level, holes(union))
            elif parent_code not in self.bare:
                rest = shapely.difference(self._snapped[parent], union)
                yield from self._each_gap((parent_code,), level, polygons(rest))

    def _each_gap(
        self, about: tuple[str, ...], level: str, parts: Sequence[BaseGeometry]
    ) -> Iterable[Piece]:
        thin: dict[tuple[str, ...], list[BaseGeometry]] = defaultdict(list)
        for part in filter(self._matters, parts):
            touching = self._touching(part, level, about)
            if part.buffer(-THIN / 2).is_empty:
                thin[touching].append(part)
            else:
                yield self._piece("gap", about, touching, part)
        for touching, slivers in sorted(thin.items()):
            yield self._piece("gap", about, touching, shapely.union_all(slivers))

    def _whole(
        self, kind: str, about: tuple[str, ...], level: str, shape: BaseGeometry
    ) -> Iterable[Piece]:
        """One piece of all parts of ``shape`` that matter, if any does."""
        parts = [part for part in polygons(shape) if self._matters(part)]
        if parts:
            whole = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
            yield self._piece(kind, about, self._touching(whole, level, about), whole)

    def _matters(self, part: BaseGeometry) -> bool:
        # The flat area is only a first sieve: at the rim of a wide picture it is some per cent off.
        if part.area <= TOLERANCE / 2 or part.buffer(-REACH / 2).is_empty:
            return False
        return area_m2(self.plane.degrees(part)) > TOLERANCE

    def _touching(self, part: BaseGeometry, level: str, about: tuple[str, ...]) -> tuple[str, ...]:
        hits = self._trees[level].query(part, predicate="dwithin", distance=REACH)
        codes = {self.places[self.levels[level][hit]].code for hit in hits} - set(about)
        return tuple(sorted(codes))

    def _piece(
        self, kind: str, about: tuple[str, ...], touching: tuple[str, ...], flat: BaseGeometry
    ) -> Piece:
        shape = self.plane.degrees(flat)
        return Piece(kind, about, touching, area_m2(shape), shape)


def snapped(
    outline: BaseGeometry, children: NDArray[np.object_], reach: float = REACH
) -> BaseGeometry:
    """``outline`` drawn through the vertices of ``children`` that lie within ``reach`` of it but
    are not its own. Metres. The outline itself where snapping would break it."""
    own = {tuple(point) for point in shapely.get_coordinates(outline).tolist()}
    theirs = {tuple(point) for point in shapely.get_coordinates(children).tolist()} - own
    points = np.array([shapely.Point(point) for point in sorted(theirs)], dtype=object)
    rim = outline.boundary
    shapely.prepare(rim)
    near = points[shapely.dwithin(rim, points, reach)]
    if not len(near):
        return outline
    result = shapely.snap(outline, shapely.MultiPoint(near.tolist()), reach)
    return result if result.is_valid else outline


def holes(union: BaseGeometry) -> list[BaseGeometry]:
    """The holes of ``union`` as polygons."""
    return [shapely.Polygon(ring) for part in polygons(union) for ring in part.interiors]
