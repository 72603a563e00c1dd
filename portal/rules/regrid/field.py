"""Buildings as places with weights: who is beside whom, and what a part of them costs."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely

OFF = 1_000.0  # a household outside the standard weighs more than any shape
APART = 200.0  # a part that lies in two pieces
METRES = 111_319.49


@dataclass(frozen=True)
class Item:
    """A building: its weight in households, and its place in degrees where known."""

    key: int
    name: str
    weight: int
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Goal:
    """Fewest and most households of a part, and the number aimed at."""

    fewest: int
    most: int
    aim: float

    def penalty(self, weight: int) -> float:
        """How bad a part of ``weight`` households is."""
        outside = max(0, self.fewest - weight, weight - self.most)
        return OFF * outside + ((weight - self.aim) / max(1.0, self.aim)) ** 2 * 100


class Field:
    """The buildings with their distances and who is beside whom."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = sorted(items, key=lambda item: (natural(item.name), item.key))
        self.placed = bool(items) and all(item.point is not None for item in items)

    @cached_property
    def metres(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Places in metres, shape (n, 2); without a map the place in the order of names."""
        if not self.placed:
            return np.array([[20.0 * n, 0.0] for n in range(len(self.items))]).reshape(-1, 2)
        degrees = np.array([item.point for item in self.items], dtype=float)
        middle = degrees.mean(axis=0)
        scale = [METRES * math.cos(math.radians(float(middle[1]))), METRES]
        return np.asarray((degrees - middle) * scale)

    @cached_property
    def beside(self) -> list[set[int]]:
        """For each building those next to it: across an edge of the triangulation of the places;
        without a map the ones before and after it.
        """
        count = len(self.items)
        near: list[set[int]] = [set() for _item in self.items]
        pairs = [(n, n + 1) for n in range(count - 1)]
        if self.placed:
            pairs = _triangulated(self.metres) or pairs
        for one, other in pairs:
            near[one].add(other)
            near[other].add(one)
        return near

    def orders(self) -> list[list[int]]:
        """Orders in which neighbours follow each other; each one once."""
        count = len(self.items)
        found = [list(range(count))]
        if self.placed:
            for turn in range(8):
                angle = math.pi * turn / 8
                along = self.metres @ np.array([math.cos(angle), math.sin(angle)])
                found.append(np.argsort(np.round(along, 3), kind="stable").tolist())
            found += [self._walk(start) for start in self._ends()]
        return [order for n, order in enumerate(found) if order not in found[:n]]

    def _ends(self) -> list[int]:
        far = np.linalg.norm(self.metres, axis=1)
        first = int(np.argmax(far))
        second = int(np.argmax(np.linalg.norm(self.metres - self.metres[first], axis=1)))
        return [first, second]

    def _walk(self, start: int) -> list[int]:
        """Always on to the nearest building that was not visited."""
        left = set(range(len(self.items))) - {start}
        order = [start]
        while left:
            here = self.metres[order[-1]]
            order.append(min(left, key=lambda n: (float(np.hypot(*(self.metres[n] - here))), n)))
            left.remove(order[-1])
        return order

    def spread(self, part: Sequence[int]) -> float:
        """Mean distance to the middle of a part, in metres."""
        places = self.metres[list(part)]
        return float(np.linalg.norm(places - places.mean(axis=0), axis=1).mean())

    def pieces(self, part: Sequence[int]) -> int:
        """Of how many pieces that are not beside each other a part consists."""
        left, number = set(part), 0
        while left:
            number += 1
            waiting = [left.pop()]
            while waiting:
                near = self.beside[waiting.pop()] & left
                left -= near
                waiting += near
        return number

    @cached_property
    def scale(self) -> float:
        """Mean distance of all buildings to their middle, at least a metre."""
        return max(1.0, self.spread(range(len(self.items))))

    def cost(self, parts: Sequence[Sequence[int]], goal: Goal) -> float:
        """What the cut costs altogether."""
        return sum(self.part_cost(part, goal) for part in parts)

    def part_cost(self, part: Sequence[int], goal: Goal) -> float:
        """What one part costs."""
        return self.sums(part).cost(goal, self.scale) + APART * (self.pieces(part) - 1)

    def sums(self, part: Iterable[int]) -> "Sums":
        """Sums over the buildings of a part."""
        found = Sums()
        for n in part:
            found = found.plus(self.one[n])
        return found

    @cached_property
    def one(self) -> "list[Sums]":
        """Each building as a part of its own."""
        return [
            Sums(1, item.weight, x, y, x * x + y * y)
            for item, (x, y) in zip(self.items, self.metres.tolist(), strict=True)
        ]


class Sums(NamedTuple):
    """How many buildings, their households, sums of places and of squared places in metres."""

    number: int = 0
    weight: int = 0
    x: float = 0.0
    y: float = 0.0
    squares: float = 0.0

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        """With (or, sign -1, without) the buildings of ``other``."""
        return Sums(
            self.number + sign * other.number,
            self.weight + sign * other.weight,
            self.x + sign * other.x,
            self.y + sign * other.y,
            self.squares + sign * other.squares,
        )

    def cost(self, goal: Goal, scale: float) -> float:
        """What a part of these buildings costs, in one piece."""
        middle = (self.x**2 + self.y**2) / self.number**2
        spread = max(0.0, self.squares / self.number - middle)
        return goal.penalty(self.weight) + 20 * math.sqrt(spread) / scale


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that puts building 2 before building 10."""
    return [
        (0, int(bit), "") if bit.isdecimal() else (1, 0, bit)
        for bit in re.findall(r"\d{1,9}|\D+|\d+", name)
    ]


def _triangulated(
    metres: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> list[tuple[int, int]]:
    at: dict[tuple[float, float], list[int]] = {}
    for n, (x, y) in enumerate(metres.tolist()):
        at.setdefault((x, y), []).append(n)
    found = {(one, other) for same in at.values() for one in same for other in same if one < other}
    edges = shapely.delaunay_triangles(shapely.MultiPoint(list(at)), only_edges=True)
    for line in shapely.get_parts(edges):
        ends = [at.get(tuple(point)) for point in shapely.get_coordinates(line).tolist()]
        if len(ends) == 2 and ends[0] and ends[1]:
            found |= {tuple(sorted((a, b))) for a in ends[0] for b in ends[1]}  # type: ignore[misc]
    return sorted(found)
