"""The notice board against a blank page: what drawing it adds, and what warming the worker saves.

Every figure is the least of several runs. "cpu" is time of this process only and hardly depends
on what else the machine does; ratios are to the blank A3 page of the same run. A "first" figure is
taken in a forked child, as the queue worker runs its jobs: from a parent that has only imported
the renderer, and from one that has called ``warm_up``.
"""

import os
import struct
import tempfile
import time
from collections.abc import Callable

from flask import Flask
from flask_migrate import upgrade

from jobs.boards import warm_up
from portal import clock
from portal.app import create_app
from portal.documents import pdf
from portal.documents.board import CSS, board_html, render_board
from portal.documents.template import style
from portal.extensions import db
from portal.queries.board_record import Edition
from portal.rules import boards
from portal.rules.defaults import load_defaults
from portal.rules.demo import build_demo
from portal.scope import SYSTEM, acting

CELL = "4201020029900103003"
RUNS = 7
BLANK = '<html lang="en"><title>-</title><style>@page { size: 420mm 297mm }</style><p>-</p>'

Pair = tuple[float, float]


def _once(work: Callable[[], object]) -> Pair:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _least(work: Callable[[], object]) -> Pair:
    """Wall and processor seconds of ``work``, each the least of ``RUNS``."""
    work()
    pairs = [_once(work) for _ in range(RUNS)]
    return min(wall for wall, _cpu in pairs), min(cpu for _wall, cpu in pairs)


def _in_child(work: Callable[[], object]) -> Pair:
    """The same for a single run in a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, struct.pack("dd", *_once(work)))
        os._exit(0)
    os.close(writing)
    answer = os.read(reading, struct.calcsize("dd"))
    os.close(reading)
    os.waitpid(child, 0)
    wall, cpu = struct.unpack("dd", answer)
    return wall, cpu


def _first(work: Callable[[], object]) -> Pair:
    pairs = [_in_child(work) for _ in range(3)]
    return min(wall for wall, _cpu in pairs), min(cpu for _wall, cpu in pairs)


def measure(app: Flask) -> tuple[list[tuple[str, Pair]], int]:
    """Steps with their seconds, the blank page first, and the bytes of an A3 board."""
    with app.app_context(), acting(SYSTEM):
        upgrade()
        load_defaults(db.session)
        build_demo(db.session, 2012, 1, "-")
        db.session.commit()
        record = boards.load_board(db.session, CELL, boards.LANGUAGES[0])
        edition = Edition("GS-0", 1, clock.today())

        def draw() -> bytes:
            return render_board(record, edition)[0]

        def blank() -> bytes:
            return pdf.write(pdf.lay_out(BLANK, ""))

        cold = _first(draw)
        warm_up()
        warm = _first(draw)
        html = board_html(record, edition)
        document = pdf.lay_out(html, style(CSS))
        steps = [
            ("blank A3 page", _least(blank)),
            ("record from the database", _least(lambda: boards.load_board(db.session, CELL, "en"))),
            ("record to HTML, map and faces", _least(lambda: board_html(record, edition))),
            ("HTML to pages", _least(lambda: pdf.lay_out(html, style(CSS)))),
            ("pages to PDF", _least(lambda: pdf.write(document))),
            ("board, warm", _least(draw)),
            ("board, first in a child, warmed", warm),
            ("board, first in a child, not warmed", cold),
        ]
        return steps, len(draw())


def main() -> None:
    """Measure on a demo community of its own and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PORTAL_VAR"] = folder
        steps, size = measure(create_app())
    base = steps[0][1]
    print(f"notice board, A3 ({size / 1024:.0f} KB)")
    for name, (wall, cpu) in steps:
        ratio = cpu / base[1]
        print(f"  {name:38}{wall:7.3f} s{cpu:8.3f} s cpu{ratio:8.1f} ×")


if __name__ == "__main__":
    main()
