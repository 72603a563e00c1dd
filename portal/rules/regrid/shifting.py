"""Buildings of a cell given to a neighbouring one (P1): codes stay, the line between them moves."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries import regrid as queries
from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.regrid import figures, ground, make
from portal.rules.regrid.plan import After, Plan, Shift
from portal.rules.regrid.verbs import plan, record_of, with_boundaries


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
    lying = {row.id for row in queries.organisations(session, source.code)}
    chosen = {key for key in wish.organisations if key in lying}
    counts = {
        source.code: len(lying) - len(chosen),
        target.code: len(queries.organisations(session, target.code)) + len(chosen),
    }
    moved = figures.summed(going).households
    gains = {source.code: -moved, target.code: moved}
    after = [
        _kept(session, cell, groups[cell.code], gains[cell.code], counts[cell.code], shapes)
        for cell in cells
    ]
    assigned = {
        "buildings": dict.fromkeys(gone, target.code),
        "organisations": dict.fromkeys(chosen, target.code),
    }
    redrawn = _settled(session, (source, target), before, after, shapes)
    parents = [source.parent_code or "", target.parent_code or ""]
    return Plan(
        kind="buildings",
        before=(*cells, *queries.grids(session, parents)),
        after=with_boundaries(after, redrawn),
        assigned=assigned,
        outlines=redrawn.outlines,
        names=redrawn.names,
        boards=make.walls(session, {}, [source.code, target.code]) if shapes else (),
        stops=(*make.collisions(session, [source.code], assigned, {}), *redrawn.stops),
        notes=(*notes, *redrawn.notes),
    )


def _settled(
    session: Session,
    cells: tuple[GridLine, GridLine],
    before: Mapping[str, BaseGeometry | None],
    after: list[After],
    shapes: dict[str, BaseGeometry] | None,
) -> ground.Redrawn:
    """The line between the two as it will be; as it is where it cannot be computed."""
    source, target = cells
    if shapes is None:
        return ground.Redrawn(cells={cell.code: cell.boundary for cell in cells})
    return ground.settle(
        session,
        source.parent_code or source.code,
        before,
        {one.code: (record_of(one), shapes[one.code]) for one in after},
        crossing=source.parent_code != target.parent_code,
    )


def _kept(
    session: Session,
    cell: GridLine,
    standing: list[BuildingLine],
    gain: int,
    organisations: int,
    shapes: dict[str, BaseGeometry] | None,
) -> After:
    """The cell as it goes on, with ``gain`` more households (or fewer)."""
    return make.after_cell(
        session,
        standing,
        code=cell.code,
        name=cell.name,
        kind=cell.kind,
        parent=cell.parent_code,
        households=figures.summed(standing).households or figures.difference(cell.declared, gain),
        is_new=False,
        came_from=[cell.code],
        organisations=organisations,
        boundary=cell.boundary,
        redrawn=shapes is not None,
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
