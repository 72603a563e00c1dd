"""Portal, Django admin and Flask-Admin: how each is started, signed in to and asked for a page."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bench.contest.client import Client
from bench.contest.pages import LEADER, WIDE, Rows
from bench.register import store
from bench.register.plan import SMALL_CELL
from bench.rivals import environment
from tests.support import servers

WORKERS = 2
PORTAL, DJANGO, FLASK_ADMIN = "portal", "Django admin", "Flask-Admin"
RIVALS = (DJANGO, FLASK_ADMIN)


@dataclass
class Contestant:
    """A running server: its clients by account, its pages (account, path) by name, its master."""

    name: str
    url: str  # its database
    port: int
    master: int
    clients: dict[str, Client] = field(default_factory=dict)
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        text = Path(f"/proc/{self.master}/task/{self.master}/children").read_text()
        return [int(pid) for pid in text.split()]


@contextmanager
def portal(url: str, rows: Rows, folder: Path) -> Iterator[Contestant]:
    """The portal as ``make run`` serves it, with its queue server."""
    folder.mkdir(parents=True, exist_ok=True)
    port = servers.free_port()
    environ = {
        **os.environ,
        **store.keys(),
        "PORTAL_VAR": str(folder / "var"),
        "PORTAL_DATABASE_URL": url,
        "PORTAL_HOST": "127.0.0.1",
        "PORTAL_PORT": str(port),
        "PORTAL_WORKERS": str(WORKERS),
        "PORTAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:portal.cli.web"]
    with ExitStack() as stack:
        stack.enter_context(servers.valkey(environ, folder))
        server = stack.enter_context(_served(command, port, folder / "web.log", environ))
        found = Contestant(PORTAL, url, port, server)
        password = store.keys()["PORTAL_DEMO_PASSWORD"]
        for account in (WIDE, LEADER):
            client = found.clients[account] = Client(port)
            client.sign_in("/login/", {"username": account, "password": password})
        base = "/residents"
        found.pages = {
            "list": (WIDE, f"{base}/list/"),
            "list, deep page": (WIDE, rows.deep(found.clients[WIDE], "")),
            "list, small old cell": (LEADER, f"{base}/list/"),
            "search": (WIDE, f"{base}/list/?q={quote(rows.search)}"),
            "by name": (WIDE, f"{base}/list/?order=name"),
            "by name, deep page": (WIDE, rows.deep(found.clients[WIDE], "name")),
            "add": (WIDE, f"{base}/add"),
            "edit": (WIDE, f"{base}/edit/{rows.middle}"),
            "show": (WIDE, f"{base}/show/{rows.middle}"),
        }
        yield found


@contextmanager
def django_admin(address: str, rows: Rows, folder: Path) -> Iterator[Contestant]:
    """Django admin; ``address`` as libpq takes it."""
    with _rival(DJANGO, "bench.rivals.django_admin", address, folder, prepare=True) as found:
        password = store.keys()["PORTAL_DEMO_PASSWORD"]
        for account in (WIDE, LEADER):
            client = found.clients[account] = Client(found.port)
            client.sign_in("/admin/login/", {"username": account, "password": password})
        base = "/admin/admin/resident"
        found.pages = {
            "list": (WIDE, f"{base}/"),
            "list, deep page": (WIDE, f"{base}/?p={rows.page}"),
            "list, small old cell": (LEADER, f"{base}/"),
            "search": (WIDE, f"{base}/?q={quote(rows.search)}"),
            "by name": (WIDE, f"{base}/?o=1"),
            "by name, deep page": (WIDE, f"{base}/?o=1&p={rows.name_page}"),
            "add": (WIDE, f"{base}/add/"),
            "edit": (WIDE, f"{base}/{rows.middle}/change/"),
            "show": (WIDE, f"{base}/{rows.middle}/change/"),
        }
        yield found


@contextmanager
def flask_admin(address: str, rows: Rows, folder: Path) -> Iterator[Contestant]:
    """Flask-Admin; ``address`` as libpq takes it."""
    with _rival(FLASK_ADMIN, "bench.rivals.flask_admin_app", address, folder) as found:
        password = store.keys()["PORTAL_DEMO_PASSWORD"]
        for account in (WIDE, LEADER):
            client = found.clients[account] = Client(found.port)
            client.sign_in("/sign-in", {"username": account, "password": password})
        base = "/admin/residents"
        found.pages = {
            "list": (WIDE, f"{base}/"),
            "list, deep page": (WIDE, f"{base}/?page={rows.page - 1}"),
            "list, small old cell": (LEADER, f"{base}/"),
            "search": (WIDE, f"{base}/?search={quote(rows.search)}"),
            "by name": (WIDE, f"{base}/?sort=0"),
            "by name, deep page": (WIDE, f"{base}/?sort=0&page={rows.name_page - 1}"),
            "add": (WIDE, f"{base}/new/"),
            "edit": (WIDE, f"{base}/edit/?id={rows.middle}"),
            "show": (WIDE, f"{base}/details/?id={rows.middle}"),
        }
        yield found


@contextmanager
def _rival(
    name: str, module: str, address: str, folder: Path, *, prepare: bool = False
) -> Iterator[Contestant]:
    folder.mkdir(parents=True, exist_ok=True)
    port = servers.free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(store.ROOT),
        "DATABASE": address,
        "SECRET_KEY": "of a database that is gone afterwards",
        "PASSWORD": store.keys()["PORTAL_DEMO_PASSWORD"],
        "SMALL_CELL": SMALL_CELL,
    }
    program = environment.python()
    if prepare:
        environ_once = {**environ, "PREPARE": "1"}
        subprocess.run([program, "-m", module], cwd=store.ROOT, env=environ_once, check=True)
    command = [
        *(program, "-m", "gunicorn", f"{module}:application", "--preload"),
        *("--workers", str(WORKERS), "--worker-class", "sync", "--bind", f"127.0.0.1:{port}"),
        *("--log-level", "warning", "--no-control-socket"),
    ]
    with _served(command, port, folder / "web.log", environ) as server:
        yield Contestant(name, address, port, server)


@contextmanager
def _served(command: list[str], port: int, log: Path, environ: dict[str, str]) -> Iterator[int]:
    with servers.started(command, lambda: _answers(port), log, env=environ) as server:
        yield server.pid


def _answers(port: int) -> bool:
    try:
        return Client(port).ask("/").status < 500
    except OSError:
        return False
