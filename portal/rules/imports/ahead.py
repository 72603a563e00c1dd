"""A long file is read ahead by a process of its own.

A second processor reads, cleans, hashes and seals the next rows while this one plans and the
database writes. The process is a fork of this one, so it knows what this one knows; it asks no
database and writes nothing. It ends when its answers are no longer read, also when this process
was killed.
"""

import gc
import multiprocessing
import traceback
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from portal.rules.imports.cleaning import Tell, lines_of
from portal.rules.imports.kind import Kind, Line, Refused
from portal.rules.imports.reader import Table
from portal.rules.masking import hide_numbers

PART, REFUSED, FAILED, END = "part", "refused", "failed", "end"
GRACE = 5  # seconds
FORK = multiprocessing.get_context("fork")


def parts_of(kind: Kind, table: Table, tell: Tell) -> Iterator[list[Line]]:
    """``lines_of``, each part prepared as its kind says; the parts of a long file read ahead.

    Raises Refused, RuntimeError where the process that reads ahead fails, and what ``tell`` raises.
    """
    told = _Told(tell)
    parts = lines_of(kind, table, told)
    prepare = kind.prepare or (lambda lines: None)
    first = next(parts)
    prepare(first)
    yield first
    if kind.prepare is None or len(first) != kind.at_once:
        for lines in parts:
            prepare(lines)
            yield lines
        return
    yield from _read_ahead(kind, table, told, parts)


class _Told:
    """Passes on how far the reading is; keeps it where nobody may be told."""

    def __init__(self, tell: Tell) -> None:
        self.tell: Tell | None = tell
        self.last = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self.last = (done, total)
        if self.tell is not None:
            self.tell(done, total)


def _read_ahead(
    kind: Kind, table: Table, told: _Told, parts: Iterator[list[Line]]
) -> Iterator[list[Line]]:
    reading, writing = FORK.Pipe(duplex=False)
    child = FORK.Process(
        target=_serve, args=(kind, table, told, parts, reading, writing), daemon=True
    )
    child.start()
    writing.close()
    try:
        while (answer := _answer(reading))[0] == PART:
            _word, lines, table.ignored, last = answer
            told(*last)
            yield lines
        word, *rest = answer
        if word == REFUSED:
            raise Refused(*rest)
        if word == FAILED:
            raise RuntimeError(*rest)
        table.ignored, last = rest
        told(*last)
    finally:
        reading.close()
        child.kill()  # whatever it still has to say is nobody's answer
        child.join(GRACE)


def _answer(reading: Connection) -> Any:
    """What the process says next, rows as lines."""
    try:
        word, *rest = reading.recv()
    except EOFError:
        return FAILED, "the process that reads ahead was ended"
    if word == PART:
        rest[0] = [
            Line(number, cells, values, notes, error=error, ready=ready)
            for number, cells, values, notes, error, ready in rest[0]
        ]
    return word, *rest


def _serve(
    kind: Kind,
    table: Table,
    told: _Told,
    parts: Iterator[list[Line]],
    reading: Connection,
    writing: Connection,
) -> None:
    """What the other process does: the parts that are left, then the end."""
    reading.close()  # else nobody would notice that the reader of the answers is gone
    gc.disable()  # what was there before stays shared
    told.tell = None
    assert kind.prepare is not None
    with suppress(BrokenPipeError):
        try:
            for lines in parts:
                kind.prepare(lines)
                rows = [
                    (one.number, one.cells, one.values, one.notes, one.error, one.ready)
                    for one in lines
                ]
                writing.send((PART, rows, table.ignored, told.last))
        except Refused as refused:
            writing.send((REFUSED, refused.reason, refused.detail))
        except BrokenPipeError:
            raise
        except Exception:
            writing.send((FAILED, hide_numbers(traceback.format_exc())))
        else:
            writing.send((END, table.ignored, told.last))
