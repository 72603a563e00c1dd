"""Desks and lists of work orders on a full database (PostgreSQL).

Orders as ``bench_tick`` makes them (20,000; for the promise ``--orders 1000000``), a tenth of them
open; the pages are asked of the application in this process, without a network, in turns, with the
sign-ins of the demo, on the morning of the first round. Promises: desks at most 60 ms (p50), lists
at most 6 statements and 40 KB. Exit 1 if a promise is broken.

    python -m bench.bench_orders [--orders N] [--rounds N]
"""

import argparse
import gc
import logging
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from flask.testing import FlaskClient

from bench.bench_import_residents import prepare
from bench.bench_tick import OPEN, ORDERS, ROUNDS, fill
from portal import clock
from portal.app import create_app
from tests.support import servers
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.engines import PostgresStore

MOST_MS, MOST_STATEMENTS, MOST_BYTES = 60.0, 6, 40 * 1024
LISTS = ("my orders", "overdue", "search", "matters")
PASSWORD = "bench-only-password"  # noqa: S105 - of a database that lives as long as the run
PAGES = {
    "desk, station": ("station", "/desk/"),
    "desk, block head": ("block02", "/desk/"),
    "desk, grid leader": ("leader07", "/desk/"),
    "desk, grid worker": ("worker07", "/desk/"),
    "list, community": ("station", "/work-orders/list/"),
    "list, cell": ("worker07", "/work-orders/list/"),
    "my orders": ("worker07", "/work-orders/list/?preset=mine"),
    "overdue": ("station", "/work-orders/list/?preset=overdue"),
    "search": ("station", "/work-orders/list/?q=漏水"),
    "search, one number": ("station", "/work-orders/list/?q=420102002990-20260101-777"),
    "matters": ("station", "/matters/list/"),
    "an order": ("station", "/work-orders/show/500000"),
    "ledger, community": ("station", "/ledgers/L13/?from=2025-12-01&to=2026-12-31"),
    "ledger, cell": ("worker07", "/ledgers/L13/?from=2025-12-01&to=2026-12-31"),
    "ledger, none": ("station", "/ledgers/L09/?from=2025-12-01&to=2026-12-31"),
    "figures, community": ("station", "/work-orders/figures"),
    "figures, cell": ("worker07", "/work-orders/figures"),
}


def signed_in(app: Any) -> dict[str, FlaskClient]:
    """A client for each account."""
    found = {}
    for account in {account for account, _path in PAGES.values()}:
        client = PageClient(app)
        answer = client.sign_in(account, PASSWORD)
        assert answer.status == 302, account
        found[account] = client.raw
    return found


def measure(orders: int, rounds: int) -> bool:
    """Ask in turns, print; whether the promises hold."""
    app = create_app({"RATELIMIT_ENABLED": False, "AUTH_RATE_LIMITED": False})
    logging.disable(logging.INFO)
    clients, kept = signed_in(app), True
    gc.collect()
    gc.freeze()  # as for a web worker (portal/cli/web.py)
    seconds: dict[str, list[float]] = {name: [] for name in PAGES}
    sizes, counts = dict[str, int](), dict[str, int]()
    for name, (account, path) in PAGES.items():
        path = path.replace("500000", str(orders // 2))
        with count_statements(app) as statements:
            answer = clients[account].get(path)
        assert answer.status_code == 200, path
        sizes[name], counts[name] = len(answer.data), len(statements)
    for _turn in range(rounds):
        for name, (account, path) in PAGES.items():
            started = time.perf_counter()
            clients[account].get(path.replace("500000", str(orders // 2)))
            seconds[name].append(time.perf_counter() - started)
    print(f"postgresql: {orders} orders, {orders // OPEN} open, {rounds} rounds")
    print("| page | p50 / p95 ms | SQL | KB |\n|---|---|---|---|")
    for name, taken in seconds.items():
        p50, p95 = median(taken) * 1000, quantiles(taken, n=20)[-1] * 1000
        told = f"| {name} | {p50:.1f} / {p95:.1f} | {counts[name]} | {sizes[name] / 1024:.1f} |"
        listed = name.startswith(("list", "ledger")) or name in LISTS
        fine = p50 <= MOST_MS if name.startswith("desk") else True
        fine &= not listed or (counts[name] <= MOST_STATEMENTS and sizes[name] <= MOST_BYTES)
        print(told + ("" if fine else "  BROKEN"), flush=True)
        kept &= fine
    print("all promises kept" if kept else "a promise is broken")
    return kept


def main() -> int:
    """Run; 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--rounds", type=int, default=25)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = PostgresStore(stack.enter_context(servers.postgres(folder)))
        store.create("ready")
        os.environ |= {"PORTAL_VAR": str(folder), "PORTAL_DATABASE_URL": store.url("ready")}
        stack.enter_context(servers.valkey(dict(os.environ), folder))
        prepare()
        fill(asked.orders)
        with clock.standing(datetime.fromisoformat(ROUNDS["morning"])):
            kept = measure(asked.orders, asked.rounds)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
