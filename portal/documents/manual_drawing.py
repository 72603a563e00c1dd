"""Boxes, arrows and texts of the manual's own figures: SVG with presentation attributes only."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from portal.documents.fitting import FONT, ems

RED, NAVY, INK, GREY, GOLD = "#a61c20", "#1f3f66", "#1d1a18", "#5b5048", "#f2c14e"
PALE, SKY, SAND, WHITE = "#fbe9e4", "#eef2f7", "#fbf5ea", "#ffffff"
GREEN = "#2f6b3c"
LINE = 1.28  # of the size of the text, from one line to the next


def svg(width: float, height: float, *parts: str) -> str:
    """A drawing of ``width`` by ``height`` units."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


def wrapped(text: str, width: float, size: float) -> list[str]:
    """``text`` in lines of at most ``width`` units at ``size``: between words, or characters."""
    pieces = text.split(" ") if text.isascii() else list(text)
    glue = " " if text.isascii() else ""
    lines: list[str] = [""]
    for piece in pieces:
        longer = f"{lines[-1]}{glue}{piece}" if lines[-1] else piece
        if lines[-1] and ems(longer) * size > width and piece not in "，。；、：":
            lines.append(piece)
        else:
            lines[-1] = longer
    return lines


def write(
    x: float,
    y: float,
    text: str | Sequence[str],
    size: float,
    fill: str = INK,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """Lines of text, the first one with its baseline at ``y``."""
    lines = [text] if isinstance(text, str) else text
    weight = ' font-weight="bold"' if bold else ""
    return "".join(
        f'<text x="{x:g}" y="{y + at * size * LINE:.1f}" font-size="{size:g}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{escape(line)}</text>'
        for at, line in enumerate(lines)
    )


def rect(
    x: float, y: float, w: float, h: float, fill: str, stroke: str = "none", r: float = 8
) -> str:
    """A rectangle with round corners."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="2"/>'
    )


def box(
    x: float,
    y: float,
    w: float,
    h: float,
    text: str,
    fill: str = SKY,
    ink: str = INK,
    size: float = 22,
    stroke: str = "none",
    bold: bool = False,
) -> str:
    """A rectangle with its text in the middle; smaller where it does not fit otherwise."""
    while True:
        lines = wrapped(text, w - 16, size)
        widest = max(ems(line) for line in lines) * size
        if size <= 11 or (len(lines) * size * LINE <= h - 6 and widest <= w - 8):
            break
        size -= 1
    top = y + h / 2 - (len(lines) - 1) * size * LINE / 2 + size * 0.36
    return rect(x, y, w, h, fill, stroke) + write(x + w / 2, top, lines, size, ink, "middle", bold)


def arrow(points: Sequence[tuple[float, float]], colour: str = INK, dashed: bool = False) -> str:
    """A line through ``points`` with a head at its end; segments are level or upright."""
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    (x0, y0), (x1, y1) = points[-2], points[-1]
    dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    head = (
        f"M{x1:g} {y1:g}L{x1 - 13 * dx - 7 * dy:g} {y1 - 13 * dy - 7 * dx:g}"
        f"L{x1 - 13 * dx + 7 * dy:g} {y1 - 13 * dy + 7 * dx:g}Z"
    )
    dash = ' stroke-dasharray="9 6"' if dashed else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="3"{dash}/>'
        f'<path d="{head}" fill="{colour}"/>'
    )


def shape(path: str, fill: str = "none", stroke: str = INK, width: float = 4) -> str:
    """A path."""
    return (
        f'<path d="{path}" fill="{fill}" stroke="{stroke}" stroke-width="{width:g}" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )


def circle(x: float, y: float, r: float, fill: str, stroke: str = "none") -> str:
    """A circle."""
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}" stroke="{stroke}" '
        'stroke-width="4"/>'
    )
