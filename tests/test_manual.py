"""The work manual: what its record holds, when there is a new issue, and what must not be in it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.documents import manual as drawing
from portal.documents import registry
from portal.documents.manual_text import read_csv
from portal.errors import OutOfScope, RuleError
from portal.models import Duty, Grid, Hotline, IssuedDocument, Post, Regulation, Worker
from portal.queries.board_record import Edition
from portal.queries.manual_record import ManualRecord
from portal.rules.manual import content_hash, load_manual, missing, touching
from tests.support.counting import count_statements
from tests.support.pdf import squeezed, text_of

COMMUNITY = "420102002990"
AREA = "42010200299001"
CELL = "4201020029900103003"
ZH = "zh_Hans_CN"
PRIVATE = "154"  # the demo's private numbers begin with it


def _edition(record: ManualRecord, number: int = 1) -> Edition:
    return Edition(f"SC-{record.code}-A4-{number:03d}", number, date(2026, 4, 1))


def _html(record: ManualRecord) -> str:
    return drawing.manual_html(record, _edition(record))


def _text(record: ManualRecord) -> str:
    html = _html(record)
    anchors = {"part-" + part: 1 for part in _anchors(html)}
    return squeezed(text_of(html, anchors))


def _anchors(html: str) -> list[str]:
    return [piece.partition('"')[0] for piece in html.split('id="part-')[1:]]


def test_an_unknown_grid_has_no_manual(session: Session) -> None:
    for code in ("4201020029909999999", "420102"):
        with pytest.raises(OutOfScope):
            load_manual(session, code, ZH)


def test_a_post_belongs_to_the_level_of_the_grid(session: Session) -> None:
    assert load_manual(session, CELL, ZH, "grid_worker").holders
    assert load_manual(session, AREA, ZH, "area_head").edition == "post"
    for code, role in ((CELL, "area_head"), (COMMUNITY, "grid_worker"), (CELL, "nobody")):
        with pytest.raises(RuleError, match="grid_leader|area_head|group_head"):
            load_manual(session, code, ZH, role)


def test_a_record_takes_the_same_statements_for_a_cell_and_a_community(
    session: Session, app: Flask
) -> None:
    counts = []
    for code in (CELL, COMMUNITY):
        load_manual(session, code, ZH)  # what a process does once is not counted
        session.expire_all()
        with count_statements(app) as statements:
            load_manual(session, code, ZH)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


def test_a_grid_names_its_branch_and_the_public_heads_beside_it(session: Session) -> None:
    record = load_manual(session, CELL, ZH)
    near = {grid.code for grid, _direction, _metres in touching(record)}
    assert near
    places = {person.grid_code for person in record.people}
    branch = {CELL[:length] for length in (12, 14, 16, 19)}
    others = places - branch
    assert near <= others
    heads = {person.role for person in record.people if person.grid_code in others}
    assert heads == {"cell_head"}
    whole = {person.role for person in load_manual(session, COMMUNITY, ZH).people}
    assert "volunteer" not in whole
    assert {"group_head", "area_head", "grid_worker", "patrol"} <= whole


def test_only_telephones_that_may_be_shown_are_printed(session: Session) -> None:
    record = load_manual(session, COMMUNITY, ZH)
    assert any(person.phone for person in record.people)
    assert not any(person.phone.startswith(PRIVATE) for person in record.people)
    assert PRIVATE + "0" not in _text(record)
    worker = session.scalar(
        select(Worker).join(Post).where(Post.grid_code == CELL, Post.role == "grid_worker")
    )
    assert worker is not None
    number = worker.public_phone
    assert number
    worker.public_consent_on = worker.portrait = None
    session.flush()
    after = load_manual(session, CELL, ZH)
    assert number not in {person.phone for person in after.people}


@pytest.mark.parametrize(
    ("model", "words"),
    [(Grid, "边界|boundary"), (Duty, "portal init"), (Regulation, "init"), (Hotline, "init")],
)
def test_what_a_manual_lacks_is_named(session: Session, model: Any, words: str) -> None:
    if model is Grid:
        grid = session.get(Grid, _id(session, CELL))
        assert grid is not None
        grid.boundary = None
    else:
        for row in session.scalars(select(model)):
            session.delete(row)
    session.flush()
    session.expire_all()
    with pytest.raises(RuleError, match=words):
        load_manual(session, CELL, ZH)


def _id(session: Session, code: str) -> int:
    found = session.scalar(select(Grid.id).where(Grid.code == code))
    assert found is not None
    return found


def test_a_complete_record_lacks_nothing(session: Session) -> None:
    assert missing(load_manual(session, CELL, ZH)) == []


def test_a_new_holder_makes_a_new_issue_and_a_far_boundary_does_not(session: Session) -> None:
    record = load_manual(session, CELL, ZH, "grid_worker")
    digest = content_hash(record)
    assert digest == content_hash(load_manual(session, CELL, ZH, "grid_worker"))
    near = {grid.code for grid, _direction, _metres in touching(record)}
    cells = [g.code for g in record.grids if g.level == "cell" and g.code not in {*near, CELL}]
    far = session.get(Grid, _id(session, cells[-1]))
    beside = session.get(Grid, _id(session, min(near)))
    assert far is not None and beside is not None
    kept = beside.boundary
    far.boundary = None
    session.flush()
    assert content_hash(load_manual(session, CELL, ZH, "grid_worker")) == digest
    beside.boundary = None
    session.flush()
    assert content_hash(load_manual(session, CELL, ZH, "grid_worker")) != digest
    beside.boundary = kept
    post = session.scalar(
        select(Post).where(Post.grid_code == CELL, Post.role == "grid_worker", Post.until.is_(None))
    )
    assert post is not None
    post.until = clock.today() - timedelta(days=1)
    session.flush()
    changed = load_manual(session, CELL, ZH, "grid_worker")
    assert changed.holders == ()
    assert content_hash(changed) != digest


def _drawn(_record: object, edition: Any, _size: str) -> tuple[bytes, int]:
    return f"%PDF-1.7 {edition.number}".encode(), 1


def test_earlier_issues_are_told_and_change_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(registry.DRAWINGS["work-manual"], render=_drawn)
    monkeypatch.setitem(registry.DRAWINGS, "work-manual", quick)

    def issue(role: str = "") -> IssuedDocument:
        return registry.issue(session, "work-manual", CELL, "a4", ZH, role)

    first, again, other = issue(), issue(), issue("grid_worker")
    assert first.id == again.id != other.id
    assert (first.number, other.number) == (
        f"SC-{CELL}-A4-001",
        f"SC-{CELL}-GRIDWORKER-A4-001",
    )
    duty = session.scalar(select(Duty).where(Duty.code == "D101"))
    assert duty is not None
    duty.title = "上门走访"
    session.flush()
    second = issue()
    assert second.issue_no == 2
    record = load_manual(session, CELL, ZH)
    assert [each.number for each in record.history] == [first.number, second.number]
    text = squeezed(text_of(drawing.manual_html(record, _edition(record, 3)), _pages(record)))
    assert first.number in text
    assert second.number in text
    assert issue().id == second.id


def _pages(record: ManualRecord) -> dict[str, int]:
    html = drawing.manual_html(record, _edition(record, 3))
    return {"part-" + part: 1 for part in _anchors(html)}


def test_own_words_of_the_community_are_printed_in_both_editions(session: Session) -> None:
    rule = session.scalar(select(Regulation).where(Regulation.code == "R01"))
    assert rule is not None
    rule.text = "进门先问好\n出门要说谢谢"
    session.flush()
    for lang in (ZH, "en"):
        text = _text(load_manual(session, COMMUNITY, lang))
        assert "进门先问好" in text
    assert "Residents may refuse a registration".replace(" ", "") in text
    assert "一事一单" not in text  # what is still the default is told in English


def test_the_manual_of_a_post_is_about_that_post(session: Session) -> None:
    worker = load_manual(session, CELL, ZH, "grid_worker")
    text = _text(worker)
    assert worker.holders[0] in text
    assert "D101" in text
    assert "D304" not in text  # a duty of the heads of blocks and areas
    assert "附录3" in text
    volunteer = _text(load_manual(session, CELL, ZH, "volunteer"))
    assert "D403" in volunteer
    assert "D101" not in volunteer
    assert "附录3" not in volunteer
    assert len(volunteer) < 0.7 * len(text)
    whole = _text(load_manual(session, COMMUNITY, ZH))
    assert len(text) < len(whole)


def test_a_manual_holds_every_duty_regulation_category_and_post(session: Session) -> None:
    record = load_manual(session, COMMUNITY, ZH)
    text = _text(record)
    wanted = [
        *(f"{duty.code}{duty.title_zh}" for duty in record.duties),
        *(f"{rule.code}{rule.title_zh}" for rule in record.regulations),
        *(clause for rule in record.regulations for clause in rule.clauses),
        *(post.name_zh for post in record.posts),
        *(grid.name for grid in record.grids),
        *(line.number for line in record.hotlines),
    ]
    assert [part for part in wanted if squeezed(part) not in text] == []
    lines = read_csv("matter_categories.csv")
    assert len(lines) > 500
    assert [line["code"] for line in lines if squeezed(line["zh"]) not in text] == []


def test_the_command_issues_the_manual_of_a_post(
    portal: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(registry.DRAWINGS["work-manual"], render=_drawn)
    monkeypatch.setitem(registry.DRAWINGS, "work-manual", quick)
    out = tmp_path / "manual.pdf"
    words = ["render", "work-manual", "--grid", CELL, "--out", str(out)]
    runner = portal.test_cli_runner()
    done = runner.invoke(args=["portal", *words, "--post", "volunteer", "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert f"SC-{CELL}-VOLUNTEER-A4-EN-001" in done.output
    assert out.read_bytes().startswith(b"%PDF")
    refused = runner.invoke(args=["portal", *words, "--post", "area_head"])
    assert refused.exit_code == 1
    assert "grid_worker" in refused.output
