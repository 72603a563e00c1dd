"""The engine itself, with kinds made for the test on real tables."""

import sys
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from portal.models import Grid, Regulation, Team
from portal.rules.imports import Options, cells, run_import, undo_import, writer
from portal.rules.imports.kind import Column, Kind
from tests.support.counting import count_statements

CELL = "4201020029900101001"


def plan_teams(work, lines):
    """Two tables: a grid's team, and a regulation that only the first row of each code needs."""
    made = {}
    for line in lines:
        if not work.may_write(line, Team, line["grid_code"]):
            continue
        code = line["code"]
        if code in made:
            work.join(line, made[code], {"title": line["title"] or code})
        elif code:
            values = {"code": code, "title": line["title"] or code, "text": code}
            made[code] = work.put(line, Regulation, values, code, side=True)
        if not line.failed:
            values = {"grid_code": line["grid_code"], "kind": line["kind"], "name": line["name"]}
            work.put(line, Team, values, line["name"])


TEAMS = Kind(
    "teams",
    (
        Column("name", "名称", cells.text(80), "name_missing"),
        Column("kind", "种类", cells.text(12), "kind_missing"),
        Column("grid_code", "网格编码", cells.code(r"\d+"), "grid_missing"),
        Column("code", "制度", cells.text(12)),
        Column("title", "标题", cells.text(80)),
    ),
    Team,
    (Regulation, Team),
    plan_teams,
)


@pytest.fixture
def load(session, tmp_path):
    """``load(text, **options)``: import teams and commit; the report."""

    def run(content, **options):
        file = tmp_path / "teams.csv"
        file.write_text("name,kind,grid_code,code,title\n" + content, encoding="utf-8")
        report = run_import(session, TEAMS, file, Options(**options))
        session.commit()
        return report

    return run


def counts(session):
    """How many teams and regulations there are."""
    return tuple(
        session.scalar(select(func.count()).select_from(model)) for model in (Team, Regulation)
    )


@pytest.mark.parametrize("worth_it", [100, 1])  # rows sent aside on PostgreSQL from there on
def test_a_row_the_database_refuses_is_rejected_alone(session, load, monkeypatch, worth_it):
    monkeypatch.setattr(writer, "WORTH_IT", worth_it)
    teams, regulations = counts(session)
    report = load(
        f"甲,patrol,{CELL},,\n"
        f"乙,circus,{CELL},,\n"  # no such kind: only the CHECK knows
        f"丙,patrol,4201020029909999999,,\n"  # no such grid: only the foreign key knows
        f"丁,patrol,{CELL},,\n"
    )
    assert report.by_reason == {"refused_by_database": 2}
    assert (report.created, report.failed) == (2, 2)
    assert [error["row"] for error in report.errors] == [3, 4]
    assert counts(session) == (teams + 2, regulations)
    assert undo_import(session, report.batch).removed == 2


def test_a_record_several_rows_share_is_made_once(session, load):
    teams, regulations = counts(session)
    report = load(f"甲,patrol,{CELL},Z1,规矩\n乙,patrol,{CELL},Z1,规矩\n丙,patrol,{CELL},Z1,别的\n")
    assert report.by_reason == {"conflicting_rows": 1}
    assert report.also_created == {"regulations": 1}
    assert counts(session) == (teams + 2, regulations + 1)


def test_a_record_of_rejected_rows_only_is_not_made(session, load):
    before = counts(session)
    report = load("甲,patrol,x,Z1,规矩\n")
    assert report.by_reason == {"bad_code": 1}
    assert counts(session) == before


def test_mended_values_of_rejected_rows_do_not_count(load):
    report = load(f" 甲 ,patrol,{CELL},,\n 乙 ,patrol,x,,\n")
    assert report.mended == {"blank": 1}


def test_the_caller_decides_whether_anything_stays(session, load, tmp_path):
    before = counts(session)
    file = tmp_path / "teams.csv"
    file.write_text(f"name,kind,grid_code\n甲,patrol,{CELL}\n", encoding="utf-8")
    assert run_import(session, TEAMS, file).created == 1
    session.rollback()
    assert counts(session) == before


@contextmanager
def counted_calls():
    """Counts the calls of Python functions in this block: work, whatever else the machine does."""
    found = Counter()

    def note(_frame, event, _arg):
        found[event] += 1

    kept = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(kept)


def test_the_cost_of_a_row_does_not_grow_with_the_file(portal, session, load):
    def work(rows):
        content = "".join(f"{rows}-{number},patrol,{CELL},,\n" for number in range(rows))
        with count_statements(portal) as statements, counted_calls() as calls:
            assert load(content, dry_run=True).created == rows
        # A question after many keys is one statement, but a long one.
        return len(statements), sum(map(len, statements)), calls.total()

    work(100)
    for first, twice, eight in zip(work(500), work(1000), work(4000), strict=True):
        # What is left when the file's own share is taken off: six times the rows, six times that.
        assert eight - twice <= 6.6 * (twice - first) + twice / 2, (first, twice, eight)
    assert session.scalar(select(func.count()).select_from(Grid))
