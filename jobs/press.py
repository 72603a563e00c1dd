"""Drawing many documents: in processes of its own, as many as there are processors.

They are forked from the warm work horse, know no database, and end with it, also when it is killed.
"""

import gc
import os
import signal
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.cli.process import die_with_parent
from portal.documents.registry import DRAWINGS
from portal.errors import RuleError, kept
from portal.queries.board_record import Edition

MOST_PROCESSES = 4  # each needs some 100 MB of its own
GARBAGE = 500_000  # new objects before a process looks for what nobody uses


@dataclass(frozen=True)
class Drawn:
    """A drawing: PDF and number of pages, or why there is none, as ``errors.kept`` keeps it."""

    pdf: bytes = b""
    pages: int = 0
    refused: str = ""


class Press:
    """``submit`` drawings, look at their futures; leaving the block drops what has not begun."""

    def __init__(self, processes: int = 0) -> None:
        self.processes = processes or min(len(os.sched_getaffinity(0)), MOST_PROCESSES)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Press":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def submit(self, kind: str, record: Any, edition: Edition, size: str) -> "Future[Drawn]":
        """The drawing of a record to come; ``result`` gives its future's result."""
        try:
            return self._submit(kind, record, edition, size)
        except BrokenProcessPool:  # a process was killed meanwhile: others take its place
            self._pool = None
            return self._submit(kind, record, edition, size)

    def _submit(self, kind: str, record: Any, edition: Edition, size: str) -> "Future[Drawn]":
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.processes, get_context("fork"), _begin, (os.getpid(),)
            )
        return self._pool.submit(draw, kind, record, edition, size)


def result(future: "Future[Drawn]") -> tuple[bytes, int]:
    """PDF and pages. Raises RuleError where it was refused or its process ended."""
    try:
        drawn = future.result()
    except BrokenProcessPool as error:
        raise RuleError(_l("Drawing it ended before it was finished: try it alone.")) from error
    if drawn.refused:
        raise RuleError(drawn.refused)
    return drawn.pdf, drawn.pages


def draw(kind: str, record: Any, edition: Edition, size: str) -> Drawn:
    """Runs in a process of the press."""
    try:
        return Drawn(*DRAWINGS[kind].render(record, edition, size))
    except RuleError as refusal:
        return Drawn(refused=kept(refusal.message))


def _begin(parent: int) -> None:
    """First thing in a forked process: the worker's handling of signals is not for it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)
    gc.set_threshold(GARBAGE)  # it will not live long
