"""The five-minute round of the work orders on a full database (PostgreSQL).

Orders of the demo community (20,000; for the promise ``--orders 1000000``), a tenth of them open,
their deadlines on the twenty working days around the first morning. Each round runs in a process of
its own: a morning on which one in ten of the open orders comes to be due soon and one in twenty is
to be supervised, the round after it that finds nothing, the midnight after. Promises: at most 5 s,
and at most 200 MB more than the process had before. Last, what a week without any round costs; that
is told, not promised. With ``--year`` instead: a whole year of 20,000 orders, every warning of it
compared with one counted by hand. Exit 1 if a promise is broken.

    python -m bench.bench_tick [--orders N] [--year]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select, text

from bench.bench_import_residents import Watch, prepare
from portal import clock
from portal.app import create_app
from portal.extensions import db
from portal.models import OrderWarning, User
from portal.queries.limits import Limits, default_numbers
from portal.rules import clocks
from portal.rules.tick import tick
from portal.scope import SYSTEM, acting
from portal.workdays import WorkCalendar
from tests.support import order_year, servers
from tests.support.engines import PostgresStore
from tests.support.orders import put_orders

ORDERS, OPEN = 20_000, 10  # one in ten is open
MOST_SECONDS, MOST_MEMORY = 5.0, 200
DAYS, OVERDUE = 20, 4  # working days over which deadlines lie, and how many of them have passed
FIRST = date(2026, 3, 16)  # the morning of the first round
ROUNDS = {
    "morning": "2026-03-16T08:00+08:00",
    "nothing new": "2026-03-16T08:05+08:00",
    "midnight": "2026-03-17T00:00+08:00",
}
WEEK_LATER = "2026-03-24T08:00+08:00"

DUE = """
CREATE TEMP TABLE due
(place int, due_at timestamptz, yellow_at timestamptz, red_at timestamptz)
"""
PEOPLE = """
CREATE TEMP TABLE who AS
SELECT row_number() OVER (ORDER BY grid_code) - 1 AS place, grid_code, user_id
FROM (SELECT DISTINCT ON (p.grid_code) p.grid_code, w.user_id FROM posts p
      JOIN workers w ON w.id = p.worker_id
      WHERE p.role = 'grid_worker' AND w.user_id IS NOT NULL ORDER BY p.grid_code, w.id) AS one
"""
WANTED = """
CREATE TEMP TABLE wanted AS
SELECT n AS id, '420102002990-20260101-' || n AS number, who.grid_code, who.user_id,
       n % :open = 0 AS open, due.*, CAST(:since AS timestamptz) AS since
FROM generate_series(1, :orders) AS n
JOIN who ON who.place = n % (SELECT count(*) FROM who)
JOIN due ON due.place = (n / :open) % (SELECT count(*) FROM due)
"""
# How they are found: all are lamps, one in a thousand leaks too.
TERMS = (
    "' 路灯 不亮 ludeng ' || CASE WHEN id % 997 = 0 THEN '漏水 ' ELSE '' END"
    " || substr(number, 1, 24) || ' '"
)
MATTERS = """
INSERT INTO matters (id, number, kind, category_id, summary, reported_at, channel, urgency, crowd,
                     visibility, level, grid_code, search_terms, created_at, updated_at)
SELECT id, number, 'letter', (SELECT min(id) FROM matter_categories), '路灯 ' || id || ' 不亮',
       since, 'patrol', 'normal', false, 'normal', 'cell', grid_code, TERMS, since, since
FROM wanted
"""
WORK_ORDERS = """
INSERT INTO work_orders (id, matter_id, number, kind, category_id, summary, urgency, crowd, grade,
                         state, assignee_id, dispatcher_id, reported_at, accepted_at, due_at,
                         yellow_at, red_at, escalate_by, next_warning_at, warned, extended, settled,
                         to_sample, reopened, void, trail_head, trail_count, visibility, level,
                         grid_code, search_terms, created_at, updated_at)
SELECT id, id, number, 'letter', (SELECT min(id) FROM matter_categories), '路灯 ' || id || ' 不亮',
       'normal', false, 'general', CASE WHEN open THEN 'handling' ELSE 'closed' END, user_id,
       user_id, since, since, due_at, yellow_at, red_at, due_at,
       CASE WHEN NOT open THEN NULL WHEN due_at < :now THEN red_at ELSE yellow_at END,
       CASE WHEN due_at < :now THEN 'orange' END, false, false, false, 0, false, '', 0, 'normal',
       'cell', grid_code, TERMS, since, since
FROM wanted
"""


def fill(orders: int) -> None:
    """Put the orders into the database of the environment."""
    app, calendar, limits = create_app(), WorkCalendar(), Limits(default_numbers())
    start = clocks.workday(FIRST, -OVERDUE, calendar)
    rows = []
    for place in range(DAYS):
        accepted = clocks.end_of(clocks.workday(start, place - 5, calendar))
        found = clocks.answer(accepted, "letter", "general", calendar, limits)
        rows.append({"place": place} | vars(found))
    moment = datetime.fromisoformat(ROUNDS["morning"]).astimezone(UTC)
    values = {"orders": orders, "open": OPEN, "since": rows[0]["yellow_at"]}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(DUE))
        insert = "INSERT INTO due VALUES (:place, :due_at, :yellow_at, :red_at)"
        connection.execute(text(insert), rows)
        connection.execute(text(PEOPLE))
        connection.execute(text(WANTED), values)
        connection.execute(text(MATTERS.replace("TERMS", TERMS)))
        connection.execute(text(WORK_ORDERS.replace("TERMS", TERMS)), {"now": moment})
    with app.app_context(), db.engine.connect() as connection:
        whole = connection.execution_options(isolation_level="AUTOCOMMIT")
        whole.execute(text("VACUUM ANALYZE"))


def measure(at: str) -> dict[str, object]:
    """Seconds and memory of one round as of ``at``, in this process."""
    app = create_app()
    with app.app_context(), acting(SYSTEM):
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        watch = Watch()
        watch.start()
        started = time.perf_counter()
        done = tick(db.session, datetime.fromisoformat(at))
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "memory": watch.ended()["memory"], "did": str(done)}


def _apart(at: str) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.bench_tick", "--at", at]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(name: str, found: dict[str, object], *, promised: bool) -> bool:
    seconds, memory = float(str(found["seconds"])), float(str(found["memory"]))
    kept = not promised or (seconds <= MOST_SECONDS and memory <= MOST_MEMORY)
    verdict = ("ok" if kept else "BROKEN") if promised else "told"
    print(f"  {name:12} {seconds:7.2f} s {memory:+7.0f} MB  {verdict}  {found['did']}", flush=True)
    return kept


def run(orders: int) -> bool:
    """Fill, measure, print; whether the promises hold."""
    started = time.perf_counter()
    fill(orders)
    took = time.perf_counter() - started
    print(f"postgresql: {orders} orders, {orders // OPEN} open (filled in {took:.0f} s)")
    results = [_told(name, _apart(at), promised=True) for name, at in ROUNDS.items()]
    _told("a week later", _apart(WEEK_LATER), promised=False)
    print(f"  promised: at most {MOST_SECONDS:.0f} s and +{MOST_MEMORY} MB")
    return all(results)


def run_year(orders: int) -> bool:
    """Live through a year; whether every warning came at its round, and once."""
    app, lives = create_app(), order_year.some_lives(orders)
    with app.app_context(), acting(SYSTEM):
        worker = db.session.scalars(select(User.id).where(User.username == "worker08")).one()
        ids = put_orders(db.session, [life.columns(worker) for life in lives])
        db.session.commit()
        started = time.perf_counter()
        done = order_year.live(db.session, lives, ids)
        took = time.perf_counter() - started
        found = select(OrderWarning.order_id, OrderWarning.kind, OrderWarning.at)
        record = sorted((row[0], row[1], clock.aware(row[2])) for row in db.session.execute(found))
        db.session.remove()
        db.engine.dispose()
    kept = record == order_year.expected(lives, ids)
    print(f"postgresql: a year of {orders} orders, {len(order_year.ROUNDS)} rounds, {took:.0f} s")
    print(f"  {'ok' if kept else 'BROKEN'}: {len(record)} warnings by hand and by round; {done}")
    return kept


def main() -> int:
    """Run; 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--year", action="store_true")
    parser.add_argument("--at", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.at:
        print(json.dumps(measure(asked.at)))
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = PostgresStore(stack.enter_context(servers.postgres(folder)))
        store.create("ready")
        os.environ |= {"PORTAL_VAR": str(folder), "PORTAL_DATABASE_URL": store.url("ready")}
        prepare()
        kept = run_year(asked.orders) if asked.year else run(asked.orders)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
