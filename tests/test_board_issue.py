"""Issuing notice boards: what they need, versions, the job, the command."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import IssuedDocument, Post, Worker
from portal.rules import boards, documents
from portal.scope import SYSTEM, acting

CELL = "4201020029900103003"
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


def _nobody(session: Session) -> None:
    for post in session.scalars(select(Post).where(Post.grid_code == CELL)):
        post.public = False


def test_an_unknown_grid_has_no_board(session: Session) -> None:
    with pytest.raises(OutOfScope):
        boards.issue_board(session, "4201020029909999999", "a3", ZH, _drawn)


def test_the_same_content_is_the_same_version(session: Session) -> None:
    first, again = _issue(session), _issue(session)
    assert again.id == first.id
    assert (first.issue_no, first.number) == (1, f"GS-{CELL}-A3-001")
    assert first.issued_on == clock.today()
    assert documents.is_stored(first)


def test_a_change_supersedes_and_never_overwrites(session: Session) -> None:
    first = _issue(session)
    kept = documents.stored_file(first).read_bytes()
    _worker(session, "grid_worker").public_phone = "027-01009999"
    session.commit()
    second = _issue(session)
    assert (second.issue_no, second.number) == (2, f"GS-{CELL}-A3-002")
    assert second.content_hash != first.content_hash
    assert documents.stored_file(first).read_bytes() == kept
    assert documents.stored_file(second) != documents.stored_file(first)
    assert documents.newest_issue(session, boards.KIND, CELL, "a3", ZH) is second


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"other")])
def test_a_lost_or_altered_file_is_issued_anew(
    session: Session, damage: Callable[[Path], object]
) -> None:
    first = _issue(session)
    damage(documents.stored_file(first))
    second = _issue(session)
    assert second.issue_no == 2
    assert documents.is_stored(second)


def test_sizes_and_languages_have_numbers_of_their_own(session: Session) -> None:
    numbers = {
        _issue(session, size=size, lang=lang).number for size in boards.SPEC.sizes
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


def test_the_worker_renders_and_the_asker_waits(session: Session, live_worker: None) -> None:
    issued = boards.request_board(CELL, "a3", ZH, wait_seconds=30)
    assert issued is not None
    assert documents.is_stored(issued)
    assert documents.stored_file(issued).read_bytes().startswith(b"%PDF-1.7")
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
        document = documents.newest_issue(db.session, boards.KIND, CELL, "a3", ZH)
        assert document is not None
        assert out.read_bytes() == documents.stored_file(document).read_bytes()


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
