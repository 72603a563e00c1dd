"""Where labels go on a map so that no two cover each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from portal.documents.gridmap_parts import Point

STEP = 7.0  # units between two places that are tried
AIR = 3.0  # kept free around every label


@dataclass
class Labels:
    """The labels placed so far, as boxes (left, top, right, bottom) in picture units."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def place(self, region: BaseGeometry, width: float, height: float, near: Point) -> Point | None:
        """The middle of a free box of this size inside ``region``, as near as can be to ``near``;
        None if there is none. The box is taken from then on.
        """
        middles = self._tried(region, near)
        left, right = middles[:, 0] - width / 2, middles[:, 0] + width / 2
        top, bottom = middles[:, 1] - height / 2, middles[:, 1] + height / 2
        free = np.ones(len(middles), dtype=bool)
        for a, b, c, d in self.taken:
            beside = (right + AIR <= a) | (left - AIR >= c) | (bottom + AIR <= b) | (top - AIR >= d)
            free &= beside
        order = np.argsort(
            np.hypot(middles[:, 0] - near[0], middles[:, 1] - near[1]), kind="stable"
        )
        chosen = order[free[order]]
        boxes = shapely.box(left[chosen], top[chosen], right[chosen], bottom[chosen])
        shapely.prepare(region)
        inside = np.flatnonzero(shapely.covers(region, boxes))
        if not inside.size:
            return None
        at = int(chosen[inside[0]])
        self.taken.append((left[at], top[at], right[at], bottom[at]))
        return (float(middles[at, 0]), float(middles[at, 1]))

    def _tried(self, region: BaseGeometry, near: Point) -> NDArray[np.float64]:
        west, north, east, south = region.bounds
        xs = np.arange(west, east + STEP, STEP)
        ys = np.arange(north, south + STEP, STEP)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        return np.vstack([np.array([near], dtype=float), grid])


def colours(shapes: Sequence[BaseGeometry], count: int, reach: float) -> list[int]:
    """A number below ``count`` for each shape; shapes within ``reach`` of one another differ as
    far as that many numbers allow.
    """
    if len(shapes) <= count:
        return list(range(len(shapes)))
    near = [
        {other for other, shape in enumerate(shapes) if other != at and own.dwithin(shape, reach)}
        for at, own in enumerate(shapes)
    ]
    given: dict[int, int] = {}
    while len(given) < len(shapes):
        # The one with most different numbers around it has the least choice left.
        at = min(
            set(range(len(shapes))) - given.keys(),
            key=lambda n: (-len({given[m] for m in near[n] & given.keys()}), -len(near[n]), n),
        )
        around = [given[other] for other in near[at] & given.keys()]
        given[at] = min(range(count), key=lambda number: (around.count(number), number))
    return [given[at] for at in range(len(shapes))]
