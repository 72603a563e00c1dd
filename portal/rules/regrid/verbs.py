"""Regriddings as plans (P1): what they have in common, and cells that are cut and joined.

Nothing is written here; ``carry.py`` does it. All raise RuleError for a wish that makes no sense;
what stands in the way of a sensible one is listed in the plan.
"""

from dataclasses import replace
from functools import singledispatch
from typing import Any

from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries import regrid as queries
from portal.queries import regrid_history
from portal.queries.grid_checks import GridRecord
from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.regrid import figures, ground, make
from portal.rules.regrid.codes import next_codes
from portal.rules.regrid.plan import After, Merge, Plan, Split, Wish

MOST_PARTS = 6
MOST_MERGED = 8
UNDRAWN = _l(
    "Not every building has its place on the map, so the new boundaries cannot be computed: draw"
    " them afterwards."
)


@singledispatch
def plan(wish: Wish, session: Session) -> Plan:
    """What carrying out ``wish`` would do. Raises RuleError."""
    raise TypeError(type(wish))


def record_of(after: After) -> GridRecord:
    """The grid as the checks of the ground see it."""
    return GridRecord(after.code, after.name, after.level, after.kind, after.parent_code)


@plan.register
def split(wish: Split, session: Session) -> Plan:
    """A cell cut along its buildings into two or more."""
    (cell,) = make.cells_for(session, [wish.code])
    groups = _groups(wish, queries.buildings(session, [cell.code]))
    names = [make.named(p.name, p.kind, f"name{n}") for n, p in enumerate(wish.parts, 1)]
    codes, lying = _codes_of_parts(session, cell, wish), _lying(session, cell, wish)
    outline = ground.usable(cell.boundary)
    shapes = ground.cut(outline, groups) if outline is not None else None
    notes: list[Any] = [] if shapes is not None else [UNDRAWN]
    after = [
        make.after_cell(
            session,
            group,
            code=codes[n],
            name=names[n][0],
            kind=names[n][1],
            parent=cell.parent_code,
            households=figures.summed(group).households or None,
            is_new=n != wish.keeps,
            came_from=[cell.code],
            organisations=sum(part == n for part in lying.values()),
            boundary=None,
            redrawn=shapes is not None,
        )
        for n, group in enumerate(groups)
    ]
    drawn = _drawn(cell, codes, shapes)
    redrawn = ground.settle(
        session,
        cell.parent_code or cell.code,
        {cell.code: outline},
        {one.code: (record_of(one), drawn[one.code]) for one in after},
        crossing=False,
    )
    heirs = {cell.code: codes[wish.heir]} if wish.keeps is None else {}
    return Plan(
        kind="split",
        before=(cell, *queries.grids(session, [cell.parent_code or ""])),
        after=with_boundaries(after, redrawn),
        dissolved=tuple(heirs),
        heirs=heirs,
        assigned={
            "buildings": {b.id: codes[n] for n, group in enumerate(groups) for b in group},
            "organisations": {key: codes[n] for key, n in lying.items()},
        },
        posts=make.team(session, heirs),
        boards=make.walls(session, heirs, [cell.code]),
        stops=tuple(redrawn.stops),
        notes=(*notes, *redrawn.notes, *_same_names(session, cell, [n for n, _k in names], wish)),
    )


def _lying(session: Session, cell: GridLine, wish: Split) -> dict[int, int]:
    """Organisation → part: as chosen, otherwise with the part that goes on as the cell."""
    usual = wish.heir if wish.keeps is None else wish.keeps
    rows = queries.organisations(session, cell.code)
    return {row.id: wish.organisations.get(row.id, usual) for row in rows}


def _groups(wish: Split, standing: list[BuildingLine]) -> list[list[BuildingLine]]:
    if not 2 <= len(wish.parts) <= MOST_PARTS:
        raise RuleError(_l("A cell is cut into two to %(most)s parts.", most=MOST_PARTS))
    if len(standing) < len(wish.parts):
        raise RuleError(
            _l("The cell has %(number)s buildings on record, fewer than parts: enter them first.",
               number=len(standing))
        )  # fmt: skip
    groups: list[list[BuildingLine]] = [[] for _part in wish.parts]
    for one in standing:
        number = wish.buildings.get(one.id)
        if number is None or not 0 <= number < len(groups):
            message = _l("Say for every building which part it goes to: %(name)s.", name=one.name)
            raise RuleError(message, "buildings")
        groups[number].append(one)
    for number, group in enumerate(groups, 1):
        if not group:
            raise RuleError(_l("Part %(number)s has no building.", number=number), "buildings")
    chosen = [wish.heir if wish.keeps is None else wish.keeps, *wish.organisations.values()]
    if any(not 0 <= number < len(groups) for number in chosen):
        raise RuleError(_l("Choose one of the parts."), "keeps")
    return groups


def _codes_of_parts(session: Session, cell: GridLine, wish: Split) -> list[str]:
    parent = cell.parent_code or ""
    number = len(wish.parts) - (wish.keeps is not None)
    fresh = iter(next_codes(parent, regrid_history.used_codes(session, parent), number))
    return [cell.code if n == wish.keeps else next(fresh) for n in range(len(wish.parts))]


def _drawn(
    cell: GridLine, codes: list[str], shapes: list[BaseGeometry] | None
) -> dict[str, BaseGeometry | None]:
    """The shape of each part; without a cut the old outline stays with the old code."""
    if shapes is not None:
        return dict(zip(codes, shapes, strict=True))
    old = ground.usable(cell.boundary)
    return {code: old if code == cell.code else None for code in codes}


def _same_names(session: Session, cell: GridLine, names: list[str], wish: Split) -> list[Any]:
    others = {one.name for one in queries.below(session, cell.parent_code or "")} - {cell.name}
    doubled = sorted({name for name in names if names.count(name) > 1 or name in others})
    return [_l("There is more than one cell called %(name)s then.", name=name) for name in doubled]


def with_boundaries(after: list[After], redrawn: ground.Redrawn) -> tuple[After, ...]:
    """The grids with their lines as they were settled."""
    return tuple(replace(one, boundary=redrawn.cells.get(one.code)) for one in after)


@plan.register
def merge(wish: Merge, session: Session) -> Plan:
    """Cells of one block joined into one."""
    codes = tuple(dict.fromkeys(wish.codes))
    cells = _joining(session, wish, codes)
    parent = cells[0].parent_code or ""
    name, kind = make.named(wish.name, wish.kind, "name")
    code = wish.keeps or next_codes(parent, regrid_history.used_codes(session, parent), 1)[0]
    heirs = {cell.code: code for cell in cells if cell.code != code}
    standing = queries.buildings(session, codes)
    counted = [
        figures.households_of(cell, [b for b in standing if b.code == cell.code]) for cell in cells
    ]
    before = {cell.code: ground.usable(cell.boundary) for cell in cells}
    bare = [cell.name for cell in cells if before[cell.code] is None]
    one = make.after_cell(
        session,
        standing,
        code=code,
        name=name,
        kind=kind,
        parent=parent,
        households=None if None in counted else sum(n for n in counted if n is not None),
        is_new=wish.keeps is None,
        came_from=codes,
        organisations=sum(len(queries.organisations(session, each)) for each in codes),
        boundary=None,
        redrawn=True,
    )
    shape = ground.joined(s for s in before.values() if s is not None)
    redrawn = ground.settle(
        session, parent, before, {code: (record_of(one), shape)}, crossing=False
    )
    return Plan(
        kind="merge",
        before=(*cells, *queries.grids(session, [parent])),
        after=with_boundaries([one], redrawn),
        dissolved=tuple(heirs),
        heirs=heirs,
        posts=make.team(session, heirs, wish.first),
        boards=make.walls(session, heirs, codes),
        stops=(*make.collisions(session, codes, {}, heirs), *redrawn.stops),
        notes=(*map(_blank, bare), *redrawn.notes),
    )


def _joining(session: Session, wish: Merge, codes: tuple[str, ...]) -> list[GridLine]:
    if not 2 <= len(codes) <= MOST_MERGED:
        raise RuleError(_l("Choose two to %(most)s cells.", most=MOST_MERGED), "cells")
    cells = make.cells_for(session, codes)
    if any(cell.parent_code != cells[0].parent_code for cell in cells):
        raise RuleError(
            _l("Only cells of one block can be joined: move them there first."), "cells"
        )
    if wish.keeps is not None and wish.keeps not in codes:
        raise RuleError(_l("Choose one of the cells that are joined."), "keeps")
    return cells


def _blank(name: str) -> Any:
    return _l(
        "%(name)s has no boundary, so the new one is not whole: draw it afterwards.", name=name
    )
