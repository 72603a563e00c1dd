"""Photos of matters: kept without what the camera noted, shown to whoever sees the matter."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import ExifTags, Image, ImageStat
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from portal import scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AuditEntry, Matter, MatterCategory, MatterPhoto
from portal.rules import matter_photos
from portal.rules.mosaic import Part
from tests.support.client import Page, PageClient

Client = Callable[..., PageClient]


def picture(*, place: bool = True, shade: int = 90) -> bytes:
    """A photo as a telephone takes it, with the name of its maker and where it was taken."""
    image = Image.new("RGB", (640, 480), (shade, 120, 90))
    notes = Image.Exif()
    notes[ExifTags.Base.Make] = "Example"
    if place:
        notes.get_ifd(ExifTags.IFD.GPSInfo).update(
            {1: "N", 2: (30.0, 34.0, 30.0), 3: "E", 4: (114.0, 18.0, 0.0)}
        )
    file = BytesIO()
    image.save(file, "JPEG", exif=notes)
    return file.getvalue()


@pytest.fixture
def noise(portal: Flask) -> str:
    """The key of a category."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        asked = select(MatterCategory.id).where(MatterCategory.code == "DI0201")
        return str(db.session.scalars(asked).one())


def report(client: PageClient, noise: str, *files: bytes, **told: Any) -> Page:
    sent = {"common": noise, "summary": "楼道堆物", **told}
    photos = [(BytesIO(data), f"{number}.jpg") for number, data in enumerate(files)]
    return client.submit("/matters/report", sent | {"photos": photos})


def test_a_photo_loses_its_notes_and_gives_the_place(
    portal: Flask, client_as: Client, noise: str
) -> None:
    worker = client_as("worker07")
    answer = report(worker, noise, picture(), picture(shade=10))
    assert answer.status == 302
    page = worker.get(answer.location)
    shots = [str(tag["src"]) for tag in page.soup.select(".shots img")]
    assert len(shots) == 2
    kept = worker.get(shots[0], check=False)
    assert (kept.status, kept.headers["Content-Type"]) == (200, "image/jpeg")
    assert not Image.open(BytesIO(kept.body)).getexif()
    assert kept.headers["Cache-Control"] == "private, no-cache"
    known = {"If-None-Match": kept.headers["ETag"]}
    assert worker.get(shots[0], check=False, headers=known).status == 304
    assert b"Example" not in kept.body
    with portal.app_context(), scope.acting(scope.SYSTEM):
        matter = db.session.scalars(select(Matter)).one()
        assert (matter.longitude, matter.latitude) == (114.3, 30.575)
    for other in ("worker01", "leader08", "street"):
        assert client_as(other).get(shots[0], check=False).status == 404
    assert client_as("leader07").get(shots[0], check=False).status == 200


def test_a_typed_position_stays(portal: Flask, client_as: Client, noise: str) -> None:
    told = {"longitude": "114.5", "latitude": "30.5"}
    assert report(client_as("worker07"), noise, picture(), **told).status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        matter = db.session.scalars(select(Matter)).one()
        assert (matter.longitude, matter.latitude) == (114.5, 30.5)


@pytest.mark.parametrize("data", [b"#!/bin/sh\n", b"GIF89a" + b"\0" * 200, picture()[:400]])
def test_what_is_no_photo_is_told_and_nothing_is_kept(
    portal: Flask, client_as: Client, noise: str, data: bytes
) -> None:
    answer = report(client_as("worker07"), noise, data)
    assert answer.status == 400
    assert answer.one("#photos-err").get_text(strip=True)
    assert answer.form()["summary"] == "楼道堆物"
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert list(db.session.scalars(select(Matter.id))) == []


def test_photos_are_added_later_up_to_six(portal: Flask, client_as: Client, noise: str) -> None:
    leader = client_as("leader07")
    report(client_as("worker07"), noise, *(picture(shade=n) for n in range(4)))
    with portal.app_context(), scope.acting(scope.SYSTEM):
        key = db.session.scalars(select(Matter.id)).one()
    url = f"/matters/photos/{key}"
    more = {"photos": [(BytesIO(picture(shade=200 + n)), "x.jpg") for n in range(3)]}
    assert leader.submit(url, more).status == 400
    more = {"photos": [(BytesIO(picture(shade=200 + n)), "x.jpg") for n in range(2)]}
    assert leader.submit(url, more).status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert len(list(db.session.scalars(select(MatterPhoto.id)))) == 6
    assert not leader.get(f"/matters/show/{key}").links(f"a[href='{url}']")


def test_files_without_a_row_are_swept(portal: Flask, client_as: Client, noise: str) -> None:
    report(client_as("worker07"), noise, picture(shade=77))
    with portal.app_context(), scope.acting(scope.SYSTEM):
        stray = matter_photos.file_of("0" * 64)
        stray.write_bytes(b"x")
        kept = db.session.scalars(select(MatterPhoto.sha256)).one()
        assert matter_photos.sweep(db.session, stray.stat().st_mtime + 1) >= 1
        assert not stray.exists()
        assert matter_photos.file_of(kept).exists()


@pytest.mark.one_engine
@pytest.mark.parametrize("place", [{}, {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}])
def test_nonsense_of_a_camera_is_no_place(place: dict[int, Any]) -> None:
    image, notes, file = Image.new("RGB", (300, 300)), Image.Exif(), BytesIO()
    notes.get_ifd(ExifTags.IFD.GPSInfo).update(place)
    image.save(file, "JPEG", exif=notes)
    assert matter_photos.position_of(file.getvalue()) is None


# covered afterwards -------------------------------------------------------------------------------


def noisy() -> bytes:
    """A picture in which nothing looks like what is beside it."""
    image = Image.effect_noise((480, 360), 120).convert("RGB")
    file = BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def test_a_part_is_covered_and_the_picture_that_was_is_gone(
    portal: Flask, client_as: Client, noise: str
) -> None:
    worker = client_as("worker07")
    url = report(worker, noise, noisy()).location
    (link,) = worker.get(url).links("a[href^='/matters/cover/']")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        before = db.session.scalars(select(MatterPhoto.sha256)).one()
        old = matter_photos.file_of(before)
        was = Image.open(BytesIO(old.read_bytes()))
        was.load()
    refused = worker.submit(link, {})
    assert refused.status == 400 and refused.soup.select("#cells-err")
    assert worker.submit(link, {"cells": ["99-99"]}).status == 400
    assert worker.submit(link, {"cells": ["0-0", "0-1", "1-0", "1-1"]}).status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        photo = db.session.scalars(select(MatterPhoto)).one()
        assert photo.sha256 != before and not old.exists()
        now = Image.open(matter_photos.file_of(photo.sha256)).convert("L")
        entries = select(AuditEntry.changes).where(AuditEntry.table_name == "matters")
        assert any("photo" in (told or "") for told in db.session.scalars(entries))
    # Cells of 40 by 40 pixels, each of squares: within one there is nothing left to see.
    assert spread(now.crop((9, 9, 13, 13))) < 12 < spread(now.crop((200, 200, 240, 240)))
    left = was.convert("L").crop((100, 100, 480, 360))
    assert abs(mean(left) - mean(now.crop((100, 100, 480, 360)))) < 3  # the rest is as it was
    shown = worker.get(url).soup.select_one(".shots img")["src"]
    assert photo.sha256[:10] in shown  # nobody is shown an old copy


def spread(image: Image.Image) -> int:
    """Between the darkest and the brightest."""
    low, high = image.getextrema()
    return int(high - low)


def mean(image: Image.Image) -> float:
    return float(ImageStat.Stat(image).mean[0])


def test_of_two_who_cover_at_once_the_second_one_is_told(
    portal: Flask, client_as: Client, noise: str
) -> None:
    report(client_as("worker07"), noise, noisy())
    parts = [Part(0, 0, 0.5, 0.5)], [Part(0.5, 0.5, 1, 1)]
    with portal.app_context(), scope.acting(scope.SYSTEM):
        folder = matter_photos.file_of("x").parent
        before = set(folder.iterdir())
        with Session(db.engine) as second:
            photo = second.scalars(select(MatterPhoto)).one()
            matter = second.get_one(Matter, photo.matter_id)
            second.commit()
            seen = photo.sha256
            mine = db.session.scalars(select(MatterPhoto)).one()
            matter_photos.cover(db.session, db.session.get_one(Matter, matter.id), mine, parts[0])
            db.session.commit()
            set_committed_value(photo, "sha256", seen)  # looked at before the first one was done
            with pytest.raises(RuleError) as refusal:
                matter_photos.cover(second, matter, photo, parts[1])
        db.session.expire_all()
        assert refusal.value.field == "cells" and mine.sha256 != seen
        assert set(folder.iterdir()) - before == {matter_photos.file_of(mine.sha256)}


def test_who_covers(portal: Flask, client_as: Client, noise: str) -> None:
    url = report(client_as("worker07"), noise, noisy()).location
    (link,) = client_as("worker07").get(url).links("a[href^='/matters/cover/']")
    for name, status in (
        ("leader07", 200), ("station", 200),  # lead its level, everything
        ("block02", 403), ("clerk1", 403),  # see it
        ("leader", 403), ("worker08", 404), ("street", 404),
    ):  # fmt: skip
        assert client_as(name).get(link).status == status, name
    assert client_as("worker07").get(link.replace("/1", "/999", 1)).status == 404


def test_the_same_picture_of_another_matter_stays(
    portal: Flask, client_as: Client, noise: str
) -> None:
    worker, data = client_as("worker07"), noisy()
    first = report(worker, noise, data, summary="一").location
    report(worker, noise, data, summary="二")
    (link,) = worker.get(first).links("a[href^='/matters/cover/']")
    assert worker.submit(link, {"cells": ["4-5"]}).status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        kept = list(db.session.scalars(select(MatterPhoto.sha256)))
        assert len(set(kept)) == 2
        assert all(matter_photos.file_of(one).is_file() for one in kept)
