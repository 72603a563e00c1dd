"""``python -m bench.endurance``: a simulated month of reminders, with kills; 10 to 20 minutes.

Web, worker, timetable and queue server run for real on the demo community and believe a clock that
runs at speed: 1 February to 3 March 2026, with Spring Festival (15 to 23 February) and two
Saturdays that are worked (14 and 28). Worker, queue server and timetable are killed (SIGKILL) at
random moments, some of them between write and commit; for a part of the time two timetables run.
Then every reminder is compared with what meetings.csv and the days off say there must be.

Options: ``--engine sqlite|postgresql``, ``--kills 30``, ``--days 31``, ``--speed 20``, ``--seed``.
Exits with 1 if anything is wrong.
"""

import argparse
import base64
import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine

from portal.queries.jobs import counts
from tests.support.endurance import Clock, Fleet, Run
from tests.support.endurance_judge import CHINA, judge
from tests.support.engines import TEMPLATE, ensure_template, make_store
from tests.support.servers import postgres

BEGIN = datetime(2026, 2, 1, 6, 0, tzinfo=CHINA).astimezone(UTC)


def main() -> int:
    """Run it and print what came of it; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.endurance")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--keep", action="store_true", help="keep logs and database")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="endurance-"))
    if options.keep:
        print(f"logs in {folder}", flush=True)
    try:
        with _database(options.engine, folder) as url:
            return _run(url, folder, options)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    """The address of a fresh demo community."""
    for name in ("SECRET_KEY", "DATA_KEYS", "INDEX_KEY"):
        key = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
        os.environ[f"PORTAL_{name}"] = key
    os.environ["PORTAL_DEMO_PASSWORD"] = hashlib.sha256(os.urandom(16)).hexdigest()
    if engine == "sqlite":
        store = make_store(engine, folder)
        ensure_template(store, folder, folder / "template-var")
        yield store.url(TEMPLATE)
        return
    place = folder / "postgresql"
    place.mkdir()
    folder.chmod(0o755)
    with postgres(place) as server:
        os.environ["PORTAL_TEST_SERVER"] = server
        store = make_store(engine, folder)
        ensure_template(store, folder, folder / "template-var")
        yield store.url(TEMPLATE)


def _run(url: str, folder: Path, options: argparse.Namespace) -> int:
    chance = random.Random(options.seed)
    clock = Clock(folder / "clock.json")
    clock.set(BEGIN, 0)
    fleet = Fleet(folder / "var", {**os.environ, "PORTAL_DATABASE_URL": url}, clock, chance)
    engine = create_engine(fleet.settings["SQLALCHEMY_DATABASE_URI"])
    end = BEGIN + timedelta(days=options.days)
    run = Run(fleet, engine, BEGIN, end, options.kills, options.speed, say=print)
    begun = time.monotonic()
    try:
        run.run()
        idle = _idle(fleet)
        _figures(fleet)
    finally:
        fleet.stop()
    verdict = judge(engine, BEGIN, end, fleet.outages)
    minutes = (time.monotonic() - begun) / 60
    print(f"{options.engine}: {options.days} days in {minutes:.1f} minutes, {run.killed} kills")
    print(verdict)
    for line in verdict.wrong[:20]:
        print(" ", line)
    print("the queues are empty" if idle else "jobs are left in the queues")
    return 1 if verdict.wrong or run.killed != options.kills or not idle else 0


def _idle(fleet: Fleet) -> bool:
    """Whether the queues come to rest: no kill has left a job half-done for ever."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if all(not (c.waiting or c.running or c.paused) for c in counts(fleet.client)):
            return True
        time.sleep(0.2)
    return False


def _figures(fleet: Fleet) -> None:
    """What the web server says at the end: it has run all the time."""
    token = fleet.settings["PORTAL_METRICS_TOKEN"]
    with urllib.request.urlopen(f"{fleet.address}/metrics?token={token}", timeout=20) as answer:  # noqa: S310
        lines = answer.read().decode().splitlines()
    wanted = ("portal_up", "portal_jobs{", "portal_workers", "portal_inbox", "portal_meetings")
    print("\n".join(line for line in lines if line.startswith(wanted)))


if __name__ == "__main__":
    sys.exit(main())
