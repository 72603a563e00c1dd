"""Notice boards (P5): what a board needs, and when there is a new version."""

from dataclasses import asdict, replace
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import IssuedDocument
from portal.queries.board_lines import FIRST_CALLS
from portal.queries.board_record import BoardRecord
from portal.queries.boards import collect_board
from portal.rules import documents, photos, rendering
from portal.rules.geometry import load_geometry, neighbours

KIND = "notice-board"
SPEC = documents.SPECS[KIND]
SIZES = ("a3", "a4")  # what the public page offers; print shops may ask for all of SPEC
LANGUAGES = documents.LANGUAGES
JOB = "jobs.boards.render_board"
PARTS = ("people", "boundary", "hotlines", "content")  # what of a board may change
DIGITS = 16  # of a part's hash


def load_board(session: Session, grid_code: str, lang: str) -> BoardRecord:
    """The complete record of a grid's board.

    Raises OutOfScope for an unknown grid, RuleError naming what a board still lacks.
    """
    record = whatever_there_is(session, grid_code, lang)
    if record is None:
        raise OutOfScope(f"no grid {grid_code}")
    lacking = missing(record)
    if lacking:
        raise RuleError(
            _l(
                "The notice board of %(grid)s cannot be issued yet: %(lacking)s",
                grid=record.name,
                lacking=in_one(lacking),
            )
        )
    return record


def whatever_there_is(session: Session, grid_code: str, lang: str) -> BoardRecord | None:
    """The record of a grid's board as far as it goes; None for an unknown grid."""
    return collect_board(session, grid_code, lang, current_app.config["PORTAL_PUBLIC_URL"])


def in_one(sentences: list[Any]) -> Any:
    """Several sentences as one, translated when it is read."""
    told = sentences[-1]
    for one in reversed(sentences[:-1]):
        told = _l("%(one)s %(more)s", one=one, more=told)
    return told


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
    """What makes a board another board, in 64 hexadecimal digits: 16 for each of PARTS.

    So that two versions can be told apart by part without keeping what stood on them. Of the grids
    around only the names of those that touch count: a change of their far sides, or of grids
    beyond, is no reason to hang a new board. Where they meet, this grid changes too.
    """
    shapes = {shape.code: load_geometry(shape.boundary) for shape in (record.shape, *record.around)}
    touching = {found.code for found in neighbours(record.code, shapes)}
    around = [shape for shape in record.around if shape.code in touching]
    bare = replace(
        record, people=(), supervision=(), emergency=(), bounds=(), around=(),
        shape=replace(record.shape, boundary=""),
    )  # fmt: skip
    said = {
        # The hash of a photo counts, not its bytes; where somebody serves stands below.
        "people": [asdict(replace(person, face="", place="")) for person in record.people],
        "boundary": [record.shape.boundary, record.bounds, [shape.code for shape in around]],
        "hotlines": [asdict(line) for line in (*record.supervision, *record.emergency)],
        "content": [
            asdict(bare),
            [shape.name for shape in around],
            [person.place for person in record.people],
        ],
    }
    return "".join(documents.digest_of(said[part])[:DIGITS] for part in PARTS)


def changed_part(before: str, after: str) -> str:
    """The first of PARTS in which two content hashes differ."""
    places = range(0, DIGITS * len(PARTS), DIGITS)
    for part, at in zip(PARTS, places, strict=True):
        if before[at : at + DIGITS] != after[at : at + DIGITS]:
            return part
    return PARTS[-1]


def with_faces(record: BoardRecord) -> BoardRecord:
    """The record with the photos of its people read, ready to be drawn."""
    people = tuple(
        replace(person, face=photos.face_uri(person.photo)) if person.photo else person
        for person in record.people
    )
    return replace(record, people=people)


def issue_board(
    session: Session, grid_code: str, size: str, lang: str, render: documents.Render
) -> IssuedDocument:
    """The board of a grid as it stands today: the stored version, or a new one if it changed.

    ``size`` is one of the sizes of SPEC, ``lang`` of LANGUAGES. Raises OutOfScope for an unknown
    grid and RuleError naming what the board lacks.
    """
    record = with_faces(load_board(session, grid_code, lang))
    return documents.issue(session, SPEC, record, content_hash(record), size, render)


def request_board(
    grid_code: str, size: str, lang: str, wait_seconds: float = 8.0
) -> IssuedDocument | None:
    """The board as it stands today, rendered by the queue worker if it changed.

    None if the worker has not finished within ``wait_seconds`` or the queue is away: ask again.
    Raises as ``issue_board``.
    """
    record = load_board(db.session, grid_code, lang)
    digest = content_hash(record)
    newest = documents.newest_issue(db.session, KIND, grid_code, size, lang)
    if newest is not None and newest.content_hash == digest and documents.is_stored(newest):
        return newest
    job_id = f"board-{grid_code}-{size}-{lang}-{digest}".replace("_", "-")
    return rendering.wait_for(job_id, JOB, (grid_code, size, lang), wait_seconds)
