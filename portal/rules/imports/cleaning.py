"""From the cells of a row to the values of a line, each distinct cell judged once."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from portal.rules.imports.cells import Bad
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.reader import Table
from portal.rules.masking import hide_numbers, mask

MOST_KNOWN = 4000  # distinct cells of a column that are remembered
ALL = 2**31
Tell = Callable[[int, int], None]
TELL_AFTER = 500  # rows
Judged = tuple[Any, tuple[str, ...], str | None]  # value, what was mended, why it is refused
NOTHING: Judged = (None, (), None)


def lines_of(kind: Kind, table: Table, tell: Tell, most: int | None) -> Iterator[list[Line]]:
    """The rows of ``table`` as lines, at most ``most`` at once; at least one part.

    ``tell(rows read, rows in all)`` may raise to end it.
    """
    read = _reader(kind, table)
    part: list[Line] = []
    most, done, told = most or ALL, 0, False
    tell(0, table.total)
    for number, cells in table.rows:
        part.append(read(number, cells))
        done += 1
        if done % TELL_AFTER == 0:
            tell(done, max(done, table.total))
        if len(part) == most:
            yield part
            part, told = [], True
    if part or not told:
        yield part
    tell(done, done)


class _Known(dict[str, Judged]):
    """What the texts of a column were judged to be: asked for a new one it judges it."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self._column = column

    def __missing__(self, raw: str) -> Judged:
        if len(self) >= MOST_KNOWN:
            self.clear()
        judged = self[raw] = _judge(self._column, raw)
        return judged


def _reader(kind: Kind, table: Table) -> Callable[[int, list[Any]], Line]:
    steps = [
        (place, column, column.plain.fullmatch if column.plain else None, _Known(column))
        for column in kind.columns
        if (place := table.places.get(column.name, -1)) >= 0
    ]
    missing = [c for c in kind.columns if c.required and c.name not in table.places]

    def read(number: int, cells: list[Any]) -> Line:
        line, width = Line(number, cells), len(cells)
        values = line.values
        for place, column, plain, known in steps:
            raw = cells[place] if place < width else None
            if raw is None or raw == "":
                if not column.required:
                    continue
                judged = NOTHING
            elif type(raw) is str:
                if plain is not None and plain(raw):
                    values[column.name] = raw
                    continue
                judged = known[raw]
            else:
                judged = _judge(column, raw)
            if judged[0] is not None and not judged[1]:
                values[column.name] = judged[0]
            else:
                _enter(line, column, raw, judged)
        for column in missing:
            _enter(line, column, None, NOTHING)
        return line

    return read


def _judge(column: Column, raw: Any) -> Judged:
    notes: list[str] = []
    try:
        return column.clean(raw, notes.append), tuple(dict.fromkeys(notes)), None
    except Bad as bad:
        return None, tuple(dict.fromkeys(notes)), bad.reason


def _enter(line: Line, column: Column, raw: Any, judged: Judged) -> None:
    value, notes, reason = judged
    if notes:
        line.notes.extend(notes)
    if reason is not None:
        _reject(line, column, reason, raw)
    elif value is not None:
        line.values[column.name] = value
    elif column.required:
        _reject(line, column, column.required, None)


def _reject(line: Line, column: Column, reason: str, raw: Any) -> None:
    if line.error is None:
        text = None if raw is None else str(raw)[:120]
        line.error = {
            "row": line.number,
            "column": column.name,
            "reason": reason,
            "value": None if column.story else _shown(column, text),
        }


def _shown(column: Column, text: str | None) -> str | None:
    return mask(text) if column.sensitive else text and hide_numbers(text)


def reject_repeats(kind: Kind, lines: Iterable[Line], seen: set[Any]) -> None:
    """Refuse what may occur only once in a file; ``seen`` holds what occurred before."""
    if kind.key is None:
        return
    for line in lines:
        key = kind.key(line) if not line.failed else None
        if key is None:
            continue
        if key in seen:
            line.error = {"row": line.number, "column": None, "reason": "duplicate_row"}
        seen.add(key)
