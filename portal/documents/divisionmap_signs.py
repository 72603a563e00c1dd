"""The signs of a division map: names in lines, number plates, lines that lead to them."""

from collections.abc import Iterator, Sequence

from portal.documents.gridmap_parts import INK, Point, text_width, xml


def halves(name: str) -> list[str]:
    """A long name in two lines, broken at a space, else in the middle."""
    spaces = [at for at, sign in enumerate(name) if sign == " "]
    at = min(spaces, key=lambda place: abs(place - len(name) / 2), default=(len(name) + 1) // 2)
    return [name[:at].strip(), name[at:].strip()] if len(name) > 3 else [name]


def extent(lines: Sequence[str], size: float) -> tuple[float, float]:
    """Width and height of a stack of ``lines``, the first of them smaller."""
    wide = max(text_width(line, size * (0.72 if at == 0 else 1)) for at, line in enumerate(lines))
    return wide + size * 0.5, size * (0.95 + 1.2 * (len(lines) - 1) + 0.1)


def stack(at: Point, number: str, lines: Sequence[str], size: float) -> Iterator[str]:
    """A number with the lines of a name below it, centred on ``at``."""
    _wide, high = extent([number, *lines], size)
    top = at[1] - high / 2
    yield words((at[0], top + size * 0.78), number, size * 0.72, colour="#43392f")
    for row, line in enumerate(lines):
        yield words((at[0], top + size * (1.92 + 1.2 * row)), line, size, bold=True)


def words(
    at: Point, said: str, size: float, anchor: str = "middle", colour: str = INK, bold: bool = False
) -> str:
    """One line of text."""
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:.1f}" text-anchor="{anchor}" '
        f'fill="{colour}"{weight}>{xml(said)}</text>'
    )


def ground(at: Point, wide: float, high: float) -> str:
    """A white ground, centred on ``at``."""
    return (
        f'<rect x="{at[0] - wide / 2:.1f}" y="{at[1] - high / 2:.1f}" width="{wide:.1f}" '
        f'height="{high:.1f}" rx="3" fill="#ffffff" stroke="#5b5048" stroke-width="0.8"/>'
    )


def plate(at: Point, wide: float, high: float, text: str, size: float, colour: str) -> str:
    """Text on a coloured plate, centred on ``at``."""
    return (
        f'<rect x="{at[0] - wide / 2:.1f}" y="{at[1] - high / 2:.1f}" width="{wide:.1f}" '
        f'height="{high:.1f}" rx="{size * 0.3:.1f}" fill="{colour}" stroke="#ffffff" '
        f'stroke-width="1.6"/>'
        + words((at[0], at[1] + size * 0.36), text, size, colour="#ffffff", bold=True)
    )


def leader(start: Point, end: Point) -> str:
    """A thin line with a dot at its start."""
    return (
        f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" stroke="{INK}" '
        f'stroke-width="1"/><circle cx="{start[0]:.1f}" cy="{start[1]:.1f}" r="2.6" fill="{INK}"/>'
    )
