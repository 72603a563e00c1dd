"""The division of a community as SVG: four levels of boundaries, numbers and names.

1000 units wide. Levels differ in the weight and the pattern of their lines, areas in tint and
pattern, so colour is never the only sign. Labels never cover one another: where the name has no
room its number stands alone, for the table beside names it; where that has none either it stands
outside, on a line that leads there. Only presentation attributes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from portal.documents.divisionmap_signs import extent, ground, halves, leader, plate, stack, words
from portal.documents.fitting import FONT
from portal.documents.gridmap_parts import (
    FORMS,
    INK,
    PAPER,
    TINTS,
    north_arrow,
    path,
    scale_bar,
    text_along,
    text_width,
    xml,
)
from portal.documents.gridmap_places import label_place, side_runs
from portal.documents.labels import Labels, colours
from portal.rules.geometry import Plane, load_geometry

WIDTH = 1000.0
MARGIN = 46.0
STRIP = 126.0  # for the legend below the picture
LEVELS = ("cell", "block", "area", "community")  # in the order in which they are drawn
# Width, pattern and colour of the line of each level; the community's is a double line.
LINES = {
    "cell": (1.7, "", "#5b5048"),
    "block": (3.6, "15 7", "#1f3f66"),
    "area": (6.0, "26 8 5 8", "#a61c20"),
    "community": (10.0, "", INK),
}
SIDES = ("east", "south", "west", "north")
NAME_SIZES = (20.0, 18.0, 16.0, 14.0, 12.5, 11.0)
PLATE_SIZES = {"block": (18.0, 16.0, 14.0, 12.0, 10.5), "area": (24.0, 21.0, 18.0, 15.0, 12.0)}
PLATES = {"block": "#1f3f66", "area": "#a61c20"}
NUMBER_SIZES = (16.0, 14.0)  # of a cell without its name; the number is set smaller
AROUND = 40.0  # units around the community that belong to the names of its four sides


class Divided(Protocol):
    """A grid of the division; ``number`` is the one it has in the table beside the map."""

    @property
    def code(self) -> str: ...

    @property
    def number(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def level(self) -> str: ...

    @property
    def boundary(self) -> str: ...


class DivisionMap:
    """One drawing of ``grids`` (all levels, the community among them), ``width`` by ``height`` in
    any unit. ``words``: title, north, metres, the word for each level, ``later`` (what is not on
    the map) and ``bounds``, the names of the four sides of the community.

    ``labels`` holds the boxes of everything that was placed.
    """

    def __init__(
        self, grids: Sequence[Divided], width: float, height: float, words: Mapping[str, Any]
    ) -> None:
        self.size, self.words, self.grids = (width, height), words, list(grids)
        self.total = WIDTH * height / width
        self.height = self.total - STRIP
        self.labels = Labels()
        self.leaders: list[str] = []  # below all labels
        degrees = {grid.code: load_geometry(grid.boundary) for grid in grids}
        self.plane = Plane.around(*shapely.total_bounds(list(degrees.values())))
        flat = {code: self.plane.flat(shape) for code, shape in degrees.items()}
        west, south, east, north = shapely.total_bounds(list(flat.values())).tolist()
        self.scale = min(
            (WIDTH - 2 * MARGIN) / max(east - west, 1.0),
            (self.height - 2 * MARGIN) / max(north - south, 1.0),
        )
        middle = ((west + east) / 2, (south + north) / 2)

        def place(points: Any) -> Any:
            moved = (points - middle) * [self.scale, -self.scale]
            return moved + [WIDTH / 2, self.height / 2]

        self.shapes = {
            code: shapely.transform(shape, place).simplify(0.3) for code, shape in flat.items()
        }
        self._frame = shapely.box(8, 8, WIDTH - 8, self.height - 8)
        # Beside the names of the streets around.
        whole = shapely.union_all(list(self.shapes.values())).buffer(AROUND)
        self._outside = self._frame.difference(whole)
        self.areas = [grid for grid in grids if grid.level == "area"]
        shapes = [self.shapes[grid.code] for grid in self.areas]
        self.tints = colours(shapes, len(TINTS), 2.0)

    def svg(self) -> str:
        """The drawing."""
        width, height = (f"{side:g}" for side in self.size)
        north = north_arrow(WIDTH - 52, 58, self.words["north"])
        self.labels.taken.append((WIDTH - 96, 14, WIDTH - 8, 104))
        lines = list(self._lines())
        names = [*self._cells(), *self._plates("area"), *self._plates("block")]
        body = "".join(
            (
                self._patterns(),
                f'<rect width="1000" height="{self.total:.1f}" rx="8" fill="{PAPER}"/>',
                *self._tints(),
                *lines,
                *self._sides(),
                *self.leaders,
                *names,
                north,
                *self._legend(),
            )
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 1000 {self.total:.1f}" width="{width}" height="{height}" '
            f'font-family="{FONT}">'
            f"<title>{xml(self.words['title'])}</title>{body}</svg>"
        )

    def _patterns(self) -> str:
        return "<defs>{}</defs>".format(
            "".join(
                f'<pattern id="tint-{at}" width="24" height="24" patternUnits="userSpaceOnUse">'
                f"{form.format(colour=colour)}</pattern>"
                for at, (form, (_ground, colour)) in enumerate(zip(FORMS, TINTS, strict=True))
            )
        )

    def _tints(self) -> Iterator[str]:
        for area, tint in zip(self.areas, self.tints, strict=True):
            yield path(self.shapes[area.code], "area", TINTS[tint][0])
            yield path(self.shapes[area.code], "area", f"url(#tint-{tint})")

    def _of(self, level: str) -> list[Divided]:
        return [grid for grid in self.grids if grid.level == level]

    def _lines(self) -> Iterator[str]:
        """Every line once: where levels share it, the highest has it."""
        drawn: BaseGeometry = shapely.LineString()
        found: list[str] = []
        for level in reversed(LEVELS):
            shapes = [self.shapes[grid.code].boundary for grid in self._of(level)]
            if shapes:
                own = shapely.line_merge(shapely.union_all(shapes).difference(drawn.buffer(1.5)))
                found = [*_strokes(own, level), *found]
                drawn = shapely.union_all([drawn, *shapes])
        yield from found

    def _sides(self) -> Iterator[str]:
        """The names of the four bounds, along the outside."""
        outline = shapely.union_all([self.shapes[grid.code] for grid in self._of("community")])
        if outline.is_empty:
            return
        runs = side_runs(outline.buffer(22, join_style="mitre"))
        for side, name in zip(SIDES, self.words.get("bounds", ()), strict=False):
            if name and side in runs:
                yield text_along(runs[side], name, 19.0)

    def _cells(self) -> Iterator[str]:
        """Number and name of each cell, inside it wherever there is room."""
        for cell in sorted(self._of("cell"), key=lambda grid: self.shapes[grid.code].area):
            yield from self._cell(cell)

    def _cell(self, cell: Divided) -> Iterator[str]:
        shape: BaseGeometry = self.shapes[cell.code].buffer(-3)
        if shape.is_empty:
            shape = self.shapes[cell.code]
        near, _radius = label_place(shape)
        tried = [(size, lines) for size in NAME_SIZES for lines in ([cell.name], halves(cell.name))]
        tried += [(size, []) for size in NUMBER_SIZES]  # its name stands in the table
        for size, lines in tried:
            wide, high = extent([cell.number, *lines], size)
            at = self.labels.place(shape, wide, high, near)
            if at is not None:
                yield from stack(at, cell.number, lines, size)
                return
        wide, high = extent([cell.number], NUMBER_SIZES[-1])
        at = self.labels.place(self._frame, wide, high, near)
        if at is not None:
            self.leaders.append(leader(near, at))
            yield ground(at, wide, high)
            yield from stack(at, cell.number, [], NUMBER_SIZES[-1])

    def _plates(self, level: str) -> Iterator[str]:
        """Number and name of blocks and areas, on dark plates where nothing else stands."""
        for grid in self._of(level):
            shape = self.shapes[grid.code]
            (x, y), _radius = label_place(shape)
            full = f"{grid.number} {grid.name}"
            inner: BaseGeometry = shape.buffer(-8)
            sizes = PLATE_SIZES[level]
            tried = [(full, size, inner) for size in sizes]
            tried += [(grid.number, size, inner) for size in sizes]
            tried.append((full, sizes[-1], self._outside))
            for text, size, region in tried:
                wide, high = text_width(text, size) + size, size * 1.55
                at = self.labels.place(region, wide, high, (x, y))
                if at is not None:
                    if region is not inner:
                        self.leaders.append(leader((x, y), at))
                    yield plate(at, wide, high, text, size, PLATES[level])
                    break

    def _legend(self) -> Iterator[str]:
        top = self.height + 4
        yield f'<path d="M16 {top:.1f}H984" stroke="{INK}" stroke-opacity="0.35"/>'
        yield scale_bar(24, top + 20, self.scale, self.words["metres"])
        x = 270.0
        wide = sum(text_width(self.words[level], 1.0) for level in LEVELS)
        size = min(16.0, (WIDTH - 16 - x - 80 * len(LEVELS)) / wide)
        for level in reversed(LEVELS):
            width, dashes, colour = LINES[level]
            yield _stroke(f"M{x:.1f} {top + 22:.1f}h52", width, dashes, colour)
            if level == "community":
                yield _stroke(f"M{x:.1f} {top + 22:.1f}h52", width * 0.34, "", "#ffffff")
            yield words((x + 60, top + 28), self.words[level], size, "start")
            x += 80 + text_width(self.words[level], size)
        entries = [f"{area.number} {area.name}" for area in self.areas]
        wide = sum(text_width(text, 1.0) for text in entries)
        size = min(15.0, (WIDTH - 60 - 54 * len(entries)) / max(wide, 1.0))
        x = 24.0
        for text, tint in zip(entries, self.tints, strict=True):
            for fill in (TINTS[tint][0], f"url(#tint-{tint})"):
                yield (
                    f'<rect x="{x:.1f}" y="{top + 76:.1f}" width="30" height="20" rx="3" '
                    f'fill="{fill}" stroke="#5b5048" stroke-width="1.2"/>'
                )
            yield words((x + 36, top + 91), text, size, "start")
            x += 54 + text_width(text, size)
        yield words((24.0, top + 116), self.words["later"], 12.5, "start", "#5b5048")


def _strokes(lines: BaseGeometry, level: str) -> Iterator[str]:
    width, dashes, colour = LINES[level]
    pieces = [line for line in shapely.get_parts(lines) if line.geom_type == "LineString"]
    run = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(piece))
        for piece in pieces
    )
    if not run:
        return
    if level in ("area", "block"):  # light on both sides, so that it stands out from the pattern
        yield _stroke(run, width + 3.5, "", "#ffffff")
    yield _stroke(run, width, dashes, colour)
    if level == "community":
        yield _stroke(run, width * 0.34, "", "#ffffff")


def _stroke(run: str, width: float, dashes: str, colour: str) -> str:
    pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{run}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
        f'stroke-linejoin="round"{pattern}/>'
    )
