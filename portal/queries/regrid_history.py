"""What became of grids: the regriddings on record, the codes that were ever used."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.models import AuditEntry, Grid, GridAlias, GridChange
from portal.models.regrid import END
from portal.queries.directory import is_active
from portal.scope import covers, following


def used_codes(session: Session, parent: str) -> set[str]:
    """Every code right below ``parent`` that is or ever was a grid's: in use, dissolved, deleted,
    an old code that redirects, or named by the history.
    """
    end = following(parent)
    found: set[str] = set()
    for column in (Grid.code, GridAlias.old_code):
        found.update(session.scalars(select(column).where(column > parent, column < end)))
    deleted = select(AuditEntry.grid_code).where(
        AuditEntry.table_name == Grid.__tablename__,
        AuditEntry.action == "delete",
        AuditEntry.grid_code > parent,
        AuditEntry.grid_code < end,
    )
    found.update(code for code in session.scalars(deleted) if code)
    named = select(GridChange.from_codes, GridChange.to_codes).where(
        or_(GridChange.from_codes.contains(parent), GridChange.to_codes.contains(parent))
    )
    for old, new in session.execute(named):
        found.update(code for code in (old + new).split(END) if code.startswith(parent))
    return found


def changes(session: Session, code: str, most: int = 50) -> list[GridChange]:
    """The regriddings that a grid of this code took part in, and before it moved here under its
    former codes: newest first.
    """
    found: dict[int, GridChange] = {}
    asked: set[str] = set()
    wanted = [code]
    while wanted:
        now = wanted.pop()
        asked.add(now)
        named = or_(*(c.contains(now + END) for c in (GridChange.from_codes, GridChange.to_codes)))
        for change in session.scalars(select(GridChange).where(named)):
            found[change.id] = change
            moved = dict(zip(change.new, change.old, strict=False))
            former = moved.get(now) if change.kind == "move" else None
            if former and former not in asked:
                wanted.append(former)
    return sorted(found.values(), key=lambda change: -change.id)[:most]


def former_codes(session: Session, code: str) -> list[str]:
    """The codes that the grid had before it moved to this one, the latest first."""
    found: list[str] = []
    for change in changes(session, code):
        if change.kind == "move":
            before = dict(zip(change.new, change.old, strict=False))
            former = before.get(found[-1] if found else code)
            if former and former not in found:
                found.append(former)
    return found


def successors(session: Session, code: str) -> Sequence[Any]:
    """Code and name of the grids that a dissolved grid became, as far as they are in use."""
    named = GridChange.from_codes.contains(code + END)
    last = session.scalar(select(GridChange).where(named).order_by(GridChange.id.desc()).limit(1))
    if last is None:
        return []
    columns = select(Grid.code, Grid.name).where(Grid.code.in_(last.new), is_active())
    return session.execute(columns.order_by(Grid.code)).all()


def change(session: Session, number: int, prefixes: Iterable[str]) -> GridChange | None:
    """A regridding of which one of the grids lies within ``prefixes``."""
    found = session.get(GridChange, number) if 0 < number < 2**31 else None
    if found is None or not any(covers(prefixes, code) for code in (*found.old, *found.new)):
        return None
    return found


def since(session: Session, codes: Iterable[str]) -> GridChange | None:
    """The latest regridding of one of these grids."""
    wanted = [
        column.contains(code + END)
        for code in sorted(set(codes))
        for column in (GridChange.from_codes, GridChange.to_codes)
    ]
    found = select(GridChange).where(or_(*wanted)).order_by(GridChange.id.desc()).limit(1)
    return session.scalar(found) if wanted else None
