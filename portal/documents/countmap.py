"""The map of grids shaded and numbered by what is counted in them, as SVG: on pages and on paper.

The sheet of ``partsmap`` with a fill for each step of the count. The fills differ in darkness *and*
in how close their lines stand, every count is written in its grid, and what is late has a plate
with a word: colour is never the only sign.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from portal.documents.divisionmap_signs import plate
from portal.documents.gridmap_parts import (
    INK,
    Point,
    label,
    lines_of,
    path,
    scale_bar,
    text_width,
    xml,
)
from portal.documents.gridmap_places import label_place
from portal.documents.partsmap import RED, Part, PartsSheet

# Ground and distance of the lines of each step; the first is for none.
STEPS = (
    ("#fbf9f4", 0.0),
    ("#dcebe8", 22.0),
    ("#b3d4cf", 14.0),
    ("#83b8b1", 9.0),
    ("#4f938b", 5.0),
)
LINE, BORDER = "#2f6f68", "#5b5048"
NAMES = (24.0, 21.0, 18.0, 16.0)  # sizes of names; where none fits only the count stands
LARGEST, SMALLEST = 40.0, 20.0  # of counts


@dataclass(frozen=True)
class Counted(Part):
    """A grid with its counts. ``url`` leads to all that was counted, ``late_url`` to what of it is
    late; ``told`` says both in words.
    """

    count: int = 0
    late: int = 0
    late_url: str = ""
    told: str = ""


def steps_of(most: int) -> list[tuple[int, int]]:
    """The least and the greatest count of each step above none, for counts up to ``most``."""
    wide = -(-most // (len(STEPS) - 1)) or 1
    tops = [wide * number for number in range(1, len(STEPS))]
    return [(top - wide + 1, top) for top in tops if top - wide < most]


def draw_counts(
    title: str,
    whole: BaseGeometry | None,
    parts: Sequence[Counted],
    words: Mapping[str, str],
) -> str:
    """SVG text. ``whole``: the outline around the parts, if any. ``words``: north, metres, open
    (what is counted), none (for no count), late. All shapes in degrees; at least one is needed.
    """
    return _CountSheet(title, whole, parts, words).svg()


class _CountSheet(PartsSheet):
    """One drawing; all of its parts are ``Counted``."""

    def __init__(
        self,
        title: str,
        whole: BaseGeometry | None,
        parts: Sequence[Counted],
        words: Mapping[str, str],
    ) -> None:
        super().__init__(title, whole, parts, words, (), None)
        self.id = "counts"
        self.steps = steps_of(max((part.count for part in parts), default=0))

    def _definitions(self) -> str:
        return "<defs>{}</defs>".format(
            "".join(
                f'<pattern id="{self.id}-{number}" width="{gap or 20:g}" height="{gap or 20:g}" '
                f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                f'<rect width="{gap or 20:g}" height="{gap or 20:g}" fill="{ground}"/>'
                + (f'<path d="M0 0V{gap:g}" stroke="{LINE}" stroke-width="1.6"/>' if gap else "")
                + "</pattern>"
                for number, (ground, gap) in enumerate(STEPS)
            )
        )

    def _step(self, count: int) -> int:
        for number, (_least, most) in enumerate(self.steps, start=1):
            if count <= most:
                return number if count else 0
        return 0

    def _part(self, part: Part) -> str:
        assert isinstance(part, Counted)
        fill = f"url(#{self.id}-{self._step(part.count)})"
        body = path(self.shapes[part.code], "sheet-part", fill, stroke=BORDER, width=2.0)
        return _linked(part.url, part.code, f"<title>{xml(part.told)}</title>{body}")

    def _name(self, part: Part) -> str:
        """The name, the count below it, and beside that what is late."""
        assert isinstance(part, Counted)
        shape = self.shapes[part.code]
        if shape.is_empty:
            return ""
        (x, y), radius = label_place(shape, 4.0)
        size = max(SMALLEST, min(LARGEST, radius * 0.7))
        named = _size_of(part.name, shape, (x, y - size * 0.85))
        signs = label((x, y - size * 0.85), part.name, named, "sheet-name") if named else ""
        top = y + (size * 0.6 if named else 0.0)
        text, small = str(part.count), size * 0.66
        late = self._late(part, size, radius)
        apart = text_width(text, size) + size * 0.7 if late else 0.0  # from the middle of the count
        wide = text_width(late, small) + small if late else 0.0
        left = x - wide / 2
        signs += label((left, top), text, size, "sheet-count", bold=part.count > 0)
        signs = f'<g pointer-events="none">{signs}</g>'
        if late:
            at = (left + apart / 2 + wide / 2 + 2, top)
            sign = plate(at, wide, small * 1.6, late, small, RED)
            signs += _linked(part.late_url, "", f"<title>{xml(part.told)}</title>{sign}")
        return signs

    def _late(self, part: Counted, size: float, radius: float) -> str:
        """What is late: with its word where that has room, otherwise with a sign."""
        if not part.late:
            return ""
        text = f"{self.words['late']} {part.late}"
        wide = text_width(str(part.count), size) + text_width(text, size * 0.66) + size * 1.4
        return text if wide < radius * 1.9 else f"!{part.late}"

    def _strip(self) -> Iterable[str]:
        """The scale, and what each fill stands for."""
        top, x = self.height + 4, 290.0
        yield scale_bar(24, top + 22, self.scale, self.words["metres"])
        said = self.words["open"]
        yield f'<text x="{x:.1f}" y="{top + 44:.1f}" font-size="22" fill="{INK}">{xml(said)}</text>'
        x += text_width(said, 22) + 16
        entries = [(0, self.words["none"])]
        for number, (least, most) in enumerate(self.steps, start=1):
            entries.append((number, str(least) if least == most else f"{least}–{most}"))
        for number, text in entries:
            yield (
                f'<rect x="{x:.1f}" y="{top + 22:.1f}" width="40" height="28" rx="3" '
                f'fill="url(#{self.id}-{number})" stroke="{BORDER}" stroke-width="2"/>'
                f'<text x="{x + 50:.1f}" y="{top + 44:.1f}" font-size="22" fill="{INK}">'
                f"{xml(text)}</text>"
            )
            x += 72 + text_width(text, 22)
        yield plate((x + 20, top + 36), 40, 28, "!n", 19, RED)
        said = self.words["late"]
        yield (
            f'<text x="{x + 50:.1f}" y="{top + 44:.1f}" font-size="22" fill="{INK}">'
            f"{xml(said)}</text>"
        )


def _size_of(name: str, shape: BaseGeometry, at: Point) -> float:
    """The largest size at which a name around ``at`` lies within its grid; 0 for none."""
    for size in NAMES:
        lines = lines_of(name)
        wide = max(text_width(line, size) for line in lines) / 2 + size * 0.3
        high = size * 1.22 * len(lines) / 2
        if shape.covers(shapely.box(at[0] - wide, at[1] - high, at[0] + wide, at[1] + high)):
            return size
    return 0.0


def _linked(url: str, code: str, body: str) -> str:
    """The list beside the map is the way for the keyboard, and has the same links."""
    own = f' data-code="{code}"' if code else ""
    if not url:
        return f"<g{own}>{body}</g>"
    return f'<a href="{xml(url)}"{own} tabindex="-1">{body}</a>'
