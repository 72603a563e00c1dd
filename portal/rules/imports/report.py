"""What an import tells afterwards: counts, reasons, and the rejected rows as a file."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from flask_babel import lazy_gettext as _l

from portal.errors import reworded
from portal.rules.imports.cells import guard
from portal.rules.imports.kind import Line
from portal.rules.imports.matches import Told
from portal.rules.imports.reader import REASON_HEADER
from portal.rules.masking import hide_numbers

MOST_ERRORS = 1000

# Reasons of rejected rows, refused files and mended cells, for people.
REASONS = {
    "address_missing": _l("Building or room is missing"),
    "ambiguous_category": _l("Several categories are called so: give the code"),
    "ambiguous_worker": _l("Several workers fit; give the worker number"),
    "bad_boundary": _l("The boundary cannot be used"),
    "bad_choice": _l("Not one of the words of the list"),
    "bad_code": _l("Not a valid code"),
    "bad_date": _l("Not a date"),
    "bad_number": _l("Not a number, or out of range"),
    "bad_phone": _l("Not a telephone number"),
    "birth_mismatch": _l("The birthday is not that of the identity number"),
    "category_missing": _l("It does not say what it is about"),
    "code_missing": _l("The code is missing"),
    "conflicting_rows": _l("Another row of the file says something else"),
    "date_missing": _l("The day is missing"),
    "date_order": _l("The end lies before the beginning"),
    "digits_lost": _l("The spreadsheet has lost digits: format the column as text"),
    "duplicate_id": _l("Somebody with this number is on record already"),
    "duplicate_row": _l("The file has this row more than once"),
    "frequency_missing": _l("The frequency is missing"),
    "future": _l("This lies in the future."),
    "grid_missing": _l("The grid is missing"),
    "group_missing": _l("The group is missing"),
    "id_check_digit": _l("The identity number is mistyped: its check digit is wrong"),
    "id_date": _l("The identity number holds no possible birthday"),
    "id_region": _l("The identity number begins with no known region"),
    "kind_not_allowed": _l("Only cells have a kind"),
    "known_elsewhere": _l("This number is on record already, with somebody else."),
    "known_otherwise": _l(
        "On record already with other words, and an order is not overwritten: tell what changed to"
        " whoever handles it"
    ),
    "left_out": _l("Left out: it was not to be imported"),
    "level_mismatch": _l("The level does not fit the length of the code"),
    "match_ambiguous": _l("Several people on record look like this: decide this row by itself"),
    "match_changed": _l(
        "The record it looks like has changed since the check: check the file again"
    ),
    "match_undecided": _l("Looks like somebody on record, and nobody said whether it is the same"),
    "name_missing": _l("The name is missing"),
    "number_hidden": _l("The number is hidden, and nobody here has this name and birthday"),
    "not_allowed": _l("You may not write this"),
    "numbers_in_text": _l(
        "Leave identity numbers and telephones out: they have fields of their own."
    ),
    "outside_number_missing": _l("The number it has elsewhere is missing"),
    "own_post": _l("Somebody else has to give you a post"),
    "out_of_scope": _l("Outside your grids"),
    "parent_mismatch": _l("The code above is not the beginning of the code"),
    "phone_differs": _l("A worker of this name has another telephone number"),
    "phone_in_use": _l("The telephone number belongs to another worker"),
    "post_overlaps": _l("The worker holds this post already on other dates"),
    "post_taken": _l("The post is taken in this grid at that time"),
    "refused_by_database": _l("The database refused the row"),
    "role_missing": _l("The post is missing"),
    "sex_mismatch": _l("The sex is not that of the identity number"),
    "too_long": _l("The text is too long"),
    "two_heads": _l("The household has a head already"),
    "unknown_category": _l("There is no such category"),
    "unknown_grid": _l("There is no such grid"),
    "unknown_parent": _l("There is no grid above with this code"),
    "unknown_role": _l("There is no such post"),
    "unknown_worker": _l("There is no such worker"),
    "words_missing": _l("It does not say what happened"),
    "wrong_level": _l("The post belongs to another level of grid"),
    "bad_mapping": _l("The mapping cannot be used"),
    "duplicate_column": _l("Two columns mean the same"),
    "empty_file": _l("The file is empty"),
    "missing_column": _l("Columns are missing"),
    "no_header": _l("No header was found; these columns are needed"),
    "not_readable": _l("The file cannot be read"),
    "not_text": _l("The file is neither text in a known encoding nor a spreadsheet"),
    "too_large": _l("The file is too large"),
    "too_many_columns": _l("The file has too many columns"),
    "unknown_crs": _l("The reference system of the file is not known"),
    "wrong_format": _l("This kind of import needs another format"),
    "blank": _l("Blanks removed"),
    "date_format": _l("Date rewritten"),
    "full_width": _l("Full-width characters made narrow"),
    "invalid_ring": _l("Ring of a boundary mended"),
    "id_masked": _l("Hidden identity number left out"),
    "masked": _l("Masked number left out"),
    "no_consent": _l("Public number left out: no consent"),
    "number_in_text": _l("Telephone or identity number in the text hidden"),
    "number_format": _l("Number rewritten"),
    "origin_missing": _l("Origin set to “other”"),
    "private_phone": _l("Public number left out: it is the private one"),
    "small_x": _l("Small x of an identity number made large"),
    "phone_format": _l("Telephone number rewritten"),
    "working_missing": _l("It does not say whether people work that day"),
}


@dataclass
class Report:
    """The result of one run. ``imported`` = created + updated + unchanged; a file that could not
    be read at all has ``refused_file`` (a reason) and zero rows."""

    kind: str
    dry_run: bool = False
    batch: int | None = None
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    held_back: int = 0
    ignored: int = 0
    mended: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    also_created: Counter[str] = field(default_factory=Counter)
    extra_columns: list[str] = field(default_factory=list)
    dropped_columns: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    refused_file: str | None = None
    detail: str = ""
    header: list[str] = field(default_factory=list)
    rejected: list[Line] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    task: int | None = None
    matches: Told | None = None

    @property
    def proposed(self) -> int:
        """Rows that look like somebody on record although their number does not say so."""
        return self.matches.count if self.matches is not None else 0

    @property
    def imported(self) -> int:
        """Rows that are in the database as the file has them."""
        return self.created + self.updated + self.unchanged

    @property
    def ok(self) -> bool:
        """Whether the file was read and no row failed."""
        return not self.failed and self.refused_file is None

    def count(self, lines: Iterable[Line]) -> None:
        """Count what became of the rows of the file."""
        for line in lines:
            self.rows += 1
            if line.error is not None:
                self.failed += 1
                self.by_reason[line.error["reason"]] += 1
                self.rejected.append(line)
                self.errors.append(line.error)
                continue
            if line.notes:
                self.mended.update(line.notes)
            setattr(self, line.outcome, getattr(self, line.outcome) + 1)

    def hold_back(self) -> None:
        """Nothing was kept because some rows failed (``--all-or-nothing``)."""
        self.held_back = self.imported
        self.created = self.updated = self.unchanged = 0
        self.also_created.clear()

    def as_dict(self) -> dict[str, Any]:
        """The report as documented, and what more there is to say."""
        more = {"task": self.task} if self.task is not None else {}
        if self.proposed:
            more["proposed"] = self.proposed
        return more | {
            "batch": self.batch,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "imported": self.imported,
            "failed": self.failed,
            "mended": dict(sorted(self.mended.items())),
            "by_reason": dict(sorted(self.by_reason.items())),
            "refused_file": self.refused_file,
            "kind": self.kind,
            "dry_run": self.dry_run,
            "detail": hide_numbers(self.detail),
            "held_back": self.held_back,
            "ignored_rows": self.ignored,
            "also_created": dict(sorted(self.also_created.items())),
            "extra_columns": [hide_numbers(name) for name in self.extra_columns],
            "dropped_columns": self.dropped_columns,
            "errors": self.errors[:MOST_ERRORS],
            "errors_left_out": max(0, len(self.errors) - MOST_ERRORS),
        }

    def as_json(self) -> str:
        """``as_dict`` as JSON text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, default=str)


def write_rejects(
    report: Report, file: Path, *, words: bool = False, ending: str | None = None
) -> None:
    """Write the rejected rows as they came, with the reason: a file that can be put right and
    imported again. Features as GeoJSON; tables as XLSX by the ending (``ending``, otherwise that of
    ``file``), else CSV.

    The reason is its code, or with ``words`` a sentence in the language in force. Readable to its
    owner only: it holds what the masked report leaves out.
    """
    file.touch(mode=0o600)
    file.chmod(0o600)
    if "geometry" in report.header:
        _write_features(report, file, words)
        return
    rows = list(_rejected_rows(report, words))
    if (ending or file.suffix).lower() == ".xlsx":
        # In memory: its parts would else lie in a folder for all, in clear.
        with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "in_memory": True}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell)
        return
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target).writerows([guard(cell) for cell in row] for row in rows)


def _rejected_rows(report: Report, words: bool) -> Iterator[list[str]]:
    yield [*report.header, REASON_HEADER]
    width = len(report.header)
    for line in report.rejected:
        cells = [*line.cells, *[""] * width][:width]
        yield [*map(_as_it_came, cells), _reason(line, words)]


def _write_features(report: Report, file: Path, words: bool) -> None:
    features = []
    for line in report.rejected:
        told = dict(zip(report.header, line.cells, strict=True))
        geometry = told.pop("geometry")
        properties = {name: value for name, value in told.items() if value is not None}
        features.append(
            {
                "type": "Feature",
                "properties": properties | {REASON_HEADER: _reason(line, words)},
                "geometry": geometry,
            }
        )
    collection = {"type": "FeatureCollection", "features": features}
    file.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")


def _as_it_came(cell: Any) -> str:
    """A cell as text that reads back as the same: dates without a time, whole numbers without a
    fraction.
    """
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return "" if cell is None else str(cell)


def _reason(line: Line, words: bool) -> str:
    if line.error is None:
        return ""
    reason = str(line.error["reason"])
    if not words:
        return reason
    return reworded(line.error.get("message", "")) or str(REASONS.get(reason, reason))
