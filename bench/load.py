"""``python -m bench.load``: a demo community with a register of any size.

    python -m bench.load --residents 1000000 --url postgresql://…   a database that is there, empty
    python -m bench.load --size 1m --keep      into the bench's own server, which then stays up

The same seed makes the same people (the encryption's random numbers and the tokens of cards
excepted). Keys come from the environment (``PORTAL_DATA_KEYS``, ``PORTAL_INDEX_KEY``); without
them, those of the bench (``bench.register.store.keys``), which open the kept databases.
"""

import argparse
import os
import signal
import sys
import tempfile
import time

from bench.register import store
from bench.register.filling import fill, prepare
from bench.register.plan import SIZES
from portal.app import create_app


def main() -> int:
    """Load and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--url", help="an empty database, or one with a demo community")
    parser.add_argument("--residents", type=int, help="how many people, with --url")
    parser.add_argument("--seed", type=int, default=2012)
    parser.add_argument("--size", choices=SIZES, default="10k", help="without --url")
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--keep", action="store_true", help="keep the server up until Ctrl-C")
    options = parser.parse_args()
    for name, value in store.keys().items():
        os.environ.setdefault(name, value)
    if options.url:
        return _load(options.url, options.residents or SIZES[options.size], options.seed)
    with store.filled(options.engine, options.size) as url:
        print(f"filled: {url}", flush=True)
        if options.keep:
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def _load(url: str, residents: int, seed: int) -> int:
    os.environ["PORTAL_DATABASE_URL"] = url
    with tempfile.TemporaryDirectory() as var:
        os.environ.setdefault("PORTAL_VAR", var)
        app = create_app()
        began = time.perf_counter()
        prepare(app, seed)
        ready = time.perf_counter()
        people = fill(app, residents, seed, url)
    print(
        f"{people:,} residents in {time.perf_counter() - ready:.1f} s"
        f" (tables and demo community {ready - began:.1f} s)",
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
