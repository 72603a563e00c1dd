"""Pages against an empty answer: lists, records and the directory with 50 and with 3,700 grids.

The client talks to the application in this process, so the figures are the application's own.
Ratios are to ``/healthz`` of the same run; bytes and statements do not depend on the machine.
"""

import os
import re
import statistics
import tempfile
import time
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event
from werkzeug.security import generate_password_hash

from portal.app import create_app
from portal.extensions import db
from portal.rules.accounts import synchronise_roles
from portal.rules.defaults import load_defaults
from portal.rules.demo import build_demo
from portal.rules.imports import KINDS, Options, run_import
from portal.scope import SYSTEM, acting

COMMUNITIES = Path(__file__).resolve().parents[1] / "tests" / "data" / "wuhan-communities.csv"
PASSWORD = "bench-only-password"  # noqa: S105 - of a database that is gone afterwards
ROUNDS = 15
PAGES = (
    "/healthz",
    "/desk/",
    "/grids/list/",
    "/grids/list/?q=hyl",
    "/workers/list/",
    "/posts/list/",
    "/hotlines/list/",
    "/grids/show/13",
    "/teams/add",
    "/",
    "/directory/?q=社区",
    "/directory/4201020029900102003",
)


def _prepare(app: Flask) -> None:
    with app.app_context(), acting(SYSTEM):
        upgrade()
        synchronise_roles(db.session, app.appbuilder.sm)  # type: ignore[attr-defined]
        load_defaults(db.session)
        db.session.commit()
        build_demo(db.session, 2012, 1, generate_password_hash(PASSWORD))
        db.session.commit()


def _sign_in(client: FlaskClient, username: str) -> None:
    page = client.get("/login/").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    token = found.group(1) if found else ""
    form = {"username": username, "password": PASSWORD, "csrf_token": token}
    assert client.post("/login/", data=form).status_code == 302


def _measure(app: Flask, username: str) -> list[tuple[str, float, int, int]]:
    client = app.test_client()
    _sign_in(client, username)
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    rows = []
    for path in PAGES:
        if client.get(path).status_code == 403:
            continue  # not this role's page
        times = []
        for _round in range(ROUNDS):
            statements.clear()
            started = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - started)
            assert answer.status_code == 200, path
        rows.append((path, statistics.median(times), len(answer.data), len(statements)))
    return rows


def _print(title: str, rows: list[tuple[str, float, int, int]]) -> None:
    base = rows[0][1]
    print(title)
    for path, seconds, size, statements in rows:
        print(
            f"  {path:36}{seconds * 1000:8.1f} ms{seconds / base:8.1f} ×"
            f"{size / 1024:8.1f} KB{statements:5} statements"
        )


def main() -> None:
    """Measure on a database of its own (``PORTAL_DATABASE_URL``, else SQLite) and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PORTAL_VAR"] = folder
        app = create_app({"RATELIMIT_ENABLED": False, "AUTH_RATE_LIMITED": False})
        _prepare(app)
        _print("pages, demo community, as station", _measure(app, "station"))
        with app.app_context(), acting(SYSTEM):
            run_import(db.session, KINDS["divisions"], COMMUNITIES, Options())
            db.session.commit()
        _print("the same with 3,495 communities imported", _measure(app, "station"))
        _print("the same as the administrator, who sees all of them", _measure(app, "admin"))


if __name__ == "__main__":
    main()
