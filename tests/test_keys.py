"""Exchanging keys: every value, its history, its files and its indexes, while others write."""

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.cli.doctor import check_sealed
from portal.cli.keys import rotate_command
from portal.extensions import db
from portal.models import AuditEntry, Card, Resident, Setting, Worker
from portal.queries import register as queries
from portal.queries.cards import by_token
from portal.rules import sealedfiles
from portal.rules.imports import KINDS, run_import, undo_import
from portal.rules.keys import columns, rotate
from portal.rules.keys.columns import sealed_columns
from portal.scope import SYSTEM, acting
from tests.support.uploads import checked, csv
from tests.test_register import CELL, HEADER, number

NEW = hashlib.sha256(b"new data key").digest()
NEW_INDEX = hashlib.sha256(b"new index key").digest()
DONE = "nothing is left under an older key"


@contextmanager
def using(app: Flask, **settings: Any) -> Iterator[None]:
    """Other keys or ciphers, as after a restart with other settings."""
    kept = {name: app.config[name] for name in settings}
    app.config.update(settings)
    try:
        yield
    finally:
        app.config.update(kept)


def quiet(_place: str, _done: int, _total: int) -> None:
    """Nobody listens."""


def load(session: Session, folder: Path, rows: str) -> Any:
    """Import residents; the report."""
    file = folder / "residents.csv"
    file.write_text(HEADER + rows, encoding="utf-8")
    report = run_import(session, KINDS["residents"], file)
    session.commit()
    return report


def raw(session: Session, table: str) -> list[Any]:
    """All rows of a table as they are stored."""
    return [
        dict(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()
    ]


def people(session: Session, folder: Path) -> Any:
    """Two residents, one of whom a second import changes; its report."""
    load(session, folder, f"{CELL},3栋,,101,H1,户主,张三,,{number()},,13812345678\n"
         f"{CELL},3栋,,101,H1,子,无证人,男,,2020-02-02,13912345678\n")  # fmt: skip
    return load(session, folder, f"{CELL},3栋,,101,H1,户主,张三,,{number()},,13700001111\n")


@pytest.mark.parametrize("ciphers", [("aes",), ("sm4", "aes")])
def test_everything_is_sealed_anew_and_the_old_key_may_go(
    portal: Flask, session: Session, tmp_path: Path, ciphers: tuple[str, ...]
) -> None:
    second = people(session, tmp_path)
    old = portal.config["PORTAL_DATA_KEYS"]
    before = {table: raw(session, table) for table in ("workers", "residents", "import_changes")}
    entries = session.query(AuditEntry).count()
    with using(portal, PORTAL_DATA_KEYS=[NEW, *old], PORTAL_CIPHER=ciphers):
        assert "run portal keys rotate" in check_sealed(portal)[1]
        result = portal.test_cli_runner().invoke(rotate_command)
        assert result.exit_code == 0, result.output
        assert DONE in result.output
        told = re.search(r"residents.id_number: (\d+) values, (\d+) .*; none left", result.output)
        assert told and told[1] == told[2]
        assert "import_changes.before: 1 values, 1 written anew; none left" in result.output
        again = {tally.place: tally.moved for tally in rotate(session, quiet)}
        assert set(again.values()) == {0}
    session.expire_all()
    for table, rows in before.items():  # nothing else moved: versions, times, indexes
        hidden = {c.name for c in sealed_columns() if c.table == table} | {"before"}
        now = raw(session, table)
        assert [_without(row, hidden) for row in rows] == [_without(row, hidden) for row in now]
    assert session.query(AuditEntry).count() == entries + 2  # one for each run
    with using(portal, PORTAL_DATA_KEYS=[NEW], PORTAL_CIPHER=ciphers):  # the old key is gone
        assert "older keys: run" not in check_sealed(portal)[1]
        assert "does not have" not in check_sealed(portal)[1]
        assert all(session.scalars(select(Worker.phone)))
        assert phones(session) == ["13700001111", "13912345678"]
        assert undo_import(session, second.batch).ok
        session.commit()
        assert phones(session) == ["13812345678", "13912345678"]


def _without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def phones(session: Session) -> list[str | None]:
    session.expire_all()
    return [row.phone for row in newest(session)]


def newest(session: Session) -> list[Resident]:
    """The two people of ``people``."""
    found = session.scalars(select(Resident).order_by(Resident.id.desc()).limit(2))
    return list(found)[::-1]


def test_who_writes_meanwhile_loses_nothing(
    portal: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BATCH", 7)
    ids = session.scalars(select(Worker.id).order_by(Worker.id).limit(60)).all()
    versions = dict(session.execute(select(Worker.id, Worker.version)).all())
    session.commit()
    failures: list[Exception] = []

    def write() -> None:
        with portal.app_context(), acting(SYSTEM):
            try:
                for number in ids:
                    db.session.get_one(Worker, number).phone = f"138{number:08}"
                    db.session.commit()
            except Exception as error:
                failures.append(error)
            db.session.remove()

    keys = [NEW, *portal.config["PORTAL_DATA_KEYS"]]
    with using(portal, PORTAL_DATA_KEYS=keys):
        writer = threading.Thread(target=write)
        writer.start()
        found = rotate(session, quiet)
        writer.join()
        found = rotate(session, quiet)  # nothing of it was lost, nothing is left
    assert not failures
    assert all(tally.ok for tally in found)
    with using(portal, PORTAL_DATA_KEYS=[NEW]):
        session.expire_all()
        rows = {row.id: row for row in session.scalars(select(Worker))}
        assert all(rows[number].phone == f"138{number:08}" for number in ids)
        assert all(row.version == versions[row.id] + (row.id in ids) for row in rows.values())


def test_a_value_that_no_key_opens_is_named_and_the_rest_is_done(
    portal: Flask, session: Session, tmp_path: Path
) -> None:
    people(session, tmp_path)
    row = newest(session)[0].id
    broken = "AQ" + "A" * 60
    session.execute(
        text("UPDATE residents SET phone = :to WHERE id = :id"), {"to": broken, "id": row}
    )
    session.commit()
    with using(portal, PORTAL_DATA_KEYS=[NEW, *portal.config["PORTAL_DATA_KEYS"]]):
        result = portal.test_cli_runner().invoke(rotate_command)
        assert result.exit_code == 1
        assert f"written anew; 1 that no key opens: id {row}" in result.output
        assert "NOT everything" in result.output
        assert broken not in result.output
        assert "does not have" in check_sealed(portal)[1]


def test_a_new_index_key_while_searches_go_on(
    portal: Flask, session: Session, tmp_path: Path
) -> None:
    second = people(session, tmp_path)
    old = portal.config["PORTAL_INDEX_KEYS"]
    token = session.scalars(select(Card.token).limit(1)).one()

    def found(what: str) -> int:
        condition = queries.by_number(queries.sealed(what))
        assert condition is not None
        return len(session.scalars(select(Resident.id).where(condition)).all())

    both = {"PORTAL_INDEX_KEYS": [NEW_INDEX, *old], "PORTAL_CIPHER": ("sm4", "aes")}
    with using(portal, **both):
        assert found(number()) == found("13700001111") == 1 <= found(number()[-4:])
        assert by_token(session, token) is not None
        report = load(session, tmp_path, f"{CELL},3栋,,101,H1,户主,张三,,{number()},,13700001111\n")
        assert (report.unchanged, report.created) == (1, 0)
        report = load(session, tmp_path, f"{CELL},4栋,,1,H1,户主,张三,,{number()},,\n")
        assert report.by_reason == {"duplicate_id": 1}
        assert "rotate --index" in check_sealed(portal)[1]
        result = portal.test_cli_runner().invoke(rotate_command, ["--index"])
        assert result.exit_code == 0, result.output
        assert DONE in result.output
    with using(portal, PORTAL_INDEX_KEYS=[NEW_INDEX], PORTAL_CIPHER=("sm4",)):
        assert "rotate --index" not in check_sealed(portal)[1]
        assert found(number()) == found("13700001111") == 1 <= found(number()[-4:])
        assert by_token(session, token) is not None
        assert undo_import(session, second.batch).ok
        session.commit()
        assert found("13812345678") >= 1


def test_the_same_number_under_two_index_keys_is_named_not_hidden(
    portal: Flask, session: Session, tmp_path: Path
) -> None:
    people(session, tmp_path)
    first, other = newest(session)
    ids = (first.id, other.id)
    with using(portal, PORTAL_INDEX_KEYS=[NEW_INDEX, *portal.config["PORTAL_INDEX_KEYS"]]):
        # As two processes with other settings would have written at the same moment.
        other.id_number = number()
        session.commit()
        result = portal.test_cli_runner().invoke(rotate_command, ["--index"])
        assert result.exit_code == 1
        assert f"the same number twice, end one of each: {ids[0]} and {ids[1]}" in result.output
        assert number() not in result.output


def test_files_with_numbers_lie_sealed_and_follow_the_key(
    portal: Flask, client_as: Any, work: Callable[[], int], place: Any
) -> None:
    shutil.rmtree(place.var / "tasks", ignore_errors=True)  # what other tests left
    client = client_as("clerk1", "en")
    rows = f"{CELL},3栋,,101,H1,户主,张三,,{number()[:-1]}0,,13812345678\n"
    checked(client, work, "residents", csv(HEADER + rows + rows.replace("张三", "李四")))
    (file,) = place.var.glob("tasks/*/upload*")
    assert b"13812345678" not in file.read_bytes()
    with using(portal, PORTAL_DATA_KEYS=[NEW, *portal.config["PORTAL_DATA_KEYS"]]):
        with portal.app_context(), acting(SYSTEM):
            told = {tally.place: tally for tally in rotate(db.session, quiet)}
        assert told["files"].moved == 1
        with using(portal, PORTAL_DATA_KEYS=[NEW]), portal.app_context():
            assert b"13812345678" in sealedfiles.read(file)


def test_an_account_opens_so_many_values_an_hour(portal: Flask, client_as: Any) -> None:
    with portal.app_context(), acting(SYSTEM):
        most = db.session.scalars(select(Setting).where(Setting.key == "reveals.per_hour")).one()
        most.value = "2"
        db.session.commit()
        own = select(Worker).where(Worker.grid_code == CELL, Worker.phone.is_not(None))
        worker = db.session.scalars(own).first()
        assert worker is not None
        key, phone = worker.id, worker.phone or ""
    clerk = client_as("clerk1", "en")
    path = f"/workers/reveal/{key}/phone"
    for _time in range(2):
        assert phone in clerk.submit(path, {"reason": "核对排班电话"}, check=False).text
    page = clerk.submit(path, {"reason": "核对排班电话"})
    assert page.status == 400 and phone not in page.text
    assert "You have opened 2 values" in page.one("#reason-err").get_text()
    assert client_as("station").submit(path, {"reason": "核对"}).status == 400  # too short a reason
    other = client_as("station").submit(path, {"reason": "核对排班电话"}, check=False)
    assert phone in other.text  # each account has its own count
