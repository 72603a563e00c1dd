"""Cutting buildings into parts: pure arithmetic, the same answer for the same buildings.

Buildings stand in an order in which neighbours follow each other (several orders are tried). Along
an order the best cut is found exactly, by dynamic programming; then buildings at the seams change
sides while that makes the whole better. What is better: households of every part inside the
standard before everything else, then parts near the number aimed at, then parts that lie together.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from portal.rules.regrid.field import OFF, Field, Goal

ROUNDS = 60
FEW = 60  # up to so many buildings two may change sides at once
NOBODY = -1
LEAST_GAIN = 1e-6


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
