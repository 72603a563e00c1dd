"""The four regriddings as plans: split, merge, move, and buildings that change cells (P1).

Nothing is written here; ``carry.py`` does it. All raise RuleError for a wish that makes no sense;
what stands in the way of a sensible one is listed in the plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any

from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries import regrid as queries
from portal.queries.grid_checks import GridRecord
from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.regrid import figures, ground, make
from portal.rules.regrid.codes import next_codes
from portal.rules.regrid.plan import After, Merge, Plan, Shift, Split, Wish

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
    count = len(wish.parts)
    if not 2 <= count <= MOST_PARTS:
        raise RuleError(_l("A cell is cut into two to %(most)s parts.", most=MOST_PARTS))
    standing = queries.buildings(session, [cell.code])
    groups = _groups(wish, standing)
    names = [make.named(p.name, p.kind, f"name{n}") for n, p in enumerate(wish.parts, 1)]
    codes = _codes_of_parts(session, cell, wish)
    lying = {row.id: wish.organisations.get(row.id, wish.heir if wish.keeps is None else wish.keeps)
             for row in queries.organisations(session, cell.code)}  # fmt: skip
    outline = ground.usable(cell.boundary)
    shapes = ground.cut(outline, groups) if outline is not None else None
    notes: list[Any] = [] if shapes is not None else [UNDRAWN]
    drawn = _drawn(cell, codes, shapes)
    after = [
        make.after_cell(
            session,
            groups[n],
            code=codes[n],
            name=names[n][0],
            kind=names[n][1],
            parent=cell.parent_code,
            households=figures.summed(groups[n]).households or None,
            is_new=n != wish.keeps,
            came_from=[cell.code],
            organisations=sum(part == n for part in lying.values()),
            boundary=None,
            redrawn=shapes is not None,
        )
        for n in range(count)
    ]
    redrawn = ground.settle(
        session,
        cell.parent_code or cell.code,
        {cell.code: outline},
        {one.code: (record_of(one), drawn[one.code]) for one in after},
        crossing=False,
    )
    dissolved = (cell.code,) if wish.keeps is None else ()
    heirs = {cell.code: codes[wish.heir]} if wish.keeps is None else {}
    assigned = {
        "buildings": {b.id: codes[n] for n, group in enumerate(groups) for b in group},
        "organisations": {key: codes[n] for key, n in lying.items()},
    }
    return Plan(
        kind="split",
        before=(cell, *queries.grids(session, [cell.parent_code or ""])),
        after=_with_boundaries(after, redrawn),
        dissolved=dissolved,
        heirs=heirs,
        assigned=assigned,
        posts=make.team(session, heirs),
        boards=make.walls(session, heirs, [cell.code]),
        stops=tuple(redrawn.stops),
        notes=(*notes, *redrawn.notes, *_same_names(session, cell, [n for n, _k in names], wish)),
    )


def _groups(wish: Split, standing: list[BuildingLine]) -> list[list[BuildingLine]]:
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
    fresh = iter(next_codes(parent, queries.used_codes(session, parent), number))
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


def _with_boundaries(after: list[After], redrawn: ground.Redrawn) -> tuple[After, ...]:
    return tuple(replace(one, boundary=redrawn.cells.get(one.code)) for one in after)


@plan.register
def merge(wish: Merge, session: Session) -> Plan:
    """Cells of one block joined into one."""
    codes = tuple(dict.fromkeys(wish.codes))
    if not 2 <= len(codes) <= MOST_MERGED:
        raise RuleError(_l("Choose two to %(most)s cells.", most=MOST_MERGED), "cells")
    cells = make.cells_for(session, codes)
    parent = cells[0].parent_code or ""
    if any(cell.parent_code != parent for cell in cells):
        raise RuleError(
            _l("Only cells of one block can be joined: move them there first."), "cells"
        )
    if wish.keeps is not None and wish.keeps not in codes:
        raise RuleError(_l("Choose one of the cells that are joined."), "keeps")
    name, kind = make.named(wish.name, wish.kind, "name")
    code = wish.keeps or next_codes(parent, queries.used_codes(session, parent), 1)[0]
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
        after=_with_boundaries([one], redrawn),
        dissolved=tuple(heirs),
        heirs=heirs,
        posts=make.team(session, heirs, wish.first),
        boards=make.walls(session, heirs, codes),
        stops=(*make.collisions(session, codes, {}, heirs), *redrawn.stops),
        notes=(*map(_blank, bare), *redrawn.notes),
    )


def _blank(name: str) -> Any:
    return _l(
        "%(name)s has no boundary, so the new one is not whole: draw it afterwards.", name=name
    )


@plan.register
def shift(wish: Shift, session: Session) -> Plan:
    """Buildings of a cell given to a neighbouring one."""
    if wish.source == wish.target:
        raise RuleError(_l("Choose another cell."), "target")
    source, target = make.cells_for(session, [wish.source, wish.target])
    if source.code[:12] != target.code[:12]:
        raise RuleError(_l("Choose a cell of the same community."), "target")
    standing = queries.buildings(session, [source.code, target.code])
    mine = [one for one in standing if one.code == source.code]
    going = [one for one in mine if one.id in set(wish.buildings)]
    if not going:
        raise RuleError(_l("Tick the buildings that change to the other cell."), "buildings")
    if len(going) == len(mine):
        raise RuleError(
            _l("This is every building of the cell: join the two cells instead."), "buildings"
        )
    return _shift(session, wish, (source, target), standing, going)


def _shift(
    session: Session,
    wish: Shift,
    cells: tuple[GridLine, GridLine],
    standing: list[BuildingLine],
    going: list[BuildingLine],
) -> Plan:
    source, target = cells
    gone = {one.id for one in going}
    groups = {
        source.code: [b for b in standing if b.code == source.code and b.id not in gone],
        target.code: [b for b in standing if b.code == target.code or b.id in gone],
    }
    shapes, notes = _given(source, target, groups[source.code], going)
    before: Mapping[str, BaseGeometry | None] = {
        cell.code: ground.usable(cell.boundary) for cell in cells
    }
    moved = figures.summed(going).households
    lying = {row.id for row in queries.organisations(session, source.code)}
    chosen = {key for key in wish.organisations if key in lying}
    here = len(queries.organisations(session, target.code))
    after = [
        make.after_cell(
            session,
            groups[cell.code],
            code=cell.code,
            name=cell.name,
            kind=cell.kind,
            parent=cell.parent_code,
            households=figures.summed(groups[cell.code]).households
            or figures.difference(cell.declared, moved if cell is target else -moved),
            is_new=False,
            came_from=[cell.code],
            organisations=here + len(chosen) if cell is target else len(lying) - len(chosen),
            boundary=cell.boundary,
            redrawn=shapes is not None,
        )
        for cell in cells
    ]
    assigned = {
        "buildings": dict.fromkeys(gone, target.code),
        "organisations": dict.fromkeys(chosen, target.code),
    }
    redrawn = ground.Redrawn(cells={cell.code: cell.boundary for cell in cells})
    if shapes is not None:
        redrawn = ground.settle(
            session,
            source.parent_code or source.code,
            before,
            {one.code: (record_of(one), shapes[one.code]) for one in after},
            crossing=source.parent_code != target.parent_code,
        )
    parents = [source.parent_code or "", target.parent_code or ""]
    return Plan(
        kind="buildings",
        before=(*cells, *queries.grids(session, parents)),
        after=_with_boundaries(after, redrawn),
        assigned=assigned,
        outlines=redrawn.outlines,
        names=redrawn.names,
        boards=make.walls(session, {}, [source.code, target.code]) if shapes else (),
        stops=(*make.collisions(session, [source.code], assigned, {}), *redrawn.stops),
        notes=(*notes, *redrawn.notes),
    )


def _given(
    source: GridLine,
    target: GridLine,
    left: list[BuildingLine],
    going: list[BuildingLine],
) -> tuple[dict[str, BaseGeometry] | None, list[Any]]:
    """The ground of the buildings that go, taken from the one cell and given to the other."""
    mine, theirs = ground.usable(source.boundary), ground.usable(target.boundary)
    pieces = ground.cut(mine, [left, going]) if mine is not None and theirs is not None else None
    if pieces is None or theirs is None:
        return None, [_l("The boundaries stay as they are: move the line afterwards.")]
    wider = ground.joined([theirs, pieces[1]])
    assert wider is not None
    return {source.code: pieces[0], target.code: wider}, []
