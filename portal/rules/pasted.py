"""Text that was copied from a slip of 12345 or a superior platform, or from a sheet of them.

A slip is lines of label and value (工单编号：…); what follows the text of the matter without a
label belongs to it. A table is lines with tabs under a line of names. Both use the names that an
import of matters knows; of two labels with one meaning the first counts. Nothing of it is kept.
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
LONGEST = 200_000  # characters
NEEDED = 2  # labels without which a text is no slip
GOES_ON = ("detail", "summary")
UNKNOWN = re.compile(r"^\s*[【\[]?[^\s：:，。,]{2,8}[】\]]?\s*[：:]")


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
        raise RuleError(_l("That is too much: import it as a file."), "text")
    table = _table(text)
    if table is not None and len(table) > 2:
        target = io.StringIO()
        csv.writer(target).writerows(table)
        return Sheet(target.getvalue().encode("utf-8-sig"), len(table) - 1)
    told = _labelled(text) if table is None else _row(*table)
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
    names = header_names(KIND, {})
    rows = list(csv.reader(io.StringIO(text.strip("\r\n")), delimiter="\t"))
    for at, row in enumerate(rows[:20]):
        if len({names[key_of(cell)] for cell in row if key_of(cell) in names}) >= NEEDED:
            below = [one for one in rows[at + 1 :] if any(cell.strip() for cell in one)]
            return [row, *below] if below else None
    return None


def _row(header: list[str], cells: list[str]) -> dict[str, str]:
    names, told = header_names(KIND, {}), dict[str, str]()
    for name, cell in zip(header, cells, strict=False):
        if key_of(name) in names and cell.strip():
            told.setdefault(names[key_of(name)], cell.strip())
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
    names, told = header_names(KIND, {}), dict[str, list[str]]()
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
            name = names[key_of(label[1] or label[2])]
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
