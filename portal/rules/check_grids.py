"""Are the grids in order? Boundaries, coverage, household standard, staffing (P1, P2).

``check_grids`` is pure: it works on light records and touches no database. A finding says which
grids, how many square metres, where, and in a sentence what is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry

from portal.errors import RuleError
from portal.queries.grid_checks import GridRecord
from portal.queries.staffing import FEWEST_IN_AREA, NEEDED, ONLY_ONE
from portal.rules.geometry import geometry_mapping, read_boundary
from portal.rules.geometry.boundary import surface
from portal.rules.geometry.coverage import Coverage, Piece, Place
from portal.scope import ancestors

ROLE_NAMES = {
    "group_head": _l("Head of the leading group"),
    "group_deputy": _l("Deputy"),
    "office_director": _l("Office director"),
    "area_manager": _l("Sponsoring leader of the area"),
    "area_head": _l("Head of the area"),
    "data_clerk": _l("Data-entry clerk"),
    "block_head": _l("Head of the block"),
    "grid_leader": _l("Grid leader"),
    "grid_worker": _l("Grid worker"),
    "information_officer": _l("Information officer"),
}


@dataclass(frozen=True)
class Finding:
    """One thing to put right. ``grids``: codes, those it is about first, then every other grid
    that touches the place; ``area_m2`` and ``shape`` (degrees) only where there is a place."""

    kind: str
    grids: tuple[str, ...]
    message: Any
    area_m2: float | None = None
    shape: BaseGeometry | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding in the documented JSON form."""
        return {
            "kind": self.kind,
            "grids": list(self.grids),
            "area_m2": self.area_m2,
            "message": str(self.message),
            "geometry": geometry_mapping(self.shape) if self.shape is not None else None,
        }


@dataclass
class Report:
    """Findings, how many grids were looked at, and the codes of those without a boundary."""

    findings: list[Finding]
    checked: int
    without_boundary: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form, with the list of grids without a boundary beside it."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "checked": self.checked,
            "without_boundary": self.without_boundary,
        }


def check_grids(
    records: Sequence[GridRecord],
    standard: Mapping[str, tuple[int, int]],
    under: str = "",
) -> Report:
    """Check ``records``; with ``under``, report only what concerns that grid or its subtree.

    All grids around must be in ``records`` too, so that touching ones can be named.
    ``standard``: kind of cell → fewest and most households (P1; a setting).
    """
    findings = on_the_ground(records)
    findings += _without_boundary(records)
    findings += _households(records, standard)
    findings += _staffing(records)
    chosen = [record for record in records if record.code.startswith(under)]
    return Report(
        [finding for finding in findings if _concerns(finding, under)],
        len(chosen),
        [record.code for record in chosen if not record.boundary],
    )


def on_the_ground(records: Sequence[GridRecord]) -> list[Finding]:
    """Findings about boundaries alone: rings, parts outside, overlaps, gaps."""
    names = {record.code: record.name for record in records}
    places, faults = _read(records)
    bare = {r.parent_code for r in records if r.parent_code and not r.boundary}
    pieces = Coverage(places, bare).pieces()
    return [*faults, *(_coverage_finding(piece, names) for piece in pieces)]


def _concerns(finding: Finding, under: str) -> bool:
    return any(code.startswith(under) for code in finding.grids)


def _read(records: Sequence[GridRecord]) -> tuple[list[Place], list[Finding]]:
    """The shapes of all boundaries, and a finding for each that is not a valid one.

    A boundary with a fault still takes part in the coverage, as far as it can be mended."""
    drawn = [record for record in records if record.boundary]
    shapes = shapely.from_geojson(
        np.array([record.boundary for record in drawn], dtype=object), on_invalid="ignore"
    )
    places, faults = [], []
    for record, shape in zip(drawn, shapes, strict=True):
        if not _sound(shape):
            fault = _fault(record)
            if fault is not None:
                faults.append(fault)
            shape = _usable(shape)
        if shape is not None:
            places.append(Place(record.code, record.level, record.parent_code, shape))
    return places, faults


def _sound(shape: BaseGeometry | None) -> bool:
    if not isinstance(shape, (shapely.Polygon, shapely.MultiPolygon)) or shape.is_empty:
        return False
    west, south, east, north = shape.bounds
    return west >= -180 and south >= -90 and east <= 180 and north <= 90 and shape.is_valid


def _fault(record: GridRecord) -> Finding | None:
    """What the import would say of the stored boundary; None where it can be mended."""
    try:
        read_boundary(record.boundary or "", f"{record.name} ({record.code})")
    except RuleError as refusal:
        return Finding("invalid_ring", (record.code,), refusal.message)
    return None


def _usable(shape: BaseGeometry | None) -> BaseGeometry | None:
    """The best surface of a faulty boundary, or None."""
    if not isinstance(shape, (shapely.Polygon, shapely.MultiPolygon)):
        return None
    mended = surface(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    return mended if _sound(mended) else None


def _coverage_finding(piece: Piece, names: Mapping[str, str]) -> Finding:
    def listed(codes: Iterable[str]) -> str:
        called = (_("%(name)s (%(code)s)", name=names[code], code=code) for code in codes)
        return _(", ").join(called) or "–"

    values = {
        "first": listed(piece.about[:1]),
        "second": listed(piece.about[1:]),
        "touching": listed(piece.touching),
        "area": f"{piece.area_m2:,.1f}",
    }
    if piece.kind == "overlap":
        message = _l(
            "%(first)s and %(second)s overlap by %(area)s m². Also touching: %(touching)s.",
            **values,
        )
    elif piece.kind == "outside_parent":
        message = _l(
            "%(area)s m² of %(first)s lie outside %(second)s. Also touching: %(touching)s.",
            **values,
        )
    elif piece.about:
        message = _l(
            "%(area)s m² of %(first)s belong to no grid below it. Touching: %(touching)s.",
            **values,
        )
    else:
        message = _l(
            "%(area)s m² enclosed by grids belong to none of them. Touching: %(touching)s.",
            **values,
        )
    grids = (*piece.about, *piece.touching)
    if piece.kind == "gap":  # the grids around the gap first, then the parent it lies in
        grids = (*piece.touching, *piece.about)
    return Finding(piece.kind, grids, message, round(piece.area_m2, 1), piece.shape)


def _without_boundary(records: Sequence[GridRecord]) -> Iterable[Finding]:
    for record in records:
        if record.has_team and not record.boundary:
            message = _l(
                "%(name)s (%(code)s) has a team but no boundary.",
                name=record.name,
                code=record.code,
            )
            yield Finding("no_boundary", (record.code,), message)


def _households(
    records: Sequence[GridRecord], standard: Mapping[str, tuple[int, int]]
) -> Iterable[Finding]:
    for record in records:
        limits = standard.get(record.kind or "")
        if record.level != "cell" or record.households is None or limits is None:
            continue
        fewest, most = limits
        if not fewest <= record.households <= most:
            yield Finding("household_standard", (record.code,), _counted(record, fewest, most))


def _counted(record: GridRecord, fewest: int, most: int) -> Any:
    """In words; of a register that is being filled also how much of it is there."""
    values = {
        "name": record.name,
        "code": record.code,
        "households": record.households,
        "fewest": fewest,
        "most": most,
    }
    if record.registered is None:
        return _l(
            "%(name)s (%(code)s) has %(households)s households; "
            "the standard for its kind is %(fewest)s to %(most)s.",
            **values,
        )
    return _l(
        "%(name)s (%(code)s): %(households)s registered, %(declared)s declared; "
        "the standard for its kind is %(fewest)s to %(most)s households.",
        declared="–" if record.declared is None else record.declared,
        **values,
    )


def _staffing(records: Sequence[GridRecord]) -> Iterable[Finding]:
    """Gaps in staff, in communities that have any: an imported division has none to miss."""
    staffed: set[str] = set()
    for record in records:
        if any(record.posts.values()):
            staffed.update((*ancestors(record.code), record.code))
    for record in records:
        community = record.code if record.level == "community" else record.code[:12]
        if record.level in NEEDED and community in staffed:
            yield from _staff_of(record)


def _staff_of(record: GridRecord) -> Iterable[Finding]:
    where = {"name": record.name, "code": record.code}
    missing = [role for role in NEEDED[record.level] if not record.posts.get(role)]
    if missing:
        roles = _(", ").join(str(ROLE_NAMES[role]) for role in missing)
        message = _l("%(name)s (%(code)s) has nobody as: %(roles)s.", roles=roles, **where)
        yield Finding("staffing", (record.code,), message)
    for role in ONLY_ONE:
        count = record.posts.get(role, 0)
        if record.level == "area" and count > 1:
            message = _l(
                "%(name)s (%(code)s) has %(count)s people as %(role)s; exactly one is needed.",
                role=str(ROLE_NAMES[role]),
                count=count,
                **where,
            )
            yield Finding("staffing", (record.code,), message)
    if record.level == "area" and record.people < FEWEST_IN_AREA:
        message = _l(
            "%(name)s (%(code)s) has %(count)s people; at least %(fewest)s are needed.",
            count=record.people,
            fewest=FEWEST_IN_AREA,
            **where,
        )
        yield Finding("staffing", (record.code,), message)
