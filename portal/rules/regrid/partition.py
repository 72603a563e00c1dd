"""Cutting buildings into parts: pure arithmetic, the same answer for the same buildings.

Buildings stand in an order in which neighbours follow each other (several orders are tried). Along
an order the best cut is found exactly, by dynamic programming; then buildings at the seams change
sides while that makes the whole better. What is better: households of every part inside the
standard before everything else, then parts near the number aimed at, then parts that lie together.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely

OFF = 1_000.0  # a household outside the standard weighs more than any shape
APART = 200.0  # a part that lies in two pieces
ROUNDS = 60
FEW = 60  # up to so many buildings two may change sides at once
NOBODY = -1
LEAST_GAIN = 1e-6
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


def along(field: Field, order: Sequence[int], count: int, goal: Goal) -> list[list[int]]:
    """The best cut of ``order`` into ``count`` runs of at least one building, exactly: O(n² k)."""
    size = len(order)
    costs = run_costs(field, order, goal)
    best = np.full((count + 1, size + 1), np.inf)
    back = np.zeros((count + 1, size + 1), dtype=int)
    best[0, 0] = 0.0
    for k in range(1, count + 1):
        for end in range(k, size + 1):
            ways = np.round(best[k - 1, :end] + costs[:end, end], 9)
            back[k, end] = int(np.argmin(ways))
            best[k, end] = ways[back[k, end]]
    parts: list[list[int]] = []
    end = size
    for k in range(count, 0, -1):
        start = int(back[k, end])
        parts.append(list(order[start:end]))
        end = start
    return parts[::-1]


def run_costs(
    field: Field, order: Sequence[int], goal: Goal
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """[start, end] → cost of the run; the spread is the root of the mean square here, which sums
    over runs at once."""
    places = field.metres[list(order)]
    sums = np.vstack([[0.0, 0.0], np.cumsum(places, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((places**2).sum(axis=1))])
    weights = np.concatenate([[0], np.cumsum([field.items[n].weight for n in order])])
    start, end = np.meshgrid(np.arange(len(order)), np.arange(len(order) + 1), indexing="ij")
    number = np.maximum(1, end - start)
    middle = (sums[end] - sums[start]) / number[..., None]
    spread = (squares[end] - squares[start]) / number - (middle**2).sum(axis=2)
    weight = weights[end] - weights[start]
    outside = np.maximum(0, np.maximum(goal.fewest - weight, weight - goal.most))
    costs = OFF * outside + ((weight - goal.aim) / max(1.0, goal.aim)) ** 2 * 100
    costs = costs + 20 * np.sqrt(np.maximum(0.0, spread)) / field.scale
    return np.asarray(np.where(end > start, costs, np.inf))


def improved(field: Field, parts: list[list[int]], goal: Goal) -> list[list[int]]:
    """Buildings at the seams change sides, one at a time or two against each other, while that
    makes it better and no part falls to pieces."""
    for _round in range(ROUNDS):
        step = _best_step(field, parts, goal)
        if step is None:
            break
        source, target, one, other = step
        parts[source].remove(one)
        parts[target].append(one)
        if other != NOBODY:
            parts[target].remove(other)
            parts[source].append(other)
    return parts


Step = tuple[int, int, int, int]  # from part, to part, building, one that comes back or NOBODY


def _best_step(field: Field, parts: list[list[int]], goal: Goal) -> Step | None:
    """The step that gains most; those that would tear a part are passed over."""
    ranked = sorted(_steps(field, parts, goal), key=lambda found: (-found[0], found[1]))
    for _gain, (source, target, one, other) in ranked:
        left = [n for n in parts[source] if n != one] + ([] if other == NOBODY else [other])
        right = [n for n in parts[target] if n != other] + [one]
        before = field.pieces(parts[source]), field.pieces(parts[target])
        if field.pieces(left) <= before[0] and field.pieces(right) <= before[1]:
            return source, target, one, other
    return None


def _steps(field: Field, parts: list[list[int]], goal: Goal) -> Iterator[tuple[float, Step]]:
    """Every step at a seam that gains something."""
    home = {n: number for number, part in enumerate(parts) for n in part}
    sums = [field.sums(part) for part in parts]
    costs = [total.cost(goal, field.scale) for total in sums]
    for one in sorted(home):
        source = home[one]
        for target in sorted({home[n] for n in field.beside[one]} - {source}):
            left = sums[source].plus(field.one[one], -1)
            right = sums[target].plus(field.one[one])
            seam = [
                n
                for n in (parts[target] if len(home) <= FEW else ())
                if any(home[m] == source for m in field.beside[n])
            ]
            for other in (NOBODY, *seam):
                less, more = left, right
                if other != NOBODY:
                    less, more = left.plus(field.one[other]), right.plus(field.one[other], -1)
                if not less.number or not more.number:
                    continue
                gain = costs[source] + costs[target]
                gain -= less.cost(goal, field.scale) + more.cost(goal, field.scale)
                if gain > LEAST_GAIN:
                    yield round(gain, 9), (source, target, one, other)


def best_cut(field: Field, count: int, goal: Goal) -> list[list[int]]:
    """The best cut into ``count`` parts that is found, parts in the order of their first building.
    Needs at least ``count`` buildings."""
    found: list[tuple[float, list[list[int]]]] = []
    for order in field.orders():
        parts = along(field, order, count, goal)
        found.append((round(field.cost(parts, goal), 6), sorted(sorted(part) for part in parts)))
    found.sort()
    tried = [improved(field, [list(part) for part in parts], goal) for _cost, parts in found[:2]]
    ranked = sorted((round(field.cost(p, goal), 6), sorted(sorted(x) for x in p)) for p in tried)
    return ranked[0][1]
