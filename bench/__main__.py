"""``make bench``: every measurement, one after another, each in a process of its own.

Small by default, in under five minutes. ``--size 1m`` (``make bench SIZE=1m``): the register alone,
at that size on PostgreSQL and with 200,000 residents on SQLite.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.register.plan import SIZES

LARGE_SQLITE = "200k"


def commands(size: str | None) -> Iterator[list[str]]:
    """What is run: module and options."""
    if size is not None:
        yield ["bench.bench_register", "--size", size]
        yield ["bench.bench_register", "--engine", "sqlite", "--size", LARGE_SQLITE]
        return
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        yield [f"bench.{file.stem}"]
    yield ["bench.bench_register", "--engine", "sqlite"]


def main() -> int:
    """Run them; 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--size", choices=SIZES)
    failed, began = 0, time.monotonic()
    for command in commands(parser.parse_args().size):
        print(f"== {' '.join(command)}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *command], check=False).returncode
    print(f"== {(time.monotonic() - began) / 60:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
