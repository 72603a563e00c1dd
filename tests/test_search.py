"""Search: characters, pinyin, initials, homes; the index of the terms is kept by every way in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.extensions import db
from portal.models import Building, Dwelling, Household, Resident, Row
from portal.models.search import search_terms, sort_key
from portal.queries.register import by_words
from portal.queries.search import asked_words, in_index, matches, plainly
from portal.rules import register
from portal.rules.imports import KINDS, Options, run_import, undo_import
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient
from tests.support.counting import count_statements

CELL, BESIDE = "4201020029900101001", "4201020029900101002"
HEADER = "网格编码,楼栋,单元,房号,户号,与户主关系,姓名,性别,出生日期\n"
ROWS = (
    f"{CELL},幸福里3栋,1单元,101,H700005,户主,张国强,男,1980-01-01\n"
    f"{CELL},幸福里3栋,1单元,101,H700005,配偶,李小红,女,1981-01-01\n"
    f"{BESIDE},11-2号楼,,1001,H700006,户主,欧阳国强,男,1970-01-01\n"
    f"{BESIDE},11-2号楼,,1001,H700006,子,曾强国,男,2001-01-01\n"
)
TABLES: tuple[type[Row], ...] = (Building, Dwelling, Household, Resident)
# What people may ask, and who is found.
ASKED = {
    "国强": {"张国强", "欧阳国强"},
    "张国": {"张国强"},
    "张 强": {"张国强"},
    "强国": {"曾强国"},
    "zhangg": {"张国强"},
    "ouyang": {"欧阳国强"},
    "GQ": {"张国强", "欧阳国强"},
    "zgq": {"张国强"},
    "zengq": {"曾强国"},
    "cengq": {"曾强国"},
    "3栋1单元101": {"张国强", "李小红"},
    "幸福里3栋": {"张国强", "李小红"},
    "３栋 1单元 张": {"张国强"},
    "H700006": {"欧阳国强", "曾强国"},
    "11-2": {"欧阳国强", "曾强国"},
    "2号楼": {"欧阳国强", "曾强国"},
    "幸福里": set(),
    "1栋": set(),
    "…": set(),
}


@pytest.fixture
def load(session: Session, tmp_path: Path) -> Callable[..., Any]:
    """``load(rows)``: import rows below HEADER and commit; the report."""

    def run(rows: str = ROWS) -> Any:
        file = tmp_path / "residents.csv"
        file.write_text(HEADER + rows, encoding="utf-8")
        report = run_import(session, KINDS["residents"], file, Options())
        session.commit()
        return report

    return run


def found(session: Session, text: str) -> set[str]:
    """Names of the residents that ``text`` finds."""
    return set(session.scalars(select(Resident.name).where(by_words(text))))


def agree(session: Session) -> None:
    """What the index gives is what the rows hold, for the start of every term of every row."""
    for model in TABLES:
        terms = session.scalars(select(model.search_terms)).all()  # type: ignore[attr-defined]
        for word in {term[:2] for row in terms for term in row.split()}:
            plain = session.scalars(select(model.id).where(plainly(model, [word])))
            indexed = session.scalars(select(model.id).where(in_index(model, [word])))
            assert sorted(plain) == sorted(indexed), (model, word)


# terms --------------------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_terms_start_at_every_character_and_read_family_names_as_such() -> None:
    assert search_terms("张国强", people=True).split() == [
        "张国强", "国强", "强", "zhangguoqiang", "guoqiang", "qiang", "zgq", "gq", "q",
    ]  # fmt: skip
    assert {"zengli", "cengli", "zl", "cl"} <= set(search_terms("曾丽", people=True).split())
    assert search_terms("重庆路").split()[3] == "chongqinglu"
    assert search_terms("１１-２Ａ").split() == ["11-2a", "2a"]
    assert search_terms("买买提·艾力", people=True).split()[:5] == [
        "买买提", "买提", "提", "maimaiti", "maiti",
    ]  # fmt: skip
    assert search_terms(None, "", "…") == " "
    # Nobody's address makes the terms grow with its square.
    assert max(map(len, search_terms("幸福里" * 70).split())) == 24
    names = ["曾丽", "张国强", "安娜", "张国", "李 四"]
    assert sorted(names, key=sort_key) == ["安娜", "李 四", "曾丽", "张国", "张国强"]


@pytest.mark.one_engine
@given(st.text(max_size=40))
def test_words_and_terms_hold_nothing_that_a_query_language_reads(text: str) -> None:
    for word in (*asked_words(text), *search_terms(text).split()):
        assert all(sign.isalnum() or sign in "-_" for sign in word), word
        assert len(word) <= 24


# the index ----------------------------------------------------------------------------------------


def test_people_are_found_by_name_and_home(session: Session, load: Any) -> None:
    assert load().failed == 0
    for text, names in ASKED.items():
        assert found(session, text) == names, text
    agree(session)


def test_every_way_in_keeps_the_index(session: Session, load: Any) -> None:
    report = load()
    building = session.scalars(select(Building).where(Building.name == "幸福里3栋")).one()
    building.name = "和平里5栋"
    register.prepare_building(session, building)
    session.flush()
    assert found(session, "5栋1单元101") == {"张国强", "李小红"}
    assert found(session, "3栋1单元101") == set()
    agree(session)

    # Statements that pass no object by.
    table = Resident.__table__
    person = session.scalars(select(Resident).where(Resident.name == "李小红")).one()
    changed = {"name": "李晓虹", "search_terms": search_terms("李晓虹", people=True)}
    run = session.connection().execute
    run(update(table).where(table.c.id == person.id).values(changed))
    assert (found(session, "晓虹"), found(session, "小红")) == ({"李晓虹"}, set())
    row = dict(run(select(table).where(table.c.id == person.id)).mappings().one())
    run(delete(table).where(table.c.id == person.id))
    assert found(session, "lxh") == set()
    row["id"] = 900_001
    run(insert(table), [row])
    assert found(session, "lxh") == {"李晓虹"}
    agree(session)
    session.rollback()

    undo_import(session, report.batch)
    session.commit()
    assert found(session, "国强") == set()
    agree(session)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text("张国强李a1-_'\"*", min_size=1, max_size=6), min_size=1, max_size=6),
    asked=st.text("张国强李azgl1-_'\"* ", min_size=1, max_size=4),
)
def test_the_index_finds_what_the_terms_say(session: Session, names: list[str], asked: str) -> None:
    row = {"grid_code": CELL, "kind": "residential", "version": 1}
    row |= {"created_at": clock.now(), "updated_at": clock.now()}
    terms = {name: search_terms(name) for name in names}
    rows = [row | {"name": name, "search_terms": terms[name]} for name in terms]
    session.execute(insert(Building.__table__), rows)
    words = asked_words(asked)
    wanted = {
        name
        for name in terms
        if words and all(any(t.startswith(w) for t in terms[name].split()) for w in words)
    }
    assert set(session.scalars(select(Building.name).where(matches(Building, asked)))) == wanted
    session.rollback()


# the list -----------------------------------------------------------------------------------------


def test_the_list_searches_in_two_statements_and_shrugs_at_signs(
    portal: Flask, client_as: Callable[..., PageClient], tmp_path: Path
) -> None:
    file = tmp_path / "residents.csv"
    file.write_text(HEADER + ROWS, encoding="utf-8")
    with portal.app_context(), acting(SYSTEM):
        run_import(db.session, KINDS["residents"], file, Options())
        db.session.commit()
    station = client_as("station")
    for text, names in ASKED.items():
        with count_statements(portal) as statements:
            page = station.get(f"/residents/list/?q={text}")
        shown = {cell.get_text(strip=True) for cell in page.soup.select("main tbody tr a")}
        assert names <= shown, text
        assert bool(page.soup.select("main tbody tr")) == bool(names), text
        assert len(statements) - 2 <= 4, statements
    for sign in ("'", '"', "*", "%", "\\", "' & 'a", "NEAR(", '"a" OR "b', "a:*", "-", "^a"):
        for slug in ("residents", "households", "dwellings", "buildings", "grids"):
            path = f"/{slug}/list/"
            assert station.raw.get(path, query_string={"q": sign}).status_code == 200, sign
