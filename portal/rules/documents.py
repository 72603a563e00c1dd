"""Issued documents: versions with number, hash and QR; a correction supersedes, never overwrites.

One mechanism for boards, signs, plans, archives, manuals and card sheets. A kind says what it is
called and which sizes it has; its record comes from ``queries``, its drawing from
``portal.documents``. The same content gives the stored file again; anything else gives the next
version with a number and a date of its own.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import IssuedDocument
from portal.queries.board_record import Edition

LANGUAGES = ("zh_Hans_CN", "en")
GRID_LEVELS = ("community", "area", "block", "cell")
ATTEMPTS = 5  # two workers may want the same version number


@dataclass(frozen=True)
class Spec:
    """A kind of document.

    ``prefix`` begins its numbers, the first of ``sizes`` is the usual one, ``levels`` are the
    grids that have it; ``subject`` says what a subject of it is ("post": a kind of post,
    "period": a month) or is empty where the document is about the grid as a whole. ``opened_by``:
    its file is only for those who may write this resource at the grid (empty: for all who may read
    documents), as a printed card is as good as the card.
    """

    kind: str
    prefix: str
    sizes: tuple[str, ...]
    levels: tuple[str, ...] = GRID_LEVELS
    subject: str = ""
    opened_by: str = ""


SPECS = {
    spec.kind: spec
    for spec in (
        Spec("notice-board", "GS", ("a3", "a4", "a2")),
        Spec("service-sign", "FW", ("a4",)),
        Spec("site-plan", "PM", ("a2", "a1"), ("community",)),
        Spec("grid-archive", "DA", ("a4",)),
        Spec("work-manual", "SC", ("a4",), subject="post"),
        # The sheet for scissors, or single cards for a printer of cards; a subject is one card.
        Spec("worker-cards", "GZ", ("a4", "card"), subject="card", opened_by="Card"),
        # A subject is a month; the spreadsheet has the same figures.
        Spec("population-report", "RK", ("a4", "xlsx"), subject="period"),
    )
}


# Sizes that are no paper: they come with the usual size, and are bound into nothing.
SHEETS = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def usual_subject(spec: Spec) -> str:
    """The subject that is meant where none is named: of a period the last month that is over."""
    if spec.subject != "period":
        return ""
    return f"{clock.today().replace(day=1) - timedelta(days=1):%Y-%m}"


def may_open(identity: scope.Identity, kind: str, grid_code: str) -> bool:
    """Whether ``identity``, who may read the issued document, may have its file too."""
    needed = SPECS[kind].opened_by if kind in SPECS else ""
    return not needed or scope.covers(identity.prefixes(roles.WRITE, needed), grid_code)


class Record(Protocol):
    """What every record of a document has; it is a frozen dataclass of plain data."""

    @property
    def code(self) -> str: ...

    @property
    def lang(self) -> str: ...


Render = Callable[[Any, Edition, str], tuple[bytes, int]]


def digest_of(record: Any) -> str:
    """SHA-256 of all that a record (a dataclass, or plain data) says, in hexadecimal digits."""
    said = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def issue(
    session: Session,
    spec: Spec,
    record: Record,
    digest: str,
    size: str,
    render: Render,
    subject: str = "",
) -> IssuedDocument:
    """The document as it stands today: the stored version, or a new one if ``digest`` changed.

    ``render(record, edition, size)`` gives PDF bytes and pages. The file is written before the
    caller commits. Raises RuleError when others keep taking the number, and as ``render`` does.
    """
    for _attempt in range(ATTEMPTS):
        edition = due(session, spec, record, digest, size, subject)
        if isinstance(edition, IssuedDocument):
            return edition
        pdf, pages = render(record, edition, size)
        document = _draft(spec, record, digest, edition, size, subject, pdf, pages)
        try:
            with session.begin_nested():
                session.add(document)
        except IntegrityError:
            continue  # somebody else issued this number meanwhile: look at theirs
        return document
    raise RuleError(_l("This document is being issued by somebody else just now. Try again."))


def due(
    session: Session, spec: Spec, record: Record, digest: str, size: str, subject: str = ""
) -> IssuedDocument | Edition:
    """The stored version if it still holds, otherwise the edition that the next one would have."""
    newest = newest_issue(session, spec.kind, record.code, size, record.lang, subject)
    if newest is not None and newest.content_hash == digest and is_stored(newest):
        return newest
    count = newest.issue_no + 1 if newest is not None else 1
    return Edition(
        number(spec, record.code, size, record.lang, count, subject), count, clock.today()
    )


def newest_issue(
    session: Session, kind: str, grid_code: str, size: str, lang: str, subject: str = ""
) -> IssuedDocument | None:
    """The version in force, whether or not it still says what is true."""
    return session.scalar(
        select(IssuedDocument)
        .where(
            IssuedDocument.grid_code == grid_code,
            IssuedDocument.kind == kind,
            IssuedDocument.subject == subject,
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


def number(
    spec: Spec, grid_code: str, size: str, lang: str, issue_no: int, subject: str = ""
) -> str:
    """公示编号: one number is one sheet of paper, so size and a second language are part of it."""
    second = "" if lang == LANGUAGES[0] else f"-{lang.upper()}"
    about = f"-{subject.upper().replace('_', '')}" if subject else ""
    return f"{spec.prefix}-{grid_code}{about}-{size.upper()}{second}-{issue_no:03d}"


def _draft(
    spec: Spec,
    record: Record,
    digest: str,
    edition: Edition,
    size: str,
    subject: str,
    pdf: bytes,
    pages: int,
) -> IssuedDocument:
    """The row of a new version; its file is on disk when this returns."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    # The hash in the name keeps two workers, or a lost transaction, from writing one file twice.
    path = Path(
        "documents",
        spec.kind,
        record.code,
        f"{edition.number}-{sha256[:12]}.{size if size in SHEETS else 'pdf'}",
    )
    file = Path(current_app.config["PORTAL_VAR"]) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{secrets.token_hex(8)}.part")  # threads share a process id
    part.touch(mode=0o600)  # what is no public board may name people, or open pages
    part.write_bytes(pdf)
    part.replace(file)
    return IssuedDocument(
        grid_code=record.code,
        kind=spec.kind,
        subject=subject,
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
