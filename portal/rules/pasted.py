"""Text that was copied from a slip of 12345 or a superior platform, or from a sheet of them.

A slip is lines of label and value (工单编号：…), or the cells of a page that has them side by side;
what follows the text of the matter without a label belongs to it. A table is lines with tabs under
a line of names. All use the names that an import of matters knows; of two labels with one meaning
the first counts. Nothing of it is kept.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError
from portal.models import MatterCategory
from portal.rules.imports import KINDS
from portal.rules.imports.cells import Bad
from portal.rules.imports.kinds.matters import Catalogue, own_grid, words_of
from portal.rules.imports.reader import header_names, key_of

KIND = KINDS["matters"]
NAMES = header_names(KIND, {})
LONGEST = 200_000  # characters
NEEDED = 2  # labels without which a text is no slip
GOES_ON = ("detail", "summary")
UNKNOWN = re.compile(r"^\s*[【\[]?[^\s：:，。,]{2,8}[】\]]?\s*[：:]")
UNKNOWN_CELL = re.compile(r"[^\s：:，。,]{2,8}\s*[：:]?")
TOO_MUCH = _l("That is too much: import it as a file.")


@dataclass(frozen=True)
class Slip:
    """One slip: what a report form begins with. ``category_text``: how they call what it is about,
    where that is none of our categories; ``unread``: labels whose value cannot be read.
    """

    values: dict[str, Any]
    category: MatterCategory | None = None
    category_text: str = ""
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """Several rows, as a file that an import takes."""

    data: bytes
    rows: int


def read(session: Session, text: str) -> Slip | Sheet:
    """What was pasted. Raises RuleError (field ``text``) where it is neither slip nor table."""
    if len(text) > LONGEST:
        raise RuleError(TOO_MUCH, "text")
    table = _table(text)
    if table is not None and len(table) > 2:
        target = io.StringIO()
        csv.writer(target).writerows(table)
        return Sheet(target.getvalue().encode("utf-8-sig"), len(table) - 1)
    told = _labelled(_lines(text)) if table is None else _row(*table)
    if len(told) < NEEDED:
        raise RuleError(
            _l(
                "No slip was recognised: copy its lines with their labels, or the rows of a sheet"
                " together with the line of their names."
            ),
            "text",
        )
    return _slip(session, told)


def _table(text: str) -> list[list[str]] | None:
    """The rows of a table from the line of names on; None where it is none, or has no row."""
    try:
        rows = list(csv.reader(io.StringIO(text.strip("\r\n"), newline=None), delimiter="\t"))
    except csv.Error as error:  # a cell that is longer than any
        raise RuleError(TOO_MUCH, "text") from error
    for at, row in enumerate(rows[:20]):
        if len({NAMES[key_of(cell)] for cell in row if key_of(cell) in NAMES}) >= NEEDED:
            below = [one for one in rows[at + 1 :] if any(cell.strip() for cell in one)]
            slip = any(_goes_on(row, one) for one in below)
            return [row, *below] if below and not slip else None
    return None


def _goes_on(row: list[str], below: list[str]) -> bool:
    """Whether a label of a slip begins a row where a sheet would have a value."""
    first = _name(below[0])
    return first is not None and first != _name(row[0])


def _name(cell: str) -> str | None:
    """The column that a cell names, with or without brackets and a colon."""
    return NAMES.get(key_of(cell.strip().strip("【】[]")))


def _lines(text: str) -> str:
    """The text with a line for each label whose value stands in the cell beside it. Beside such
    cells nothing is kept of a row that begins with a label nobody knows.
    """
    rows = [(line, line.split("\t")) for line in text.splitlines()]
    told = [_pairs(cells) if len(cells) > 1 else [] for _line, cells in rows]
    if not any(told):
        return text
    found: list[str] = []
    for (line, cells), pairs in zip(rows, told, strict=True):
        unknown = len(cells) > 1 and UNKNOWN_CELL.fullmatch(cells[0].strip())
        found += pairs or ([] if unknown else [line])
    return "\n".join(found)


def _pairs(cells: list[str]) -> list[str]:
    """Known labels, each with the cell after it; 紧急 is a label, and what an urgency can be."""
    found, last = list[str](), None
    for cell in cells:
        name = _name(cell)
        if name is not None and name != last:
            found.append(f"{KIND.column(name).zh}：")
            last = name
        elif last is not None:
            found[-1] += cell.strip()
            last = None
        elif LABELS.match(cell.strip()):
            found.append(cell.strip())
    return found if any(map(_name, cells)) else []


def _row(header: list[str], cells: list[str]) -> dict[str, str]:
    told = dict[str, str]()
    for name, cell in zip(header, cells, strict=False):
        if key_of(name) in NAMES and cell.strip():
            told.setdefault(NAMES[key_of(name)], cell.strip())
    return told


def _labels() -> re.Pattern[str]:
    spellings = {
        word for column in KIND.columns for word in (column.name, column.zh, *column.aliases)
    }
    listed = "|".join(re.escape(word) for word in sorted(spellings, key=len, reverse=True))
    # At the beginning of a line or after a blank; with a colon or in brackets.
    return re.compile(
        rf"(?:^|(?<=[\s；;]))(?:[【\[]({listed})[】\]]\s*[：:]?|({listed})\s*[：:])", re.IGNORECASE
    )


LABELS = _labels()


def _labelled(text: str) -> dict[str, str]:
    told = dict[str, list[str]]()
    current: str | None = None
    for line in text.splitlines():
        found = list(LABELS.finditer(line))
        start = line[: found[0].start()] if found else line
        if current is not None and start.strip():
            if current in GOES_ON:
                told[current].append(start)
            elif not found and UNKNOWN.match(line):
                current = None
        for at, label in enumerate(found):
            name = NAMES[key_of(label[1] or label[2])]
            end = found[at + 1].start() if at + 1 < len(found) else len(line)
            if name in told:  # said before
                current = None
                continue
            told[name], current = [line[label.end() : end].strip(" \t；;")], name
    joined = {name: "\n".join(parts).strip() for name, parts in told.items()}
    return {name: value for name, value in joined.items() if value}


def _slip(session: Session, told: dict[str, str]) -> Slip:
    values, unread = dict[str, Any](), list[str]()
    for column in KIND.columns:
        if column.name not in told:
            continue
        try:
            values[column.name] = column.clean(told[column.name], lambda note: None)
        except Bad:
            unread.append(column.zh)
    summary, detail = words_of(values.pop("summary", None), values.pop("detail", None))
    values |= {"summary": summary, "detail": detail}
    values["grid_code"] = values.get("grid_code") or own_grid(scope.current())
    text = values.pop("category", None) or ""
    found = Catalogue.load(session).find(text) if text else ""
    if isinstance(found, MatterCategory):
        return Slip(values, found, "", unread)
    return Slip(values, None, text, unread)
