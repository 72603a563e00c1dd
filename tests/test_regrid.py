"""Regridding: cells are cut, joined and moved, and everything in them comes along (P1)."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import RuleError
from portal.models import (
    AccountGrant,
    AuditEntry,
    Building,
    Dwelling,
    Grid,
    GridAlias,
    GridChange,
    Hotline,
    Household,
    Organisation,
    Post,
    Resident,
    User,
    Worker,
)
from portal.queries import regrid as queries
from portal.queries.grid_checks import grid_records
from portal.rules.check_grids import on_the_ground
from portal.rules.geometry import area_m2, load_geometry
from portal.rules.regrid import (
    Consent,
    Merge,
    Move,
    NewPart,
    Shift,
    Split,
    carry_out,
    plan,
    seen_now,
)
from tests.support.regridding import AGREED, BESIDE, BLOCK, CELL, do, settle_people, shop

TABLES: tuple[Any, ...] = (Building, Dwelling, Household, Resident)
NEXT = BLOCK + "005"
OTHER_BLOCK = "4201020029900102"


def codes_in(session: Session, *models: Any) -> set[str]:
    return {code for model in models for code in session.scalars(select(model.grid_code))}


def grid(session: Session, code: str) -> Any:
    return session.scalars(select(Grid).where(Grid.code == code)).one()


def size(session: Session, code: str) -> float:
    return area_m2(load_geometry(grid(session, code).boundary))


def cut(buildings: list[Building], keeps: int | None = 0, **more: Any) -> Split:
    """The first half of the buildings in the one part, the others in the other."""
    half = len(buildings) // 2
    return Split(
        CELL,
        (NewPart("东格", "gated"), NewPart("西格", "bungalow")),
        {b.id: int(n >= half) for n, b in enumerate(buildings)},
        keeps=keeps,
        **more,
    )


def on_ground(session: Session) -> list[str]:
    records = grid_records(session, clock.today())
    return [str(finding.message) for finding in on_the_ground(records)]


def held(session: Session, codes: Iterable[str]) -> set[tuple[str, str]]:
    """(cell, role) of the posts held today."""
    return {(post.code, post.role) for post in queries.posts(session, codes)}


# split --------------------------------------------------------------------------------------------


def test_a_cell_is_cut_along_its_buildings(session: Session) -> None:
    buildings = settle_people(session, CELL, [3, 4, 5, 6])
    store, other = shop(session, CELL, "小店"), shop(session, CELL, "药店")
    session.commit()
    before, ground = size(session, CELL), on_ground(session)
    change, done = do(session, cut(buildings, organisations={store.id: 1}))
    kept, new = done.after
    assert (kept.code, new.code) == (CELL, NEXT)
    assert (kept.households, new.households, kept.residents) == (7, 11, 7)
    for model, number in zip(TABLES, (2, 7, 7, 7), strict=True):
        assert len(session.scalars(select(model).where(model.grid_code == CELL)).all()) == number
    assert codes_in(session, *TABLES) == {CELL, NEXT}
    assert session.get_one(Organisation, store.id).grid_code == NEXT
    assert session.get_one(Organisation, other.id).grid_code == CELL
    assert (grid(session, NEXT).name, grid(session, NEXT).kind) == ("西格", "bungalow")
    assert grid(session, NEXT).active_from == clock.today()
    assert (grid(session, NEXT).households_declared, grid(session, CELL).households_declared) == (
        11,
        7,
    )
    assert size(session, CELL) + size(session, NEXT) == pytest.approx(before, abs=1)
    assert on_ground(session) == ground
    assert (change.kind, change.old, change.new) == ("split", [CELL], [CELL, NEXT])
    assert change.asked_how == AGREED.asked_how
    assert "people" not in json.dumps(change.details)


def test_without_places_on_the_map_the_new_part_has_no_boundary(session: Session) -> None:
    buildings = settle_people(session, CELL, [3, 4], places=False)
    session.commit()
    whole = grid(session, CELL).boundary
    _change, done = do(session, cut(buildings))
    assert any("place on the map" in str(note) for note in done.notes)
    assert grid(session, CELL).boundary == whole
    assert grid(session, NEXT).boundary is None


def test_a_dissolved_cell_leaves_nothing_behind(session: Session) -> None:
    buildings = settle_people(session, CELL, [2, 2, 2, 2])
    line = Hotline(grid_code=CELL, scope="grid", name="值班", number="02711112222")
    account = session.scalars(select(User.id).where(User.username == "street")).one()
    grant = AccountGrant(user_id=account, role="Clerk", grid_code=CELL, since=clock.today())
    session.add_all([line, grant])
    session.commit()
    team = held(session, [CELL])
    workers = session.query(Worker).filter_by(grid_code=CELL).count()
    heir = BLOCK + "006"
    _change, done = do(session, cut(buildings, keeps=None, heir=1))
    assert [one.code for one in done.after] == [NEXT, heir]
    assert codes_in(session, *TABLES) == {NEXT, heir}
    assert line.grid_code == heir
    assert session.query(Worker).filter_by(grid_code=heir).count() == workers > 0
    gone = grid(session, CELL)
    assert gone.active_to == clock.today() - timedelta(days=1)
    assert held(session, [heir]) == {(heir, role) for _code, role in team}
    assert held(session, [CELL]) == set()
    assert session.get_one(AccountGrant, grant.id).until == clock.today()
    assert session.query(GridAlias).filter_by(old_code=CELL).count() == 0
    assert [row.code for row in queries.successors(session, CELL)] == [NEXT, heir]


def test_what_makes_no_sense_is_refused_in_words(session: Session) -> None:
    buildings = settle_people(session, CELL, [2, 2, 2])
    session.commit()
    parts = (NewPart("a", "gated"), NewPart("b", "gated"))
    everything = dict.fromkeys((b.id for b in buildings), 0)
    for wish, words in (
        (Split(CELL, parts, {}), "which part"),
        (Split(CELL, parts, everything), "Part 2 has no building"),
        (Split(CELL, (parts[0],), everything), "two to 6"),
        (Split(CELL, (parts[0], NewPart(" ", "gated")), everything | {buildings[0].id: 1}), "name"),
        (Split(BLOCK, parts, everything), "Only cells"),
        (Split(NEXT, parts, everything), "no longer in use"),
        (Merge((CELL,), "a", "gated"), "two to 8"),
        (Merge((CELL, OTHER_BLOCK + "001"), "a", "gated"), "one block"),
        (Move(CELL, BLOCK), "there already"),
        (Move(CELL, "4201020029900"), "where to move"),
        (Shift(CELL, CELL, (1,)), "another cell"),
        (Shift(CELL, BESIDE, ()), "Tick the buildings"),
        (Shift(CELL, BESIDE, tuple(everything)), "join the two"),
    ):
        with pytest.raises(RuleError) as refused:
            plan(wish, session)
        assert words in str(refused.value)


# merge --------------------------------------------------------------------------------------------


def test_cells_are_joined_and_their_codes_lead_to_the_new_one(session: Session) -> None:
    settle_people(session, CELL, [3, 4], prefix="a")
    settle_people(session, BESIDE, [5], prefix="b")
    session.commit()
    wide, ground = size(session, CELL) + size(session, BESIDE), on_ground(session)
    _change, done = do(session, Merge((CELL, BESIDE), "合格", "scattered", None, BESIDE))
    assert codes_in(session, *TABLES) == {NEXT}
    assert size(session, NEXT) == pytest.approx(wide, abs=1)
    assert on_ground(session) == ground
    assert queries.used_codes(session, BLOCK) >= {CELL, BESIDE, NEXT}
    led = {a.old_code: a.grid_code for a in session.scalars(select(GridAlias))}
    assert (led[CELL], led[BESIDE]) == (NEXT, NEXT)
    # One leader is enough; all volunteers go on.
    leaders = [one for one in done.posts if one.post.role == "grid_leader"]
    assert [(one.post.code, one.to) for one in leaders] == [(BESIDE, NEXT), (CELL, "")]
    assert all(one.to == NEXT for one in done.posts if one.post.role == "volunteer")
    ended = session.get_one(Post, leaders[1].post.id)
    assert ended.until is not None and ended.until < clock.today()


def test_a_cell_takes_in_its_neighbour_and_codes_that_led_there_lead_on(session: Session) -> None:
    session.add(GridAlias(old_code=BLOCK + "900", grid_code=BESIDE))
    session.commit()
    do(session, Merge((CELL, BESIDE), "合格", "scattered", CELL))
    led = {a.old_code: a.grid_code for a in session.scalars(select(GridAlias))}
    assert (led[BESIDE], led[BLOCK + "900"]) == (CELL, CELL)
    assert grid(session, CELL).name == "合格"
    # 900 is used up, and so is every code below it.
    _change, done = do(session, Merge((CELL, BLOCK + "003"), "又合", "scattered"))
    assert done.after[0].code == BLOCK + "901"


def test_two_buildings_of_one_name_stand_in_the_way(session: Session) -> None:
    settle_people(session, CELL, [1])
    settle_people(session, BESIDE, [1])
    session.commit()
    wish = Merge((CELL, BESIDE), "合格", "scattered")
    found = plan(wish, session)
    assert [str(stop) for stop in found.stops] == [
        "Both have a building called 1栋: give one of them another name first."
    ]
    with pytest.raises(RuleError, match="stands in the way"):
        carry_out(session, wish, seen_now(session, found), AGREED)
    session.rollback()
    assert codes_in(session, *TABLES) == {CELL, BESIDE}


# move ---------------------------------------------------------------------------------------------


def test_a_cell_moves_with_everything_and_the_blocks_give_way(session: Session) -> None:
    settle_people(session, CELL, [3, 4])
    session.commit()
    team, ground = held(session, [CELL]), on_ground(session)
    blocks = {code: size(session, code) for code in (BLOCK, OTHER_BLOCK)}
    own = size(session, CELL)
    new = OTHER_BLOCK + "004"
    _change, done = do(session, Move(CELL, OTHER_BLOCK))
    assert codes_in(session, *TABLES) == {new}
    assert session.query(Grid).filter_by(code=CELL).count() == 0
    assert held(session, [new]) == {(new, role) for _code, role in team}
    assert grid(session, new).parent_code == OTHER_BLOCK
    assert set(done.outlines) == {BLOCK, OTHER_BLOCK}
    assert size(session, BLOCK) == pytest.approx(blocks[BLOCK] - own, abs=2)
    assert size(session, OTHER_BLOCK) == pytest.approx(blocks[OTHER_BLOCK] + own, abs=2)
    assert on_ground(session) == ground
    assert queries.former_codes(session, new) == [CELL]
    # Back again: nobody's number is given away twice.
    _change, back = do(session, Move(new, BLOCK))
    assert back.after[0].code == NEXT
    led = {a.old_code: a.grid_code for a in session.scalars(select(GridAlias))}
    assert (led[CELL], led[new]) == (NEXT, NEXT)
    assert queries.former_codes(session, NEXT) == [new, CELL]


def test_a_block_moves_with_its_cells(session: Session) -> None:
    settle_people(session, CELL, [3])
    session.commit()
    ground = on_ground(session)
    _change, done = do(session, Move(BLOCK, "42010200299002"))
    assert done.after[0].code == "4201020029900204"
    assert codes_in(session, *TABLES) == {"4201020029900204001"}
    assert on_ground(session) == ground
    assert session.query(GridAlias).filter(GridAlias.grid_code == "4201020029900204003").count()


def test_buildings_change_cells_and_take_their_ground_along(session: Session) -> None:
    mine = settle_people(session, CELL, [3, 4, 5], prefix="a")
    settle_people(session, BESIDE, [3, 4], prefix="b")
    session.commit()
    wide, ground = size(session, CELL) + size(session, BESIDE), on_ground(session)
    _change, done = do(session, Shift(CELL, BESIDE, (mine[0].id,)))
    assert [one.households for one in done.after] == [9, 10]
    assert session.query(Resident).filter_by(grid_code=BESIDE).count() == 10
    assert size(session, CELL) + size(session, BESIDE) == pytest.approx(wide, abs=1)
    assert on_ground(session) == ground
    assert done.dissolved == ()


# how it is done -----------------------------------------------------------------------------------


def test_it_is_said_whether_the_residents_agreed(session: Session) -> None:
    buildings = settle_people(session, CELL, [2, 2])
    session.commit()
    wish = cut(buildings)
    seen = seen_now(session, plan(wish, session))
    for consent, field in (
        (Consent("whatever"), "outcome"),
        (Consent("accepted"), "asked_on"),
        (Consent("accepted", clock.today() + timedelta(days=1), "x"), "asked_on"),
        (Consent("partly", clock.today()), "asked_how"),
        (Consent("not_asked"), "note"),
    ):
        with pytest.raises(RuleError) as refused:
            carry_out(session, wish, seen, consent)
        assert refused.value.field == field
    change, _plan = carry_out(session, wish, seen, Consent("not_asked", note="无人居住"))
    assert change.asked_on is None


def test_what_was_not_looked_at_is_not_carried_out(session: Session) -> None:
    buildings = settle_people(session, CELL, [2, 2, 2])
    session.commit()
    wish = cut(buildings)
    seen = seen_now(session, plan(wish, session))
    settle_people(session, CELL, [1], prefix="new")
    session.commit()
    with pytest.raises(RuleError, match="which part"):
        carry_out(session, wish, seen, AGREED)
    session.rollback()
    shifted = Shift(CELL, BESIDE, (buildings[0].id,))
    seen = seen_now(session, plan(shifted, session))
    do(session, Shift(CELL, BESIDE, (buildings[1].id,)))
    with pytest.raises(RuleError, match="system regridded here at"):
        carry_out(session, shifted, seen, AGREED)


def test_history_is_never_changed_and_the_log_names_every_row(session: Session) -> None:
    buildings = settle_people(session, CELL, [2, 2])
    session.commit()
    do(session, cut(buildings))
    logged = session.scalars(
        select(AuditEntry).where(
            AuditEntry.table_name == "residents", AuditEntry.action == "update"
        )
    ).all()
    assert [json.loads(one.changes or "")["grid_code"] for one in logged] == [[CELL, NEXT]] * 2
    for statement in ("UPDATE grid_changes SET actor = 'x'", "DELETE FROM grid_changes"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))
        session.rollback()
    assert session.query(GridChange).count() == 1
