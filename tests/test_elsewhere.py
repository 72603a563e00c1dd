"""Whoever took part in a matter sees it although a post or a grid changed past the session."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import MatterPerson, Post, User, Worker, WorkOrder
from portal.queries.identity import load_identity
from portal.rules.confidential import seen
from portal.rules.imports import KINDS, Options, run_import
from portal.rules.imports.undo import undo_import
from portal.rules.regrid import Merge, Move
from portal.scope import within
from tests.support.matters import id_of, rows_at
from tests.support.regridding import BESIDE, BLOCK, CELL, do, settle_people

OTHER_BLOCK, OTHER_CELL = "4201020029900102", BESIDE
HEAD = "name,number,grid_code,role,since,until\n"
Load = Callable[[str], Any]


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Load:
    """Import posts from a text; the report."""

    def run(rows: str) -> Any:
        file = tmp_path / "posts.csv"
        file.write_text(HEAD + rows, encoding="utf-8")
        report = run_import(session, KINDS["posts"], file, Options(), None)
        session.commit()
        assert not report.failed, report.by_reason
        return report

    return run


def takes_part(session: Session, username: str, code: str) -> int:
    """A matter in ``code`` in which an account took part while it lay in its grids; its order."""
    rows = rows_at(session, code, 1)
    session.add(
        MatterPerson(matter_id=rows["matters"].id, user_id=id_of(session, username), part="handler")
    )
    session.commit()
    return int(rows["work-orders"].id)


def sees(session: Session, username: str, order: int) -> bool:
    """Whether the account sees an order today."""
    session.expire_all()
    user = session.scalars(select(User).where(User.username == username)).one()
    who = load_identity(session, user)
    placed = within(WorkOrder.grid_code, who.prefixes("read", "WorkOrder"))
    found = select(WorkOrder.id).where(WorkOrder.id == order, seen(WorkOrder, who, placed))
    return session.scalar(found) is not None


def post_of(session: Session, username: str) -> tuple[Worker, Post]:
    """The worker of an account, and one of their posts in force."""
    user = id_of(session, username)
    worker = session.scalars(select(Worker).where(Worker.user_id == user)).one()
    post = session.scalars(select(Post).where(Post.worker_id == worker.id)).first()
    assert post is not None
    return worker, post


def test_a_post_ended_by_an_import(session: Session, load: Load) -> None:
    worker, post = post_of(session, "worker01")
    order = takes_part(session, "worker01", CELL)
    assert sees(session, "worker01", order) and marks(session) == [False]
    told = f"{worker.name},{worker.number},{CELL},{post.role},{post.since},{clock.today()}\n"
    assert load(told).updated == 1
    assert marks(session) == [True]
    assert sees(session, "worker01", order)


def marks(session: Session) -> list[bool]:
    """Whether those who take part are known to be elsewhere."""
    session.expire_all()
    return list(session.scalars(select(MatterPerson.outside)))


def test_a_post_that_an_import_gave_and_its_undoing_takes(session: Session, load: Load) -> None:
    worker, _post = post_of(session, "worker01")
    report = load(f"{worker.name},{worker.number},{OTHER_CELL},volunteer,{clock.today()},\n")
    assert report.created == 1
    takes_part(session, "worker01", OTHER_CELL)
    assert marks(session) == [False]
    assert undo_import(session, report.batch).ok
    session.commit()
    assert marks(session) == [True]


def test_a_post_that_an_import_changed_and_its_undoing_restores(
    session: Session, load: Load
) -> None:
    worker, post = post_of(session, "worker01")
    since = post.since
    report = load(f"{worker.name},{worker.number},{CELL},{post.role},{since},{clock.today()}\n")
    assert report.updated == 1
    takes_part(session, "worker01", CELL)
    assert undo_import(session, report.batch).ok
    session.commit()
    assert marks(session) == [True]


def test_a_cell_put_under_another_block(session: Session) -> None:
    order = takes_part(session, "block01", CELL)
    assert CELL.startswith(BLOCK) and sees(session, "block01", order)
    do(session, Move(CELL, OTHER_BLOCK))
    moved = session.get_one(WorkOrder, order)
    assert moved.grid_code.startswith(OTHER_BLOCK)
    assert marks(session) == [True]
    assert sees(session, "block01", order)


def test_a_cell_joined_to_another_one(session: Session) -> None:
    settle_people(session, CELL, [3, 4])
    session.commit()
    order = takes_part(session, "worker01", CELL)
    do(session, Merge((CELL, BESIDE), "合格", "gated", keeps=BESIDE))
    assert session.get_one(WorkOrder, order).grid_code == BESIDE
    assert marks(session) == [True]
