"""Issuing notice boards: what they need, versions, the job, the command."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.documents.board import board_html, render_board
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import Grid, Hotline, IssuedDocument, Post, PostRole, Worker
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
Shown = tuple[bytes, int]


def _drawn(_record: object, edition: Any, _size: str) -> Shown:
    """Stands where the drawing does not matter: one sheet of plain bytes."""
    return f"%PDF-1.7 {edition.number}".encode(), 1


def _issue(session: Session, code: str = CELL, size: str = "a3", lang: str = ZH) -> IssuedDocument:
    document = boards.issue_board(session, code, size, lang, _drawn)
    session.commit()
    return document


def _worker(session: Session, role: str, code: str = CELL) -> Worker:
    found = session.scalar(
        select(Worker).join(Post).where(Post.grid_code == code, Post.role == role)
    )
    assert found is not None
    return found


@pytest.mark.parametrize("code", [CELL, BLOCK, AREA, COMMUNITY])
def test_the_demo_community_has_a_board_for_every_level(session: Session, code: str) -> None:
    record = boards.load_board(session, code, ZH)
    edition = boards.Edition(f"GS-{code}-A3-001", 1, date(2026, 4, 1))
    data, _pages = render_board(record, edition)
    facts = check_pdf(data, board_html(record, edition), "zh-Hans")
    text = squeezed(facts.text)
    assert record.people[0].own
    assert [who.name for who in record.people if who.name not in text] == []
    assert f"directory/{code}" in text
    assert all(number in text for number in ("110", "119", "120", "12345"))


def test_a_chinese_board_has_no_english_left(session: Session) -> None:
    record = boards.load_board(session, CELL, ZH)
    html = board_html(record, boards.Edition("1", 1, date(2026, 4, 1)))
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
    assert private not in board_html(record, boards.Edition("1", 1, date(2026, 4, 1)))
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


def test_an_unknown_grid_has_no_board(session: Session) -> None:
    with pytest.raises(OutOfScope):
        boards.issue_board(session, "4201020029909999999", "a3", ZH, _drawn)


def test_the_same_content_is_the_same_version(session: Session) -> None:
    first, again = _issue(session), _issue(session)
    assert again.id == first.id
    assert (first.issue_no, first.number) == (1, f"GS-{CELL}-A3-001")
    assert first.issued_on == clock.today()
    assert boards.is_stored(first)


def test_a_change_supersedes_and_never_overwrites(session: Session) -> None:
    first = _issue(session)
    kept = boards.stored_file(first).read_bytes()
    _worker(session, "grid_worker").public_phone = "027-01009999"
    session.commit()
    second = _issue(session)
    assert (second.issue_no, second.number) == (2, f"GS-{CELL}-A3-002")
    assert second.content_hash != first.content_hash
    assert boards.stored_file(first).read_bytes() == kept
    assert boards.stored_file(second) != boards.stored_file(first)
    assert boards.newest_board(session, CELL, "a3", ZH) is second


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"other")])
def test_a_lost_or_altered_file_is_issued_anew(
    session: Session, damage: Callable[[Path], object]
) -> None:
    first = _issue(session)
    damage(boards.stored_file(first))
    second = _issue(session)
    assert second.issue_no == 2
    assert boards.is_stored(second)


def test_sizes_and_languages_have_numbers_of_their_own(session: Session) -> None:
    numbers = {
        _issue(session, size=size, lang=lang).number for size in boards.PRINT_SIZES
        for lang in boards.LANGUAGES
    }  # fmt: skip
    assert len(numbers) == 6


def test_two_who_issue_at_once_get_one_version(portal: Flask) -> None:
    meet = threading.Barrier(2, timeout=20)
    met = threading.local()
    got: list[tuple[int, int]] = []

    def draw(record: Any, edition: Any, size: str) -> Shown:
        if not getattr(met, "done", False):
            met.done = True
            meet.wait()  # both have seen that there is no version yet
        return _drawn(record, edition, size)

    def run() -> None:
        with portal.app_context(), acting(SYSTEM):
            document = boards.issue_board(db.session, CELL, "a3", ZH, draw)
            db.session.commit()
            got.append((document.id, document.issue_no))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with portal.app_context():
        count = db.session.scalar(select(func.count()).select_from(IssuedDocument))
    assert len(got) == 2
    assert set(got) == {got[0]}
    assert (got[0][1], count) == (1, 1)


@pytest.mark.parametrize("code", [CELL, COMMUNITY])
def test_collecting_a_board_takes_seven_statements(portal: Flask, code: str) -> None:
    with count_statements(portal) as statements, portal.app_context(), acting(SYSTEM):
        collect_board(db.session, code, ZH, "https://grid.example")
    assert len(statements) <= 7


def test_the_worker_renders_and_the_asker_waits(session: Session, live_worker: None) -> None:
    issued = boards.request_board(CELL, "a3", ZH, wait_seconds=30)
    assert issued is not None
    assert boards.is_stored(issued)
    assert boards.stored_file(issued).read_bytes().startswith(b"%PDF-1.7")
    again = boards.request_board(CELL, "a3", ZH, wait_seconds=0)
    assert again is not None
    assert again.id == issued.id


def test_without_a_worker_the_asker_does_not_hang(session: Session, valkey: Redis) -> None:
    assert boards.request_board(CELL, "a3", ZH, wait_seconds=0.2) is None
    assert boards.request_board(CELL, "a3", ZH, wait_seconds=0.0) is None
    assert len(queue.queue(valkey)) == 1  # asked twice, queued once


def test_a_refusal_comes_before_the_queue(session: Session, valkey: Redis) -> None:
    _nobody(session)
    session.commit()
    with pytest.raises(RuleError):
        boards.request_board(CELL, "a3", ZH, wait_seconds=5)
    assert len(queue.queue(valkey)) == 0


def test_the_job_is_found_by_its_name(session: Session, work: Callable[[], int]) -> None:
    job_id = queue.enqueue(boards.JOB, CELL, "a4", "en", job_id="board-test")
    assert work() == 1
    job = queue.fetch(job_id)
    assert job is not None
    document = session.get(IssuedDocument, job.return_value())
    assert document is not None
    assert (document.size, document.lang, document.pages) == ("a4", "en", 1)


def test_the_command_writes_the_issued_file(portal: Flask, tmp_path: Path) -> None:
    out = tmp_path / "board.pdf"
    words = ["portal", "render", "notice-board", "--grid", CELL, "--out", str(out)]
    done = portal.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    assert f"GS-{CELL}-A3-001" in done.output
    with portal.app_context():
        document = boards.newest_board(db.session, CELL, "a3", ZH)
        assert document is not None
        assert out.read_bytes() == boards.stored_file(document).read_bytes()


def test_the_command_says_why_not(portal: Flask, tmp_path: Path) -> None:
    words = ["portal", "render", "notice-board", "--out", str(tmp_path / "x.pdf"), "--grid"]
    unknown = portal.test_cli_runner().invoke(args=[*words, "42"])
    assert (unknown.exit_code, "42" in unknown.output) == (1, True)
    with portal.app_context(), acting(SYSTEM):
        _nobody(db.session)
        db.session.commit()
    refused = portal.test_cli_runner().invoke(args=[*words, CELL])
    assert refused.exit_code == 1
    assert not (tmp_path / "x.pdf").exists()


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
