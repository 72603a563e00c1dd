"""Proposals: how a cell is cut into parts inside the standard, which small neighbours to join (P1).

A division considers geography, ease of management, neighbourhood, the workers there are and their
load: buildings that stand together stay together, harder cells get fewer households, and where
there are fewer people than parts the proposal says how many are missing.
"""

import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.queries import regrid as queries
from portal.queries.grid_checks import GridRecord
from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.boundary_ground import shape_of
from portal.rules.geometry import neighbours
from portal.rules.regrid import figures
from portal.rules.regrid.field import Field, Goal, Item
from portal.rules.regrid.partition import best_cut

MOST_PARTS, MOST_PROPOSALS, MOST_JOINS = 6, 4, 6
HARD = 3  # the highest difficulty
MOST_BUILDINGS = 300  # beyond that the arithmetic of a page would take too long


@dataclass(frozen=True)
class PartOf:
    """One part of a proposal. ``across_m``: mean distance of its buildings from their middle, in
    metres; None without a map."""

    buildings: tuple[BuildingLine, ...]
    households: int
    verdict: str
    across_m: int | None
    pieces: int


@dataclass(frozen=True)
class Proposal:
    """A cut. ``off``: households outside the standard over all parts; ``missing``: workers that
    one part each would need more."""

    parts: tuple[PartOf, ...]
    off: int
    missing: int


@dataclass(frozen=True)
class Splits:
    """What is proposed for a cell, the best first. ``aim``: households a part should have, by the
    difficulty; ``reason`` (a code) says why there is nothing: ``no_standard``, ``no_buildings``,
    ``no_figures``, ``too_many``."""

    proposals: tuple[Proposal, ...]
    households: int
    workers: int
    aim: int
    limits: tuple[int, int] | None
    reason: str = ""


@dataclass(frozen=True)
class Join:
    """Two neighbours that are small enough to be one cell."""

    one: GridLine
    other: GridLine
    households: int
    inside: bool


def splits(session: Session, code: str) -> Splits | None:
    """Proposals for cell ``code``; None where it is no cell in use."""
    found = queries.grids(session, [code])
    if not found or found[0].level != "cell":
        return None
    cell, standing = found[0], queries.buildings(session, [code])
    limits = figures.limits_of(session).get(cell.kind or "")
    total = sum(one.households for one in standing)
    workers = queries.workers_at(session, code)
    reason = _reason(limits, standing, total)
    if reason or limits is None:
        return Splits((), total, workers, 0, limits, reason)
    aim = aimed_at(limits, cell.difficulty)
    field = Field([Item(b.id, b.name, b.households, b.point) for b in standing])
    lines = {one.id: one for one in standing}
    made = [
        _proposal(field, lines, count, Goal(limits[0], limits[1], max(1.0, total / count)), workers)
        for count in counts(total, len(standing), limits, aim)
    ]
    made.sort(key=lambda p: (p.off, abs(total / len(p.parts) - aim), p.missing, len(p.parts)))
    return Splits(tuple(made[:MOST_PROPOSALS]), total, workers, round(aim), limits)


def _reason(limits: tuple[int, int] | None, standing: list[BuildingLine], total: int) -> str:
    if limits is None:
        return "no_standard"
    if len(standing) < 2:
        return "no_buildings"
    if not total:
        return "no_figures"
    return "too_many" if len(standing) > MOST_BUILDINGS else ""


def aimed_at(limits: tuple[int, int], difficulty: int | None) -> float:
    """Households a cell should have: towards the most where the work is easy, towards the fewest
    where it is hard, between them where nobody said."""
    fewest, most = limits
    return most - (most - fewest) * ((difficulty or 2) - 1) / (HARD - 1)


def counts(total: int, buildings: int, limits: tuple[int, int], aim: float) -> list[int]:
    """Into how many parts it is worth trying, the likeliest first."""
    fewest, most = limits
    fits = range(math.ceil(total / most), total // fewest + 1)
    wanted = {*fits, round(total / aim), math.ceil(total / most), total // fewest, 2}
    possible = [n for n in wanted if 2 <= n <= min(MOST_PARTS, buildings)]
    return sorted(possible, key=lambda n: (n not in fits, abs(total / n - aim), n))[:MOST_PROPOSALS]


def _proposal(
    field: Field, lines: dict[int, BuildingLine], count: int, goal: Goal, workers: int
) -> Proposal:
    parts = []
    for part in best_cut(field, count, goal):
        buildings = tuple(lines[field.items[n].key] for n in part)
        weight = sum(one.households for one in buildings)
        verdict = "few" if weight < goal.fewest else "many" if weight > goal.most else "within"
        across = round(field.spread(part)) if field.placed else None
        parts.append(PartOf(buildings, weight, verdict, across, field.pieces(part)))
    off = sum(max(0, goal.fewest - p.households, p.households - goal.most) for p in parts)
    return Proposal(tuple(parts), off, max(0, count - workers))


def joins(session: Session, block: str, only: str = "") -> list[Join]:
    """Neighbours of one block and kind that are too small and together not too large, those that
    come inside the standard first. ``only``: of which one is this cell (a block: all).
    """
    cells = queries.below(session, block)
    numbers = figures.off_standard(session, cells)
    limits = figures.limits_of(session)
    small = [cell for cell in cells if numbers[cell.code][1] == "few"]
    beside = _beside(cells)
    found = []
    for one in small:
        for other in small:
            if one.code >= other.code or one.kind != other.kind:
                continue
            if only not in ("", block, one.code, other.code):
                continue
            fewest, most = limits[one.kind or ""]
            together = (numbers[one.code][0] or 0) + (numbers[other.code][0] or 0)
            touch = other.code in beside.get(one.code, {other.code})
            if together <= most and touch:
                found.append(Join(one, other, together, together >= fewest))
    found.sort(key=lambda j: (not j.inside, abs(j.households), j.one.code, j.other.code))
    return found[:MOST_JOINS]


def _beside(cells: list[GridLine]) -> dict[str, set[str]]:
    """Cell → cells that share a line with it; cells without a boundary are left out."""
    shapes = {}
    for cell in cells:
        shape = shape_of(GridRecord(cell.code, cell.name, cell.level, boundary=cell.boundary))
        if shape is not None:
            shapes[cell.code] = shape
    undrawn = {cell.code for cell in cells} - set(shapes)
    return {
        code: {n.code for n in neighbours(code, shapes) if n.shared_m > 0} | undrawn
        for code in shapes
    }
