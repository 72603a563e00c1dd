"""What the map pages for everybody and for staff share: the sheet, the list beside it, GeoJSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import shapely
from flask import Response, abort, request
from flask_babel import gettext as _
from markupsafe import Markup
from shapely.geometry.base import BaseGeometry

from portal.documents.partsmap import Mark, Part, draw_parts, tints
from portal.models.choices import FINDING_KINDS, LEVELS
from portal.queries.maps import LEVELS_IN, MapRows
from portal.rules.geometry.plane import polygons

SIDES = ("east", "south", "west", "north")


@dataclass(frozen=True)
class Entry:
    """A grid in the list beside a map; ``map_url`` leads to the map of what lies in it."""

    code: str
    name: str
    number: int
    tint: int
    url: str
    map_url: str
    bounds: list[tuple[str, str]]
    drawn: bool
    chosen: bool = False


@dataclass(frozen=True)
class Tab:
    """One level that the page can show."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class Sheet:
    """A map with its list: the drawing (empty where nothing has a boundary), the entries."""

    drawing: Markup
    entries: list[Entry]
    part_word: str
    marks: Sequence[Mark] = field(default_factory=tuple)


def level_asked(level: str) -> str:
    """The level of grids to be shown in one of ``level``: the one asked for, otherwise the lowest
    there is; none in a cell. Ends the request where it is no level.
    """
    inside = LEVELS_IN[level]
    asked = request.args.get("level", "")
    if asked and asked not in LEVELS:
        abort(400)
    return asked if asked in inside else (inside or ("",))[-1]


def level_tabs(level: str, shown: str, asked: dict[str, str]) -> list[Tab]:
    """One tab for each level that can be shown in a grid of ``level``."""
    inside = LEVELS_IN[level]
    return [
        Tab(str(LEVELS[name]), f"?{urlencode({'level': name} | asked)}", name == shown)
        for name in (inside if len(inside) > 1 else ())
    ]


def shape_of(text: str | None) -> BaseGeometry | None:
    """The shape of a stored boundary, None where there is none that can be drawn."""
    shape = shapely.from_geojson(text, on_invalid="ignore") if text else None
    return shape if shape is not None and polygons(shape) else None


def bounds_of(row: Any) -> list[tuple[str, str]]:
    """The four bounds that are known, with their sides."""
    labels = (_("East to"), _("South to"), _("West to"), _("North to"))
    texts = (getattr(row, f"bound_{side}") for side in SIDES)
    return [(label, text) for label, text in zip(labels, texts, strict=True) if text]


def words(part_word: str) -> dict[str, str]:
    """The words on the drawing."""
    kinds = {kind: str(text) for kind, text in FINDING_KINDS.items()}
    return kinds | {
        "whole": _("Outline of the whole"),
        "part": part_word,
        "drawn": _("This grid"),
        "north": _("N"),
        "metres": _("m"),
    }


def make_sheet(
    title: str,
    rows: MapRows,
    chosen: str,
    urls: Any,
    marks: Sequence[Mark] = (),
) -> Sheet:
    """The map of ``rows``. ``urls``: row → (its page, the map of what lies in it)."""
    part_word = str(LEVELS[rows.parts[0].level]) if rows.parts else ""
    shapes = {row.code: shape_of(row.boundary) for row in rows.parts}
    parts = [
        Part(row.code, row.name, shape, number, urls(row)[1] or urls(row)[0], row.code == chosen)
        for number, row in enumerate(rows.parts, 1)
        if (shape := shapes[row.code]) is not None
    ]
    colours = tints(parts)
    whole = shape_of(rows.whole.boundary) if rows.whole else None
    drawing = ""
    if parts or whole is not None:
        drawing = draw_parts(title, whole, parts, words(part_word), marks)
    entries = [
        Entry(
            row.code,
            row.name,
            number,
            colours.get(row.code, 0),
            urls(row)[0],
            urls(row)[1],
            bounds_of(row),
            shapes[row.code] is not None,
            row.code == chosen,
        )
        for number, row in enumerate(rows.parts, 1)
    ]
    return Sheet(Markup(drawing), entries, part_word, marks)  # noqa: S704 every text is escaped


def feature(row: Any) -> str:
    """A grid as a GeoJSON feature (text): only what everybody may know."""
    facts = {
        "code": row.code,
        "name": row.name,
        "level": row.level,
        "parent": row.parent_code,
        "bounds": {side: getattr(row, f"bound_{side}") for side in SIDES},
    }
    told = json.dumps(facts, ensure_ascii=False)
    return f'{{"type":"Feature","id":"{row.code}","properties":{told},"geometry":{row.boundary}}}'


def features(rows: MapRows) -> Iterable[str]:
    """The chosen grid and its parts, those with a boundary that can be drawn."""
    for row in (rows.whole, *rows.parts):
        if row is not None and shape_of(row.boundary) is not None:
            yield feature(row)


def collection(parts: Iterable[str]) -> Response:
    """Features (texts) as one GeoJSON answer (RFC 7946)."""
    body = f'{{"type":"FeatureCollection","features":[{",".join(parts)}]}}\n'
    return Response(body, mimetype="application/geo+json")
