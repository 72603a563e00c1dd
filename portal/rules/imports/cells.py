"""Cells as clerks type them, and what is made of them.

A cleaner takes a raw cell (text, number, date or nothing) and a ``note`` function, and returns the
value to store or None for an empty cell. It calls ``note(reason)`` for everything it mended and
raises ``Bad(reason)`` for what it cannot read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from portal.rules import phones
from portal.rules.phones import FULL_WIDTH

Note = Callable[[str], None]
Cleaner = Callable[[Any, Note], Any]

# In running text only letters and digits change: （） and ， belong to Chinese.
FULL_WIDTH_WORDS = {
    code: half for code, half in FULL_WIDTH.items() if chr(half).isalnum() or half == 0x20
}
INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b-\u200f\u2060\ufeff]")
NOTHING = {"-", "--", "—", "——", "/", "\\"}
DANGEROUS = "=+-@\t\r"  # a spreadsheet takes a cell that begins so for a formula
MOST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
SPREADSHEET_ZERO = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 1900, 2100
# re.ASCII: \d is 0 to 9, not the digits of every script.
DATE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?", re.ASCII)
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PLAIN_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
YES = {"是", "有", "公示", "同意", "√", "✓", "y", "yes", "true", "1", "1.0"}
NO = {"否", "无", "不公示", "不同意", "×", "✗", "n", "no", "false", "0", "0.0"}
DECIMAL = re.compile(r"[+-]?\d{1,9}(\.\d{1,15})?", re.ASCII)
NUMBER = re.compile(r"(\d{1,9})(?:\.0+)?([户人个]?)", re.ASCII)


class Bad(Exception):
    """A cell that cannot be read; ``reason`` is one of the report's reasons."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def guard(value: str) -> str:
    """``value`` as it may stand in a CSV file that a spreadsheet will open."""
    return f"'{value}" if value.lstrip("'")[:1] in tuple(DANGEROUS) else value


def unguard(value: str) -> str:
    """Undo ``guard``."""
    return value[1:] if value[:1] == "'" and value.lstrip("'")[:1] in tuple(DANGEROUS) else value


def as_text(cell: Any) -> str:
    """A raw cell as text; raises Bad where a spreadsheet has already lost digits."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return unguard(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if abs(cell) >= MOST_EXACT:
            raise Bad("digits_lost")
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _trimmed(cell: Any, note: Note) -> str:
    raw = as_text(cell)
    value = INVISIBLE.sub("", raw).strip()
    if value in NOTHING:
        value = ""
    if value != raw:
        note("blank")
    return value


def _narrow(value: str, note: Note, table: Mapping[int, int] = FULL_WIDTH) -> str:
    narrow = value.translate(table).strip()
    if narrow != value:
        note("full_width")
    return narrow


def _without_blanks(value: str, note: Note) -> str:
    joined = re.sub(r"\s+", "", value)
    if joined != value:
        note("blank")
    return joined


def text(limit: int) -> Cleaner:
    """Running text of at most ``limit`` characters; line breaks are kept."""

    def clean(cell: Any, note: Note) -> str | None:
        value = _narrow(_trimmed(cell, note), note, FULL_WIDTH_WORDS)
        if len(value) > limit:
            raise Bad("too_long")
        return value or None

    return clean


def person_name(limit: int) -> Cleaner:
    """A person's name: no blanks inside a Chinese one, one blank between the parts of others."""

    def clean(cell: Any, note: Note) -> str | None:
        value = _narrow(_trimmed(cell, note), note, FULL_WIDTH_WORDS)
        chinese = any("\u3400" <= letter <= "\u9fff" for letter in value)
        tidy = re.sub(r"\s+", "" if chinese else " ", value)
        if tidy != value:
            note("blank")
        if len(tidy) > limit:
            raise Bad("too_long")
        return tidy or None

    return clean


def code(pattern: str, reason: str = "bad_code") -> Cleaner:
    """A code without blanks that matches ``pattern`` as a whole."""
    expression = re.compile(pattern, re.ASCII)

    def clean(cell: Any, note: Note) -> str | None:
        value = _without_blanks(_narrow(_trimmed(cell, note), note), note)
        if value and not expression.fullmatch(value):
            raise Bad(reason)
        return value or None

    return clean


def whole_number(low: int, high: int) -> Cleaner:
    """A whole number from ``low`` to ``high``; a unit such as 户 behind it is dropped."""

    def clean(cell: Any, note: Note) -> int | None:
        value = _without_blanks(_narrow(_trimmed(cell, note), note), note)
        if not value:
            return None
        match = NUMBER.fullmatch(value.replace(",", ""))
        if match is None or not low <= int(match[1]) <= high:
            raise Bad("bad_number")
        if match[1] != value:
            note("number_format")
        return int(match[1])

    return clean


def decimal(low: float, high: float) -> Cleaner:
    """A number with a fraction from ``low`` to ``high``."""

    def clean(cell: Any, note: Note) -> float | None:
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            value = float(cell)
        else:
            digits = _without_blanks(_narrow(_trimmed(cell, note), note), note)
            if not digits:
                return None
            if not DECIMAL.fullmatch(digits):
                raise Bad("bad_number")
            value = float(digits)
        if not low <= value <= high:
            raise Bad("bad_number")
        return value

    return clean


def day(cell: Any, note: Note) -> date | None:
    """A date: 2026-01-05, 2026.1.5, 2026/1/5, 2026年1月5日, 20260105 or a spreadsheet's date."""
    if isinstance(cell, datetime):
        return _in_range(cell.date())
    if isinstance(cell, date):
        return _in_range(cell)
    if isinstance(cell, float) and 10_000 <= cell < 100_000:
        note("date_format")
        return _in_range(SPREADSHEET_ZERO + timedelta(days=int(cell)))
    if type(cell) is str and ISO_DAY.fullmatch(cell):  # nothing to mend
        try:
            return _in_range(date.fromisoformat(cell))
        except ValueError as error:
            raise Bad("bad_date") from error
    value = _without_blanks(_narrow(_trimmed(cell, note), note), note)
    if not value:
        return None
    match = DATE.fullmatch(value) or PLAIN_DATE.fullmatch(value)
    if match is None:
        raise Bad("bad_date")
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise Bad("bad_date") from error
    if found.isoformat() != value:
        note("date_format")
    return _in_range(found)


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Bad("bad_date")
    return value


def flag(cell: Any, note: Note) -> bool | None:
    """Yes or no, in either language."""
    value = _narrow(_trimmed(cell, note), note).lower()
    if not value:
        return None
    if value in YES or value in NO:
        return value in YES
    raise Bad("bad_choice")


def choice(words: Mapping[str, Iterable[str]], reason: str = "bad_choice") -> Cleaner:
    """One of the keys of ``words``, written as the key or as one of its words."""
    known = {key.lower(): key for key in words}
    known |= {word.lower(): key for key, names in words.items() for word in names}

    def clean(cell: Any, note: Note) -> str | None:
        value = _without_blanks(_narrow(_trimmed(cell, note), note, FULL_WIDTH_WORDS), note)
        if not value:
            return None
        if value.lower() not in known:
            raise Bad(reason)
        return known[value.lower()]

    return clean


def phone(*, public: bool = False) -> Cleaner:
    """A telephone number in one form: 13812345678, 027-82345678, 027-82345678-101.

    A number with asterisks was masked when it was exported: it counts as an empty cell, so that it
    cannot overwrite the real one. ``public`` also takes numbers without an area code, short
    numbers and service numbers.
    """

    def clean(cell: Any, note: Note) -> str | None:
        value = _narrow(_trimmed(cell, note), note)
        if "*" in value or "•" in value:
            note("masked")
            return None
        if not value:
            return None
        try:
            tidy = phones.tidy(value, public=public)
        except ValueError as error:
            raise Bad("bad_phone") from error
        if tidy != value:
            note("phone_format")
        return tidy

    return clean
