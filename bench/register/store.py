"""Where filled databases are kept between runs, and copies of them to work on.

PostgreSQL is the one of ``PORTAL_BENCH_SERVER`` (an address with ``{name}`` in place of the
database), else one of our own under ``PORTAL_BENCH_FOLDER`` (``var/bench``). A filled database is
a template, known by its size and by a digest of everything that decides its rows; it is made once.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.register.plan import SIZES
from tests.support.servers import postgres

ROOT = Path(__file__).resolve().parents[2]
# What decides the rows of a filled database.
DECIDING = (
    "portal/migrations/versions/*.py",
    "portal/models/base.py",
    "portal/models/register.py",
    "portal/models/search*.py",
    "portal/models/types.py",
    "portal/rules/demo/*.py",
    "bench/register/names.py",
    "bench/register/people.py",
    "bench/register/plan.py",
    "bench/register/filling.py",
)
# The cost is what the portal asks for by itself: here it is everybody's.
MEMORY = ("shared_buffers=1GB", "max_wal_size=4GB", "work_mem=16MB", "random_page_cost=1.1")


def folder() -> Path:
    """Where everything of the bench is kept."""
    path = Path(os.environ.get("PORTAL_BENCH_FOLDER") or ROOT / "var" / "bench").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def keys() -> dict[str, str]:
    """Keys and password that open a filled database: the same every time, of no use elsewhere."""
    found = {
        f"PORTAL_{name}": base64.urlsafe_b64encode(hashlib.sha256(word).digest()).decode()
        for name, word in (
            ("SECRET_KEY", b"secret"),
            ("DATA_KEYS", b"data"),
            ("INDEX_KEY", b"index"),
        )
    }
    return found | {"PORTAL_DEMO_PASSWORD": "correct-horse-grid-47"}


def digest() -> str:
    """Short digest of the files that decide the rows."""
    total = hashlib.sha256()
    for name in DECIDING:
        for file in sorted(ROOT.glob(name)):
            total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:8]


@contextmanager
def server() -> Iterator[str]:
    """Address of the PostgreSQL server, with ``{name}`` for the database."""
    if given := os.environ.get("PORTAL_BENCH_SERVER"):
        yield given
        return
    place = folder() / "postgresql"
    place.mkdir(exist_ok=True)
    with postgres(place, MEMORY) as address:
        yield address


@contextmanager
def shared_server() -> Iterator[None]:
    """The server stays up for everything in the block."""
    with server() as address:
        before = os.environ.get("PORTAL_BENCH_SERVER")
        os.environ["PORTAL_BENCH_SERVER"] = address
        try:
            yield
        finally:
            if before is None:
                del os.environ["PORTAL_BENCH_SERVER"]


@contextmanager
def filled(engine: str, size: str) -> Iterator[str]:
    """The address of a copy of the filled database, as PORTAL_DATABASE_URL takes it; the copy is
    gone afterwards.
    """
    name = f"bench_{size}_{digest()}"
    if engine == "sqlite":
        template, copy = folder() / f"{name}.db", folder() / f"{name}_run{os.getpid()}.db"
        if not template.exists():
            draft = template.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            _load(f"sqlite:///{draft}", size)
            draft.rename(template)
        shutil.copyfile(template, copy)
        try:
            yield f"sqlite:///{copy}"
        finally:
            for file in folder().glob(f"{copy.name}*"):
                file.unlink()
        return
    with server() as address:
        copy_name = f"{name}_run{os.getpid()}"
        with _administering(address) as admin:
            found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                draft_name = f"{name}_draft"
                _drop(admin, draft_name)
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft_name)))
                _load(address.format(name=draft_name), size)
                _rename(admin, draft_name, name)
            _copy(admin, name, copy_name)
        try:
            yield address.format(name=copy_name)
        finally:
            with _administering(address) as admin:
                _drop(admin, copy_name)


def _administering(address: str) -> psycopg.Connection:  # type: ignore[type-arg]
    return psycopg.connect(address.format(name="postgres"), autocommit=True)


def _drop(admin: psycopg.Connection, name: str) -> None:  # type: ignore[type-arg]
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rename(admin: psycopg.Connection, old: str, new: str) -> None:  # type: ignore[type-arg]
    names = (sql.Identifier(old), sql.Identifier(new))
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _copy(admin: psycopg.Connection, source: str, name: str) -> None:  # type: ignore[type-arg]
    names = (sql.Identifier(name), sql.Identifier(source))
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*names))


def _load(url: str, size: str) -> None:
    """In a process of its own, which has the right environment from its start."""
    command = [sys.executable, "-m", "bench.load", "--residents", str(SIZES[size]), "--url", url]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **keys()}, check=True)
