"""Regridding: cells are cut, joined and moved, and everything in them comes along (P1)."""

import json
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from redis import Redis
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.errors import RuleError
from portal.extensions import db
from portal.models import (
    AccountGrant,
    AuditEntry,
    Board,
    Building,
    Dwelling,
    Grid,
    GridAlias,
    GridChange,
    Hotline,
    Household,
    Message,
    Organisation,
    PopulationChange,
    Post,
    Resident,
    Sweep,
    User,
    Worker,
)
from portal.models.sweep import SWEEP_GRIDS
from portal.queries import regrid as queries
from portal.queries import regrid_history
from portal.queries.grid_checks import grid_records
from portal.rules import boards, posting
from portal.rules.archives import load_archive
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
    planner,
    seen_now,
)
from portal.scope import SYSTEM, acting
from tests.support.regridding import AGREED, BESIDE, BLOCK, CELL, do, settle_people, shop
from tests.support.rounds import sweep_at

TABLES: tuple[Any, ...] = (Building, Dwelling, Household, Resident)
NEXT = BLOCK + "005"
OTHER_BLOCK = "4201020029900102"


@pytest.fixture(autouse=True)
def english(request: pytest.FixtureRequest) -> Iterator[None]:
    """The sentences of the rules in English, where there is a session to ask."""
    if "session" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("session")
    with force_locale("en"):
        yield


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
    assert [row.code for row in regrid_history.successors(session, CELL)] == [NEXT, heir]


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


def test_tables_that_know_nothing_of_regridding_come_along(session: Session) -> None:
    """Found by their foreign keys alone: events of households go with the household."""
    buildings = settle_people(session, CELL, [1, 1])
    homes = session.scalars(select(Household).order_by(Household.id)).all()
    for home in homes:
        person = session.scalars(select(Resident.id).where(Resident.household_id == home.id)).one()
        event = PopulationChange(
            resident_id=person,
            grid_code=CELL,
            kind="registered",
            happened_on=clock.today(),
            household_id=home.id,
            actor="system",
        )
        session.add(event)
    session.commit()
    do(session, cut(buildings))
    found = select(PopulationChange.grid_code, PopulationChange.household_id)
    assert [tuple(row) for row in session.execute(found.order_by(PopulationChange.id))] == [
        (CELL, homes[0].id),
        (NEXT, homes[1].id),
    ]


def named_by(session: Session, sweep: Sweep) -> list[str]:
    """The grids that a sweep names."""
    asked = select(SWEEP_GRIDS.c.grid_code).where(SWEEP_GRIDS.c.sweep_id == sweep.id)
    return list(session.scalars(asked.order_by(SWEEP_GRIDS.c.grid_code)))


def sweep_of(session: Session, *codes: str) -> Sweep:
    """A sweep that names grids."""
    sweep = sweep_at(session, BLOCK, "查")
    rows = [{"sweep_id": sweep.id, "grid_code": code} for code in codes]
    session.execute(SWEEP_GRIDS.insert(), rows)
    return sweep


@pytest.mark.parametrize("keeps", [0, None])
def test_a_sweep_that_names_a_cell_names_its_parts(session: Session, keeps: int | None) -> None:
    buildings = settle_people(session, CELL, [1, 1])
    sweep, other = sweep_of(session, CELL, BESIDE), sweep_of(session, BESIDE)
    session.commit()
    _change, done = do(session, cut(buildings, keeps))
    assert named_by(session, sweep) == sorted({BESIDE, *(one.code for one in done.after)})
    assert named_by(session, other) == [BESIDE]
    with pytest.raises(IntegrityError):
        sweep_of(session, CELL, CELL)
    session.rollback()


# merge --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps", [BESIDE, None])
def test_a_sweep_names_what_was_joined_once(session: Session, keeps: str | None) -> None:
    both, one = sweep_of(session, CELL, BESIDE), sweep_of(session, CELL)
    session.commit()
    _change, done = do(session, Merge((CELL, BESIDE), "合格", "scattered", keeps=keeps))
    assert named_by(session, both) == named_by(session, one) == [done.after[0].code]


def test_cells_are_joined_and_their_codes_lead_to_the_new_one(session: Session) -> None:
    settle_people(session, CELL, [3, 4], prefix="a")
    settle_people(session, BESIDE, [5], prefix="b")
    session.commit()
    wide, ground = size(session, CELL) + size(session, BESIDE), on_ground(session)
    _change, done = do(session, Merge((CELL, BESIDE), "合格", "scattered", None, BESIDE))
    assert codes_in(session, *TABLES) == {NEXT}
    assert size(session, NEXT) == pytest.approx(wide, abs=1)
    assert on_ground(session) == ground
    assert regrid_history.used_codes(session, BLOCK) >= {CELL, BESIDE, NEXT}
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
    assert regrid_history.former_codes(session, new) == [CELL]
    # Back again: nobody's number is given away twice.
    _change, back = do(session, Move(new, BLOCK))
    assert back.after[0].code == NEXT
    led = {a.old_code: a.grid_code for a in session.scalars(select(GridAlias))}
    assert (led[CELL], led[new]) == (NEXT, NEXT)
    assert regrid_history.former_codes(session, NEXT) == [new, CELL]


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


# boards, and two at once --------------------------------------------------------------------------


def _drawn(_record: object, edition: Any, _size: str) -> tuple[bytes, int]:
    """Stands where the drawing does not matter."""
    return f"%PDF-1.7 {edition.number}".encode(), 1


def hang(session: Session, code: str) -> Board:
    """A board of the grid that hangs and is true."""
    issued = boards.issue_board(session, code, "a3", "zh_Hans_CN", _drawn)
    board = posting.expect(session, issued)
    assert board.replacement_id is not None
    posting.hang(session, board, board.replacement_id, place="正门")
    session.commit()
    return board


def test_boards_go_on_at_the_heir_come_down_and_are_looked_at(
    session: Session, valkey: Redis
) -> None:
    mine, theirs, beside = (hang(session, BLOCK + f"00{n}") for n in (1, 2, 3))
    valkey.flushall()
    _change, done = do(session, Merge((CELL, BESIDE), "合格", "scattered"))
    assert {one.board.id: one.to for one in done.boards} == {mine.id: NEXT, theirs.id: ""}
    assert session.get_one(Board, mine.id).grid_code == NEXT
    left = session.get_one(Board, theirs.id)
    assert (left.grid_code, left.stale_since is not None) == (BESIDE, True)
    told = set(session.scalars(select(Message.kind)))
    assert {"board_down", "regridded"} <= told
    asked = [job.func_name for name in queue.NAMES for job in queue.queue(valkey, name).jobs]
    assert asked == ["jobs.boards.refresh"]
    # What hangs at the heir is of another grid: it is out of date, and its head knows that the
    # four bounds have to be written first. The dissolved cell gets no new board.
    assert posting.refresh(session, mine.id, _drawn)
    assert session.get_one(Board, mine.id).stale_since is not None
    assert "board_lacking" in set(session.scalars(select(Message.kind)))
    assert not posting.refresh(session, theirs.id, _drawn)
    # The neighbour sees another name beside it.
    assert posting.refresh(session, beside.id, _drawn)


def test_two_regrid_the_same_cell_at_once(portal: Flask) -> None:
    with portal.app_context(), acting(SYSTEM):
        keys = [one.id for one in settle_people(db.session, CELL, [2, 2, 2])]
        db.session.commit()
        wishes = [Shift(CELL, BESIDE, (keys[0],)), Shift(CELL, BESIDE, (keys[1],))]
        seen = [seen_now(db.session, plan(wish, db.session)) for wish in wishes]
        db.session.rollback()
    start, answers = threading.Barrier(2), []

    def work(number: int) -> None:
        with portal.app_context(), acting(SYSTEM), force_locale("en"):
            try:
                start.wait(20)
                carry_out(db.session, wishes[number], seen[number], AGREED)
                db.session.commit()
                answers.append("done")
            except RuleError as refused:
                answers.append(str(refused))
            except OperationalError:  # SQLite lets one write at a time
                answers.append("regridded here at")
            finally:
                db.session.rollback()
                db.session.remove()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 2
    assert answers.count("done") == 1
    assert any("regridded here at" in answer for answer in answers)
    with portal.app_context():
        assert db.session.query(GridChange).count() == 1
        assert db.session.query(Building).filter_by(grid_code=BESIDE).count() == 1


# proposals ----------------------------------------------------------------------------------------


def test_a_large_cell_is_proposed_to_be_cut_into_parts_inside_the_standard(
    session: Session,
) -> None:
    grid(session, CELL).kind = "scattered"
    settle_people(session, CELL, [40] * 7, people=False)
    session.commit()
    found = planner.splits(session, CELL)
    assert found is not None and found.households == 280
    best = found.proposals[0]
    assert [part.verdict for part in best.parts] == ["within", "within"]
    assert (best.off, [part.pieces for part in best.parts]) == (0, [1, 1])
    assert found.workers > 2 and best.missing == 0
    names = {one.name for part in best.parts for one in part.buildings}
    assert len(names) == 7


def test_who_is_missing_is_said_and_small_neighbours_are_found(session: Session) -> None:
    for cell in queries.below(session, BLOCK):
        grid(session, cell.code).kind = "scattered"
        grid(session, cell.code).households_declared = 70
    for post in session.query(Post).filter_by(grid_code=CELL):
        session.delete(post)
    for worker in session.query(Worker).filter_by(grid_code=CELL):
        worker.grid_code = BLOCK
    settle_people(session, CELL, [75, 75], people=False)
    session.commit()
    found = planner.splits(session, CELL)
    assert found is not None
    assert found.proposals[0].missing == 2
    joins = planner.joins(session, BLOCK)
    assert joins and all(join.households == 140 and join.inside for join in joins)
    assert {(j.one.code, j.other.code) for j in joins} >= {(CELL, BESIDE)}


def test_harder_cells_get_fewer_households() -> None:
    assert [planner.aimed_at((120, 160), level) for level in (1, 2, 3, None)] == [
        160,
        140,
        120,
        140,
    ]


def test_the_archive_tells_the_history_under_the_old_code_too(session: Session) -> None:
    do(session, Move(CELL, OTHER_BLOCK))
    record = load_archive(session, OTHER_BLOCK + "004", "en")
    told = [change.text for change in record.changes if change.about == "Regridding"]
    assert told == [
        f"北辰坊 moved: its code was {CELL} and is {OTHER_BLOCK}004 now. Residents: They agreed"
    ]
