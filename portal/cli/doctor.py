"""``portal doctor``: is everything that the portal stands on there and in order? One line each."""

import importlib.metadata
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import weasyprint
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text
from weasyprint.text.ffi import harfbuzz_subset

from portal import clock, queue
from portal.documents import pdf
from portal.documents.fonts import FILES
from portal.extensions import db
from portal.models import GroupRobot, sealing
from portal.queries import figures, jobs
from portal.rules.keys import census
from portal.rules.outside import addresses, post

OK, WARN, FAIL = "ok", "warn", "fail"
Result = tuple[str, str]

OWN_FONT = "Noto Sans CJK"
PROOF_TEXT = "网格公示牌：一格多员，全员共治"
BASE_FONT = re.compile(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([A-Za-z0-9-]+)")
SOON = 5.0  # seconds that the mail server has to answer
SAFE_WAYS = {"none": "in clear", "starttls": "STARTTLS", "tls": "TLS"}
QUIET_TIMETABLE = 60  # seconds without a beat
LITTLE_SPACE, NO_SPACE = 1_000_000_000, 100_000_000  # bytes


def check_database(app: Flask) -> Result:
    """Answers, and on SQLite with foreign keys and the write-ahead log on."""
    with db.engine.connect() as connection:
        if db.engine.dialect.name != "sqlite":
            version = connection.execute(text("SHOW server_version")).scalar_one()
            return OK, f"PostgreSQL {version}"
        keys = connection.execute(text("PRAGMA foreign_keys")).scalar_one()
        journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
    if not keys or journal != "wal":
        return FAIL, f"SQLite {version}: foreign keys {keys}, journal {journal}; expected 1, wal"
    if app.config["PORTAL_ENV"] == "production":
        return WARN, f"SQLite {version}: fine for one machine, PostgreSQL is meant for service"
    return OK, f"SQLite {version}, foreign keys on, write-ahead log"


def check_migrations(app: Flask) -> Result:
    """The database is at the newest migration."""
    scripts = ScriptDirectory(app.extensions["migrate"].directory)
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    if set(current) == set(scripts.get_heads()):
        return OK, f"at {', '.join(current)}"
    return FAIL, f"at {', '.join(current) or 'nothing'}; run: flask --app portal.app portal init"


def check_queue(app: Flask) -> Result:
    """The queue server answers and forgets nothing."""
    client = queue.connection(app)
    version = client.info("server").get("redis_version", "?")
    policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    kept = client.config_get("appendonly").get("appendonly")
    if policy != "noeviction":
        return FAIL, f"version {version} may drop jobs: maxmemory-policy {policy}, not noeviction"
    if kept != "yes":
        return WARN, f"version {version} loses jobs when it stops: appendonly {kept}"
    return OK, f"version {version}, append-only file, nothing evicted"


def check_worker(app: Flask) -> Result:
    """Somebody works on each queue."""
    counts = jobs.counts(queue.connection(app))
    idle = [one.queue for one in counts if not one.workers]
    if idle:
        return FAIL, f"nobody works on {', '.join(idle)}"
    waiting = sum(one.waiting for one in counts)
    return OK, f"{sum(one.workers for one in counts)} at work, {waiting} jobs waiting"


def check_jobs(app: Flask) -> Result:
    """No job was given up."""
    dead = jobs.dead_letters(queue.connection(app))
    return (WARN, f"{dead} given up: the page /jobs/ says why") if dead else (OK, "none given up")


def check_timetable(app: Flask) -> Result:
    """The timetable has beaten lately."""
    age = queue.health(queue.connection(app)).timetable_age
    if age is None:
        return FAIL, "does not run"
    return (OK if age < QUIET_TIMETABLE else FAIL), f"last beat {age:.0f} s ago"


def check_fonts(_app: Flask) -> Result:
    """Chinese text comes out in a font with a real bold, embedded in the document."""
    names = {found.decode() for found in BASE_FONT.findall(_proof())}
    expected = OWN_FONT.replace(" ", "-")
    if names and all(name.startswith(expected) for name in names):
        if not all((pdf.STATIC / file).is_file() for file in FILES.values()):
            return WARN, "documents are slower and larger without their cut of it; run: make assets"
        return OK, ", ".join(sorted(names))
    return FAIL, f"no {OWN_FONT} (got {', '.join(sorted(names)) or 'none'}); install fonts-noto-cjk"


def check_pdf(_app: Flask) -> Result:
    """A small document is really rendered, with the fast subsetter."""
    begun = time.perf_counter()
    size = len(_proof())
    detail = f"{size} bytes in {time.perf_counter() - begun:.2f} s"
    if harfbuzz_subset is None:
        return WARN, f"{detail}; slow without libharfbuzz-subset0, install it"
    return (
        OK,
        f"{detail}, WeasyPrint {importlib.metadata.version('weasyprint')}, libharfbuzz-subset",
    )


def _proof() -> bytes:
    page = (
        f'<html lang="zh-Hans"><style>body{{font-family:"{OWN_FONT} SC"}}</style>'
        f"<p>{PROOF_TEXT}<p><b>{PROOF_TEXT}</b>"
    )
    made: bytes = weasyprint.HTML(string=page).write_pdf(uncompressed_pdf=True)
    return made


def check_mail(app: Flask) -> Result:
    """Whether the mail server answers, proves who it is and lets us in; nothing is sent."""
    url = app.config.get("PORTAL_MAIL_URL")
    if not url:
        return WARN, "not set up (PORTAL_MAIL_URL): messages stay in the inbox of the portal"
    try:
        server = addresses.mail_server(url, app.config["PORTAL_PUBLIC_URL"])
    except addresses.Unusable as error:
        return FAIL, str(error)
    detail = f"{server.host}:{server.port}, {SAFE_WAYS[server.tls]}, from {server.sender}"
    try:
        line = post.Line(server, SOON)
        line.ask()
    except post.Refused as refused:
        failure = refused.failure
        return FAIL, f"{detail}: {failure.code}{f' {failure.answer}' if failure.answer else ''}"
    line.close()
    return OK, f"{detail}{', signed in' if server.user else ''}"


def check_webhooks(app: Flask) -> Result:
    """Which group robots there are, and whether anything did not get out; nobody is told."""
    try:
        hooks = addresses.hooks_of(app.config.get("PORTAL_WEBHOOK_URLS"))
    except addresses.Unusable as error:
        return FAIL, str(error)
    listed = db.session.scalar(select(func.count(GroupRobot.id)).where(GroupRobot.active)) or 0
    failing = figures.deliveries(db.session)
    db.session.rollback()
    kinds = ", ".join(f"{hook.kind} at {hook.host}" for hook in hooks) or "none in the settings"
    detail = f"{kinds}; {listed} on the page /group-robots/"
    if lost := failing["failed"] + failing["given_up"]:
        return WARN, f"{detail}; {lost} messages did not go out: the page /deliveries/ says why"
    return OK, detail


def check_clock(app: Flask) -> Result:
    """The portal's time and zone."""
    local = clock.local(clock.now())
    detail = f"{local:%Y-%m-%d %H:%M} {app.config['PORTAL_TIMEZONE']} (UTC{local:%z})"
    if app.config.get("PORTAL_CLOCK"):
        return WARN, f"{detail}; PORTAL_CLOCK is set: this is not the real time"
    return OK, detail


def check_keys(app: Flask) -> Result:
    """Keys lie where only this user can read them."""
    folder: Path = app.config["PORTAL_VAR"] / "keys"
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    loose = [file.name for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077]
    if loose:
        return FAIL, f"others can read {', '.join(loose)}; chmod 600 {folder}/*"
    count = len(app.config["PORTAL_DATA_KEYS"])
    place = f"{len(files)} files of mode 600" if files else "all from the environment"
    return OK, f"{place}; {count} data key{'' if count == 1 else 's'}"


def check_sealed(app: Flask) -> Result:
    """Private values are under the first key, and searches find them."""
    found = census.take(db.session)
    used = ", ".join(f"{count} by {name}" for name, count in found.used.items()) or "none yet"
    detail = f"writes {sealing.ring().name}, {sealing.index_name()}; values: {used}"
    db.session.rollback()
    if found.lost:
        return FAIL, f"{detail}; {found.lost} by a key that PORTAL_DATA_KEYS does not have"
    if found.lost_indexes:
        return FAIL, f"{detail}; searches miss values: run portal keys rotate --index"
    todo = []
    if found.older:
        todo.append(f"{found.older} by older keys: run portal keys rotate")
    if found.old_indexes:
        todo.append("indexes of an older key: run portal keys rotate --index")
    if not todo and (len(app.config["PORTAL_DATA_KEYS"]) > 1 or sealing.index_ways() > 1):
        todo.append("older keys are still in the settings: see docs/operations.md, Keys")
    return (WARN if todo else OK), "; ".join([detail, *todo])


def check_disk(app: Flask) -> Result:
    """Room and the right to write under PORTAL_VAR."""
    var: Path = app.config["PORTAL_VAR"]
    free = shutil.disk_usage(var).free
    detail = f"{free / 1e9:.1f} GB free at {var}"
    if not os.access(var, os.W_OK):
        return FAIL, f"may not write to {var}"
    if free < NO_SPACE:
        return FAIL, detail
    return (WARN if free < LITTLE_SPACE else OK), detail


def check_assets(app: Flask) -> Result:
    """The third-party styles and scripts of the pages are in place."""
    if (Path(app.static_folder or "") / "vendor" / "manifest.json").exists():
        return OK, "styles and scripts are in place"
    return FAIL, "portal/static/vendor is empty; run: make assets"


CHECKS: tuple[tuple[str, Callable[[Flask], Result]], ...] = (
    ("database", check_database),
    ("migrations", check_migrations),
    ("queue", check_queue),
    ("worker", check_worker),
    ("jobs", check_jobs),
    ("timetable", check_timetable),
    ("fonts", check_fonts),
    ("pdf", check_pdf),
    ("mail", check_mail),
    ("webhooks", check_webhooks),
    ("clock", check_clock),
    ("keys", check_keys),
    ("sealed", check_sealed),
    ("disk", check_disk),
    ("assets", check_assets),
)


def examine(app: Flask, check: Callable[[Flask], Result]) -> Result:
    """The result of one check; whatever it raises is a failure, not the end of the examination."""
    try:
        return check(app)
    except Exception as error:
        first_line = (str(error).splitlines() or [""])[0]
        return FAIL, f"{type(error).__name__}: {first_line}"


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Examine everything the portal stands on; exit 1 if anything fails."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    failed = False
    for name, check in CHECKS:
        level, detail = examine(app, check)
        failed = failed or level == FAIL
        click.echo(f"{level:4}  {name:10}  {detail}")
    sys.exit(1 if failed else 0)
