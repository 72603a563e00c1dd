"""Taking a batch back: all of it, or nothing and the reason by name."""

import json

import pytest
from sqlalchemy import func, select, text

from portal.errors import RuleError
from portal.models import AuditEntry, Grid, ImportBatch, ImportChange, Post, Team, Worker
from portal.rules.imports import KINDS, Options, run_import, undo_import
from portal.rules.imports.memory import unpacked

CELL = "4201020029900101001"
BLOCK = "4201020029900109"


@pytest.fixture
def load(session, tmp_path):
    """``load(kind, text)``: import a CSV text and commit; the report."""

    def run(kind, content):
        file = tmp_path / f"{kind}.csv"
        file.write_text(content, encoding="utf-8")
        report = run_import(session, KINDS[kind], file, Options())
        session.commit()
        return report

    return run


def undo(session, batch):
    """Undo and commit."""
    report = undo_import(session, batch)
    session.commit()
    return report


def rows_of(session, table):
    """A table as it is stored, without what every write changes."""
    found = session.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()
    left_out = ("version", "updated_at")
    return [{k: v for k, v in row.items() if k not in left_out} for row in found]


def test_rows_return_to_what_they_were_encrypted_ones_too(session, load):
    before = rows_of(session, "workers"), rows_of(session, "posts")
    worker = session.scalars(select(Worker).where(Worker.phone.is_not(None))).first()
    raw = rows_of(session, "workers")[0]["phone"]
    report = load(
        "workers",
        "name,phone,grid_code,public_phone,role,public\n"
        f"{worker.name},{worker.phone},{worker.grid_code},12345,,否\n"
        f"秦岭,13900000001,{CELL},,volunteer,是\n",
    )
    assert (report.created, report.updated) == (1, 1)
    undone = undo(session, report.batch)
    assert (undone.removed, undone.restored) == (2, 1)
    assert (rows_of(session, "workers"), rows_of(session, "posts")) == before
    assert rows_of(session, "workers")[0]["phone"] == raw
    actions = session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.table_name.in_(("workers", "posts")))
        .order_by(AuditEntry.id.desc())
        .limit(3)
    )
    assert sorted(actions) == ["delete", "delete", "update"]


def test_the_phone_of_a_before_image_is_restored_from_its_encrypted_text(session, load):
    load("workers", f"name,phone,grid_code\n秦岭,,{CELL}\n")
    report = load("workers", f"name,phone,grid_code\n秦岭,13900000001,{CELL}\n")
    worker = session.scalar(select(Worker).where(Worker.name == "秦岭"))
    assert worker.phone == "13900000001"
    undo(session, report.batch)
    assert (worker.phone, worker.phone_index) == (None, None)


def test_a_batch_is_undone_once(session, load):
    batch = load("grids", f"code,name\n{BLOCK},九格\n").batch
    assert undo(session, batch).removed == 1
    assert session.get(ImportBatch, batch).undone_at is not None
    with pytest.raises(RuleError):
        undo_import(session, batch)
    session.rollback()
    with pytest.raises(RuleError):
        undo_import(session, 10**6)


def test_a_row_changed_since_stops_everything_by_name(session, load):
    batch = load("grids", f"code,name\n{BLOCK},九格\n{BLOCK}001,一格\n").batch
    grid = session.scalar(select(Grid).where(Grid.code == f"{BLOCK}001"))
    grid.note = "seen"
    session.commit()
    undone = undo(session, batch)
    assert undone.refused == [
        {"label": f"一格 {BLOCK}001", "reason": "changed_since", "detail": ""}
    ]
    assert session.scalar(select(func.count()).where(Grid.code.startswith(BLOCK))) == 2
    assert session.get(ImportBatch, batch).undone_at is None
    grid.note = None
    session.commit()
    assert undo(session, batch).refused  # a row that was touched stays touched


@pytest.mark.parametrize("referring", ["child", "post", "team"])
def test_a_row_others_refer_to_stops_everything_by_name(session, load, referring):
    batch = load("grids", f"code,name\n{BLOCK},九格\n").batch
    people = load("workers", f"name,grid_code\n秦岭,{CELL}\n").batch
    worker = session.scalar(select(Worker).where(Worker.name == "秦岭"))
    if referring == "child":
        load("grids", f"code,name\n{BLOCK}001,一格\n")
        expected = (batch, f"九格 {BLOCK}", "grids")
    elif referring == "post":
        load("posts", f"name,grid_code,role\n秦岭,{CELL},volunteer\n")
        expected = (people, "秦岭", "posts")
    else:
        team = Team(kind="patrol", name="夜巡", grid_code=CELL, members=[worker])
        session.add(team)
        session.commit()
        expected = (people, "秦岭", "team_members")
    batch, label, table = expected
    undone = undo(session, batch)
    assert undone.refused == [{"label": label, "reason": "referred_to", "detail": table}]
    assert session.get(ImportBatch, batch).undone_at is None


def test_batches_are_undone_last_first(session, load):
    first = load("grids", f"code,name\n{BLOCK},九格\n").batch
    second = load("grids", f"code,name\n{BLOCK},玖格\n{BLOCK}001,一格\n").batch
    assert {entry["reason"] for entry in undo(session, first).refused} == {
        "changed_since",
        "referred_to",
    }
    assert undo(session, second).refused == []
    assert session.scalar(select(Grid.name).where(Grid.code == BLOCK)) == "九格"
    assert undo(session, first).removed == 1


def test_new_rows_are_remembered_together_and_taken_back_one_by_one(session, load):
    codes = [f"{BLOCK}{number:03}" for number in range(1, 6)]
    rows = "".join(f"{code},{code[-1]}格\n" for code in codes)
    first = load("grids", f"code,name\n{BLOCK},九格\n{rows}").batch
    kept = session.scalars(select(ImportChange).where(ImportChange.batch_id == first)).all()
    names = [label for change in kept for _key, label, _version in unpacked(vars(change))]
    assert len(kept) == 1 and len(names) == 6
    second = load("grids", f"code,name\n{codes[2]},丙格\n{codes[4]},戊格\n").batch
    changed = undo(session, first).refused
    assert [entry["reason"] for entry in changed] == ["changed_since"] * 2
    assert undo(session, second).restored == 2
    # Each of the two has another version now, which the first batch knows of.
    assert undo(session, first).removed == 6
    assert session.scalar(select(Grid.id).where(Grid.code.startswith(BLOCK))) is None


def test_a_row_deleted_by_hand_does_not_keep_the_rest(session, load):
    batch = load("grids", f"code,name\n{BLOCK},九格\n{BLOCK}001,一格\n").batch
    grid = session.scalar(select(Grid).where(Grid.code == f"{BLOCK}001"))
    session.delete(grid)
    session.commit()
    # SQLite gives the key of a deleted last row to the next one: that one is not the batch's.
    load("grids", f"code,name\n{'4201020029900108'},八格\n")
    undone = undo(session, batch)
    assert (undone.removed, undone.already_gone) == (1, 1)
    assert session.scalar(select(Grid.name).where(Grid.code == "4201020029900108")) == "八格"


def test_an_updated_row_deleted_since_stops_everything(session, load):
    load("workers", f"name,grid_code\n秦岭,{CELL}\n")
    batch = load("workers", f"name,grid_code,origin\n秦岭,{CELL},志愿者\n").batch
    session.delete(session.scalar(select(Worker).where(Worker.name == "秦岭")))
    session.commit()
    assert [entry["reason"] for entry in undo(session, batch).refused] == ["deleted_since"]


def test_a_batch_that_changed_nothing_is_undone_too(session, load):
    batch = load("duties", "code,title,group,role,frequency\n").batch
    undone = undo(session, batch)
    assert (undone.removed, undone.restored, undone.ok) == (0, 0, True)


def test_the_report_is_kept_with_the_batch(session, load):
    batch = load("grids", f"code,name\n{BLOCK},九格\n{BLOCK}001,\n").batch
    row = session.get(ImportBatch, batch)
    assert (row.rows, row.created, row.failed) == (2, 1, 1)
    assert json.loads(row.report)["by_reason"] == {"name_missing": 1}
    assert session.scalar(select(func.count()).select_from(Post)) == 277
