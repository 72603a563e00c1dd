"""The map of a grid with its neighbours, drawn as SVG: on the notice board and on public pages.

The picture is 1000 units wide whatever size it is shown at. Only presentation attributes are
used, no style and no script; every fill has its own pattern, so colour is never the only sign.
Classes (``map-focus``, ``map-neighbour`` …) are there for a page's own style sheet.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from portal.documents.fitting import FONT
from portal.documents.gridmap_parts import (
    FOCUS,
    INK,
    PAPER,
    TINTS,
    definitions,
    fill_name,
    label,
    legend,
    lines_of,
    marker,
    north_arrow,
    path,
    scale_bar,
    text_along,
    xml,
)
from portal.documents.gridmap_places import fitting, label_place, side_runs
from portal.documents.gridmap_words import map_labels
from portal.rules.geometry import Plane, load_geometry, neighbours

WIDTH = 1000.0
STRIP = 92.0  # the legend below the picture
ROOM, ALONE = 0.3, 0.1  # of the focus's size, kept free around it: for neighbours, without any
STREET, LANE = 34.0, 13.0  # width of an outline that is a street, and of any other
SIDES = ("east", "south", "west", "north")


class ShapeLike(Protocol):
    """What is drawn: a grid's code, name and boundary (GeoJSON text or a shape in degrees)."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def boundary(self) -> str | BaseGeometry: ...


@dataclass(frozen=True)
class GridShape:
    """A grid to be drawn; anything with the same three attributes will do."""

    code: str
    name: str
    boundary: str | BaseGeometry


def draw_map(
    focus: ShapeLike,
    neighbours: Sequence[ShapeLike],
    context: Sequence[ShapeLike],
    width: float,
    height: float,
    labels: Mapping[str, Any],
) -> str:
    """SVG text of ``focus`` among its ``neighbours`` and, more faintly, ``context``: grids
    around, or its own children.

    ``width`` and ``height`` give the size and the proportions (any unit; written as the SVG's
    own size). ``labels``: see ``map_labels``; missing ones are English.
    """
    words = map_labels(str) | dict(labels)
    return _Map(focus, neighbours, context, width, height, words).svg()


class _Map:
    """One drawing: the picture's frame, and its layers from the ground upwards."""

    def __init__(
        self,
        focus: ShapeLike,
        around: Sequence[ShapeLike],
        context: Sequence[ShapeLike],
        width: float,
        height: float,
        words: Mapping[str, Any],
    ) -> None:
        self.size, self.words = (width, height), words
        self.focus, self.around, self.context = focus, list(around), list(context)
        self.id = "map-" + "".join(c for c in focus.code if c.isalnum())
        self.total = WIDTH * height / width
        self.height = self.total - STRIP
        self.degrees = {s.code: _shape(s) for s in (focus, *around, *context)}
        self.plane = Plane.around(*self.degrees[focus.code].bounds)
        west, south, east, north = self.plane.flat(self.degrees[focus.code]).bounds
        free = 1 + 2 * (ROOM if self.around else ALONE)
        self.scale = min(WIDTH / ((east - west) * free), self.height / ((north - south) * free))
        self.window = shapely.box(-60, -60, WIDTH + 60, self.height + 60)
        self.view = shapely.box(8, 8, WIDTH - 8, self.height - 8)
        self.road = STREET if self._bounds else LANE

    @property
    def _bounds(self) -> dict[str, str]:
        given = self.words.get("bounds") or ()
        # What stands in brackets tells of a grid beyond; on the map that is drawn.
        roads = ((text or "").split("（")[0].split(" (")[0] for text in given)
        return {side: text for side, text in zip(SIDES, roads, strict=False) if text}

    @cached_property
    def shapes(self) -> dict[str, BaseGeometry]:
        """Code → shape in picture units, y downwards, cut to a little more than the view."""
        return {code: self._picture(shape) for code, shape in self.degrees.items()}

    def _picture(self, shape: BaseGeometry) -> BaseGeometry:
        def place(points: Any) -> Any:
            return points * [self.scale, -self.scale] + [WIDTH / 2, self.height / 2]

        drawn = shapely.transform(self.plane.flat(shape), place).simplify(0.6)
        return shapely.intersection(drawn, self.window)

    def svg(self) -> str:
        width, height = (f"{side:g}" for side in self.size)
        title = self.words["title"] + self.words["colon"] + self.focus.name
        body = "".join(
            (
                definitions(self.id, self.height),
                f'<rect width="1000" height="{self.total:.1f}" rx="10" fill="{PAPER}"/>',
                f'<g clip-path="url(#{self.id}-view)">',
                *self._ground(),
                *self._roads(),
                self._outline(),
                *self._street_names(),
                *self._names(),
                "</g>",
                f'<rect x="1" y="1" width="998" height="{self.height:.1f}" rx="10" fill="none" '
                f'stroke="{INK}" stroke-opacity="0.35" stroke-width="2"/>',
                north_arrow(WIDTH - 52, 58, self.words["north"]),
                *self._strip(),
            )
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="grid-map" role="img" '
            f'viewBox="0 0 1000 {self.total:.1f}" width="{width}" height="{height}" '
            f'aria-labelledby="{self.id}-title {self.id}-desc" '
            f'font-family="{FONT}">'
            f'<title id="{self.id}-title">{xml(title)}</title>'
            f'<desc id="{self.id}-desc">{xml(self._description())}</desc>{body}</svg>'
        )

    def _description(self) -> str:
        """Who lies where, for people who do not see the map."""
        shapes = {s.code: self.degrees[s.code] for s in (self.focus, *self.around)}
        names = {s.code: s.name for s in self.around}
        sides: dict[str, list[str]] = {}
        for found in neighbours(self.focus.code, shapes):
            sides.setdefault(found.direction, []).append(names[found.code])
        parts = []
        for side in sorted(sides):
            word = self.words["north_side" if side == "north" else side]
            parts.append(word + self.words["colon"] + self.words["comma"].join(sides[side]))
        return self.words["semicolon"].join(parts) or self.focus.name

    @cached_property
    def _inside(self) -> set[str]:
        """Codes of context grids that are parts of the focus: its children."""
        whole = self.shapes[self.focus.code].buffer(2)
        return {s.code for s in self.context if whole.covers(self.shapes[s.code])}

    def _ground(self) -> list[str]:
        outside = [s for s in self.context if s.code not in self._inside]
        parts = [path(self.shapes[s.code], "map-context", fill="#ebe7dd") for s in outside]
        for number, shape in enumerate(self._turning()):
            drawn = self.shapes[shape.code]
            parts.append(path(drawn, "map-neighbour", fill=TINTS[number % len(TINTS)][0]))
            parts.append(path(drawn, "map-pattern", fill=fill_name(self.id, number)))
        drawn = self.shapes[self.focus.code]
        parts.append(path(drawn, "map-focus", fill=FOCUS[0]))
        parts.append(path(drawn, "map-pattern", fill=f"url(#{self.id}-focus)"))
        return parts

    def _turning(self) -> list[ShapeLike]:
        """The neighbours in the order in which one meets them going round, so that two beside
        each other get different fills."""
        middle = self.shapes[self.focus.code].centroid

        def angle(shape: ShapeLike) -> float:
            at = self.shapes[shape.code].centroid
            return math.atan2(at.y - middle.y, at.x - middle.x) if not at.is_empty else 0.0

        return sorted(self.around, key=lambda shape: (angle(shape), shape.code))

    def _roads(self) -> list[str]:
        """Every outline as a street: a darker edge, then the light surface."""
        drawn = [self.shapes[s.code] for s in (*self.around, self.focus)]
        faint = [self.shapes[s.code] for s in self.context]
        parts = []
        for extra, colour in ((5.0, "#b9b0a0"), (0.0, "#ffffff")):
            for shapes, road in ((faint, LANE), (drawn, self.road)):
                parts += [
                    path(s, "map-street", fill="none", stroke=colour, width=road + extra)
                    for s in shapes
                ]
        return parts

    def _outline(self) -> str:
        """The focus's own line, just inside the streets around it."""
        inner = self.shapes[self.focus.code].buffer(-self.road / 2 - 4, join_style="mitre")
        return path(inner, "map-outline", fill="none", stroke=FOCUS[1], width=6.5)

    def _street_names(self) -> list[str]:
        runs = side_runs(self.shapes[self.focus.code])
        return [
            text_along(runs[side], name, 21.0 if "、" in name else 26.0)
            for side, name in self._bounds.items()
            if side in runs
        ]

    def _names(self) -> list[str]:
        parts = [self._name(s, 21.0, "map-context-name", must=False) for s in self.context]
        parts += [self._name(s, 28.0, "map-neighbour-name", must=True) for s in self.around]
        point, radius = label_place(self.shapes[self.focus.code], self.road / 2 + 8)
        size = fitting(self.focus.name, radius, 22.0, 40.0)
        if not self._inside:
            x, y = point[0], point[1] + (size * 0.7 if self.words["here"] else 0)
            parts.append(label((x, y), self.focus.name, size, "map-focus-name", bold=True))
            if self.words["here"]:
                height = size * 0.72 * len(lines_of(self.focus.name))
                here = self.words["here"]
                parts.append(
                    marker((x, y - height - 4), here, fitting(here, 0.78 * radius, 14, 25))
                )
        return parts

    def _name(self, shape: ShapeLike, size: float, name_class: str, must: bool) -> str:
        visible = shapely.intersection(self.shapes[shape.code], self.view)
        visible = shapely.difference(visible, shapely.box(WIDTH - 96, 0, WIDTH, 112))
        visible = shapely.difference(visible.buffer(-self.road / 2), self._taken(shape))
        if visible.is_empty:
            return ""
        point, radius = label_place(visible)
        size = fitting(shape.name, radius, 0.0, size)
        if not must and size < 12:
            return ""
        return label(point, shape.name, max(size, 15.0), name_class)

    def _taken(self, shape: ShapeLike) -> BaseGeometry:
        """Ground of other grids where a name must not stand."""
        if shape.code in self._inside:
            return shapely.Polygon()
        return self.shapes[self.focus.code].buffer(self.road / 2)

    def _strip(self) -> list[str]:
        entries = [("focus", self.words["focus"])]
        if self.around:
            entries.append(("neighbour", self.words["neighbour"]))
        if self.context:
            entries.append(("context", self.words["context"]))
        entries.append(("street", self.words["street"]))
        top = self.height + 6
        return [
            scale_bar(24, top + 26, self.scale, self.words["metres"]),
            legend(self.id, 300, top, entries),
        ]


def _shape(shape: ShapeLike) -> BaseGeometry:
    boundary = shape.boundary
    return load_geometry(boundary) if isinstance(boundary, str) else boundary
