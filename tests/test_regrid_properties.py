"""Whatever is cut, joined and moved, in whatever order: nobody is lost, nobody is in two cells."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError
from portal.models import (
    Building,
    Dwelling,
    Grid,
    GridAlias,
    GridChange,
    Household,
    Organisation,
    Resident,
    Row,
    Worker,
)
from portal.queries import regrid_history
from portal.queries.directory import is_active
from portal.queries.grid_checks import grid_records
from portal.rules.check_grids import on_the_ground
from portal.rules.geometry import area_m2, load_geometry
from portal.rules.regrid import (
    Merge,
    Move,
    NewPart,
    Shift,
    Split,
    carry_out,
    plan,
    seen_now,
)
from portal.rules.regrid.field import Field, Goal, Item
from portal.rules.regrid.follow import grid_columns
from portal.rules.regrid.partition import along, best_cut
from tests.support.regridding import AGREED, BLOCK, settle_people, shop

OTHER = BLOCK[:-1] + "2"
MODELS: tuple[type[Row], ...] = (Building, Dwelling, Household, Resident, Organisation, Worker)
PARENTS: tuple[tuple[Any, Any, Any], ...] = (
    (Dwelling, Building, Dwelling.building_id),
    (Household, Dwelling, Household.dwelling_id),
    (Resident, Household, Resident.household_id),
)
STEP = st.tuples(
    st.sampled_from(["split", "dissolve", "merge", "take in", "move", "buildings"]),
    st.integers(0, 10_000),
)


def keys(session: Session) -> dict[str, list[int]]:
    return {m.__tablename__: list(session.scalars(select(m.id).order_by(m.id))) for m in MODELS}


def cells_in_use(session: Session) -> list[Any]:
    return [
        one
        for block in (BLOCK, OTHER)
        for one in session.scalars(
            select(Grid).where(Grid.parent_code == block, is_active()).order_by(Grid.code)
        )
    ]


def wish_of(session: Session, verb: str, choice: int) -> Any:
    """A wish that ``choice`` picks from what there is."""
    cells = cells_in_use(session)
    cell = cells[choice % len(cells)]
    others = [one for one in cells if one.parent_code == cell.parent_code and one is not cell]
    standing = list(
        session.scalars(
            select(Building.id).where(Building.grid_code == cell.code).order_by(Building.id)
        )
    )
    if verb in ("split", "dissolve"):
        count = 2 + choice % 2
        parts = tuple(NewPart(f"格{choice}{n}", "gated") for n in range(count))
        chosen = {key: (choice // (n + 1) + n) % count for n, key in enumerate(standing)}
        keeps = None if verb == "dissolve" else choice % count
        return Split(cell.code, parts, chosen, keeps=keeps, heir=choice % count)
    if verb in ("merge", "take in"):
        codes = (cell.code, *(one.code for one in others[: 1 + choice % 2]))
        keeps = cell.code if verb == "take in" else None
        return Merge(codes, f"合{choice}", "gated", keeps, codes[-1])
    if verb == "move":
        return Move(cell.code, OTHER if cell.parent_code == BLOCK else BLOCK)
    target = cells[(choice + 1 + choice % 3) % len(cells)]
    return Shift(cell.code, target.code, tuple(standing[: 1 + choice % 2]))


def check_rows(session: Session, before: dict[str, list[int]]) -> None:
    """Everybody is there, once, in a cell in use, and with what they live in."""
    assert keys(session) == before
    living = {one.code for one in cells_in_use(session)}
    for model in MODELS[:-1]:
        assert set(session.scalars(select(model.__table__.c.grid_code))) <= living
    for child, parent, key in PARENTS:
        apart = (
            select(func.count())
            .select_from(child)
            .join(parent, parent.id == key)
            .where(parent.grid_code != child.grid_code)
        )
        assert session.scalar(apart) == 0
    codes = set(session.scalars(select(Grid.code)))
    for column in grid_columns():
        assert set(session.scalars(select(column).where(column.is_not(None)))) <= codes


def check_codes(session: Session) -> None:
    """No code is given to a second grid; an old code leads to a grid in use, or its way on."""
    born = [code for c in session.scalars(select(GridChange)) for code in set(c.new) - set(c.old)]
    assert len(born) == len(set(born))
    living = set(session.scalars(select(Grid.code).where(is_active())))
    for alias in session.scalars(select(GridAlias)):
        ended = alias.grid_code not in living
        assert alias.old_code not in living
        assert (
            not ended
            or regrid_history.successors(session, alias.grid_code)
            or dissolved_on(session, alias.grid_code)
        )


def dissolved_on(session: Session, code: str) -> bool:
    """Whether the history tells what became of the grid."""
    return any(code in change.old for change in regrid_history.changes(session, code))


def ground(session: Session) -> float:
    """Square metres of all cells of both blocks."""
    shapes = [one.boundary for one in cells_in_use(session)]
    return sum(area_m2(load_geometry(text)) for text in shapes if text)


@pytest.mark.parametrize("places", [True, False])
@settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    sizes=st.lists(st.integers(0, 2), min_size=2, max_size=5),
    steps=st.lists(STEP, min_size=2, max_size=5),
)
def test_nobody_is_lost_whatever_happens(
    session: Session, places: bool, sizes: list[int], steps: list[tuple[str, int]]
) -> None:
    outer = session.begin_nested()
    try:
        for number, cell in enumerate((f"{BLOCK}001", f"{BLOCK}003", f"{OTHER}002"), 1):
            settle_people(session, cell, sizes, prefix=f"{number}-", places=places)
            shop(session, cell, f"店{number}")
        session.flush()
        before, wide = keys(session), ground(session)
        old = len(on_the_ground(grid_records(session, clock.today())))
        done = 0
        for verb, choice in steps:
            try:
                wish = wish_of(session, verb, choice)
                found = plan(wish, session)
                if found.stops:
                    continue
                carry_out(session, wish, seen_now(session, found), AGREED)
                done += 1
            except RuleError:
                continue
            finally:
                session.expire_all()
            check_rows(session, before)
            check_codes(session)
        if places and done:
            assert ground(session) == pytest.approx(wide, abs=3 * done)
            assert len(on_the_ground(grid_records(session, clock.today()))) <= old
    finally:
        outer.rollback()
        session.expire_all()


# the planner --------------------------------------------------------------------------------------

PLACE = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
    lambda p: (114 + p[0] / 10_000, 30 + p[1] / 10_000)
)
BUILDINGS = st.lists(st.tuples(st.integers(1, 90), PLACE), min_size=3, max_size=9)


def items_of(rows: list[Any], *, placed: bool) -> list[Item]:
    return [
        Item(n, f"{n}栋", weight, place if placed else None)
        for n, (weight, place) in enumerate(rows)
    ]


@pytest.mark.one_engine
@settings(max_examples=40)
@given(rows=BUILDINGS, count=st.integers(2, 3), placed=st.booleans())
def test_a_cut_takes_every_building_once_and_is_the_same_again(
    rows: list[Any], count: int, placed: bool
) -> None:
    total = sum(weight for weight, _place in rows)
    goal = Goal(80, 120, total / count)
    field = Field(items_of(rows, placed=placed))
    parts = best_cut(field, count, goal)
    assert sorted(n for part in parts for n in part) == list(range(len(rows)))
    assert len(parts) == count and all(parts)
    again = Field(list(reversed(items_of(rows, placed=placed))))
    assert best_cut(again, count, goal) == parts


@pytest.mark.one_engine
@settings(max_examples=40)
@given(rows=BUILDINGS)
def test_along_an_order_no_cut_is_better(rows: list[Any]) -> None:
    """Compared with every cut into three runs there is."""
    field = Field(items_of(rows, placed=True))
    order = list(range(len(rows)))
    goal = Goal(40, 90, sum(weight for weight, _place in rows) / 3)

    def cost(parts: list[list[int]]) -> float:
        return sum(field.sums(part).cost(goal, field.scale) for part in parts)

    best = min(
        cost([order[:one], order[one:two], order[two:]])
        for one in range(1, len(order) - 1)
        for two in range(one + 1, len(order))
    )
    assert cost(along(field, order, 3, goal)) == pytest.approx(best, abs=1e-6)
