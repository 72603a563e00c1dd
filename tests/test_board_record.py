"""The record of a notice board: who and what stands on it, and when it is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.documents.board import board_html, render_board
from portal.errors import RuleError
from portal.extensions import db
from portal.models import Grid, Hotline, Post, PostRole, Worker
from portal.queries.board_record import Edition
from portal.queries.boards import BOARD_ROLES, collect_board
from portal.rules import boards, defaults
from portal.rules.boards import KIND
from portal.scope import SYSTEM, acting
from tests.support.counting import count_statements
from tests.support.pdf import check_pdf, squeezed

CELL, BLOCK, AREA, COMMUNITY = (
    "4201020029900103003", "4201020029900103", "42010200299001", "420102002990",
)  # fmt: skip
ZH = "zh_Hans_CN"


def _drawn(_record: object, edition: Any, _size: str) -> tuple[bytes, int]:
    """Stands where the drawing does not matter: one sheet of plain bytes."""
    return f"%PDF-1.7 {edition.number}".encode(), 1


def _worker(session: Session, role: str, code: str = CELL) -> Worker:
    found = session.scalar(
        select(Worker).join(Post).where(Post.grid_code == code, Post.role == role)
    )
    assert found is not None
    return found


@pytest.mark.parametrize("code", [CELL, BLOCK, AREA, COMMUNITY])
def test_the_demo_community_has_a_board_for_every_level(session: Session, code: str) -> None:
    record = boards.load_board(session, code, ZH)
    edition = Edition(f"GS-{code}-A3-001", 1, date(2026, 4, 1))
    data, _pages = render_board(record, edition)
    facts = check_pdf(data, board_html(record, edition), "zh-Hans")
    text = squeezed(facts.text)
    assert record.people[0].own
    assert [who.name for who in record.people if who.name not in text] == []
    assert f"directory/{code}" in text
    assert all(number in text for number in ("110", "119", "120", "12345"))


def test_a_chinese_board_has_no_english_left(session: Session) -> None:
    record = boards.load_board(session, CELL, ZH)
    html = board_html(record, Edition("1", 1, date(2026, 4, 1)))
    body = html.partition("<body>")[2].replace(record.url, "")
    words = {"Map", "Who", "What", "How", "Your", "grid", "Issue", "Card", "North", "here"}
    assert [word for word in words if f" {word} " in f" {body} " or f">{word}" in body] == []


def test_every_cell_of_the_demo_has_a_board(session: Session) -> None:
    cells = session.scalars(select(Grid.code).where(Grid.level == "cell")).all()
    assert len(cells) == 34
    for code in cells:
        record = boards.load_board(session, code, ZH)
        own = [post for person in record.people if person.own for post in person.posts]
        assert own == ["小格责任人", "网格长", "网格员", "信息员"]
        above = [post for person in record.people if not person.own for post in person.posts]
        assert above == ["片格管理责任人", "片格组长", "中格组长", "社区民警"]
        assert len(record.duties) == 8
        assert record.around


def test_the_roles_are_those_of_the_default_board(session: Session) -> None:
    boards_file = Path(defaults.FOLDER, "notice_board.yaml").read_text(encoding="utf-8")
    (zones,) = (d["zones"] for d in yaml.safe_load(boards_file)["documents"] if d["code"] == KIND)
    asked = next(zone["items"] for zone in zones if zone["zone"] == "服务人员")
    rows = session.execute(select(PostRole.code, PostRole.name_zh))
    names = {row.code: row.name_zh.partition("（")[0] for row in rows}
    assert [names[role] for role in BOARD_ROLES] == asked


def test_no_private_telephone_and_nobody_without_consent(session: Session) -> None:
    worker = _worker(session, "grid_worker")
    private = worker.phone
    assert private
    worker.public_phone = None
    session.commit()
    record = boards.load_board(session, CELL, ZH)
    duty = session.scalar(select(Hotline.number).where(Hotline.name == "社区值班电话"))
    (card,) = (person for person in record.people if person.name == worker.name)
    assert (card.phone, card.by_duty_phone) == (duty, True)
    assert private not in board_html(record, Edition("1", 1, date(2026, 4, 1)))
    worker.portrait, worker.public_consent_on = None, None
    session.commit()
    record = boards.load_board(session, CELL, ZH)
    assert worker.name not in [person.name for person in record.people]


@pytest.mark.parametrize(
    "change",
    [
        {"public": False},
        {"until": date(2021, 1, 1), "since": date(2020, 1, 1)},
        {"since": date(2199, 1, 1)},
    ],
)
def test_only_public_posts_in_force_are_shown(session: Session, change: dict[str, Any]) -> None:
    name = _worker(session, "information_officer").name
    where = (Post.grid_code == CELL, Post.role == "information_officer")
    for post in session.scalars(select(Post).where(*where)):
        for column, value in change.items():
            setattr(post, column, value)
    session.flush()
    record = collect_board(session, CELL, ZH, "https://grid.example")
    assert record is not None
    assert name not in [person.name for person in record.people]


def _without(column: str) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        grid = session.scalar(select(Grid).where(Grid.code == CELL))
        for name in column.split():
            setattr(grid, name, None)

    return change


def _nobody(session: Session) -> None:
    for post in session.scalars(select(Post).where(Post.grid_code == CELL)):
        post.public = False


def _no_supervision(scope: str) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        found = select(Hotline).where(Hotline.scope == scope, Hotline.supervision.is_(True))
        for line in session.scalars(found):
            line.number = None

    return change


def _own_supervisor(session: Session) -> None:
    found = select(Hotline).where(Hotline.scope == "street", Hotline.supervision.is_(True))
    for line in session.scalars(found):
        line.number = _worker(session, "grid_leader").public_phone


def _no_police(session: Session) -> None:
    for line in session.scalars(select(Hotline).where(Hotline.number == "110")):
        line.on_board = False


@pytest.mark.parametrize(
    ("change", "position"),
    [
        (_without("boundary"), 0),
        (_without("bound_east bound_south bound_west bound_north"), 1),
        (_nobody, 2),
        (_no_supervision("community"), 4),
        (_no_supervision("street"), 5),
        (_own_supervisor, 6),
        (_no_police, 7),
    ],
)
def test_an_incomplete_board_is_refused_by_name(
    session: Session, change: Callable[[Session], None], position: int
) -> None:
    complete = collect_board(session, CELL, ZH, "https://grid.example")
    assert complete is not None
    assert boards.missing(complete) == []
    change(session)
    session.flush()
    lacking = collect_board(session, CELL, ZH, "https://grid.example")
    assert lacking is not None
    (reason,) = boards.missing(lacking)
    with pytest.raises(RuleError) as refused:
        boards.issue_board(session, CELL, "a3", ZH, _drawn)
    assert str(reason) in str(refused.value)
    assert lacking.name in str(refused.value)
    assert len({str(text) for text, _holds in _checks(lacking)}) == 8
    assert str(_checks(lacking)[position][0]) == str(reason)


def _checks(record: Any) -> list[tuple[Any, bool]]:
    return list(boards.requirements(record))


@pytest.mark.parametrize("code", [CELL, COMMUNITY])
def test_collecting_a_board_takes_seven_statements(portal: Flask, code: str) -> None:
    with count_statements(portal) as statements, portal.app_context(), acting(SYSTEM):
        collect_board(db.session, code, ZH, "https://grid.example")
    assert len(statements) <= 7


def test_a_post_that_ends_changes_the_board_the_day_after(session: Session) -> None:
    post = session.scalar(
        select(Post).where(Post.grid_code == CELL, Post.role == "information_officer")
    )
    assert post is not None
    post.until = clock.today()
    session.commit()
    today = boards.content_hash(boards.load_board(session, CELL, ZH))
    post.until = clock.today() - timedelta(days=1)
    session.commit()
    assert boards.content_hash(boards.load_board(session, CELL, ZH)) != today
