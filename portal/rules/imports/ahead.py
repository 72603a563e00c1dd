"""A long file is read ahead by a process of its own.

A second processor reads, cleans, hashes and seals the next rows while this one plans and the
database writes. The process is a fork of this one, so it knows what this one knows; it asks no
database and writes nothing. It ends when its answers are no longer read, also when this process
was killed.
"""

import gc
import multiprocessing
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl
from multiprocessing.connection import Connection
from typing import Any

from portal.rules.imports.cleaning import Tell, lines_of
from portal.rules.imports.kind import Kind, Line, Refused
from portal.rules.imports.reader import Table
from portal.rules.masking import hide_numbers

PART, REFUSED, FAILED, END = "part", "refused", "failed", "end"
GRACE = 5  # seconds
PIECE = 250  # rows that are handed over together; more would only lie in memory twice
COMING = 4  # pieces that are unpacked before they are asked for
QUICK = 0.0003  # seconds after which threads take turns: one of them waits for the database
WAITING = 1024 * 1024  # bytes that lie ready while the database writes
FORK = multiprocessing.get_context("fork")


def parts_of(kind: Kind, table: Table, tell: Tell) -> Iterator[list[Line]]:
    """``lines_of``, each part prepared as its kind says; a file of several parts is read ahead.

    Raises Refused, RuntimeError where the process that reads ahead fails, and what ``tell`` raises.
    """
    prepare = kind.prepare
    if prepare is None:
        yield from lines_of(kind, table, tell, kind.at_once)
    elif kind.at_once is None or table.total <= kind.at_once:
        for lines in lines_of(kind, table, tell, kind.at_once):
            prepare(lines)
            yield lines
    else:
        yield from _joined(kind.at_once, _read_ahead(kind, table, tell, min(PIECE, kind.at_once)))


def _joined(most: int, pieces: Iterator[list[Line]]) -> Iterator[list[Line]]:
    part, told = list[Line](), False
    for lines in pieces:
        part += lines
        if len(part) >= most:
            yield part
            part, told = [], True
    if part or not told:
        yield part


def _read_ahead(kind: Kind, table: Table, tell: Tell, size: int) -> Iterator[list[Line]]:
    reading, writing = FORK.Pipe(duplex=False)
    widen(writing.fileno())
    child = FORK.Process(target=_serve, args=(kind, table, size, reading, writing), daemon=True)
    child.start()
    writing.close()
    turns = sys.getswitchinterval()
    sys.setswitchinterval(QUICK)
    answers = ThreadPoolExecutor(1)
    try:
        tell(0, table.total)
        # Unpacked while the database works: it is asked about one part at a time.
        coming = deque(answers.submit(_answer, reading) for _place in range(COMING))
        while (answer := coming.popleft().result())[0] == PART:
            coming.append(answers.submit(_answer, reading))
            _word, lines, table.ignored, far = answer
            tell(*far)
            yield lines
        word, *rest = answer
        if word == REFUSED:
            raise Refused(*rest)
        if word == FAILED:
            raise RuntimeError(*rest)
        table.ignored, far = rest
        tell(*far)
    finally:
        child.kill()  # whatever it still has to say is nobody's answer
        child.join(GRACE)
        answers.shutdown(cancel_futures=True)  # what it waited for ends with the process
        reading.close()
        sys.setswitchinterval(turns)


def widen(pipe: int) -> None:
    """Let as much wait in ``pipe`` (a file descriptor) as an unprivileged process may."""
    with suppress(OSError):
        fcntl(pipe, F_SETPIPE_SZ, WAITING)


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


def _serve(kind: Kind, table: Table, size: int, reading: Connection, writing: Connection) -> None:
    """What the other process does: read, prepare, hand over, say that this is the end."""
    reading.close()  # else nobody would notice that the reader of the answers is gone
    gc.disable()  # what was there before stays shared
    far = (0, table.total)

    def note(done: int, total: int) -> None:
        nonlocal far
        far = (done, total)

    assert kind.prepare is not None
    with suppress(BrokenPipeError):
        try:
            for lines in lines_of(kind, table, note, size):
                kind.prepare(lines)
                rows = [
                    (one.number, one.cells, one.values, one.notes, one.error, one.ready)
                    for one in lines
                ]
                writing.send((PART, rows, table.ignored, far))
        except Refused as refused:
            writing.send((REFUSED, refused.reason, refused.detail))
        except BrokenPipeError:
            raise
        except Exception:
            writing.send((FAILED, hide_numbers(traceback.format_exc())))
        else:
            writing.send((END, table.ignored, far))
