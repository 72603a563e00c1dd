"""The register's pages against Django admin and Flask-Admin: same rows, in turns, over HTTP.

    python -m bench.bench_register                       10,000 residents on PostgreSQL
    python -m bench.bench_register --size 1m             a million; the portal at 10,000 beside it
    python -m bench.bench_register --engine sqlite --size 200k     the portal alone

Each application is served by gunicorn with two synchronous workers, preloaded. The databases are
made once and kept (``bench.register.store``). Exits with 1 where a promise is broken.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.contest import contestants, measure, report
from bench.contest.contestants import DJANGO, FLASK_ADMIN, Contestant
from bench.contest.pages import PAGES, Rows, look
from bench.register import store
from bench.register.plan import SIZES

SMALL = "10k"
SQLITE_SEARCH = 50  # ms, for two characters among 200,000


def main() -> int:
    """Measure and print; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_register")
    parser.add_argument("--size", choices=SIZES, default=SMALL)
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--alone", action="store_true", help="the portal without its rivals")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        entered = _start(stack, folder, options)
        results = measure.take_turns(entered, PAGES, options.rounds)
        memories = {label: measure.memory(one) for label, one, _rows in entered}
        _count(results, entered)
    print(f"{options.engine}, {entered[0][2].total:,} residents, {options.rounds} rounds")
    rows = entered[0][2]
    print(f"deep page: {rows.page}, by name {rows.name_page}")
    print(report.machine() + "\n")
    print(report.table(results, [label for label, _one, _rows in entered]) + "\n")
    print("memory of a worker\n" + report.told_memory(memories))
    wrong = report.broken(results, memories)
    if options.engine == "sqlite" and results["search"][report.OURS].p50 > SQLITE_SEARCH:
        wrong.append(f"search: more than {SQLITE_SEARCH} ms")
    print("\n".join(["", "broken:", *wrong]) if wrong else "\nall promises kept")
    return 1 if wrong else 0


def _start(
    stack: ExitStack, folder: Path, options: argparse.Namespace
) -> list[tuple[str, Contestant, Rows]]:
    """Everybody who takes part, started and signed in to."""
    engine = options.engine
    if engine == "postgresql":
        stack.enter_context(store.shared_server())
    url = stack.enter_context(store.filled(engine, options.size))
    rows = look(url)
    entered = [(report.OURS, _portal(stack, url, rows, folder / "portal"), rows)]
    if engine == "postgresql" and not options.alone:
        for label, serve in (
            (DJANGO, contestants.django_admin),
            (FLASK_ADMIN, contestants.flask_admin),
        ):
            entered.append((label, stack.enter_context(serve(url, rows, folder / label)), rows))
    if options.size != SMALL:
        base = stack.enter_context(store.filled(engine, SMALL))
        base_rows = look(base)
        one = _portal(stack, base, base_rows, folder / "base")
        entered.append((report.BASE, one, base_rows))
    return entered


def _portal(stack: ExitStack, url: str, rows: Rows, folder: Path) -> Contestant:
    return stack.enter_context(contestants.portal(url, rows, folder))


def _count(results: measure.Results, entered: list[tuple[str, Contestant, Rows]]) -> None:
    """Statements of every page, each counted by the application's own hook."""
    for label, one, _rows in entered:
        if label in contestants.RIVALS:
            counts = measure.count_of_rival(one, PAGES)
        else:
            asked = [f"{account}={path}" for account, path in one.pages.values()]
            command = [sys.executable, "-m", "bench.contest.statements", one.url, *asked]
            done = subprocess.run(
                command, cwd=store.ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr[-4000:]
            told = [int(line) for line in done.stdout.split()]
            counts = dict(zip(one.pages, told, strict=True))
        for page, count in counts.items():
            results[page][label].statements = count


if __name__ == "__main__":
    sys.exit(main())
