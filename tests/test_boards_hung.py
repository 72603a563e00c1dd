"""Boards on walls: which become stale, why, what replaces them, and who is told, once."""

import json
import threading
from collections.abc import Callable
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
import shapely
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from jobs import boards as jobs
from portal import clock, queue
from portal.errors import RuleError
from portal.extensions import db
from portal.models import (
    Board,
    Duty,
    Grid,
    Hotline,
    IssuedDocument,
    LeadingGroup,
    Message,
    Post,
    User,
    Worker,
)
from portal.queries import boards_hung
from portal.queries.workdays import load_calendar
from portal.rules import boards, posting
from portal.rules.geometry import dump_geometry, load_geometry
from portal.rules.imports import KINDS, Options, run_import, undo_import
from portal.scope import SYSTEM, acting
from tests.support.counting import count_statements

COMMUNITY, BLOCK, CELL = "420102002990", "4201020029900103", "4201020029900103003"
ZH = "zh_Hans_CN"
Work = Callable[[], int]


def _drawn(_record: object, edition: Any, _size: str) -> tuple[bytes, int]:
    """Stands where the drawing does not matter: one sheet of plain bytes."""
    return f"%PDF-1.7 {edition.number}".encode(), 1


def _hang(session: Session, code: str = CELL, size: str = "a3") -> Board:
    """A board of the grid that hangs and is true."""
    board = posting.expect(session, boards.issue_board(session, code, size, ZH, _drawn))
    assert board.replacement_id is not None
    posting.hang(session, board, board.replacement_id, place="正门")
    session.commit()
    return board


def _now(session: Session, board: Board) -> Board:
    found = boards_hung.board_with_versions(session, board.id)
    assert found is not None
    return found


def _inbox(session: Session) -> list[tuple[str, str]]:
    found = select(Message.kind, User.username).join(User, User.id == Message.user_id)
    return [(kind, name) for kind, name in session.execute(found.order_by(Message.id))]


def _refresh(session: Session, board: Board) -> bool:
    changed = posting.refresh(session, board.id, _drawn)
    session.commit()
    return changed


def _post(session: Session, role: str, code: str = CELL) -> Post:
    return session.scalars(select(Post).where(Post.grid_code == code, Post.role == role)).one()


def _worker(session: Session, role: str, code: str = CELL) -> Worker:
    return session.get_one(Worker, _post(session, role, code).worker_id)


def _grid(session: Session, code: str = CELL) -> Grid:
    return session.scalars(select(Grid).where(Grid.code == code)).one()


def _watching(session: Session) -> Hotline:
    own = Hotline.grid_code == COMMUNITY, Hotline.supervision.is_(True)
    return session.scalars(select(Hotline).where(*own)).one()


# -- one mechanism for every change ----------------------------------------------------------------


def _leaves(session: Session) -> None:
    _post(session, "information_officer").until = clock.today() - timedelta(days=1)


def _new_telephone(session: Session) -> None:
    _worker(session, "grid_worker").public_phone = "027-01009999"


def _head_above(session: Session) -> None:
    _worker(session, "block_head", BLOCK).name = "欧阳新人"


def _new_bounds(session: Session) -> None:
    _grid(session).bound_east = "新修的路"


def _renamed_block(session: Session) -> None:
    _grid(session, BLOCK).name = "新名片区"


def _new_hotline(session: Session) -> None:
    _watching(session).number = "027-01008888"


def _deleted_hotline(session: Session) -> None:
    own = session.scalars(select(Hotline).where(Hotline.grid_code == CELL)).first()
    assert own is not None
    session.delete(own)


def _new_duty(session: Session) -> None:
    session.scalars(select(Duty).where(Duty.code == "D101")).one().title = "走访登记"


def _new_office(session: Session) -> None:
    session.scalars(select(LeadingGroup)).one().office = "新办公室"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_leaves, "people"),
        (_new_telephone, "people"),
        (_head_above, "people"),
        (_new_bounds, "boundary"),
        (_renamed_block, "content"),
        (_new_hotline, "hotlines"),
        (_deleted_hotline, "hotlines"),
        (_new_duty, "content"),
        (_new_office, "content"),
    ],
)
def test_a_change_marks_the_board_replaces_it_and_tells_the_head(
    session: Session, valkey: Redis, change: Callable[[Session], None], reason: str
) -> None:
    board = _hang(session)
    valkey.flushall()
    change(session)
    session.commit()
    _run_queued(valkey)
    board = _now(session, board)
    assert board.stale_since is not None
    assert board.stale_reason == reason
    assert board.replacement is not None
    assert board.document is not None
    assert (board.document.issue_no, board.replacement.issue_no) == (1, 2)
    assert board.replacement.size == board.size
    calendar, day = load_calendar(session), clock.today()
    for _turn in range(3):
        day = calendar.next(day)
    assert board.replace_by == day
    assert _inbox(session) == [("board_stale", "block03")]
    message = session.scalars(select(Message)).one()
    assert message.url == f"/boards/show/{board.id}"
    assert json.loads(message.params)["reason"] == reason
    # Again, also through the nightly review: nothing changes, nobody hears of it twice.
    assert not _refresh(session, board)
    assert jobs.refresh([""], [], []) == 0
    assert _inbox(session) == [("board_stale", "block03")]


def _run_queued(valkey: Redis) -> int:
    """The jobs asked for, with the drawing left out; how many."""
    found = [job for name in queue.NAMES for job in queue.queue(valkey, name).get_jobs()]
    kept, jobs.draw = jobs.draw, _drawn
    try:
        for job in found:
            assert job.func_name == "jobs.boards.refresh"
            jobs.refresh(*job.args)
    finally:
        jobs.draw = kept
    for name in queue.NAMES:
        queue.queue(valkey, name).empty()
    return len(found)


def test_the_worker_draws_the_replacement(session: Session, valkey: Redis, work: Work) -> None:
    board = _hang(session)
    valkey.flushall()
    _new_telephone(session)
    session.commit()
    assert work() == 1
    board = _now(session, board)
    assert board.replacement is not None
    assert (board.replacement.pages, board.replacement.number[-3:]) == (1, "002")


@pytest.mark.parametrize("silent", ["private telephone", "note", "volunteer elsewhere"])
def test_what_no_board_shows_asks_for_nothing(session: Session, valkey: Redis, silent: str) -> None:
    _hang(session)
    valkey.flushall()
    if silent == "private telephone":
        _worker(session, "grid_worker").phone = "13900000000"
    elif silent == "note":
        _grid(session).note = "x"
    else:
        board = _hang(session, "4201020029900101001")
        valkey.flushall()
        _post(session, "grid_worker").until = clock.today() + timedelta(days=90)
        session.commit()
        assert _run_queued(valkey) == 1
        assert _now(session, board).stale_since is None
        return
    session.commit()
    assert _run_queued(valkey) == 0


def test_before_there_is_a_board_nothing_is_asked(session: Session, valkey: Redis) -> None:
    _new_telephone(session)
    session.commit()
    assert _run_queued(valkey) == 0


def test_one_job_for_each_transaction_none_swallowed(session: Session, valkey: Redis) -> None:
    _hang(session)
    valkey.flushall()
    for number in range(3):
        _worker(session, "grid_worker").public_phone = f"027-0100999{number}"
        session.flush()
        _worker(session, "grid_leader").public_phone = f"027-0100888{number}"
        session.commit()
    _new_telephone(session)
    session.rollback()
    waiting = [job for name in queue.NAMES for job in queue.queue(valkey, name).get_jobs()]
    assert len(waiting) == 3


@pytest.mark.one_engine
def test_moving_a_shared_line_concerns_exactly_the_two(session: Session, valkey: Redis) -> None:
    codes = session.scalars(select(Grid.code).where(Grid.code.startswith(COMMUNITY))).all()
    hung = {code: _hang(session, code) for code in codes}
    assert len(hung) == 49
    valkey.flushall()
    one, other, vertex = _shared_vertex(session)
    for code in (one, other):
        grid = _grid(session, code)
        moved = shapely.transform(
            load_geometry(grid.boundary or ""), lambda points: _moved(points, vertex)
        )
        assert moved.is_valid
        grid.boundary = dump_geometry(moved)
    session.commit()
    assert _run_queued(valkey) == 1
    stale = {code for code, board in hung.items() if _now(session, board).stale_since}
    assert stale == {one, other}
    assert {_now(session, hung[code]).stale_reason for code in stale} == {"boundary"}
    assert [kind for kind, _name in _inbox(session)] == ["board_stale"] * 2


def _moved(points: Any, vertex: tuple[float, float]) -> Any:
    points = points.copy()
    points[(points == vertex).all(axis=1)] += (0.00001, 0.00001)
    return points


def _shared_vertex(session: Session) -> tuple[str, str, tuple[float, float]]:
    """Two cells of one block and a vertex that they alone have in common."""
    rows = session.execute(select(Grid.code, Grid.boundary).where(Grid.boundary.is_not(None)))
    points = {
        code: {tuple(point) for point in shapely.get_coordinates(load_geometry(text)).tolist()}
        for code, text in rows
    }
    cells = [code for code in points if len(code) == 19]
    for one, other in combinations(cells, 2):
        rest = [found for code, found in points.items() if code not in (one, other)]
        own = (points[one] & points[other]).difference(*rest)
        if one[:16] == other[:16] and own:
            return one, other, sorted(own)[0]
    raise AssertionError("no two cells share a vertex of their own")


# -- taken back, missing, too old ------------------------------------------------------------------


def test_taken_back_before_it_was_hung_the_board_is_right_again(session: Session) -> None:
    board = _hang(session)
    worker = _worker(session, "grid_worker")
    before, worker.public_phone = worker.public_phone, "027-01009999"
    session.commit()
    assert _refresh(session, board)
    _worker(session, "grid_worker").public_phone = before
    session.commit()
    assert _refresh(session, board)
    board = _now(session, board)
    assert (board.stale_since, board.stale_reason) == (None, None)
    assert (board.replacement_id, board.replace_by) == (None, None)
    assert not _refresh(session, board)
    assert [kind for kind, _name in _inbox(session)] == ["board_stale", "board_current"]


def test_a_second_change_keeps_the_deadline_and_tells_again(session: Session) -> None:
    board = _hang(session)
    _new_telephone(session)
    session.commit()
    _refresh(session, board)
    board = _now(session, board)
    since, board.replace_by = board.stale_since, date(2026, 1, 5)
    session.commit()
    _new_hotline(session)
    session.commit()
    _refresh(session, board)
    board = _now(session, board)
    assert (board.stale_since, board.replace_by) == (since, date(2026, 1, 5))
    assert board.replacement is not None
    assert board.replacement.issue_no == 3
    assert [kind for kind, _name in _inbox(session)] == ["board_stale"] * 2


def test_what_is_missing_is_told_once_and_then_the_replacement(session: Session) -> None:
    board = _hang(session)
    posts = session.scalars(select(Post).where(Post.grid_code == CELL, Post.public.is_(True))).all()
    for post in posts:
        post.public = False
    session.commit()
    assert _refresh(session, board)
    assert not _refresh(session, board)
    board = _now(session, board)
    assert board.stale_reason == "people"
    assert board.replacement_id is None
    assert _inbox(session) == [("board_lacking", "block03")]
    told = json.loads(session.scalars(select(Message.params)).one())
    assert "Nobody of this grid is shown in public" in told["lacking"]
    posts[0].public = True
    session.commit()
    assert _refresh(session, board)
    board = _now(session, board)
    assert board.replacement is not None
    assert [kind for kind, _name in _inbox(session)] == ["board_lacking", "board_stale"]


def test_an_old_board_is_renewed_as_it_is(session: Session) -> None:
    board = _hang(session)
    board.posted_on = clock.today() - timedelta(days=366)
    session.commit()
    assert _refresh(session, board)
    board = _now(session, board)
    assert board.stale_reason == "age"
    assert board.replacement_id == board.document_id
    assert not _refresh(session, board)
    posting.hang(session, board, board.document_id or 0)
    session.commit()
    assert not _refresh(session, board)
    board = _now(session, board)
    assert board.stale_since is None
    assert board.posted_on == clock.today()
    assert [kind for kind, _name in _inbox(session)] == ["board_stale"]


def test_a_board_never_hung_is_kept_up_to_date_in_silence(session: Session) -> None:
    board = posting.expect(session, boards.issue_board(session, CELL, "a3", ZH, _drawn))
    session.commit()
    _new_telephone(session)
    session.commit()
    _refresh(session, board)
    board = _now(session, board)
    assert board.stale_since is None
    assert board.replacement is not None
    assert board.replacement.issue_no == 2
    assert _inbox(session) == []


def test_an_older_version_hung_leaves_the_board_stale(session: Session) -> None:
    board = _hang(session)
    first = board.document_id
    _new_telephone(session)
    session.commit()
    _refresh(session, board)
    board = _now(session, board)
    second = board.replacement_id
    posting.hang(session, board, first or 0)
    session.commit()
    board = _now(session, board)
    assert (board.document_id, board.replacement_id) == (first, second)
    assert board.stale_since is not None
    posting.hang(session, board, second or 0)
    session.commit()
    board = _now(session, board)
    assert (board.document_id, board.replacement_id, board.stale_since) == (second, None, None)


def test_what_is_hung_late_is_looked_at_again(session: Session, valkey: Redis) -> None:
    board = posting.expect(session, boards.issue_board(session, CELL, "a3", ZH, _drawn))
    session.commit()
    _new_telephone(session)
    session.commit()
    valkey.flushall()  # the job was lost
    posting.hang(session, board, board.replacement_id or 0)
    session.commit()
    assert _now(session, board).stale_since is None
    assert _run_queued(valkey) == 1
    assert _now(session, board).stale_reason == "people"


def test_only_versions_of_the_board_and_days_that_have_come(session: Session) -> None:
    board = _hang(session)
    other = boards.issue_board(session, CELL, "a4", ZH, _drawn)
    session.commit()
    with pytest.raises(RuleError):
        posting.hang(session, board, other.id)
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(RuleError):
        posting.hang(session, board, board.document_id or 0, tomorrow)


def test_without_a_head_the_next_one_above_is_told(session: Session) -> None:
    name = session.scalar(select(User.username).where(User.id.in_(boards_hung.told(session, CELL))))
    assert name == "block03"
    _post(session, "block_head", BLOCK).until = clock.today() - timedelta(days=1)
    session.flush()
    above = boards_hung.told(session, CELL)
    assert above == boards_hung.told(session, CELL[:14])
    assert above != boards_hung.told(session, COMMUNITY)
    assert boards_hung.told(session, COMMUNITY)
    assert boards_hung.told(session, COMMUNITY[:9]) == []


def test_two_at_once_mark_and_tell_once(portal: Flask, session: Session) -> None:
    board = _hang(session)
    board_id = board.id
    _new_telephone(session)
    session.commit()
    done: list[bool] = []

    def meanwhile() -> None:
        with portal.app_context(), acting(SYSTEM):
            done.append(posting.refresh(db.session, board_id, _drawn))
            db.session.commit()

    def draw(record: object, edition: Any, size: str) -> tuple[bytes, int]:
        if not done:
            thread = threading.Thread(target=meanwhile)
            thread.start()
            thread.join(30)
        return _drawn(record, edition, size)

    with pytest.raises(StaleDataError):
        posting.refresh(session, board_id, draw)
    session.rollback()
    assert done == [True]
    assert not _refresh(session, board)
    assert _inbox(session) == [("board_stale", "block03")]
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 2


def test_one_bad_board_does_not_stop_the_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = _hang(session), _hang(session, "4201020029900103002")
    _new_hotline(session)
    session.commit()

    def draw(record: Any, edition: Any, size: str) -> tuple[bytes, int]:
        if record.code == CELL:
            raise OSError("no room on the disk")
        return _drawn(record, edition, size)

    monkeypatch.setattr(jobs, "draw", draw)
    with pytest.raises(jobs.NotAll):
        jobs.review("2026-04-01T03:00:00+08:00")
    assert _now(session, good).stale_since is not None
    assert _now(session, bad).stale_since is None
    monkeypatch.setattr(jobs, "draw", _drawn)
    assert jobs.review("2026-04-02T03:00:00+08:00") == 1  # the night after makes up for it


def test_an_import_marks_and_its_undo_takes_back(
    session: Session, valkey: Redis, tmp_path: Any
) -> None:
    board = _hang(session)
    valkey.flushall()
    worker = _worker(session, "grid_worker")
    file = tmp_path / "workers.csv"
    file.write_text(
        "name,phone,grid_code,public_phone\n"
        f"{worker.name},{worker.phone},{worker.grid_code},027-01005555\n",
        "utf-8",
    )
    dry = run_import(session, KINDS["workers"], file, Options(dry_run=True))
    session.commit()
    assert dry.updated == 1
    assert _run_queued(valkey) == 0
    report = run_import(session, KINDS["workers"], file, Options())
    session.commit()
    assert _run_queued(valkey) == 1
    assert _now(session, board).stale_reason == "people"
    undo_import(session, report.batch or 0)
    session.commit()
    assert _run_queued(valkey) == 1
    assert _now(session, board).stale_since is None
    assert [kind for kind, _name in _inbox(session)] == ["board_stale", "board_current"]


def test_imported_boundaries_mark_the_boards(
    session: Session, valkey: Redis, tmp_path: Any
) -> None:
    board = _hang(session)
    valkey.flushall()
    shape = load_geometry(_grid(session).boundary or "")
    ring = shapely.get_coordinates(shape).tolist()
    middle = shapely.transform(shape, lambda points: _moved(points, tuple(ring[0])))
    feature = {
        "type": "Feature",
        "properties": {"code": CELL},
        "geometry": json.loads(dump_geometry(middle)),
    }
    file = tmp_path / "b.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    report = run_import(session, KINDS["boundaries"], file, Options())
    session.commit()
    assert report.updated == 1
    assert _run_queued(valkey) == 1
    assert _now(session, board).stale_reason == "boundary"


def test_working_days_left(session: Session) -> None:
    board = Board(grid_code=CELL, size="a3", lang=ZH)
    assert posting.workdays_left(session, board) is None
    board.replace_by = posting.deadline(session, clock.today())
    assert posting.workdays_left(session, board) == posting.renewal_days() == 3
    board.replace_by = clock.today() - timedelta(days=2)
    assert posting.workdays_left(session, board) == -2
    # The Qingming holiday of 2026 with its weekend lies in between.
    assert posting.deadline(session, date(2026, 4, 2)) == date(2026, 4, 8)


def test_looking_at_a_board_takes_few_statements(portal: Flask, session: Session) -> None:
    board = _hang(session)
    key = board.id
    with count_statements(portal) as statements:
        posting.refresh(session, key, _drawn)
    assert len(statements) <= 9
