"""Fixtures of the suite. PORTAL_TEST_ENGINE (sqlite, postgresql) chooses the database of the run.

Everything is real: migrated databases with the demo community, a queue server, workers, web server,
browser. Tests may write as they like; what they committed is gone before the next one.
"""

import base64
import hashlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from jobs.worker import InlineWorker
from portal import queue
from portal.app import create_app
from portal.extensions import db
from portal.scope import SYSTEM, acting
from tests.support import servers
from tests.support.browser import ARGUMENTS, CHROMIUM, Visitor
from tests.support.client import PageClient
from tests.support.engines import TEMPLATE, Store, Watch, ensure_template, make_store

PASSWORD = "correct-horse-grid-47"
# The same examples every time, and no stop-watch: a busy machine is no error.
settings.register_profile("portal", derandomize=True, deadline=None, database=None)
settings.load_profile("portal")
_controller = ExitStack()


def _key(name: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()


def pytest_configure(config: pytest.Config) -> None:
    """Settings that every process of the run shares; PostgreSQL, started once by the first one."""
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        if not name.startswith("PORTAL_TEST_"):
            del os.environ[name]
    os.environ.update(
        PORTAL_ENV="development",
        PORTAL_SECRET_KEY=_key("secret"),
        PORTAL_DATA_KEYS=_key("data"),
        PORTAL_INDEX_KEY=_key("index"),
        PORTAL_DEMO_PASSWORD=PASSWORD,
    )
    engine = os.environ.setdefault("PORTAL_TEST_ENGINE", "sqlite")
    is_first = not hasattr(config, "workerinput")
    if is_first:
        # scripts/pytest.sh passes Ctrl-C on like this: everything is stopped and swept as usual.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    needs_server = engine == "postgresql" and "PORTAL_TEST_SERVER" not in os.environ
    if is_first and needs_server and not config.option.collectonly:
        os.environ["PORTAL_TEST_SERVER"] = _controller.enter_context(servers.quick_postgres())


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for no database is decided by none: one engine is enough."""
    for item in items:
        if "place" not in getattr(item, "fixturenames", ("place",)):
            item.add_marker("one_engine")


def pytest_unconfigure() -> None:
    """Stops what pytest_configure started."""
    _controller.close()


def pytest_report_header() -> str:
    """Which database this run is on."""
    return f"portal engine: {os.environ['PORTAL_TEST_ENGINE']}"


@dataclass
class Place:
    """This test process's own var folder, database and queue server."""

    var: Path
    store: Store
    name: str
    redis_url: str
    watch: Watch | None = None
    foreign_writers: bool = False  # a server of ours may write without our noticing
    cookies: dict[str, str] = field(default_factory=dict)
    visits: dict[str, str] = field(default_factory=dict)  # cookies of the web server's sign-ins

    def is_dirty(self) -> bool:
        """Whether the database may differ from the template."""
        return self.foreign_writers or (self.watch is not None and self.watch.dirty)

    def restore(self, app: Flask) -> None:
        """The database as after ``portal demo``, an empty queue, no sealed file that a test left:
        whoever exchanges the keys meets all of them.
        """
        for folder in (self.var / "tasks", self.var / "files" / "mandates"):
            shutil.rmtree(folder, ignore_errors=True)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.store.clone(TEMPLATE, self.name)
        if self.watch is not None:
            self.watch.dirty = False
        self.foreign_writers = False


@pytest.fixture(scope="session")
def place(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """The process's own database, cloned from the run's template, and its queue server."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    base = tmp_path_factory.getbasetemp()
    shared = base if worker == "main" else base.parent
    store = make_store(os.environ["PORTAL_TEST_ENGINE"], shared)
    ensure_template(store, shared, shared / "template-var")
    name = f"portal_{worker}"
    store.clone(TEMPLATE, name)
    var = base / "var"
    os.environ.update(PORTAL_VAR=str(var), PORTAL_DATABASE_URL=store.url(name))
    with servers.valkey(dict(os.environ), base) as redis_url:
        yield Place(var, store, name, redis_url)


@pytest.fixture(scope="session")
def app(place: Place) -> Iterator[Flask]:
    """The application on this process's database. Limits of attempts are off unless a test wants
    them.
    """
    built = create_app({"TESTING": True, "RATELIMIT_ENABLED": False, "AUTH_RATE_LIMITED": False})
    with built.app_context():
        place.watch = Watch(db.engine)
    yield built
    with built.app_context():
        db.engine.dispose()


@pytest.fixture
def portal(app: Flask, place: Place) -> Iterator[Flask]:
    """The application with the demo community untouched; what a test commits is undone."""
    yield app
    if place.is_dirty():
        place.restore(app)
    queue.connection(app).flushall()


@pytest.fixture
def session(portal: Flask) -> Iterator[object]:
    """The database session of a rule test: inside an application context, acting as the system.

    Not together with `client_as`: a request inside this context would share its `g`.
    """
    with portal.app_context(), acting(SYSTEM):
        yield db.session
        db.session.rollback()


@pytest.fixture
def client_as(portal: Flask, place: Place) -> Callable[..., PageClient]:
    """``client_as("leader07")``: a page client signed in over HTTP; ``client_as(None)``: a
    stranger.

    The session cookie of a first sign-in is used again by later tests of the same process: the
    database it belongs to is the same.
    """

    def make(username: str | None = None, language: str | None = None) -> PageClient:
        client = PageClient(portal, language)
        if username is None:
            return client
        if username not in place.cookies:
            fresh = PageClient(portal)
            answer = fresh.sign_in(username)
            assert answer.status == 302, f"{username} could not sign in: {answer.text[:2000]}"
            cookie = fresh.raw.get_cookie("session")
            assert cookie is not None
            place.cookies[username] = cookie.value
        client.raw.set_cookie("session", place.cookies[username])
        client.username = username
        return client

    return make


@pytest.fixture
def valkey(portal: Flask) -> Redis:
    """The process's real queue server, empty before and after."""
    return queue.connection(portal)


@pytest.fixture
def work(portal: Flask, valkey: Redis) -> Iterator[Callable[[], int]]:
    """``work()`` runs everything that is queued, in this process, with RQ's own worker; how many
    jobs.
    """
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def drain() -> int:
        worker = InlineWorker(portal)
        worker.work(burst=True, logging_level="WARNING")
        return worker.performed

    yield drain
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def _web(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.web(dict(os.environ), tmp_path_factory.mktemp("web")) as address:
        yield address


@pytest.fixture
def live_server(_web: str, portal: Flask, place: Place) -> str:
    """Address of the real web server on this process's database (restored after the test)."""
    place.foreign_writers = True
    return _web


@pytest.fixture
def live_worker(portal: Flask, place: Place, tmp_path: Path) -> Iterator[None]:
    """The real worker process serves this process's queue during the test (2 s to start)."""
    place.foreign_writers = True
    with servers.worker(dict(os.environ), place.redis_url, tmp_path):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of the system."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, live_server: str, place: Place) -> Iterator[Callable[..., Visitor]]:
    """``visit("station", phone=True, scripts=False)``: a watched browser; signed in if named, the
    first time through the form, later with the cookie of then.
    """
    visitors: list[Visitor] = []

    def make(username: str | None = None, phone: bool = False, scripts: bool = True) -> Visitor:
        visitor = Visitor(browser, live_server, phone, scripts)
        visitors.append(visitor)
        if username in place.visits:
            visitor.stay_signed_in(place.visits[username])
        elif username is not None:
            visitor.sign_in(username, PASSWORD)
            place.visits[username] = visitor.session()
        return visitor

    yield make
    for visitor in visitors:
        visitor.close()
