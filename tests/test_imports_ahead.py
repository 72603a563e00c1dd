"""The process that reads a long file ahead: same outcome, nothing left of it, failures told."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import ImportChange, Resident
from portal.models.types import blind_index
from portal.rules.imports import KINDS, Report, engine, reader
from portal.rules.imports.ahead import parts_of
from portal.rules.imports.kind import Kind, Line
from portal.rules.imports.kinds.resident_ready import prepare
from portal.rules.imports.memory import unpacked
from tests.support.homes import CELL, number

WHOLE = KINDS["residents"]
IN_PARTS = replace(WHOLE, at_once=5)
HEAD = "网格编码,楼栋,房号,户号,与户主关系,姓名,证件号码,电话\n"
BAD = {3: "身份证", 9: "", 17: "x"}  # row: what stands where the number should
Load = Callable[..., Report]


def row(each: int) -> str:
    told = BAD.get(each, number(serial=each))
    role = "亲属" if each % 3 else "户主"
    return f"{CELL},{each // 3}栋,101,1,{role},王{each}国强,{told},154000000{each:02}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twenty-two residents, some with a bad number, and a row of totals."""
    file = tmp_path / "residents.csv"
    file.write_text(HEAD + "".join(map(row, range(22))) + "合计,22\n", encoding="utf-8")
    return file


def children() -> list[object]:
    return list(multiprocessing.active_children())


def outcome(session: Session, kind: Kind, file: Path) -> dict[str, object]:
    """What the import reports and what is on record afterwards; taken back."""
    report = engine.run_import(session, kind, file)
    found = session.scalars(select(Resident).where(Resident.name.like("王%")).order_by(Resident.id))
    columns = (
        "name",
        "name_sort",
        "id_number",
        "id_index",
        "id_tail_index",
        "phone",
        "phone_index",
    )
    told = [tuple(getattr(one, name) for name in (*columns, "search_terms")) for one in found]
    changes = session.connection().execute(select(ImportChange.__table__)).mappings()
    remembered = sum(len(unpacked(change)) for change in changes)
    session.rollback()
    kept = {name: value for name, value in report.as_dict().items() if name != "batch"}
    return {"report": kept, "people": told, "changes": remembered}


def test_read_ahead_or_not_the_outcome_is_the_same(session: Session, file: Path) -> None:
    started = []

    def noted(lines: list[Line]) -> None:
        started.append(len(children()))
        prepare(lines)

    at_once = outcome(session, WHOLE, file)
    parts = outcome(session, replace(IN_PARTS, prepare=noted), file)
    assert started == []  # all of it was prepared elsewhere
    assert parts == at_once
    report = at_once["report"]
    assert isinstance(report, dict)
    assert (report["rows"], report["failed"], report["ignored_rows"]) == (22, 2, 1)
    assert children() == []


def test_what_was_sealed_ahead_opens_and_is_found(session: Session, file: Path) -> None:
    engine.run_import(session, IN_PARTS, file)
    last = session.scalars(select(Resident).where(Resident.name == "王21国强")).one()
    session.expire(last)
    assert last.id_number == number(serial=21)
    assert last.phone == "15400000021"
    assert last.id_index == blind_index("residents.id_number", number(serial=21))
    assert last.phone_index == blind_index("residents.phone", "15400000021")
    session.rollback()


def test_a_refusal_of_the_file_comes_from_there_too(
    session: Session, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_ROWS", 12)
    report = engine.run_import(session, IN_PARTS, file)
    assert (report.refused_file, report.detail) == ("too_large", "12")
    assert session.scalar(select(func.count()).select_from(Resident)) == 0
    assert children() == []


def mistaken(lines: list[Line]) -> None:
    raise ValueError(f"cannot take {number(serial=7)}")


def killed(lines: list[Line]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("accident", "told"), [(mistaken, "ValueError: cannot take"), (killed, "was ended")]
)
def test_an_accident_there_fails_the_import_and_nothing_stays(
    session: Session, file: Path, accident: Callable[[list[Line]], None], told: str
) -> None:
    def until_then(lines: list[Line]) -> None:
        prepare(lines)
        if lines[0].number > 6:
            accident(lines)

    with pytest.raises(RuntimeError, match=told) as caught:
        engine.run_import(session, replace(IN_PARTS, prepare=until_then), file)
    assert number(serial=7) not in str(caught.value)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Resident)) == 0
    assert children() == []


def test_who_stops_listening_ends_it(session: Session, file: Path) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) > 3:
            raise InterruptedError

    with reader.opened(file) as sheets:
        table = reader.read_table(sheets, IN_PARTS, {})
        parts = parts_of(IN_PARTS, table, tell)
        with pytest.raises(InterruptedError):
            list(parts)
    assert told[0] == (0, table.total)
    assert children() == []
