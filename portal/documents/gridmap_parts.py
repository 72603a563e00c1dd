"""The pieces a grid map is put together from: paths, patterns, labels, north arrow, scale bar."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import shapely
from shapely.geometry.base import BaseGeometry

Point = tuple[float, float]

PAPER = "#f6f2e9"
INK = "#33302b"
FOCUS = ("#fbd9c2", "#b5310a")  # ground and line of the grid that is shown
# Ground and pattern of the neighbours; each pattern has its own form.
TINTS = (
    ("#d9e8d6", "#6d9a68"),
    ("#d5e4ef", "#6a90ad"),
    ("#efe6c4", "#b09a4e"),
    ("#e5dcec", "#9179a6"),
)
FORMS = (
    '<circle cx="6" cy="6" r="1.7" fill="{colour}"/>'
    '<circle cx="18" cy="18" r="1.7" fill="{colour}"/>',
    '<path d="M0 6H24M0 18H24" stroke="{colour}" stroke-width="1.3" fill="none"/>',
    '<path d="M6 2V10M2 6H10M18 14V22M14 18H22" stroke="{colour}" stroke-width="1.4" fill="none"/>',
    '<path d="M6 0V24M18 0V24" stroke="{colour}" stroke-width="1.3" fill="none"/>',
)
LEGEND = 24.0
NICE = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def xml(text: str) -> str:
    """``text`` as XML content or attribute value."""
    return escape(text, {'"': "&quot;"})


def definitions(name: str, height: float) -> str:
    """The patterns and the clip path of map ``name``, whose picture is ``height`` units high."""
    parts = [
        f'<pattern id="{name}-{number}" width="24" height="24" patternUnits="userSpaceOnUse">'
        f"{form.format(colour=colour)}</pattern>"
        for number, (form, (_ground, colour)) in enumerate(zip(FORMS, TINTS, strict=True))
    ]
    parts.append(
        f'<pattern id="{name}-focus" width="18" height="18" patternUnits="userSpaceOnUse">'
        '<path d="M-2 2L2 -2M0 18L18 0M16 20L20 16" stroke="#e58a5c" stroke-width="1.6" '
        'fill="none"/></pattern>'
    )
    parts.append(
        f'<clipPath id="{name}-view"><rect x="1" y="1" width="998" height="{height:.1f}" rx="10"/>'
        "</clipPath>"
    )
    return f"<defs>{''.join(parts)}</defs>"


def fill_name(name: str, number: int) -> str:
    """The pattern of neighbour ``number`` as a paint."""
    return f"url(#{name}-{number % len(FORMS)})"


def path(
    shape: BaseGeometry, css: str, fill: str, stroke: str | None = None, width: float = 0.0
) -> str:
    """The polygons of ``shape`` as one path element; nothing for an empty shape."""
    rings = [
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z"
        for part in shapely.get_parts(shape)
        if isinstance(part, shapely.Polygon) and not part.is_empty
        for ring in (part.exterior, *part.interiors)
    ]
    if not rings:
        return ""
    line = f' stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"' if stroke else ""
    return f'<path class="{css}" fill="{fill}" fill-rule="evenodd"{line} d="{"".join(rings)}"/>'


def text_width(text: str, size: float) -> float:
    """About how wide ``text`` is at ``size``: a full em for Chinese, a bit over half for Latin."""
    wide = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text)
    return wide * size


def lines_of(text: str) -> list[str]:
    """``text`` in one or two lines: long names break before a bracket or in the middle."""
    if text_width(text, 1.0) <= 7.5:
        return [text]
    for sign in ("（", "("):
        if sign in text[1:]:
            head, tail = text.split(sign, 1)
            return [head.strip(), sign + tail]
    middle = len(text) // 2
    spaces = [at for at, c in enumerate(text) if c == " "]
    at = min(spaces, key=lambda place: abs(place - middle), default=middle)
    return [text[:at].strip(), text[at:].strip()]


def label(at: Point, text: str, size: float, css: str, bold: bool = False) -> str:
    """``text`` centred on a light plate, in one or two lines."""
    lines = lines_of(text)
    width = max(text_width(line, size) for line in lines) + size * 0.7
    height = size * (1.22 * len(lines) + 0.22)
    weight = ' font-weight="700"' if bold else ""
    first = at[1] - size * 1.22 * (len(lines) - 1) / 2 + size * 0.36
    texts = "".join(
        f'<text class="{css}" x="{at[0]:.1f}" y="{first + row * size * 1.22:.1f}" '
        f'font-size="{size:.1f}" text-anchor="middle" fill="{INK}"{weight}>{xml(line)}</text>'
        for row, line in enumerate(lines)
    )
    return (
        f'<rect x="{at[0] - width / 2:.1f}" y="{at[1] - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{size * 0.35:.1f}" fill="#ffffff" fill-opacity="0.88"/>{texts}'
    )


def marker(at: Point, text: str, size: float) -> str:
    """A pin beside a dark plate with ``text``, centred above ``at``."""
    zoom = size / 25
    wide = text_width(text, 25) + 26
    pin = -wide / 2 - 2
    return (
        f'<g class="map-here" transform="translate({at[0]:.1f} {at[1]:.1f}) scale({zoom:.2f})">'
        f'<rect x="{pin + 6:.1f}" y="-44" width="{wide + 16:.1f}" height="37" rx="8" '
        f'fill="{FOCUS[1]}"/>'
        f'<text x="{pin + 15 + wide / 2:.1f}" y="-16.5" font-size="25" font-weight="700" '
        f'text-anchor="middle" fill="#ffffff">{xml(text)}</text>'
        f'<path d="M{pin:.1f} 0c-6 -15 -19 -21 -19 -36a19 19 0 0 1 38 0c0 15 -13 21 -19 36z" '
        f'fill="{FOCUS[1]}" stroke="#ffffff" stroke-width="3"/>'
        f'<circle cx="{pin:.1f}" cy="-36" r="7" fill="#ffffff"/></g>'
    )


def north_arrow(x: float, y: float, text: str) -> str:
    """An arrow to the north on a light disc around (x, y)."""
    return (
        f'<g class="map-north"><circle cx="{x:g}" cy="{y:g}" r="38" fill="#ffffff" '
        f'fill-opacity="0.92" stroke="{INK}" stroke-opacity="0.35" stroke-width="1.5"/>'
        f'<path d="M{x:g} {y - 8:g}l13 34l-13 -8z" fill="{INK}"/>'
        f'<path d="M{x:g} {y - 8:g}l-13 34l13 -8z" fill="#ffffff" stroke="{INK}" '
        f'stroke-width="1.6" stroke-linejoin="round"/>'
        f'<text x="{x:g}" y="{y - 13:g}" font-size="20" font-weight="700" text-anchor="middle" '
        f'fill="{INK}">{xml(text)}</text></g>'
    )


def scale_bar(x: float, y: float, scale: float, unit: str) -> str:
    """A bar of a round number of metres, at most 200 units long; ``scale`` is units a metre."""
    metres = max((nice for nice in NICE if nice * scale <= 200), default=NICE[0])
    far = metres * scale
    return (
        f'<g class="map-scale"><path d="M{x:g} {y:g}v14h{far:.1f}v-14" fill="none" '
        f'stroke="{INK}" stroke-width="2.5"/><rect x="{x:g}" y="{y + 8:g}" '
        f'width="{far / 2:.1f}" height="6" fill="{INK}"/>'
        f'<text x="{x + far / 2:.1f}" y="{y + 43:g}" font-size="24" text-anchor="middle" '
        f'fill="{INK}">{metres} {xml(unit)}</text></g>'
    )


def legend(name: str, x: float, y: float, entries: Iterable[tuple[str, str]]) -> str:
    """Swatches with their words, in a row from (x, y); smaller if they need more room."""
    swatches = {
        "focus": ((FOCUS[0], f"url(#{name}-focus)"), FOCUS[1], 5.0),
        "neighbour": ((TINTS[0][0], fill_name(name, 0)), "#b9b0a0", 2.0),
        "context": (("#ebe7dd",), "#b9b0a0", 2.0),
        "street": (("#ffffff",), "#b9b0a0", 2.0),
    }
    rows = list(entries)
    room = 1000 - 16 - x - 70 * len(rows)
    size = LEGEND * min(1.0, room / sum(text_width(text, LEGEND) for _key, text in rows))
    parts = []
    for key, text in rows:
        fills, line, width = swatches[key]
        high, top = (30.0, y + 24) if key != "street" else (13.0, y + 32.5)
        parts += [
            f'<rect x="{x:.1f}" y="{top:g}" width="40" height="{high:g}" rx="3" fill="{fill}" '
            f'stroke="{line}" stroke-width="{width:g}"/>'
            for fill in fills
        ]
        parts.append(
            f'<text x="{x + 48:.1f}" y="{y + 39 + size * 0.36:.1f}" font-size="{size:.1f}" '
            f'fill="{INK}">{xml(text)}</text>'
        )
        x += 48 + text_width(text, size) + 22
    return f'<g class="map-legend">{"".join(parts)}</g>'


def text_along(line: Sequence[Point], text: str, size: float) -> str:
    """``text`` along the straightest stretch of ``line``, near its middle. On a steep line
    Chinese stands upright, one character below the other, as on a street sign."""
    run = shapely.LineString(line)
    size = max(16.0, min(size, run.length * 0.9 / max(1.0, text_width(text, 1.0))))
    (x, y), (u, v) = _stretch(run, text_width(text, size) * 1.08)
    angle = math.degrees(math.atan2(v - y, u - x))
    if angle > 90 or angle <= -90:
        (x, y), (u, v), angle = (u, v), (x, y), angle - math.copysign(180, angle)
    if abs(angle) > 58 and not text.isascii():
        return _stacked((x, y), (u, v), text, size)
    middle = ((x + u) / 2, (y + v) / 2)
    return (
        f'<text class="map-street-name" x="{middle[0]:.1f}" y="{middle[1] + size * 0.36:.1f}" '
        f'font-size="{size:.1f}" text-anchor="middle" fill="#5a5148" '
        f'transform="rotate({angle:.1f} {middle[0]:.1f} {middle[1]:.1f})">{xml(text)}</text>'
    )


def _stretch(run: shapely.LineString, wide: float) -> tuple[Point, Point]:
    """The ends of a stretch of ``run``, ``wide`` long, that bends least and lies near the
    middle; its own ends if it is shorter than that."""
    spare = max(0.0, run.length - wide)

    def bend(start: float) -> float:
        piece = shapely.LineString(
            [run.interpolate(start), run.interpolate(min(run.length, start + wide))]
        )
        middle = run.interpolate(start + wide / 2)
        quarter = run.interpolate(start + wide / 4)
        return piece.distance(middle) + piece.distance(quarter)

    starts = [spare * step / 12 for step in range(13)] if spare else [0.0]
    best = min(starts, key=lambda start: bend(start) + abs(start - spare / 2) * 0.04)
    first, last = run.interpolate(best), run.interpolate(min(run.length, best + wide))
    return (first.x, first.y), (last.x, last.y)


def _stacked(start: Point, end: Point, text: str, size: float) -> str:
    if start[1] > end[1]:
        start, end = end, start
    steps = [(at + 0.5) / len(text) for at in range(len(text))]
    xs = [start[0] + (end[0] - start[0]) * step - size / 2 for step in steps]
    ys = [start[1] + (end[1] - start[1]) * step + size * 0.36 for step in steps]
    return (
        f'<text class="map-street-name" x="{" ".join(f"{x:.1f}" for x in xs)}" '
        f'y="{" ".join(f"{y:.1f}" for y in ys)}" font-size="{size:.1f}" '
        f'fill="#5a5148">{xml(text)}</text>'
    )
