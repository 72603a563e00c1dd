"""Photos: what is taken, what is refused and how it is said, what is left of a file, memory."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageFile
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal.errors import RuleError
from portal.extensions import db
from portal.models import Photo, Post, Worker
from portal.rules import photos
from portal.rules.pictures import FACE, LARGEST, LONGEST_SIDE, read_picture
from portal.scope import SYSTEM, acting
from tests.support import photos as made

ROOT = Path(__file__).resolve().parents[1]
CELL = "4201020029900101001"
# Each file of the hostile set and a word of what people are told about it.
TOLD = {
    "100 million pixels": "100 million",
    "4 billion pixels claimed": "too many pixels",
    "PNG that unfolds": "900 million",
    "WebP that unfolds": "256 million",
    "empty": "empty",
    "SVG": "SVG",
    "SVG called JPEG": "SVG",
    "page called JPEG": "no photo",
    "text called JPEG": "no photo",
    "program called PNG": "no photo",
    "script called JPEG": "no photo",
    "GIF": "GIF",
    "GIF that is a page too": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "TIFF called JPEG": "TIFF",
    "ICO": "ICO",
    "PSD": "PSD",
    "HEIC": "HEIC",
    "AVIF": "AVIF",
    "PDF": "PDF",
    "ZIP": "ZIP",
    "moving WebP": "moving",
    "moving PNG": "moving",
    "too small": "too small",
    "a strip": "strip",
    "9 MB": "8 MB",
}
DAMAGED = "damaged"
MEASURE = """
import json, sys
from pathlib import Path
from portal.errors import RuleError
from portal.rules.pictures import read_picture

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])

def one_round():
    for file in sorted(Path(sys.argv[1]).iterdir()):
        try:
            read_picture(file.read_bytes())
        except RuleError:
            pass

one_round()
Path("/proc/self/clear_refs").write_text("5")
first = kilobytes("VmRSS")
for _round in range(int(sys.argv[2])):
    one_round()
print(json.dumps({"grown": kilobytes("VmRSS") - first, "peak": kilobytes("VmHWM") - first}))
"""


@pytest.fixture(scope="module")
def hostile():
    return made.hostile()


@pytest.fixture(scope="module")
def honest():
    return made.honest()


@pytest.mark.one_engine
def test_a_hostile_set_is_refused_with_what_is_wrong(app, hostile):
    assert len(hostile) > 30
    # The renderer of PDFs tells Pillow to take halves of pictures: not here.
    assert ImageFile.LOAD_TRUNCATED_IMAGES
    with app.test_request_context("/", headers={"Cookie": "lang=en"}):
        for what, (_name, data) in hostile.items():
            with pytest.raises(RuleError) as refusal:
                read_picture(data)
            assert refusal.value.field == "photo"
            assert TOLD.get(what, DAMAGED) in str(refusal.value), what


@pytest.mark.one_engine
def test_honest_photos_are_taken_whatever_their_name_and_mode(honest):
    for what, (_name, data) in honest.items():
        picture = read_picture(data)
        kept = Image.open(BytesIO(picture.jpeg))
        assert kept.format == "JPEG", what
        assert kept.mode == "RGB", what
        assert kept.size == (picture.width, picture.height)
        assert max(kept.size) <= LONGEST_SIDE
        face = Image.open(BytesIO(picture.face))
        assert (face.format, face.size) == ("JPEG", FACE)


def colours(jpeg):
    """The colours in the middle of the four quarters, clockwise from the top left."""
    image = Image.open(BytesIO(jpeg)).convert("RGB")
    x, y = image.width // 4, image.height // 4
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    found = [image.getpixel(at) for at in ((x, y), (3 * x, y), (3 * x, 3 * y), (x, 3 * y))]
    return [names.get(tuple(int(part > 110) for part in pixel), pixel) for pixel in found]


@pytest.mark.one_engine
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_way_the_camera_was_held_is_honoured(orientation):
    assert colours(read_picture(made.turned(orientation)).jpeg) == ["red", "green", "blue", "white"]


@pytest.mark.one_engine
def test_what_is_kept_shows_the_same(honest):
    for what in ("CMYK", "WebP", "PNG called JPEG", "palette", "transparency", "progressive"):
        kept = read_picture(honest[what][1]).jpeg
        assert colours(kept) == ["red", "green", "blue", "white"], what
    deep = Image.open(BytesIO(read_picture(honest["16 bits"][1]).jpeg)).convert("L")
    shades = [deep.getpixel((150, row)) for row in (0, 100, 200, 300, 399)]
    assert shades == sorted(shades)
    assert shades[0] < 10 < 245 < shades[-1]
    assert 110 < shades[2] < 145


def markers(jpeg):
    """The markers of a JPEG up to its pixels, and what follows its end."""
    at, found = 2, []
    while jpeg[at + 1] != 0xDA:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found, jpeg[jpeg.rindex(b"\xff\xd9") + 2 :]


@pytest.mark.one_engine
def test_nothing_but_the_pixels_is_left(honest):
    before = Image.open(BytesIO(made.talkative()))
    assert before.getexif().get_ifd(0x8825)
    assert before.info["comment"] == made.PLACE
    for what, (_name, data) in honest.items():
        picture = read_picture(data)
        for jpeg in (picture.jpeg, picture.face):
            found, behind = markers(jpeg)
            # JFIF head, tables, frame: no APP1 (Exif, XMP), APP2 (profile) or comment.
            assert set(found) <= {0xE0, 0xDB, 0xC0, 0xC4}, what
            assert behind == b"", what
            for trace in (made.PLACE, b"Exif", b"<script", b"PK\3\4", b"Maker", b"profile"):
                assert trace not in jpeg, (what, trace)


@pytest.mark.one_engine
def test_memory_stays_flat_however_often_hostile_files_come(tmp_path, hostile, honest):
    for number, (_name, data) in enumerate((*hostile.values(), *honest.values())):
        (tmp_path / f"{number:03}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path), "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    assert measured["grown"] < 8 * 1024, measured  # kilobytes after four rounds
    assert measured["peak"] < 160 * 1024, measured  # of which most is the largest honest one


@pytest.mark.one_engine
@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_the_largest_that_is_taken_needs_bounded_memory(tmp_path, form):
    size, options = (4000, 4000), {"quality": 40}
    if form == "JPEG":
        options |= {"progressive": True, "subsampling": 0}
    image = Image.new("RGBA" if form == "PNG" else "RGB", size, "navy")
    (tmp_path / "largest").write_bytes(made.encoded(image, form, **options))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path), "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    assert measured["grown"] < 8 * 1024, measured
    assert measured["peak"] < 260 * 1024, measured


# kept ---------------------------------------------------------------------------------------


def a_worker(session):
    return session.scalars(
        select(Worker).join(Post).where(Post.grid_code == CELL, Post.role == "grid_worker")
    ).one()


def test_a_photo_is_a_file_named_after_its_content_and_the_same_once(session, work):
    worker = a_worker(session)
    first = photos.set_photo(session, worker, made.portrait(), "..\\..\\C:\\我的照片\u202e.jpg")
    file = photos.file_of(first.sha256)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == first.sha256
    assert first.path == f"files/photos/{first.sha256}.jpg"
    assert first.name == "我的照片.jpg"
    assert first.grid_code == worker.grid_code
    assert first.bytes == file.stat().st_size
    for kept in (file, photos.face_file(first.sha256)):
        assert kept.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    other = photos.keep(session, made.portrait(), "again.jpg", CELL)
    assert other.sha256 == first.sha256
    assert len(list(file.parent.glob(f"{first.sha256}*"))) == 2
    photos.discard(session, other)
    session.commit()
    work()
    assert file.is_file()  # the worker's own row is still there
    photos.remove_photo(session, worker)
    session.commit()
    work()
    assert not file.exists()
    assert not photos.face_file(first.sha256).exists()
    assert worker.photo_id is None


def test_a_new_photo_takes_the_place_of_the_old_one(session, work):
    worker = a_worker(session)
    old = photos.set_photo(session, worker, made.portrait(), "a.jpg").sha256
    new = photos.set_photo(session, worker, made.portrait("PNG", 600, 800), "b.png")
    session.commit()
    work()
    assert session.scalars(select(Photo.id)).all() == [new.id]
    assert not photos.file_of(old).exists()
    assert photos.file_of(new.sha256).is_file()


def test_files_without_a_row_are_swept(session):
    photo = photos.keep(session, made.portrait(), "a.jpg", CELL)
    file = photos.file_of(photo.sha256)
    session.rollback()
    written = file.stat().st_mtime
    photos.sweep(session, written - 5)  # files of earlier tests may lie beside it
    assert file.exists()  # too young: perhaps not yet saved
    assert photos.sweep(session, written + 5) >= 2
    assert not file.exists()
    assert not list(file.parent.glob("*"))


def test_a_photo_moves_with_its_worker(portal, client_as):
    with portal.app_context():
        key = a_worker(db.session).id
    client = client_as("station")
    send(client, key, made.portrait())
    target = "4201020029900101002"
    assert client.submit(f"/workers/edit/{key}", {"grid": target}).status == 302
    with portal.app_context():
        assert db.session.scalars(select(Photo.grid_code)).one() == target


# over HTTP ------------------------------------------------------------------------------------


def send(client, key, data, name="photo.jpg"):
    """Upload through the form; the answer."""
    path = f"/workers/photo/{key}"
    return post(client, path, client.get(path).form(path)["csrf_token"], data, name)


def post(client, path, token, data, name="photo.jpg"):
    """A photo as a browser sends it."""
    values = {"csrf_token": token, "photo": FileStorage(BytesIO(data), name)}
    boundary, body = encode_multipart(values)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(path, body, content_type=kind)


def test_the_form_keeps_shows_and_removes_a_photo(portal, client_as, work):
    with portal.app_context():
        key = a_worker(db.session).id
    client = client_as("clerk1")
    assert send(client, key, made.portrait()).status == 302
    page = client.get(f"/workers/photo/{key}")
    address = page.one("img.photo")["src"]
    answer = client.get(address)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert client_as("worker01").get(address).status == 200  # of the same cell
    assert client_as("leader07").get(address).status == 404  # of another
    assert client_as("auditor").get(address).status == 403
    assert client_as(None).get(address).status == 302
    assert client_as("leader01").get(f"/workers/photo/{key}").status == 403
    token = page.form()["csrf_token"]
    gone = client.post(f"/workers/photo/{key}", {"csrf_token": token, "remove": "yes"})
    assert gone.status == 302
    assert client.get(address).status == 404


def test_people_see_the_photo_of_themselves(portal, client_as):
    with portal.app_context():
        mediator = db.session.scalars(select(Worker).where(Worker.number.like("%-0143"))).one()
        key, user = mediator.id, mediator.user_id
        assert user is not None
    send(client_as("station"), key, made.portrait())
    with portal.app_context():
        photo = db.session.scalars(select(Photo.id)).one()
        for post in db.session.scalars(select(Post).where(Post.worker_id == key)):
            db.session.delete(post)
        with acting(SYSTEM):
            db.session.commit()
    own = client_as("mediator")
    assert own.get("/photos/list/").status == 403  # no role is left
    assert own.get(f"/photos/{photo}.jpg").status == 200


def test_refusals_keep_the_old_photo_and_say_why_in_both_languages(portal, client_as, hostile):
    with portal.app_context():
        key = a_worker(db.session).id
    client = client_as("station")
    send(client, key, made.portrait())
    for what in ("SVG called JPEG", "JPEG cut in the middle", "PNG that unfolds", "empty"):
        name, data = hostile[what]
        answer = send(client, key, data, name)
        assert answer.status == 400, what
        assert answer.soup.select("#errors a[href='#photo']"), what
        assert answer.soup.select("#photo-err"), what
        assert len(answer.soup.select("img.photo")) == 1
    client.raw.set_cookie("lang", "en")
    assert "SVG" in send(client, key, made.SVG).one("#photo-err").get_text()
    none = client.submit(f"/workers/photo/{key}", {})
    assert none.status == 400


def test_more_than_the_server_reads_is_413(portal, client_as):
    with portal.app_context():
        key = a_worker(db.session).id
    client = client_as("station")
    assert send(client, key, made.portrait() + bytes(LARGEST)).status == 400
    token = client.get(f"/workers/photo/{key}").form()["csrf_token"]
    answer = post(client, f"/workers/photo/{key}", token, bytes(33 * 1024 * 1024))
    assert answer.status == 413
    assert answer.h1


def web_workers():
    """Process ids of the web server's workers that this test process started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if b"python:portal.cli.web" in words and parent != os.getpid():
            mine = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1]
            if int(mine) == os.getpid():
                found.append(int(folder.name))
    return found


def resident(pids):
    """Kilobytes that processes hold."""
    lines = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in lines)


@pytest.mark.one_engine
def test_the_web_servers_memory_stays_flat(portal, live_server, client_as, hostile):
    with portal.app_context():
        key = a_worker(db.session).id
    client, path = client_as("station"), f"/workers/photo/{key}"
    token = client.get(path).form()["csrf_token"]
    cookie = f"session={client.raw.get_cookie('session').value}"
    connection = http.client.HTTPConnection(live_server.removeprefix("http://"), timeout=60)
    bodies = []
    for name, data in hostile.values():
        file = FileStorage(BytesIO(data), name)
        boundary, body = encode_multipart({"csrf_token": token, "photo": file})
        bodies.append((f"multipart/form-data; boundary={boundary}", body))

    def one_round():
        for kind, body in bodies:
            connection.request("POST", path, body, {"Cookie": cookie, "Content-Type": kind})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 400

    for _warm in range(3):  # each worker has its turn
        one_round()
    pids = web_workers()
    assert pids
    before = resident(pids)
    for _round in range(3):
        one_round()
    connection.close()
    assert web_workers() == pids
    assert resident(pids) - before < 12 * 1024 * len(pids)
