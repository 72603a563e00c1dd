"""Reads a spreadsheet in a process of its own, with little memory and time, row by row.

A few kilobytes can unpack to gigabytes, and one cell at the far corner makes a table of billions:
then that process (``fenced.py``) dies, not the worker.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from portal.rules.imports import fenced
from portal.rules.imports.fenced import DAY, END, SHEET, Row

MOST_OUTPUT = 100 * 1024 * 1024  # bytes
MOST_HEAD = 8 * 1024 * 1024  # bytes of all first rows
OWN_FILES = 8  # times as much for somebody at the command line


class TooMuch(Exception):
    """The file needs more than it may."""


class Unreadable(Exception):
    """The file is no spreadsheet, or a broken one."""


class Book:
    """A spreadsheet while its reader lives; ``heads`` are the first rows of its sheets, ``heights``
    how many rows each has. ``times``: how much more it may need than a file from a page. Raises
    TooMuch or Unreadable, also from ``rows``.
    """

    def __init__(self, file: Path, times: int = 1) -> None:
        self.heads: list[list[Row]] = []
        self.heights: list[int] = []
        self._file, self._times = file, times
        self._child: subprocess.Popen[bytes] | None = None
        self._start()

    def rows(self, sheet: int) -> Iterator[Row]:
        """All rows of a sheet, from the first."""
        if self._child is None:
            self._start()
        child = self._child
        assert child is not None and child.stdin is not None
        whole = False
        try:
            child.stdin.write(f"{sheet}\n".encode())
            child.stdin.flush()
            for part in self._parts(MOST_OUTPUT * self._times):
                yield [_cell(one) if type(one) is list else one for one in part[1:]]
            whole = True
        except BrokenPipeError as error:
            raise TooMuch from error
        finally:
            if not whole:  # what it still has to say is nobody's answer
                self.close()

    def close(self) -> None:
        """End the reader."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def __enter__(self) -> "Book":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> None:
        # -I: neither the environment nor the current folder has a say in what it loads.
        command = [sys.executable, "-I", fenced.__file__]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        with self._file.open("rb") as source:
            # It may lie in memory, where a child finds it by no name.
            told, given = [str(source.fileno()), str(self._times)], (source.fileno(),)
            self._child = subprocess.Popen(
                [*command, *told], stdin=pipe, stdout=pipe, stderr=nowhere, pass_fds=given
            )
        self.heads, self.heights = [], []
        try:
            for part in self._parts(MOST_HEAD):
                if part[0] == SHEET:
                    self.heads.append([])
                    self.heights.append(part[1])
                else:
                    self.heads[-1].append([_cell(one) for one in part[1:]])
        except BaseException:
            self.close()
            raise

    def _parts(self, most: int) -> Iterator[Row]:
        """What the child says until it says that this is all."""
        assert self._child is not None and self._child.stdout is not None
        stream, size = self._child.stdout, 0
        load = json.loads
        while line := stream.readline(most + 1):
            size += len(line)
            if size > most or not line.endswith(b"\n"):
                break
            part: Row = load(line)
            if part == END:
                return
            yield part
        if size > most:
            raise TooMuch
        raise Unreadable if self._child.wait() == 1 else TooMuch  # killed by its limits


def sheets(file: Path) -> list[list[Row]]:
    """The sheets of ``file``: rows of cells (text, numbers, truths, dates). Raises TooMuch or
    Unreadable.
    """
    with Book(file) as book:
        return [list(book.rows(number)) for number in range(len(book.heads))]


def _cell(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    kind, text = part
    return date.fromisoformat(text) if kind == DAY else datetime.fromisoformat(text)
