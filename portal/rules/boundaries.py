"""A boundary is drawn or moved: what would be wrong then, who follows, and saving it (P1).

``propose`` is pure: it works on the light records of a ``Ground`` and touches no database;
``save`` writes what it found to be in order, all in one transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import shapely
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import RuleError
from portal.queries import boundaries as queries
from portal.queries.grid_checks import GridRecord
from portal.rules.boundary_ground import Ground, shape_of
from portal.rules.check_grids import Finding, on_the_ground
from portal.rules.geometry import Boundary, area_m2, mend
from portal.rules.geometry.boundary import surface
from portal.rules.geometry.follow import (
    STEP,
    Level,
    lift,
    matters,
    move,
    traces_of,
    without,
)
from portal.rules.geometry.plane import polygons

FIELD = "boundary"
LEVELS_UPWARDS = ("cell", "block", "area", "community", "street", "district")


@dataclass(frozen=True)
class Change:
    """A grid whose boundary would change: ``text`` is what is stored, areas in square metres."""

    code: str
    name: str
    text: str
    shape: BaseGeometry
    gained_m2: float
    lost_m2: float


@dataclass(frozen=True)
class Proposal:
    """What saving would do. ``findings`` stand in its way; ``known`` were there before."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    known: list[Finding] = field(default_factory=list)

    @property
    def has_children_outside(self) -> bool:
        """Whether grids below a changed one would stick out of it or leave it uncovered."""
        changed = {change.code for change in self.changes}
        for finding in self.findings:
            last = finding.grids[-1]
            below = all(code.startswith(last) for code in finding.grids)
            if finding.kind == "gap" and last in changed and below:
                return True
            if finding.kind == "outside_parent" and _above(finding.grids[0]) & changed:
                return finding.grids[0] not in changed
        return False


def propose(ground: Ground, new: Boundary, *, follow: bool) -> Proposal:
    """What happens when the grid of ``ground`` gets boundary ``new``; with ``follow`` grids
    beside and above it give way. Raises RuleError where a grid would vanish or be cut in two.
    """
    shapes = {
        record.code: shape for record in ground.records if (shape := shape_of(record)) is not None
    }
    names = {record.code: record.name for record in ground.records}
    after = _followed(ground, shapes, new.geometry) if follow else {ground.code: new.geometry}
    changes = []
    for code, shape in after.items():
        change = _change(code, names[code], shapes.get(code), shape, own=code == ground.code)
        if change is not None:
            changes.append(change)
    return _judged(ground, changes)


def _followed(
    ground: Ground, shapes: dict[str, BaseGeometry], new: BaseGeometry
) -> dict[str, BaseGeometry]:
    levels: dict[str, dict[str, BaseGeometry]] = {level: {} for level in LEVELS_UPWARDS}
    for record in ground.records:
        if record.code in shapes:
            levels[record.level][record.code] = shapes[record.code]
    level = ground.grid.level
    moved = move(ground.code, new, Level(levels[level]))
    after = dict(moved)
    for upper in LEVELS_UPWARDS[LEVELS_UPWARDS.index(level) + 1 :]:
        after |= lift(levels[level], moved, levels[upper])
    return after


def _change(
    code: str, name: str, old: BaseGeometry | None, new: BaseGeometry, *, own: bool
) -> Change | None:
    """The change of one grid; None where nothing changes that is worth writing."""
    before = old if old is not None else shapely.Polygon()
    gained, lost = without(new, before), without(before, new)
    if not own and traces_of(gained).is_empty and traces_of(lost).is_empty:
        return None
    if not own:
        _refuse_ruin(name, before, new)
    boundary = mend(surface(new), name)
    if old is not None and shapely.equals(shapely.set_precision(old, STEP), boundary.geometry):
        return None
    return Change(code, name, boundary.text, boundary.geometry, _size(gained), _size(lost))


def _size(shape: BaseGeometry) -> float:
    return round(area_m2(shape), 1)


def _refuse_ruin(name: str, before: BaseGeometry, new: BaseGeometry) -> None:
    pieces = [part for part in polygons(new) if matters(part)]
    if not pieces:
        raise RuleError(_l("%(name)s would lose all its ground.", name=name), FIELD)
    if len(pieces) > len(polygons(before)):
        message = _l(
            "%(name)s would be cut into %(number)s pieces. Move the corners so that it stays"
            " whole.",
            name=name,
            number=len(pieces),
        )
        raise RuleError(message, FIELD)


def _judged(ground: Ground, changes: Sequence[Change]) -> Proposal:
    """Findings after the changes: those that were not there before, and those that were."""
    texts = {change.code: change.text for change in changes}
    records = concerned(ground.records, {*texts, ground.code})
    after = [
        replace(record, boundary=texts.get(record.code, record.boundary)) for record in records
    ]
    before = on_the_ground(records)
    fresh: list[Finding] = []
    known: list[Finding] = []
    for finding in on_the_ground(after):
        if is_new(finding, before):
            fresh.append(finding)
        elif ground.code in finding.grids:
            known.append(finding)
    return Proposal(list(changes), fresh, known)


def concerned(records: Iterable[GridRecord], changed: set[str]) -> list[GridRecord]:
    """The whole families that the changed grids belong to, the outlines above and all below."""
    upper = {above for code in changed for above in (*scope.ancestors(code), code)}
    return [
        record
        for record in records
        if record.code in upper
        or record.parent_code in upper
        or record.parent_code is None
        or _above(record.code) & changed
    ]


def _above(code: str) -> set[str]:
    return set(scope.ancestors(code))


def is_new(finding: Finding, before: Iterable[Finding]) -> bool:
    """Whether a place is wrong that was not wrong in the same way before."""
    alike = [old for old in before if old.kind == finding.kind]
    if finding.shape is None:
        return not any(old.grids == finding.grids for old in alike)
    if finding.kind != "gap":
        alike = [old for old in alike if set(old.grids[:2]) == set(finding.grids[:2])]
    covered = shapely.union_all([old.shape for old in alike if old.shape is not None])
    return any(matters(part) for part in polygons(without(finding.shape, covered)))


def out_of_reach(changes: Iterable[Change]) -> list[str]:
    """Names of the grids that would change and that the identity of now may not write."""
    prefixes = scope.current().prefixes(roles.WRITE, "Grid")
    return [change.name for change in changes if not scope.covers(prefixes, change.code)]


def refusal(proposal: Proposal) -> Any:
    """Why this may not be saved, in a sentence; empty if it may."""
    foreign = out_of_reach(proposal.changes)
    if foreign:
        return _(
            "%(names)s would change too, and lies outside your grids. Leave that line as it is,"
            " or ask those who look after it.",
            names=_(", ").join(foreign),
        )
    if not proposal.findings:
        return ""
    if proposal.has_children_outside:
        return _(
            "Not saved: the grids inside would no longer fit. Edit the cells instead; the levels"
            " above follow them."
        )
    return _("Not saved: boundaries would overlap, or leave ground without a grid.")


def save(session: Session, ground: Ground, proposal: Proposal) -> int:
    """Write the changes of ``proposal`` within the transaction of ``session``; how many rows.

    Raises RuleError where something stands in the way, or a boundary is no longer what
    ``ground`` says (somebody saved meanwhile).
    """
    reason = refusal(proposal)
    if reason:
        raise RuleError(reason, FIELD)
    stored = {record.code: record.boundary for record in ground.records}
    rows = queries.for_writing(session, [change.code for change in proposal.changes])
    for change in proposal.changes:
        if (rows[change.code].boundary or None) != stored[change.code]:
            raise RuleError(changed_meanwhile(), FIELD)
    for change in proposal.changes:
        rows[change.code].boundary = change.text
    session.flush()
    return len(proposal.changes)


def changed_meanwhile() -> Any:
    """What people read when a boundary around was changed while they were drawing."""
    return _l(
        "Somebody changed a boundary here meanwhile. Your drawing is kept: look at the lines around"
        " it, then save again."
    )
