"""Drawings of figures, as plain values for ``components/chart.html``: columns side by side for each
step of time, and one bar of shares. The numbers themselves stand in a table beside each drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDE, HIGH = 360.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 4.0, 10.0, 22.0
FEW_LABELS = 12


@dataclass(frozen=True)
class Bar:
    """A rectangle of the series number ``series`` (from 1)."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True)
class Drawing:
    """Columns with a scale. ``told``: what the drawing shows, for who does not see it; ``legend``:
    number and name of each series; ``ticks``: height and text; ``labels``: place and text.
    """

    told: str
    legend: list[tuple[int, str]]
    bars: list[Bar] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    labels: list[tuple[float, str]] = field(default_factory=list)
    width: float = WIDE
    height: float = HIGH
    left: float = LEFT
    right: float = WIDE - RIGHT
    base: float = HIGH - BOTTOM


def columns(
    told: str,
    steps: Sequence[str],
    series: Sequence[tuple[str, Sequence[int | None]]],
    *,
    most: int | None = None,
    unit: str = "",
) -> Drawing:
    """Columns of each of ``series`` (name, a number for each step or None) side by side. ``most``:
    the top of the scale where it is known, as for percentages.
    """
    top = most or _nice(max((one or 0 for _name, row in series for one in row), default=0))
    room = HIGH - TOP - BOTTOM
    step = (WIDE - LEFT - RIGHT) / max(1, len(steps))
    wide = min(step * 0.8 / max(1, len(series)), 26.0)
    bars, labels = [], []
    every = -(-len(steps) // FEW_LABELS)
    for at, name in enumerate(steps):
        middle = LEFT + step * (at + 0.5)
        if at % every == 0:
            labels.append((round(middle, 1), name))
        start = middle - wide * len(series) / 2
        for place, (_name, row) in enumerate(series):
            number = row[at]
            if number:
                height = room * min(number, top) / top
                bars.append(
                    Bar(
                        round(start + wide * place + 0.5, 1),
                        round(HIGH - BOTTOM - height, 1),
                        round(wide - 1, 1),
                        round(height, 1),
                        place + 1,
                    )
                )
    ticks = [
        (round(HIGH - BOTTOM - room * part / 4, 1), f"{top * part // 4}{unit}") for part in range(5)
    ]
    legend = [(place, name) for place, (name, _row) in enumerate(series, start=1)]
    return Drawing(told, legend, bars, ticks, labels)


def _nice(number: int) -> int:
    """The top of a scale above ``number`` whose quarters are whole."""
    size = 4
    while size < number:
        for factor in (1, 2, 3, 5):
            if size * factor >= number:
                return size * factor
        size *= 10
    return size


@dataclass(frozen=True)
class Share:
    """A part of one bar, in percent from where it begins."""

    x: float
    width: float
    series: int
    text: str


def shares(parts: Sequence[tuple[str, int]]) -> list[Share]:
    """One bar cut by the numbers of ``parts``; none without any."""
    whole, begun, found = sum(number for _name, number in parts), 0.0, []
    for place, (name, number) in enumerate(parts, start=1):
        if number:
            width = 100 * number / whole
            text = f"{name} {number} ({round(width)}%)"
            found.append(Share(round(begun, 2), round(width, 2), place, text))
            begun += width
    return found
