"""How far sweeps are, cell by cell: what is to be gone through there, and what was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal import clock, scope
from portal.models import Grid, Matter, Place, Sweep, SweepCheck, SweepFinding, SweepLine
from portal.models.sweep import SWEEP_GRIDS
from portal.queries.directory import is_active


@dataclass(frozen=True)
class Cell:
    """A cell of a sweep: how many items there are, and how many were gone through."""

    code: str
    name: str
    total: int
    done: int

    @property
    def open(self) -> int:
        """What is still to be gone through."""
        return self.total - self.done


@dataclass(frozen=True)
class Item:
    """One thing to go through in a cell: a line (``line_id``) or a place (``place_id``)."""

    cell: str
    text: str
    line_id: int | None = None
    place_id: int | None = None

    @property
    def key(self) -> str:
        """As forms and addresses name it."""
        if self.place_id is not None:
            return f"P{self.place_id}"
        return f"L{self.line_id}-{self.cell}"


def running() -> ColumnElement[bool]:
    """Sweeps of these days."""
    today = clock.today()
    return and_(Sweep.starts_on <= today, Sweep.ends_on >= today)


def coming() -> ColumnElement[bool]:
    """Sweeps that have not begun."""
    return Sweep.starts_on > clock.today()


def ended() -> ColumnElement[bool]:
    """Sweeps that are over."""
    return Sweep.ends_on < clock.today()


def coverage(
    session: Session, sweeps: Sequence[Sweep], prefixes: Iterable[str]
) -> dict[int, list[Cell]]:
    """Sweep → its cells within ``prefixes`` in which there is anything to go through, by code.
    Six statements, however many sweeps and cells there are.
    """
    if not sweeps:
        return {}
    keys = [sweep.id for sweep in sweeps]
    places = list(prefixes)
    targets = _targets(session, sweeps)
    cells = session.execute(
        select(Grid.code, Grid.name)
        .where(Grid.level == "cell", is_active(), scope.within(Grid.code, places))
        .order_by(Grid.code)
    ).all()
    lines = _lines(session, keys)
    standing = _standing(session, [s.place_kind for s in sweeps if s.place_kind], places)
    done = _done(session, keys, places)
    return {
        sweep.id: [
            Cell(code, name, total, done.get((sweep.id, code), 0))
            for code, name in cells
            if scope.covers(targets[sweep.id], code)
            and (total := lines.get(sweep.id, 0) + standing.get((sweep.place_kind, code), 0))
        ]
        for sweep in sweeps
    }


def open_cells(session: Session, prefixes: Iterable[str]) -> int:
    """In how many cells of running sweeps something is still to be gone through."""
    places = list(prefixes)
    reaching = scope.within(Sweep.grid_code, places, above=True)
    sweeps = session.scalars(select(Sweep).where(running(), reaching)).all()
    found = coverage(session, sweeps, places)
    return sum(cell.open > 0 for cells in found.values() for cell in cells)


def targets_of(session: Session, sweep: Sweep) -> tuple[str, ...]:
    """The subtrees that a sweep covers."""
    return _targets(session, [sweep])[sweep.id]


def items(session: Session, sweep: Sweep, codes: Sequence[str]) -> list[Item]:
    """Everything to go through in the cells ``codes``, by cell."""
    asked = select(SweepLine.id, SweepLine.text).where(SweepLine.sweep_id == sweep.id)
    lines = session.execute(asked.order_by(SweepLine.seq)).all()
    found = [Item(code, text, line_id=key) for code in codes for key, text in lines]
    if sweep.place_kind:
        standing = select(Place.grid_code, Place.name, Place.id).where(
            Place.grid_code.in_(codes), Place.kind == sweep.place_kind, Place.off_list_on.is_(None)
        )
        found += [
            Item(code, name, place_id=key)
            for code, name, key in session.execute(standing.order_by(Place.id))
        ]
    return sorted(found, key=lambda item: item.cell)


def checks(session: Session, sweep_id: int, codes: Sequence[str]) -> dict[str, SweepCheck]:
    """Key of an item → the check of it, in the cells ``codes``. Where cells that were joined both
    went through a line, what was found goes before.
    """
    there = select(Place.id).where(Place.grid_code.in_(codes))  # also those that moved there since
    found = session.scalars(
        select(SweepCheck)
        .where(
            SweepCheck.sweep_id == sweep_id,
            or_(SweepCheck.grid_code.in_(codes), SweepCheck.place_id.in_(there)),
        )
        .order_by(SweepCheck.result == "finding", SweepCheck.id)  # the last one of a key stays
    )
    return {Item(one.grid_code, "", one.line_id, one.place_id).key: one for one in found}


def matters_of(
    session: Session, checks: Iterable[SweepCheck], seen: ColumnElement[bool]
) -> dict[int, list[tuple[int, str]]]:
    """Check → (key, number) of the matters that came of it and that ``seen`` holds for."""
    keys = [check.id for check in checks if check.result == "finding"]
    if not keys:
        return {}
    asked = (
        select(SweepFinding.check_id, Matter.id, Matter.number)
        .join(Matter, Matter.id == SweepFinding.matter_id)
        .where(SweepFinding.check_id.in_(keys), seen)
        .order_by(Matter.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for check_id, key, number in session.execute(asked):
        found.setdefault(check_id, []).append((key, number))
    return found


def _targets(session: Session, sweeps: Sequence[Sweep]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    table = SWEEP_GRIDS.c
    asked = select(table.sweep_id, table.grid_code).where(
        table.sweep_id.in_([sweep.id for sweep in sweeps])
    )
    for key, code in session.execute(asked):
        found.setdefault(key, []).append(code)
    return {sweep.id: scope.smallest(found.get(sweep.id) or [sweep.grid_code]) for sweep in sweeps}


def _lines(session: Session, keys: Sequence[int]) -> dict[int, int]:
    asked = (
        select(SweepLine.sweep_id, func.count())
        .where(SweepLine.sweep_id.in_(keys))
        .group_by(SweepLine.sweep_id)
    )
    return {row[0]: row[1] for row in session.execute(asked)}


def _standing(session: Session, kinds: Sequence[str], places: Sequence[str]) -> dict[Any, int]:
    if not kinds:
        return {}
    asked = (
        select(Place.kind, Place.grid_code, func.count())
        .where(
            Place.kind.in_(kinds),
            Place.off_list_on.is_(None),
            scope.within(Place.grid_code, places),
        )
        .group_by(Place.kind, Place.grid_code)
    )
    return {(kind, code): number for kind, code, number in session.execute(asked)}


def _done(
    session: Session, keys: Sequence[int], places: Sequence[str]
) -> dict[tuple[int, str], int]:
    """Lines gone through by the cell that has them now; places that are still on the list."""
    key, code = SweepCheck.sweep_id, SweepCheck.grid_code
    lines = (
        select(key, code, func.count(SweepCheck.line_id.distinct()))
        .where(key.in_(keys), SweepCheck.line_id.is_not(None), scope.within(code, places))
        .group_by(key, code)
    )
    stands = aliased(Place)
    looked = (
        select(key, stands.grid_code, func.count())
        .join(stands, stands.id == SweepCheck.place_id)
        .join(Sweep, Sweep.id == key)
        .where(
            key.in_(keys),
            stands.off_list_on.is_(None),
            stands.kind == Sweep.place_kind,
            scope.within(stands.grid_code, places),
        )
        .group_by(key, stands.grid_code)
    )
    found: dict[tuple[int, str], int] = {}
    for asked in (lines, looked):
        for sweep_id, place, number in session.execute(asked):
            found[sweep_id, place] = found.get((sweep_id, place), 0) + number
    return found
