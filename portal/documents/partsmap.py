"""The map of a grid and the grids in it, as SVG: on map pages with or without scripts, on paper.

1000 units wide, as high as the ground asks for. Only presentation attributes, no style, no
script. Each part has a number, so the picture can be read beside a list; grids side by side have
different patterns, so colour is never the only sign. Findings are drawn where they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from portal.documents.fitting import FONT
from portal.documents.gridmap_parts import (
    FOCUS,
    FORMS,
    INK,
    PAPER,
    TINTS,
    label,
    lines_of,
    north_arrow,
    path,
    scale_bar,
    text_width,
    xml,
)
from portal.documents.gridmap_places import label_place
from portal.rules.geometry import Plane

WIDTH = 1000.0
LOWEST, HIGHEST = 480.0, 1000.0  # of the picture, without the strip below
STRIP = 84.0
MARGIN = 34.0
SIZES = (30.0, 26.0, 22.0, 19.0, 17.0)  # of names; where none fits, the number stands alone
BESIDE = 2e-6  # degrees within which two grids lie side by side
RED = "#a3140d"
STRIPES = (
    '<path d="M-2 2L2 -2M0 18L18 0M16 20L20 16" stroke="#e58a5c" stroke-width="1.6" fill="none"/>'
)
# Ground and lines of each kind of finding that has a place.
FOUND = {
    "overlap": '<path d="M0 0L16 16M16 0L0 16" stroke="#a3140d" stroke-width="2.4"/>',
    "gap": '<circle cx="4" cy="4" r="2.4" fill="#a3140d"/><circle cx="12" cy="12" r="2.4" '
    'fill="#a3140d"/>',
    "outside_parent": '<path d="M0 4H16M0 12H16" stroke="#a3140d" stroke-width="2.6"/>',
    "invalid_ring": '<path d="M4 0V16M12 0V16" stroke="#a3140d" stroke-width="2.6"/>',
}
GROUND = {
    "overlap": "#ffc9c2",
    "gap": "#ffffff",
    "outside_parent": "#ffd9a8",
    "invalid_ring": "#ffe4f0",
}


@dataclass(frozen=True)
class Part:
    """A grid on the map: boundary in degrees, its number in the list beside, where a click leads.

    ``chosen``: it is the one the page is about."""

    code: str
    name: str
    shape: BaseGeometry
    number: int
    url: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Mark:
    """A finding on the map: its number in the list, its kind, its place in degrees; without one
    it stands on the part with ``code``."""

    number: int
    kind: str
    shape: BaseGeometry | None = None
    code: str = ""


def tints(parts: Sequence[Part]) -> dict[str, int]:
    """Code → which of the patterns it has; grids side by side differ wherever that is possible."""
    if not parts:
        return {}
    shapes = np.array([part.shape for part in parts], dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=BESIDE)
    near: dict[int, set[int]] = {at: set() for at in range(len(parts))}
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a != b:
            near[a].add(b)
    given: dict[int, int] = {}
    while len(given) < len(parts):
        # The one with most different patterns around it has the least choice left.
        at = min(
            near.keys() - given.keys(),
            key=lambda n: (-len({given[m] for m in near[n] & given.keys()}), -len(near[n]), n),
        )
        around = [given[other] for other in near[at] & given.keys()]
        given[at] = min(range(len(TINTS)), key=lambda tint: (around.count(tint), tint))
    return {parts[at].code: tint for at, tint in given.items()}


def draw_parts(
    title: str,
    whole: BaseGeometry | None,
    parts: Sequence[Part],
    words: Mapping[str, str],
    marks: Sequence[Mark] = (),
    drawn: BaseGeometry | None = None,
) -> str:
    """SVG text. ``whole``: the outline around the parts, if it has one. ``words``: whole, part,
    north, metres, and the word for each kind of finding in ``marks`` and for ``drawn``, a
    proposal drawn over the parts. All shapes in degrees; at least one is needed.
    """
    return PartsSheet(title, whole, parts, words, marks, drawn).svg()


class PartsSheet:
    """One drawing."""

    def __init__(
        self,
        title: str,
        whole: BaseGeometry | None,
        parts: Sequence[Part],
        words: Mapping[str, str],
        marks: Sequence[Mark],
        drawn: BaseGeometry | None,
    ) -> None:
        self.title, self.words, self.parts, self.marks = title, words, list(parts), list(marks)
        self.id = "sheet"
        places = [mark.shape for mark in marks if mark.shape is not None]
        lone = [shape for shape in (whole, drawn) if shape is not None]
        degrees = [*(part.shape for part in parts), *lone, *places]
        self.plane = Plane.around(*shapely.total_bounds(degrees))
        flats = [self.plane.flat(shape) for shape in degrees]
        west, south, east, north = shapely.total_bounds(flats).tolist()
        wide, high = max(east - west, 1.0), max(north - south, 1.0)
        room = WIDTH - 2 * MARGIN
        self.height = min(HIGHEST, max(LOWEST, room * high / wide + 2 * MARGIN))
        self.scale = min(room / wide, (self.height - 2 * MARGIN) / high)
        self.middle = ((west + east) / 2, (south + north) / 2)
        self.whole = self._picture(whole)
        self.drawn = self._picture(drawn)
        self.shapes = {part.code: self._picture(part.shape) for part in parts}

    def _picture(self, shape: BaseGeometry | None) -> BaseGeometry:
        if shape is None:
            return shapely.Polygon()

        def place(points: Any) -> Any:
            moved = (points - self.middle) * [self.scale, -self.scale]
            return moved + [WIDTH / 2, self.height / 2]

        return shapely.transform(self.plane.flat(shape), place).simplify(0.4)

    @cached_property
    def _tints(self) -> dict[str, int]:
        return tints(self.parts)

    def svg(self) -> str:
        total = self.height + STRIP
        body = "".join(
            (
                self._definitions(),
                f'<rect width="1000" height="{total:.1f}" rx="10" fill="{PAPER}"/>',
                path(self.whole, "sheet-ground", fill="#ebe7dd"),
                *(self._part(part) for part in self.parts),
                path(self.whole, "sheet-whole", fill="none", stroke=INK, width=5.0),
                path(self.drawn, "sheet-drawn", fill=FOCUS[0], stroke=FOCUS[1], width=5.0),
                *(self._place(mark) for mark in self.marks if mark.shape is not None),
                *(self._name(part) for part in self.parts),
                *self._pins(),
                f'<rect x="1" y="1" width="998" height="{self.height:.1f}" rx="10" fill="none" '
                f'stroke="{INK}" stroke-opacity="0.35" stroke-width="2"/>',
                north_arrow(WIDTH - 46, 52, self.words["north"]),
                *self._strip(),
            )
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sheet" role="group" '
            f'viewBox="0 0 1000 {total:.1f}" aria-labelledby="{self.id}-title" '
            f'font-family="{FONT}">'
            f'<title id="{self.id}-title">{xml(self.title)}</title>{body}</svg>'
        )

    def _definitions(self) -> str:
        """Every fill with its ground, so that a shape is written once."""
        fills = [
            (str(tint), 24, ground, form.format(colour=colour))
            for tint, (form, (ground, colour)) in enumerate(zip(FORMS, TINTS, strict=True))
        ]
        fills.append(("focus", 18, FOCUS[0], STRIPES))
        kinds = sorted({mark.kind for mark in self.marks} & FOUND.keys())
        fills += [(kind, 16, GROUND[kind], FOUND[kind]) for kind in kinds]
        return "<defs>{}</defs>".format(
            "".join(
                f'<pattern id="{self.id}-{name}" width="{size}" height="{size}" '
                f'patternUnits="userSpaceOnUse"><rect width="{size}" height="{size}" '
                f'fill="{ground}"/>{form}</pattern>'
                for name, size, ground, form in fills
            )
        )

    def _part(self, part: Part) -> str:
        fill = "focus" if part.chosen else str(self._tints[part.code])
        line = (FOCUS[1], 6.0) if part.chosen else ("#6f675b", 2.0)
        shape = self.shapes[part.code]
        body = path(shape, "sheet-part", f"url(#{self.id}-{fill})", stroke=line[0], width=line[1])
        name = f"<title>{xml(part.name)}</title>"
        if not part.url:
            return f'<g data-code="{part.code}">{name}{body}</g>'
        # The list beside the map is the way for the keyboard, and has the same links.
        return f'<a href="{xml(part.url)}" data-code="{part.code}" tabindex="-1">{name}{body}</a>'

    def _name(self, part: Part) -> str:
        shape = self.shapes[part.code]
        if shape.is_empty:
            return ""
        point, radius = label_place(shape, 4.0)
        text = f"{part.number} {part.name}" if part.number else part.name
        for size in SIZES:
            lines = lines_of(text)
            wide = max(text_width(line, size) for line in lines) * 0.9
            high = size * 1.1 * len(lines)
            room = shapely.box(
                point[0] - wide / 2, point[1] - high / 2, point[0] + wide / 2, point[1] + high / 2
            )
            if shape.covers(room):
                return label(point, text, size, "sheet-name", bold=part.chosen)
        size = max(SIZES[-1], min(24.0, radius))
        return label(point, str(part.number or "·"), size, "sheet-name")

    def _place(self, mark: Mark) -> str:
        shape = self._picture(mark.shape)
        fill = f"url(#{self.id}-{mark.kind})" if mark.kind in FOUND else GROUND["overlap"]
        return path(shape, "sheet-finding", fill=fill, stroke=RED, width=3.0)

    def _pins(self) -> Iterable[str]:
        """Numbers of findings: on their places, or in a row above the name of their grid."""
        rows: dict[str, int] = {}
        for mark in self.marks:
            if mark.shape is not None:
                point = mark.shape.representative_point()
                at = shapely.get_coordinates(self._picture(point))[0].tolist()
                yield _pin((at[0], at[1]), mark)
            elif mark.code in self.shapes and not self.shapes[mark.code].is_empty:
                middle, _radius = label_place(self.shapes[mark.code], 4.0)
                turn = rows[mark.code] = rows.get(mark.code, -1) + 1
                yield _pin((middle[0] + 34 * turn, middle[1] - 36), mark)

    def _strip(self) -> Iterable[str]:
        top, x = self.height + 4, 290.0
        yield scale_bar(24, top + 22, self.scale, self.words["metres"])
        entries = [("part", self.words["part"])] if self.parts else []
        entries += [("whole", self.words["whole"])] if not self.whole.is_empty else []
        entries += [("drawn", self.words["drawn"])] if not self.drawn.is_empty else []
        kinds = sorted({mark.kind for mark in self.marks if mark.kind in FOUND})
        entries += [(kind, self.words[kind]) for kind in kinds]
        wide = sum(text_width(text, 1.0) for _key, text in entries)
        size = min(22.0, (WIDTH - 20 - x - 62 * len(entries)) / max(wide, 1.0))
        for key, text in entries:
            yield self._swatch(key, x, top + 22)
            yield (
                f'<text x="{x + 46:.1f}" y="{top + 44:.1f}" font-size="{size:.1f}" '
                f'fill="{INK}">{xml(text)}</text>'
            )
            x += 62 + text_width(text, size)

    def _swatch(self, key: str, x: float, y: float) -> str:
        looks = {
            "part": (f"url(#{self.id}-0)", "#6f675b", 2.0),
            "whole": ("none", INK, 5.0),
            "drawn": (FOCUS[0], FOCUS[1], 5.0),
        }
        fill, line, width = looks.get(key, (f"url(#{self.id}-{key})", RED, 3.0))
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="36" height="28" rx="3" fill="{fill}" '
            f'stroke="{line}" stroke-width="{width:g}"/>'
        )


def _pin(at: tuple[float, float], mark: Mark) -> str:
    """A red disc with the number of a finding; a square for what has no place of its own."""
    text, (x, y) = str(mark.number), at
    wide = max(30.0, text_width(text, 19) + 14)
    corner = 15 if mark.shape is not None else 4
    return (
        f'<g data-mark="{mark.number}"><rect x="{x - wide / 2:.1f}" y="{y - 15:.1f}" '
        f'width="{wide:.1f}" height="30" rx="{corner}" fill="{RED}" stroke="#ffffff" '
        f'stroke-width="2.5"/><text x="{x:.1f}" y="{y + 6.8:.1f}" font-size="19" '
        f'font-weight="700" text-anchor="middle" fill="#ffffff">{xml(text)}</text></g>'
    )
