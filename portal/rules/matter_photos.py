"""Photos of matters: drawn anew like every picture; where one was taken is read first, then gone.

They show to whoever sees the matter and to nobody else, so they are no rows of the photos of a
grid. The same picture is one file however often it is sent.
"""

import hashlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from PIL import ExifTags, Image
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import RuleError
from portal.models import Matter, MatterCategory, MatterPerson, MatterPhoto
from portal.rules import audit
from portal.rules.mosaic import Part, covered
from portal.rules.petitions import is_accusation
from portal.rules.photos import write_once
from portal.rules.pictures import read_picture
from portal.rules.work_orders.case import HEADS

FOLDER = Path("files", "matters")
MOST = 6  # of one matter
Sent = tuple[bytes, str]  # bytes and name of a file


def keep(
    session: Session, matter: Matter, files: Iterable[Sent], user_id: int | None
) -> list[MatterPhoto]:
    """Add photos to a matter; the caller commits. A matter without a position gets that of the
    first photo that tells one. Raises RuleError with ``photos``.
    """
    files = [sent for sent in files if sent[0]]
    category = session.get(MatterCategory, matter.category_id)
    if files and category is not None and is_accusation(category):
        raise RuleError(
            _l("Of an accusation nothing is kept but the day and where it goes."), "photos"
        )
    known = session.scalar(
        select(func.count(MatterPhoto.id)).where(MatterPhoto.matter_id == matter.id)
    )
    if (known or 0) + len(files) > MOST:
        raise RuleError(_l("A matter has at most %(most)s photos.", most=MOST), "photos")
    return [_kept(session, matter, data, user_id) for data, _name in files]


def _kept(session: Session, matter: Matter, data: bytes, user_id: int | None) -> MatterPhoto:
    try:
        picture = read_picture(data)
    except RuleError as refusal:
        raise RuleError(refusal.message, "photos") from refusal
    sha256 = hashlib.sha256(picture.jpeg).hexdigest()
    write_once(file_of(sha256), picture.jpeg)
    position = position_of(data)
    if position is not None and matter.longitude is None:
        matter.longitude, matter.latitude = position
    photo = MatterPhoto(
        matter_id=matter.id,
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        user_id=user_id,
    )
    session.add(photo)
    session.flush()
    return photo


def may_cover(session: Session, matter: Matter, photo: MatterPhoto, who: scope.Identity) -> bool:
    """Whether ``who``, who sees the matter, may cover a part of its photo: whoever reported it, put
    the photo there or has part in it, and whoever leads its level or the station.
    """
    if who.user_id is not None and who.user_id in (matter.user_id, photo.user_id):
        return True
    wanted = (HEADS[matter.level], roles.STATION)
    if any(g.role in wanted and matter.grid_code.startswith(g.grid_code) for g in who.grants):
        return True
    part = select(MatterPerson.part).where(
        MatterPerson.matter_id == matter.id, MatterPerson.user_id == who.user_id
    )
    return session.scalar(part.limit(1)) is not None


def cover(session: Session, matter: Matter, photo: MatterPhoto, parts: Sequence[Part]) -> str:
    """Make parts of a photo unrecognisable; the fingerprint of the picture that was, whose file
    ``forget`` removes after the commit. Raises RuleError with ``cells``, also for the second of two
    at once: what the first one covered stays covered.
    """
    before = file_of(photo.sha256)
    if not parts:
        raise RuleError(_l("Tick what is to be covered."), "cells")
    if not before.is_file():
        raise RuleError(_l("The picture is not there any more."), "cells")
    jpeg, was = covered(before.read_bytes(), parts), photo.sha256
    now = hashlib.sha256(jpeg).hexdigest()
    swapped = session.execute(
        update(MatterPhoto)
        .where(MatterPhoto.id == photo.id, MatterPhoto.sha256 == was)
        .values(sha256=now)
        .returning(MatterPhoto.id),
        execution_options={"audited": True, "synchronize_session": False},
    )
    if swapped.first() is None:
        words = _l("Somebody else has just covered a part: look at it again.")
        raise RuleError(words, "cells")
    write_once(file_of(now), jpeg)
    session.refresh(photo)
    told = {
        "row_id": matter.id,
        "row_label": matter.number,
        "grid_code": matter.grid_code,
        "changes": {"photo": [was[:10], now[:10]]},
    }
    audit.record_bulk(session, "update", Matter.__tablename__, [told])
    return was


def forget(session: Session, sha256: str) -> None:
    """Remove the file of a picture that no photo is any more; call it after the commit."""
    left = select(MatterPhoto.id).where(MatterPhoto.sha256 == sha256).limit(1)
    if session.scalar(left) is None:
        file_of(sha256).unlink(missing_ok=True)


def position_of(data: bytes) -> tuple[float, float] | None:
    """Longitude and latitude (WGS 84) that the camera noted in a picture that was judged already;
    None where it noted none, or nonsense.
    """
    try:
        with Image.open(BytesIO(data)) as image:
            told = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        east = _degrees(told[ExifTags.GPS.GPSLongitude])
        north = _degrees(told[ExifTags.GPS.GPSLatitude])
        east = -east if told.get(ExifTags.GPS.GPSLongitudeRef) == "W" else east
        north = -north if told.get(ExifTags.GPS.GPSLatitudeRef) == "S" else north
    except Exception:  # notes of cameras are as wild as files of strangers
        return None
    sane = -180 <= east <= 180 and -90 <= north <= 90 and (east, north) != (0, 0)
    return (round(east, 6), round(north, 6)) if sane else None


def _degrees(parts: Sequence[float]) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def photos_of(matter_id: int) -> Select[Any]:
    """The select of a matter's photos, the first one first."""
    return select(MatterPhoto).where(MatterPhoto.matter_id == matter_id).order_by(MatterPhoto.id)


def file_of(sha256: str) -> Path:
    """Where the picture lies."""
    return Path(current_app.config["PORTAL_VAR"]) / FOLDER / f"{sha256}.jpg"


def sweep(session: Session, older_than: float) -> int:
    """Remove files written before the instant ``older_than`` (epoch seconds) that no row has."""
    known = set(session.scalars(select(MatterPhoto.sha256)))
    removed = 0
    for file in file_of("").parent.glob("*"):
        if file.name.partition(".")[0] not in known and file.stat().st_mtime < older_than:
            file.unlink(missing_ok=True)
            removed += 1
    return removed
