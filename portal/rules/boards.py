"""Issuing notice boards (P5): what a board needs, when there is a new version, where it is kept.

An issued board is never changed. The same content gives the stored file again; anything else
gives the next version with a number and a date of its own.
"""

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from redis.exceptions import RedisError
from rq.job import JobStatus
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import IssuedDocument
from portal.queries.board_record import BoardRecord, Edition
from portal.queries.boards import FIRST_CALLS, collect_board

log = logging.getLogger(__name__)

KIND = "notice-board"
SIZES = ("a3", "a4")  # what the public page offers
PRINT_SIZES = (*SIZES, "a2")  # and what a print shop may ask for
LANGUAGES = ("zh_Hans_CN", "en")
JOB = "jobs.boards.render_board"
ATTEMPTS = 5  # two workers may want the same version number
POLL_SECONDS = 0.03
ENDED_BADLY = {JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED}

Render = Callable[[BoardRecord, Edition, str], tuple[bytes, int]]


def load_board(session: Session, grid_code: str, lang: str) -> BoardRecord:
    """The complete record of a grid's board.

    Raises OutOfScope for an unknown grid, RuleError naming what a board still lacks.
    """
    record = collect_board(session, grid_code, lang, current_app.config["PORTAL_PUBLIC_URL"])
    if record is None:
        raise OutOfScope(f"no grid {grid_code}")
    lacking = missing(record)
    if lacking:
        raise RuleError(
            _(
                "The notice board of %(grid)s cannot be issued yet: %(lacking)s",
                grid=record.name,
                lacking=" ".join(str(part) for part in lacking),
            )
        )
    return record


def missing(record: BoardRecord) -> list[Any]:
    """What the board lacks: a sentence each, with what to do about it."""
    return [text for text, holds in requirements(record) if not holds]


def requirements(record: BoardRecord) -> tuple[tuple[Any, bool], ...]:
    """What the required zones of ``notice_board.yaml`` ask for, and whether it is there."""
    watching = {line.scope for line in record.supervision}
    calls = {line.number for line in record.emergency}
    supervised = {person.phone for person in record.people}
    return (
        (_l("No boundary is on record: import it."), bool(record.shape.boundary)),
        (_l("The four bounds are empty: enter them."), any(record.bounds)),
        (
            _l("Nobody of this grid is shown in public: give posts, record the consent."),
            any(person.own and not person.place for person in record.people),
        ),
        (_l("The catalogue of duties is empty: run portal init."), bool(record.duties)),
        (
            _l("The supervision telephone of the community has no number: enter it."),
            not watching.isdisjoint({"community", "grid"}),
        ),
        (
            _l("The supervision telephone of the street has no number: enter it."),
            "street" in watching,
        ),
        (
            _l("A supervision number is that of somebody it supervises: change it."),
            supervised.isdisjoint(line.number for line in record.supervision),
        ),
        (
            _l("Police, fire and ambulance are not among the hotlines: run portal init."),
            calls.issuperset(FIRST_CALLS),
        ),
    )


def content_hash(record: BoardRecord) -> str:
    """SHA-256 of everything that stands on the board, in hexadecimal digits."""
    plain = json.dumps(asdict(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def issue_board(
    session: Session, grid_code: str, size: str, lang: str, render: Render
) -> IssuedDocument:
    """The board of a grid as it stands today: the stored version, or a new one if it changed.

    ``size`` is one of PRINT_SIZES, ``lang`` of LANGUAGES; ``render(record, edition, size)`` gives
    PDF bytes and pages. The file is written before the caller commits. Raises OutOfScope for an
    unknown grid and RuleError naming what the board lacks.
    """
    record = load_board(session, grid_code, lang)
    digest = content_hash(record)
    for _attempt in range(ATTEMPTS):
        newest = newest_board(session, grid_code, size, lang)
        if newest is not None and newest.content_hash == digest and is_stored(newest):
            return newest
        number = newest.issue_no + 1 if newest is not None else 1
        edition = Edition(_number(grid_code, size, lang, number), number, clock.today())
        document = _draft(record, digest, edition, size, *render(record, edition, size))
        try:
            with session.begin_nested():
                session.add(document)
        except IntegrityError:
            continue  # somebody else issued this number meanwhile: look at theirs
        return document
    raise RuleError(_l("The board is being issued by somebody else just now. Try again."))


def newest_board(session: Session, grid_code: str, size: str, lang: str) -> IssuedDocument | None:
    """The version in force, whether or not it still says what is true."""
    return session.scalar(
        select(IssuedDocument)
        .where(
            IssuedDocument.grid_code == grid_code,
            IssuedDocument.kind == KIND,
            IssuedDocument.size == size,
            IssuedDocument.lang == lang,
        )
        .order_by(IssuedDocument.issue_no.desc())
        .limit(1)
    )


def stored_file(document: IssuedDocument) -> Path:
    """Where the PDF of an issued document lies."""
    return Path(current_app.config["PORTAL_VAR"]) / document.path


def is_stored(document: IssuedDocument) -> bool:
    """Whether the file is there and still has the bytes that were issued."""
    file = stored_file(document)
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == document.sha256


def request_board(
    grid_code: str, size: str, lang: str, wait_seconds: float = 8.0
) -> IssuedDocument | None:
    """The board as it stands today, rendered by the queue worker if it changed.

    None if the worker has not finished within ``wait_seconds`` or the queue is away: ask again.
    Raises as ``issue_board``.
    """
    record = load_board(db.session, grid_code, lang)
    digest = content_hash(record)
    newest = newest_board(db.session, grid_code, size, lang)
    if newest is not None and newest.content_hash == digest and is_stored(newest):
        return newest
    job_id = f"board-{grid_code}-{size}-{lang}-{digest[:16]}".replace("_", "-")
    try:
        queue.enqueue(JOB, grid_code, size, lang, job_id=job_id)
        document_id = _wait(job_id, wait_seconds)
    except RedisError:
        log.error("the queue is away: no notice board for %s", grid_code)
        return None
    return db.session.get(IssuedDocument, document_id) if document_id else None


def _wait(job_id: str, seconds: float) -> int | None:
    """What the job returned, or None if it failed or takes longer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = queue.fetch(job_id)
        status = job.get_status() if job is not None else None
        if job is not None and status == JobStatus.FINISHED:
            return job.return_value()
        if status in ENDED_BADLY:
            return None
        time.sleep(POLL_SECONDS)
    return None


def _number(grid_code: str, size: str, lang: str, issue_no: int) -> str:
    """公示编号: one number is one sheet of paper, so size and a second language are part of it."""
    second = "" if lang == LANGUAGES[0] else f"-{lang.upper()}"
    return f"GS-{grid_code}-{size.upper()}{second}-{issue_no:03d}"


def _draft(
    record: BoardRecord, digest: str, edition: Edition, size: str, pdf: bytes, pages: int
) -> IssuedDocument:
    """The row of a new version; its file is on disk when this returns."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    # The hash in the name keeps two workers, or a lost transaction, from writing one file twice.
    path = Path("documents", KIND, record.code, f"{edition.number}-{sha256[:12]}.pdf")
    file = Path(current_app.config["PORTAL_VAR"]) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{secrets.token_hex(8)}.part")  # threads share a process id
    part.write_bytes(pdf)
    part.replace(file)
    return IssuedDocument(
        grid_code=record.code,
        kind=KIND,
        size=size,
        lang=record.lang,
        number=edition.number,
        issue_no=edition.issue_no,
        content_hash=digest,
        sha256=sha256,
        issued_on=edition.issued_on,
        pages=pages,
        path=path.as_posix(),
    )
