"""Words of the public pages for rows of the directory, in the language of the request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from portal.models.choices import CELL_KINDS, LEVELS
from portal.scope import ancestors
from portal.views.public.answers import is_english

# Hours as the default data words them; anything else is shown as it was entered.
HOURS = {
    "24h": _l("Day and night"),
    "工作时间": _l("Office hours"),
    "采暖期24h": _l("Day and night in the heating season"),
    "以当地公布为准": _l("Hours as announced locally"),
}


@dataclass(frozen=True)
class Line:
    """A telephone number to call."""

    number: str
    name: str
    hours: str


@dataclass(frozen=True)
class Hit:
    """A grid in a list: ``trail`` names the grids above it, widest first."""

    code: str
    name: str
    url: str
    level: str
    hint: str
    trail: tuple[str, ...] = ()


def grid_url(code: str) -> str:
    """The public page of a grid."""
    return url_for("directory.grid", code=code)


def level_of(row: Any) -> str:
    """What kind of grid it is: its level, and of a cell its kind of housing."""
    level = str(LEVELS[row.level])
    return f"{level} · {CELL_KINDS[row.kind]}" if row.kind else level


def short(title: str) -> str:
    """A post's name without what stands in brackets behind it."""
    return title.partition("（")[0].strip()


def post_name(row: Any) -> str:
    """A post's name in the language of the page."""
    return row.name_en if is_english() else short(row.name_zh)


def line_of(row: Any) -> Line:
    """A hotline in the language of the page."""
    hours = HOURS.get(row.hours or "", row.hours or "")
    return Line(row.number, (is_english() and row.name_en) or row.name, str(hours))


def hit_of(row: Any, names: Mapping[str, str], hint: str = "") -> Hit:
    """A grid as a list shows it; ``names`` has the grids above."""
    trail = tuple(names[code] for code in ancestors(row.code) if code in names)
    return Hit(row.code, row.name, grid_url(row.code), level_of(row), hint, trail)


def joined(texts: Iterable[str]) -> str:
    """An enumeration as the language writes it."""
    return (", " if is_english() else "、").join(texts)
