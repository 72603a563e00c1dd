"""Rows of residents that look like somebody on record: proposed, decided, never guessed."""

import csv as csv_module
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portal import scope
from portal.cli.imports import import_command
from portal.extensions import db
from portal.models import Resident, Task, User
from portal.queries.identity import load_identity
from portal.rules import idnumbers
from portal.rules.imports import KINDS, Options, Report, run_import, undo_import
from portal.rules.imports.decisions import OTHER, REFUSE, SAME, Decision, Decisions, decided
from portal.rules.imports.work import raw_table
from tests.support.client import Page, PageClient
from tests.support.uploads import CELL_1, CELL_2, checked, csv, imported, tiles

HEADER = "网格编码,楼栋,房号,与户主关系,姓名,证件号码,出生日期,职业\n"


def number(serial: int, born: str = "19800101") -> str:
    body = f"420102{born}{serial:03}"
    return body + idnumbers.check_character(body)


ZHANG = f"{CELL_1},1栋,101,户主,张三,{number(1)},,教师\n"
BABY = f"{CELL_1},1栋,101,子,张小宝,,2024-05-01,\n"
UNDATED = f"{CELL_1},1栋,101,其他亲属,李无期,,,\n"
THERE = ZHANG + BABY + UNDATED
# The same people: in another home with another number; with a number at last; with a birthday.
ZHANG_AGAIN = f"{CELL_1},2栋,201,户主,张三,{number(2)},,医生\n"
BABY_NUMBERED = f"{CELL_1},1栋,101,子,张小宝,{number(3, '20240501')},,\n"
DATED = f"{CELL_1},1栋,101,其他亲属,李无期,{number(4, '19500203')},,退休\n"
AGAIN = ZHANG_AGAIN + BABY_NUMBERED + DATED
BY_DEFAULT = Options().matches
Load = Callable[..., Report]
Client = Callable[..., PageClient]


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Load:
    """``load(rows, decisions, **options)``: import rows below HEADER and commit; the report."""

    def run(rows: str, matches: Decisions = BY_DEFAULT, **options: Any) -> Report:
        file = tmp_path / "residents.csv"
        file.write_text(HEADER + rows, encoding="utf-8")
        report = run_import(session, KINDS["residents"], file, Options(matches=matches, **options))
        session.commit()
        return report

    return run


def named(session: Session, name: str) -> list[Resident]:
    """Who is called so, in the order of their records."""
    session.expire_all()
    return list(session.scalars(select(Resident).where(Resident.name == name).order_by("id")))


def dump(session: Session) -> list[tuple[Any, ...]]:
    table = raw_table(Resident)
    columns = [c for c in table.columns if c.name not in ("version", "updated_at")]
    return [tuple(row) for row in session.execute(select(*columns).order_by(table.c.id))]


# rules --------------------------------------------------------------------------------------------


def test_without_a_decision_the_command_adds_them_and_counts(session: Session, load: Load) -> None:
    told = load(THERE).as_dict()
    assert told["created"] == 3 and "proposed" not in told
    told = load(AGAIN).as_dict()
    assert (told["created"], told["failed"], told["proposed"]) == (3, 0, 3)
    again = load(THERE + AGAIN).as_dict()  # everybody is found by number: nothing to propose
    assert again["unchanged"] == 6 and "proposed" not in again


def test_undecided_rows_are_not_imported(session: Session, load: Load) -> None:
    load(THERE)
    was = dump(session)
    report = load(AGAIN, Decisions())
    assert report.by_reason == {"match_undecided": 3} and report.imported == 0
    assert dump(session) == was
    assert [line.number for line in report.rejected] == [2, 3, 4]


def test_the_same_person_is_updated_where_they_live_and_undo_restores(
    session: Session, load: Load
) -> None:
    load(THERE)
    was = dump(session)
    before = {name: named(session, name)[0].id for name in ("张三", "张小宝", "李无期")}
    report = load(AGAIN, Decisions(SAME))
    assert (report.updated, report.created, report.failed) == (3, 0, 0)
    (zhang,), (baby,), (dated,) = (named(session, name) for name in before)
    assert [zhang.id, baby.id, dated.id] == list(before.values())
    # A move is an event with a date: the household stays, and so does the place in it.
    assert (zhang.id_number, zhang.occupation) == (number(2), "医生")
    assert zhang.household_id == baby.household_id and zhang.relation_to_head == "head"
    assert (baby.id_type, baby.id_number) == ("resident_id", number(3, "20240501"))
    assert str(dated.birth_date) == "1950-02-03" and dated.sex == "female"
    assert load(BABY_NUMBERED).unchanged == 1  # found by the number it has now
    assert report.batch is not None
    session.rollback()
    undone = undo_import(session, report.batch)
    assert undone.ok, undone.refused
    session.commit()
    assert dump(session) == was


def test_a_number_on_record_is_not_lost_to_a_row_without_one(session: Session, load: Load) -> None:
    load(THERE)
    report = load(f"{CELL_1},2栋,201,,张三,,1980-01-01,司机\n", Decisions(SAME))
    assert report.updated == 1
    (zhang,) = named(session, "张三")
    assert (zhang.id_type, zhang.id_number, zhang.occupation) == ("resident_id", number(1), "司机")


def test_decided_row_by_row_and_refused_where_the_record_changed(
    session: Session, load: Load
) -> None:
    load(THERE)
    check = load(AGAIN, Decisions(), dry_run=True)
    assert check.matches is not None
    told = json.loads(json.dumps(check.matches.as_dict()))
    assert [one["row"] for one in told["rows"]] == [2, 3, 4]
    assert number(1) not in str(told) and number(2) not in str(told)
    assert [one["records"][0]["replaces"] for one in told["rows"]] == [True, False, False]
    zhang, baby = named(session, "张三")[0], named(session, "张小宝")[0]
    chosen = {2: "other", 3: f"same{baby.id}", 4: "refuse"}
    decisions = decided(told, "nonsense", chosen)
    assert decisions.all == REFUSE and decisions.rows[3].record == baby.id
    with scope.acting(scope.SYSTEM):
        baby.occupation = "学生"
        session.commit()
    report = load(AGAIN, decisions)
    assert report.by_reason == {"match_changed": 1, "left_out": 1} and report.created == 1
    assert [one.id_number for one in named(session, "张三")] == [zhang.id_number, number(2)]
    # Now row 2 is on record by its number: what was decided of it is not true any more.
    assert load(ZHANG_AGAIN, decisions).by_reason == {"match_changed": 1}
    # Nobody can choose a record that was not proposed.
    assert decided(told, SAME, {3: f"same{zhang.id}"}).rows == {}


def test_for_all_holds_for_what_the_check_has_seen(session: Session, load: Load) -> None:
    load(THERE)
    check = load(AGAIN, Decisions(), dry_run=True)
    assert check.matches is not None
    every = decided(check.matches.as_dict(), SAME, {})
    assert every.seen_at is not None
    early = replace(every, seen_at=every.seen_at - timedelta(days=1))
    assert load(AGAIN, early).by_reason == {"match_changed": 3}
    load(ZHANG_AGAIN, Decisions(OTHER))  # now two people of this name and birthday
    third = f"{CELL_1},3栋,301,户主,张三,{number(5)},,\n"
    assert load(third, Decisions(SAME)).by_reason == {"match_ambiguous": 1}
    one = named(session, "张三")[1]
    seen = ",".join(f"{row.id}:{row.version}" for row in named(session, "张三"))
    report = load(third, Decisions(rows={2: Decision(SAME, seen, one.id)}))
    assert report.updated == 1 and named(session, "张三")[1].id_number == number(5)


def test_those_who_left_and_those_outside_are_not_looked_at(
    session: Session, load: Load, portal: Flask
) -> None:
    outside = ZHANG.replace(CELL_1, CELL_2)
    load(outside + BABY)
    with scope.acting(scope.SYSTEM):
        named(session, "张小宝")[0].moved_out_on = date(2025, 1, 1)
        session.commit()
    clerk = session.scalars(select(User).where(User.username == "clerk1")).one()
    with scope.acting(load_identity(session, clerk)):
        report = load(ZHANG_AGAIN + BABY_NUMBERED, Decisions(), dry_run=True)
    assert report.proposed == 0 and report.failed == 0 and report.created == 2


def test_looking_costs_one_query_more_or_none(session: Session, load: Load) -> None:
    """None where everybody is on record by number; however many rows, two where somebody is not."""

    def asked(rows: str) -> int:
        seen: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_more: Any) -> None:
            if "FROM residents" in statement and "birth_date" in statement:
                seen.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        load(rows, Decisions(), dry_run=True)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(seen)

    load(THERE + AGAIN.replace(CELL_1, CELL_2))
    known = asked(ZHANG)
    assert asked(AGAIN.replace(CELL_1, CELL_2)) == known
    few = asked(ZHANG + BABY_NUMBERED.replace(number(3, "20240501"), number(7, "20240501")))
    many = ZHANG + "".join(
        f"{CELL_1},1栋,101,子,张小宝,{number(serial, '20240501')},,\n" for serial in range(10, 60)
    )
    assert few == asked(many) == known + 2


def test_the_command_decides_for_all(portal: Flask, session: Session, tmp_path: Path) -> None:
    stand(portal, tmp_path)
    file, told = tmp_path / "again.csv", tmp_path / "r.json"
    file.write_text(HEADER + AGAIN, encoding="utf-8")
    words = [str(file), "--matches", "refuse", "--report", str(told)]
    run = portal.test_cli_runner().invoke(import_command, ["residents", *words])
    assert run.exit_code == 1 and "proposed: 3" in run.output
    report = json.loads(told.read_text())
    assert (report["proposed"], report["by_reason"]) == (3, {"match_undecided": 3})
    words = ["residents", str(file), "--matches", "same"]
    run = portal.test_cli_runner().invoke(import_command, words)
    assert run.exit_code == 0 and "updated 3" in run.output


# pages --------------------------------------------------------------------------------------------


def stand(portal: Flask, tmp_path: Path, rows: str = THERE) -> None:
    """People on record."""
    file = tmp_path / "there.csv"
    file.write_text(HEADER + rows, encoding="utf-8")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert run_import(db.session, KINDS["residents"], file).failed == 0
        db.session.commit()


def decide(client: PageClient, work: Any, page: Page, choices: dict[str, str]) -> Page:
    """Import as decided; the report."""
    path = f"/imports/confirm/{page.path.rsplit('/', 1)[1]}"
    answer = client.post(path, {**page.form(path), **choices})
    work()
    return client.get(answer.location, follow_redirects=True)


def count(portal: Flask, name: str) -> int:
    with portal.app_context():
        found = select(func.count()).select_from(Resident).where(Resident.name == name)
        return db.session.scalar(found) or 0


def test_the_check_proposes_and_the_import_follows(
    portal: Flask, client_as: Client, work: Any, tmp_path: Path
) -> None:
    stand(portal, tmp_path)
    client = client_as("clerk1", "en")
    page = checked(client, work, "residents", csv(HEADER + AGAIN))
    assert tiles(page) == ["0", "0", "0", "0", "3"]
    rows = page.soup.select(".decide tbody tr")
    assert [row.th.get_text() for row in rows] == ["Row 2", "Row 3", "Row 4"]
    first = rows[0].get_text(" ")
    assert "The number on record would be replaced" in first and CELL_1 in first
    assert all(number(serial) not in page.text for serial in (1, 2))
    assert "would be replaced" not in rows[1].get_text() and "temporary" in rows[1].get_text()
    (link,) = rows[0].select("a")
    assert client.get(link["href"]).status == 200
    same = rows[1].select("input[value^=same]")[0]["value"]
    report = decide(client, work, page, {"m2": "other", "m3": same})
    assert "Looks like somebody on record, and nobody said" in report.text
    assert (count(portal, "张三"), count(portal, "张小宝"), count(portal, "李无期")) == (2, 1, 1)
    body = client.get(report.links(".head a[href$='/result']")[0]).body.decode("utf-8-sig")
    refused = list(csv_module.reader(io.StringIO(body)))
    assert [row[4] for row in refused[1:]] == ["李无期"]
    with portal.app_context():
        params = db.session.scalars(select(Task.params).where(Task.kind == "import")).one()
    assert "张" not in params.replace("名单", "") and number(3, "20240501") not in params


@pytest.mark.one_engine
def test_untouched_nothing_is_guessed_and_for_all_decides(
    portal: Flask, client_as: Client, work: Any, tmp_path: Path
) -> None:
    stand(portal, tmp_path)
    client = client_as("clerk1")
    page = checked(client, work, "residents", csv(HEADER + AGAIN))
    report = imported(client, work, page)
    assert [count(portal, name) for name in ("张三", "张小宝", "李无期")] == [1, 1, 1]
    body = client.get(report.links(".head a[href$='/result']")[0]).body.decode("utf-8-sig")
    page = checked(client, work, "residents", csv(body.replace("\r", "")))
    decide(client, work, page, {"every": "same", "m4": "other"})
    assert [count(portal, name) for name in ("张三", "张小宝", "李无期")] == [1, 1, 2]


@pytest.mark.one_engine
def test_nobody_outside_is_hinted_at(
    portal: Flask, client_as: Client, work: Any, tmp_path: Path
) -> None:
    stand(portal, tmp_path, THERE.replace(CELL_1, CELL_2))
    page = checked(client_as("clerk1", "en"), work, "residents", csv(HEADER + AGAIN))
    assert tiles(page) == ["3", "0", "0", "0"]
    assert not page.soup.select(".decide") and CELL_2 not in page.text
    page = checked(client_as("station", "en"), work, "residents", csv(HEADER + ZHANG_AGAIN))
    assert CELL_2 in page.one(".decide").get_text()


@pytest.mark.one_engine
def test_more_than_the_page_shows_follow_what_is_chosen_for_all(
    portal: Flask, client_as: Client, work: Any, tmp_path: Path
) -> None:
    people = [
        f"{CELL_1},1栋,101,子,张多,,{1950 + n // 12}-{n % 12 + 1:02}-01,\n" for n in range(203)
    ]
    stand(portal, tmp_path, "".join(people))
    again = "".join(people).replace("1栋", "2栋")
    client = client_as("clerk1", "en")
    page = checked(client, work, "residents", csv(HEADER + again))
    assert tiles(page)[-1] == "203" and len(page.soup.select(".decide tbody tr")) == 200
    assert "3 more rows are not listed here" in page.text
    decide(client, work, page, {"every": "other", "m2": "refuse"})
    assert count(portal, "张多") == 203 + 202
