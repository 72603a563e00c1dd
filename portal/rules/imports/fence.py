"""Reads a spreadsheet that a stranger made, in a process of its own with little memory and time.

A few kilobytes can unpack to gigabytes, and one cell at the far corner makes a table of billions:
then this process dies, not the worker. Run as a program, this file needs nothing of the portal; it
prints one JSON array per line: ``["sheet"]`` before each sheet, then its rows.
"""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import load_workbook

MOST_MEMORY = 1024**3  # bytes
MOST_SECONDS = 60  # of computing
MOST_OUTPUT = 100 * 1024 * 1024  # bytes
SHEET = ["sheet"]
DAY, INSTANT = "day", "instant"


class TooMuch(Exception):
    """The file needs more than it may."""


class Unreadable(Exception):
    """The file is no spreadsheet, or a broken one."""


def sheets(file: Path) -> list[list[list[Any]]]:
    """The sheets of ``file``: rows of cells (text, numbers, truths, dates). Raises TooMuch or
    Unreadable.
    """
    found: list[list[list[Any]]] = []
    size = 0
    # -I: neither the environment nor the current folder has a say in what it loads.
    command = [sys.executable, "-I", __file__]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with (
        file.open("rb") as source,  # it may lie in memory, where a child finds it by no name
        subprocess.Popen(command, stdin=source, stdout=pipe, stderr=nowhere) as child,
    ):
        assert child.stdout is not None
        for line in _lines(child.stdout):
            size += len(line)
            if size > MOST_OUTPUT:
                child.kill()
                raise TooMuch
            row = json.loads(line)
            if row == SHEET:
                found.append([])
            else:
                found[-1].append([_cell(part) for part in row[1:]])
        code = child.wait()
    if code == 1:
        raise Unreadable
    if code != 0:
        raise TooMuch  # killed by its limits
    return found


def _lines(stream: Any) -> Iterator[bytes]:
    """Whole lines; one of a process that was killed while it wrote is left out."""
    while line := stream.readline(MOST_OUTPUT + 1):
        if not line.endswith(b"\n"):
            return
        yield line


def _cell(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    kind, text = part
    return date.fromisoformat(text) if kind == DAY else datetime.fromisoformat(text)


def _packed(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    if isinstance(cell, datetime):
        return [INSTANT, cell.isoformat()]
    return [DAY, cell.isoformat()] if isinstance(cell, date) else str(cell)


def main() -> int:
    """Print the spreadsheet that comes in; 1 if it is none."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for name in book.sheet_names:
            sys.stdout.write(json.dumps(SHEET) + "\n")
            for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False):
                while row and row[-1] in (None, ""):
                    row.pop()
                sys.stdout.write(json.dumps(["row", *map(_packed, row)]) + "\n")
    except MemoryError:
        return 2
    except Exception:  # whatever the reader stumbles over, the file is at fault
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
