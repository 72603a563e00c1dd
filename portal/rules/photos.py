"""Photos that the portal keeps: files named after their content, below ``PORTAL_VAR``.

The same picture is one file however often it is sent. A row says in which grid it belongs; the
file goes when its last row is gone.
"""

import hashlib
import os
import secrets
from base64 import b64encode
from pathlib import Path, PurePath

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import queue
from portal.models import Photo, Worker
from portal.rules.pictures import read_picture

FOLDER = Path("files", "photos")
FORGET = "jobs.cards.forget_photo"
LONGEST_NAME = 200


def keep(session: Session, data: bytes, name: str, grid_code: str) -> Photo:
    """A new row for the picture in ``data``, drawn anew and written; the caller commits.

    Raises RuleError saying what is wrong with the file.
    """
    picture = read_picture(data)
    sha256 = hashlib.sha256(picture.jpeg).hexdigest()
    write_once(file_of(sha256), picture.jpeg)
    write_once(face_file(sha256), picture.face)
    shown = PurePath(name.replace("\\", "/")).name
    photo = Photo(
        name="".join(sign for sign in shown if sign.isprintable())[-LONGEST_NAME:] or "-",
        path=(FOLDER / f"{sha256}.jpg").as_posix(),
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.jpeg),
        grid_code=grid_code,
    )
    session.add(photo)
    session.flush()
    return photo


def set_photo(session: Session, worker: Worker, data: bytes, name: str) -> Photo:
    """The photo of a worker from now on; an earlier one goes. Raises as ``keep``."""
    photo = keep(session, data, name, worker.grid_code)
    _replace(session, worker, photo.id)
    return photo


def remove_photo(session: Session, worker: Worker) -> None:
    """The worker has no photo any more."""
    _replace(session, worker, None)


def _replace(session: Session, worker: Worker, photo_id: int | None) -> None:
    old = session.get(Photo, worker.photo_id) if worker.photo_id else None
    worker.photo_id = photo_id
    session.flush()
    if old is not None:
        discard(session, old)


def discard(session: Session, photo: Photo) -> None:
    """Delete a row; its file follows after the commit, unless another row has the same picture."""
    sha256 = photo.sha256
    session.delete(photo)
    session.flush()
    file_follows(sha256)


def file_follows(sha256: str) -> None:
    """Ask the queue to remove the file of a row that is deleted in this transaction."""
    try:
        queue.enqueue(FORGET, sha256)
    except RedisError:
        current_app.logger.warning("the queue is away: the nightly round removes the photo")


def file_of(sha256: str) -> Path:
    """Where the picture lies."""
    return Path(current_app.config["PORTAL_VAR"]) / FOLDER / f"{sha256}.jpg"


def face_file(sha256: str) -> Path:
    """Where its upright cut lies."""
    return file_of(sha256).with_suffix(".face.jpg")


def face_uri(sha256: str) -> str:
    """The upright cut as a data URI; empty where there is none."""
    file = face_file(sha256)
    if not sha256 or not file.is_file():
        return ""
    return f"data:image/jpeg;base64,{b64encode(file.read_bytes()).decode()}"


def forget_file(session: Session, sha256: str) -> bool:
    """Remove the files of a picture that no row has any more; whether it was so."""
    if session.scalar(select(Photo.id).where(Photo.sha256 == sha256).limit(1)) is not None:
        return False
    for file in (file_of(sha256), face_file(sha256)):
        file.unlink(missing_ok=True)
    return True


def sweep(session: Session, older_than: float) -> int:
    """Remove files written before the instant ``older_than`` (epoch seconds) that no row has."""
    known = set(session.scalars(select(Photo.sha256)))
    removed = 0
    for file in file_of("").parent.glob("*"):
        if file.name.partition(".")[0] not in known and file.stat().st_mtime < older_than:
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def write_once(file: Path, content: bytes) -> None:
    """Write once, readable by the portal's own user alone."""
    if file.is_file():
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{secrets.token_hex(8)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
    part.replace(file)
