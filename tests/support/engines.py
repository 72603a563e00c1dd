"""Databases of the suite: one template per run, one clone per test process, restored after writes.

The template is made by the real commands (``portal init``, ``portal demo``). Cloning copies it: a
file copy on SQLite, ``CREATE DATABASE … TEMPLATE`` on PostgreSQL.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "portal_template"
# A statement that starts so changes nothing that a later test could see.
HARMLESS = (
    "SELECT",
    "WITH",
    "PRAGMA",
    "EXPLAIN",
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
    "SHOW",
    "SET",
)


class Store(Protocol):
    """Where databases live: their addresses, empty ones and copies."""

    def url(self, name: str) -> str:
        """The address of database `name` as PORTAL_DATABASE_URL takes it."""

    def create(self, name: str) -> None:
        """An empty database."""

    def clone(self, source: str, name: str) -> None:
        """Makes `name` a copy of `source`, replacing what it held; nobody may use `source`."""


class SQLiteStore:
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of database `name`."""
        return self.folder / f"{name}.db"

    def url(self, name: str) -> str:
        """See Store."""
        return f"sqlite:///{self.path(name)}"

    def create(self, name: str) -> None:
        """See Store: SQLite makes the file when first used."""
        self.path(name).unlink(missing_ok=True)

    def clone(self, source: str, name: str) -> None:
        """See Store. Goes through SQLite's own backup, so that a server that has the file open sees
        it.
        """
        if not self.path(name).exists():
            shutil.copyfile(self.path(source), self.path(name))
            return
        with (
            closing(sqlite3.connect(self.path(source))) as template,
            closing(sqlite3.connect(self.path(name), timeout=30)) as copy,
        ):
            copy.execute("PRAGMA synchronous = OFF")  # nothing of it needs to survive a crash
            template.backup(copy)


class PostgresStore:
    """Databases of one server; `server` is its address with ``{name}`` in place of the database."""

    def __init__(self, server: str) -> None:
        self.server = server

    def url(self, name: str) -> str:
        """See Store."""
        return self.server.format(name=name)

    def create(self, name: str) -> None:
        """See Store."""
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')

    def clone(self, source: str, name: str) -> None:
        """See Store."""
        self._run(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{source}"',
            ended=name,
        )

    def _run(self, *statements: str, ended: str = "") -> None:
        """Statements one by one; first the connections to ``ended`` end: to find one, DROP waits
        100 ms.
        """
        users = "FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for _turn in range(50):
                end = f"SELECT pg_terminate_backend(pid) {users}".encode()
                if not connection.execute(end, (ended,)).fetchall():
                    break
                time.sleep(0.002)
            for statement in statements:
                connection.execute(statement.encode())


def make_store(engine: str, folder: Path) -> Store:
    """The store of PORTAL_TEST_ENGINE; PORTAL_TEST_SERVER is set for PostgreSQL by the conftest."""
    if engine == "sqlite":
        return SQLiteStore(folder)
    if engine == "postgresql":
        return PostgresStore(os.environ["PORTAL_TEST_SERVER"])
    raise ValueError(f"PORTAL_TEST_ENGINE={engine}: sqlite or postgresql")


def portal_command(*words: str, environ: dict[str, str] | None = None) -> str:
    """Output of ``portal WORDS…`` in a process of its own; AssertionError with the output if it
    fails.
    """
    command = [sys.executable, "-m", "flask", "--app", "portal.app", "portal", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"portal {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def held(file: Path) -> Iterator[None]:
    """A lock between the processes of one run."""
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_template(store: Store, folder: Path, var: Path) -> None:
    """Makes the template once per run; later processes wait, and fail if it failed.

    Rounds of one run that share a folder (PORTAL_TEST_KEPT) share SQLite's template too.
    """
    kept = os.environ.get("PORTAL_TEST_KEPT")
    if kept and isinstance(store, SQLiteStore):
        shared = SQLiteStore(Path(kept))
        _make_template(shared, shared.folder, var)
        with held(folder / "template.lock"):
            if not store.path(TEMPLATE).exists():
                shutil.copyfile(shared.path(TEMPLATE), store.path(TEMPLATE))
        return
    _make_template(store, folder, var)


def _make_template(store: Store, folder: Path, var: Path) -> None:
    done, failed = folder / "template.done", folder / "template.failed"
    with held(folder / "template.lock"):
        if failed.exists():
            raise RuntimeError(f"the database template could not be made: {failed.read_text()}")
        if done.exists():
            return
        environ = {**os.environ, "PORTAL_VAR": str(var), "PORTAL_DATABASE_URL": store.url(TEMPLATE)}
        try:
            store.create(TEMPLATE)
            portal_command("init", environ=environ)
            portal_command("demo", "--residents", "0", "--no-orders", environ=environ)
            _settle(store)
        except Exception as error:
            failed.write_text(str(error))
            raise
        done.touch()


def _settle(store: Store) -> None:
    """Folds SQLite's write-ahead log into the file, so that copying the file copies everything."""
    if isinstance(store, SQLiteStore):
        with closing(sqlite3.connect(store.path(TEMPLATE))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _has_copied(connection: Connection) -> bool:
    """Whether the transaction wrote past SQLAlchemy (COPY): the server has given it a number."""
    driver: Any = connection.connection.driver_connection
    if (
        connection.dialect.name != "postgresql"
        or driver.info.transaction_status != TransactionStatus.INTRANS
    ):
        return False
    with driver.cursor() as cursor:
        row = cursor.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()
    return row is not None and row[0] is not None


class Watch:
    """Notices committed writes of one engine, whichever way they went (session, Core, raw SQL)."""

    def __init__(self, engine: Engine) -> None:
        self.dirty = False
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", self._rollback)

    def _statement(self, connection: Connection, _cursor: Any, sql: str, *_rest: Any) -> None:
        if not sql.lstrip().upper().startswith(HARMLESS):
            connection.info["wrote"] = True

    def _commit(self, connection: Connection) -> None:
        self.dirty = self.dirty or connection.info.pop("wrote", False) or _has_copied(connection)

    def _rollback(self, connection: Connection) -> None:
        connection.info.pop("wrote", None)
