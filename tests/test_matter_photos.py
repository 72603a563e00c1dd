"""Photos of matters: kept without what the camera noted, shown to whoever sees the matter."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import ExifTags, Image
from sqlalchemy import select

from portal import scope
from portal.extensions import db
from portal.models import Matter, MatterCategory, MatterPhoto
from portal.rules import matter_photos
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
