"""The organisation of a community as SVG: leading group, office, areas, supervision (P2).

1000 units wide; text gets smaller until it fits its box. Only presentation attributes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.documents.fitting import FONT
from portal.documents.gridmap_parts import INK, text_width, xml

WIDTH = 1000.0
GAP = 12.0
PER_ROW = 8
TITLE, LINE = 16.0, 13.5
RED, NAVY = "#a61c20", "#1f3f66"


@dataclass(frozen=True)
class Unit:
    """A box of the chart: its title and lines below."""

    title: str
    lines: tuple[str, ...] = ()


def draw_organisation(
    title: str,
    leading: Unit,
    office: Unit,
    areas: Sequence[Unit],
    watch: Unit,
    width: float,
    height: float,
) -> str:
    """SVG text, ``width`` by ``height`` in any unit. ``watch`` stands beside the line of command:
    it is where the whole organisation is complained about.
    """
    total = WIDTH * height / width
    rows = [areas[at : at + PER_ROW] for at in range(0, len(areas), PER_ROW)]
    high = (total - GAP * (len(rows) + 1)) / (2 + len(rows))
    top_width = 440.0
    x = (WIDTH - 300 - top_width) / 2
    middle = x + top_width / 2
    parts = [
        _line(f"M{middle} {high}V{high + GAP}"),
        *_box(leading, x, 0, top_width, high, RED),
        *_box(office, x, high + GAP, top_width, high, RED),
        _line(
            f"M{x + top_width} {high + GAP / 2}H{WIDTH - 300 + GAP}", dashes="6 5", colour="#5b5048"
        ),
        *_box(watch, WIDTH - 300 + GAP, 0, 300 - GAP, 2 * high + GAP, "#5b5048"),
    ]
    for number, row in enumerate(rows):
        parts += _row(row, middle, (high + GAP) * (2 + number), high, first=number == 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 1000 {total:.1f}" '
        f'width="{width:g}" height="{height:g}" '
        f'font-family="{FONT}"><title>{xml(title)}</title>'
        f"{''.join(parts)}</svg>"
    )


def _row(row: Sequence[Unit], middle: float, top: float, high: float, first: bool) -> Iterator[str]:
    """A row of areas, each under the line that comes from the office."""
    wide = (WIDTH - GAP * (len(row) - 1)) / len(row)
    rail = top - GAP / 2
    centres = [at * (wide + GAP) + wide / 2 for at in range(len(row))]
    if first:
        yield _line(f"M{middle} {top - GAP}V{rail}")
    ends = (min([*centres, middle]), max([*centres, middle]))
    yield _line(f"M{ends[0]:.1f} {rail:.1f}H{ends[1]:.1f}")
    for at, unit in enumerate(row):
        yield _line(f"M{centres[at]:.1f} {rail:.1f}V{top:.1f}")
        yield from _box(unit, at * (wide + GAP), top, wide, high, NAVY)


def _box(unit: Unit, x: float, y: float, wide: float, high: float, colour: str) -> Iterator[str]:
    """A box with a coloured head; lines share what room there is."""
    head = min(TITLE * 1.6, high * 0.4)
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="6" '
        f'fill="#ffffff" stroke="{colour}" stroke-width="1.6"/>'
        f'<path d="M{x:.1f} {y + head:.1f}V{y + 6:.1f}q0 -6 6 -6h{wide - 12:.1f}q6 0 6 6'
        f'V{y + head:.1f}z" fill="{colour}"/>'
    )
    yield _text(
        unit.title, x + wide / 2, y + head * 0.69, min(TITLE, head * 0.66), wide, "#fff", 700
    )
    pitch = (high - head - 4) / max(len(unit.lines), 1)
    pitch = min(pitch, LINE * 1.55)
    size = min(LINE, pitch / 1.2)
    for row, line in enumerate(unit.lines):
        at = y + head + 2 + pitch * (row + 0.5) + size * 0.36
        yield _text(line, x + wide / 2, at, size, wide, INK)


def _text(
    text: str, x: float, y: float, size: float, wide: float, colour: str, weight: int = 400
) -> str:
    size = min(size, (wide - 10) / max(text_width(text, 1.0), 1.0))
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" font-weight="{weight}" '
        f'text-anchor="middle" fill="{colour}">{xml(text)}</text>'
    )


def _line(run: str, dashes: str = "", colour: str = INK) -> str:
    pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{run}" fill="none" stroke="{colour}" stroke-width="1.6"{pattern}/>'
