"""A cell or a block put under another grid: new codes, the old ones redirect (P1)."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries import regrid as queries
from portal.queries import regrid_history
from portal.queries.regrid import GridLine
from portal.rules.regrid import figures, ground, make
from portal.rules.regrid.codes import next_codes
from portal.rules.regrid.plan import After, Move, Plan
from portal.rules.regrid.verbs import plan, record_of

ABOVE = {"cell": "block", "block": "area"}  # level → level that it can be put under


@plan.register
def move(wish: Move, session: Session) -> Plan:
    """A cell under another block, or a block under another area, with everything in it."""
    found = {line.code: line for line in queries.grids(session, [wish.code, wish.under])}
    mine, under = found.get(wish.code), found.get(wish.under)
    if mine is None:
        raise RuleError(make.GONE)
    if mine.level not in ABOVE:
        raise RuleError(_l("Only cells and blocks can be moved."))
    if under is None or under.level != ABOVE[mine.level] or under.code[:12] != mine.code[:12]:
        raise RuleError(_l("Choose where to move it."), "under")
    if under.code == mine.parent_code:
        raise RuleError(_l("It lies there already: choose another one."), "under")
    (code,) = next_codes(under.code, regrid_history.used_codes(session, under.code), 1)
    inside = queries.subtree(session, mine.code)
    renamed = {line.code: code + line.code[len(mine.code) :] for line in (mine, *inside)}
    after = _after(session, mine, under, code)
    shape, living = ground.usable(mine.boundary), queries.below(session, mine.code)
    redrawn = ground.Redrawn(cells={code: mine.boundary})
    if shape is not None:
        redrawn = ground.settle(
            session,
            under.code,
            {line.code: ground.usable(line.boundary) for line in (mine, *living)},
            {code: (record_of(after), shape)} | _inside(renamed, living, code),
            crossing=True,
        )
    touched = [*renamed, mine.parent_code or "", under.code]
    return Plan(
        kind="move",
        before=(mine, *inside, *queries.grids(session, [mine.parent_code or "", under.code])),
        after=(after,),
        renamed=renamed,
        outlines=redrawn.outlines,
        names=redrawn.names,
        boards=make.walls(session, {}, touched),
        stops=tuple(redrawn.stops),
        notes=tuple(redrawn.notes),
    )


def _after(session: Session, mine: GridLine, under: GridLine, code: str) -> After:
    cells = [line.code for line in queries.of_level(session, "cell", mine.code)]
    standing = queries.buildings(session, cells)
    sums = figures.summed(standing)
    return After(
        code=code,
        name=mine.name,
        level=mine.level,
        kind=mine.kind,
        parent_code=under.code,
        is_new=False,
        came_from=(mine.code,),
        buildings=sums.buildings,
        households=figures.households_of(mine, standing),
        dwellings=sums.dwellings,
        residents=sums.residents,
        organisations=sum(len(queries.organisations(session, cell)) for cell in cells),
        limits=figures.limits_of(session).get(mine.kind or ""),
        boundary=mine.boundary,
    )


def _inside(renamed: dict[str, str], inside: list[GridLine], code: str) -> dict[str, Any]:
    """The grids below a moved block, under their new codes."""
    return {
        renamed[line.code]: (
            record_of(
                After(renamed[line.code], line.name, line.level, line.kind, code, False, (), 0,
                      None, 0, 0, 0, None, line.boundary)
            ),
            ground.usable(line.boundary),
        )
        for line in inside
    }  # fmt: skip
