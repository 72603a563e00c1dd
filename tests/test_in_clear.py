"""No identity number and no private telephone lies anywhere in clear.

The clerk's file and the demo are worked with as people do, by real servers; then everything that is
kept or logged is searched for every number of both.
"""

import http.client
import io
import re
import secrets
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from openpyxl import load_workbook
from redis import Redis
from sqlalchemy import select, text

from portal.cli.demo import demo
from portal.extensions import db
from portal.models import Dwelling, MatterCategory, Resident, User, Worker
from portal.queries.identity import load_identity
from portal.rules.exports import export
from portal.rules.keys.columns import sealed_columns
from portal.scope import SYSTEM, acting
from tests.conftest import Place
from tests.support.client import form_values
from tests.support.uploads import AREA_1, CELL_1

CLERKS = Path(__file__).parent / "data/residents-clerk.xlsx"
CONTACT, OWNER, PARTY = "13911112222", "13922223333", "13933334444"
WHOLE = re.compile(r"1\d{10}|\d{17}[\dX]", re.ASCII)


# what to look for ---------------------------------------------------------------------------------


def tidy(value: object) -> str:
    """A number as it is stored: narrow, without blanks, hyphens and the code of the country."""
    narrow = unicodedata.normalize("NFKC", str(value or ""))
    return re.sub(r"[\s-]|^\+86|^86(?=1\d{10}$)", "", narrow).removeprefix("+86").upper()


def of_the_file() -> tuple[set[str], set[str]]:
    """The numbers of the clerk's file, and the other ways in which it writes some of them."""
    rows = list(load_workbook(CLERKS).active.iter_rows(values_only=True))
    header = next(row for row in rows if "证件号码" in row)
    places = [header.index("证件号码"), header.index("电话")]
    cells = [row[place] for row in rows[rows.index(header) + 1 :] for place in places]
    numbers = {tidy(cell) for cell in cells if cell is not None}
    told = {number for number in numbers if WHOLE.fullmatch(number)}
    odd = {str(cell).strip() for cell in cells if cell and tidy(cell) in told}
    return told, odd - told


def of_the_database() -> set[str]:
    """Every telephone and identity number that the database holds."""
    found: set[str] = set()
    for column in sealed_columns():
        table = db.metadata.tables[column.table]
        found |= {value for value in db.session.scalars(select(table.c[column.name])) if value}
    return {value for value in found if WHOLE.fullmatch(value)}


def windows(haystack: str) -> Iterator[str]:
    """Every part of a run of digits that is as long as a number."""
    for run in re.findall(r"[0-9]{11,}X?", haystack.upper()):
        for size in (11, 18):
            yield from (run[at : at + size] for at in range(len(run) - size + 1))


def found_in(haystack: str, numbers: set[str], odd: set[str]) -> set[str]:
    """The numbers that stand in ``haystack``."""
    return numbers.intersection(windows(haystack)) | {one for one in odd if one in haystack}


# working ------------------------------------------------------------------------------------------


class Person:
    """Somebody at a browser, over the network; keeps all that was answered."""

    def __init__(self, address: str, cookie: str) -> None:
        self.host = urlsplit(address).netloc
        self.cookie = f"session={cookie}; lang=en"
        self.seen: list[tuple[str, int, bytes]] = []
        self.location = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> str:
        line = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"Cookie": self.cookie} | ({"Content-Type": kind} if kind else {})
        line.request(method, path, body or None, headers)
        answer = line.getresponse()
        content = answer.read()
        self.location = answer.headers.get("Location", "")
        self.seen.append((f"{method} {path}", answer.status, content))
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            if cookie.startswith("session="):
                self.cookie = f"{cookie.split(';')[0]}; lang=en"
        line.close()
        return content.decode("utf-8", "replace")

    @property
    def status(self) -> int:
        return self.seen[-1][1]

    def get(self, path: str) -> str:
        return self.ask("GET", path)

    def submit(self, page: str, data: dict[str, Any], action: str | None = None) -> str:
        """Open the form at ``page``, change ``data`` in it, send it (files as name, content)."""
        soup = BeautifulSoup(self.get(page), "html.parser")
        form = soup.select_one(f'main form[action="{action or page}"]') or soup.select_one(
            "main form[method=post]"
        )
        assert form is not None, f"no form on {page}"
        values = {**form_values(form), **data}
        if not any(isinstance(value, tuple) for value in values.values()):
            kind = "application/x-www-form-urlencoded"
            return self.ask("POST", action or page, urlencode(values, doseq=True).encode(), kind)
        edge, body = secrets.token_hex(12), io.BytesIO()
        for name, value in values.items():
            file = f'; filename="{value[0]}"' if isinstance(value, tuple) else ""
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            content = value[1] if isinstance(value, tuple) else str(value).encode()
            body.write(head.encode() + content + b"\r\n")
        body.write(f"--{edge}--\r\n".encode())
        kind = f"multipart/form-data; boundary={edge}"
        return self.ask("POST", action or page, body.getvalue(), kind)

    def waited(self, path: str) -> str:
        """The page of work once it has ended."""
        limit = time.monotonic() + 90
        while "hx-get" in self.get(f"{path}?part=1"):
            assert time.monotonic() < limit, self.seen[-1][2].decode()
            time.sleep(0.2)
        page = self.get(path)
        return self.get(self.location) if self.location else page


@pytest.fixture
def queue_dump(valkey: Redis) -> Any:
    """``queue_dump()``: all keys and values of the queue server, unpacked."""

    def dump() -> str:
        found: list[bytes] = []
        for key in valkey.scan_iter(count=1000):
            found.append(key)
            match valkey.type(key):
                case b"string":
                    found.append(valkey.get(key) or b"")
                case b"hash":
                    found += [part for pair in valkey.hgetall(key).items() for part in pair]
                case b"list":
                    found += valkey.lrange(key, 0, -1)
                case b"set":
                    found += valkey.smembers(key)
                case b"zset":
                    found += valkey.zrange(key, 0, -1)
                case b"stream":
                    found.append(repr(valkey.xrange(key)).encode())
        return "\n".join(_unpacked(part) for part in found)

    return dump


def _unpacked(part: bytes) -> str:
    with suppress(zlib.error):
        part = zlib.decompress(part)
    return part.decode("utf-8", "replace")


def database_dump(app: Flask) -> str:
    """The files of SQLite byte by byte; of PostgreSQL all rows of all tables."""
    with app.app_context():
        rows = [
            str(tuple(row))
            for table in db.metadata.sorted_tables
            for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))
        ]
        if db.engine.dialect.name == "sqlite":
            file = Path(str(db.engine.url.database))
            db.session.remove()
            stored = [Path(f"{file}{end}") for end in ("", "-wal")]
            rows += [one.read_bytes().decode("latin-1") for one in stored if one.exists()]
    return "\n".join(rows)


def unpacked(content: bytes) -> str:
    """A file as text; of a workbook all its parts."""
    if content[:2] != b"PK":
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


# looking ------------------------------------------------------------------------------------------


def test_no_number_is_kept_or_logged_in_clear(
    portal: Flask,
    place: Place,
    client_as: Any,
    live_server: str,
    live_worker: None,
    queue_dump: Any,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    numbers, odd = of_the_file()
    assert len(numbers) > 900 and odd
    made = portal.test_cli_runner().invoke(demo, ["--residents", "300"])  # its register too
    assert made.exit_code == 0, made.output
    client_as("clerk1"), client_as("station")
    clerk = Person(live_server, place.cookies["clerk1"])
    refused = work_with_the_file(clerk)
    queued = queue_dump()
    opened = typical_day(portal, clerk)
    with portal.app_context(), acting(SYSTEM):
        numbers |= of_the_database()
    station = Person(live_server, place.cookies["station"])
    opened |= a_mediation(portal, station)
    with portal.app_context(), acting(SYSTEM):
        numbers |= of_the_database()
    assert {CONTACT, OWNER, PARTY} <= numbers
    for kind in ("residents", "workers", "dwellings", "organisations"):
        for path in (f"/{kind}/export/csv", f"/{kind}/export/xlsx", f"/api/v1/{kind}/"):
            station.get(path)
            assert station.status == 200, path
    exported = tmp_path / "export.xlsx"
    with portal.app_context():
        user = db.session.scalars(select(User).where(User.username == "station")).one()
        with acting(load_identity(db.session, user)):
            assert export(db.session, "residents", exported) > 400
            db.session.commit()
    a_fault(portal, station)
    for what, _status, content in (*clerk.seen, *station.seen):
        if what not in {f"GET {refused}", *opened}:
            assert not found_in(unpacked(content), numbers, odd), what
    assert not found_in(unpacked(exported.read_bytes()), numbers, odd)
    assert not found_in(database_dump(portal), numbers, odd)
    for told in (queued, queue_dump()):
        assert "jobs." in told and not found_in(told, numbers, odd)
    logs = [*tmp_path_factory.getbasetemp().glob("**/web.log"), *tmp_path.glob("*.log")]
    texts = [log.read_text(encoding="utf-8") for log in logs]
    assert any('"path"' in one for one in texts) and any("fault" in one for one in texts)
    for one in texts:
        assert not found_in(one, numbers, odd)
    kept = [file for file in place.var.rglob("*") if file.is_file() and "keys" not in file.parts]
    assert any(file.suffix == ".sealed" for file in kept)
    for file in kept:
        assert not found_in(unpacked(file.read_bytes()), numbers, odd), file


def work_with_the_file(clerk: Person) -> str:
    """Upload, check and import it; the address of the file with the refused rows."""
    name = "13800001111.xlsx"
    clerk.submit("/imports/new", {"kind": "residents", "file": (name, CLERKS.read_bytes())})
    assert clerk.status == 302, clerk.seen[-1][2].decode()
    check = clerk.location
    assert name[:11] not in clerk.waited(check)
    clerk.submit(check, {}, action=check.replace("preview", "confirm"))
    assert clerk.status == 302, clerk.seen[-1][2].decode()
    task = clerk.location
    assert "443" in clerk.waited(task)
    clerk.get(f"{task}/result")
    assert clerk.status == 200 and clerk.seen[-1][2][:2] == b"PK"
    return f"{task}/result"


def typical_day(portal: Flask, clerk: Person) -> set[str]:
    """Search, add, edit, open; which answers may show a number: to whom has just typed it, and what
    was opened for a reason.
    """
    with portal.app_context(), acting(SYSTEM):
        known = Resident.phone.is_not(None), Resident.grid_code.startswith(AREA_1)
        row = db.session.scalars(select(Resident).where(*known).order_by(Resident.id)).first()
        assert row is not None
        key, number, phone = row.id, row.id_number or "", row.phone or ""
        within = Dwelling.grid_code.startswith(row.grid_code)
        dwelling = db.session.scalars(select(Dwelling.id).where(within)).first()
        worker = db.session.scalars(select(Worker.id).where(Worker.grid_code == CELL_1)).first()
    for asked in (number, number[-4:], phone):
        clerk.get(f"/residents/list/?q={asked}")
        assert clerk.status == 302 and asked not in clerk.location
        assert f'/residents/show/{key}"' in clerk.get(clerk.location)
    for address in (f"/residents/list/?q={number}", f"/residents/show/{number}"):
        stranger = Person(f"http://{clerk.host}", "")
        stranger.get(address)
        assert number not in stranger.location
        clerk.seen += [(f"stranger {address}", *stranger.seen[-1][1:])]
    typed = {"household": "1", "name": "甲", "id_type": "resident_id", "registration": "permanent"}
    for wrong in (number, number[:-1] + ("0" if number[-1] != "0" else "1")):
        assert 'id="id_number-err"' in clerk.submit("/residents/add", typed | {"id_number": wrong})
    clerk.submit(f"/residents/edit/{key}", {"nation": "汉族"})
    clerk.get(f"/residents/show/{key}")
    clerk.submit(f"/dwellings/edit/{dwelling}", {"owner_phone": OWNER})
    told = {"name": "店", "grid": CELL_1, "kind": "shop", "contact_phone": CONTACT}
    clerk.submit("/organisations/add", told)
    assert clerk.status == 302, clerk.seen[-1][2].decode()
    for path in (clerk.location, "/dwellings/list/", "/workers/list/", f"/workers/show/{worker}"):
        clerk.get(path)
        assert clerk.status == 200, path
    reveal = f"/residents/reveal/{key}/id_number"
    assert number not in clerk.submit(reveal, {"reason": ""})
    assert number in clerk.submit(reveal, {"reason": "核对证件"})
    return {"POST /residents/add", f"POST {reveal}"}


def a_mediation(portal: Flask, station: Person) -> set[str]:
    """A dispute with a party whose telephone is known: its page, its papers; which answers may show
    the number.
    """
    with portal.app_context(), acting(SYSTEM):
        asked = select(MatterCategory.id).where(MatterCategory.code == "DI0202")
        category = str(db.session.scalars(asked).one())
    told = {"category": category, "grid": CELL_1, "summary": "楼上漏水"}
    station.submit("/matters/report", told)
    order = station.location
    key = order.rpartition("/")[2]
    station.submit(order, {}, action=f"/work-orders/move/{key}/accept")
    station.submit(f"/work-orders/mediate/{key}", {})
    assert station.status == 302, station.seen[-1][2].decode()
    file = station.location
    number = file.rpartition("/")[2]
    party = {"role": "applicant", "name": "某甲某", "contact": PARTY}
    station.submit(f"/mediation-files/do/party/{number}", party)
    assert station.status == 302, station.seen[-1][2].decode()
    page = station.get(file)
    assert "139****4444" in page and "某**" in page
    station.submit(f"/mediation-files/paper/{number}", {})
    task = station.location
    station.waited(task)
    assert station.get(f"{task}/result")
    station.submit(f"/mediation-files/paper/{number}", {"whole": "y", "reason": "送达文书"})
    station.waited(station.location)
    found = re.search(r"/mediation-files/party/\d+/\d+/contact", page)
    assert found is not None
    assert PARTY in station.submit(found[0], {"reason": "联系当事人"})
    return {f"POST {found[0]}"}


def a_fault(portal: Flask, station: Person) -> None:
    """A page that fails in the middle of somebody's numbers: the stored one was damaged."""
    with portal.app_context():
        first = db.session.scalars(select(Resident.id)).first()
        damage = text("UPDATE residents SET phone = 'AQEB' WHERE id = :id")
        db.session.execute(damage, {"id": first})
        db.session.commit()
    station.get(f"/residents/show/{first}")
    assert station.status == 500
