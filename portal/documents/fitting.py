"""How large a text may be set so that it fits a box, without asking the layout engine.

Widths are those of Noto Sans CJK SC Bold in thousandths of an em, rounded up; they err on the
narrow side of the box, and ``pdf.overfull`` proves the result afterwards.
"""

import math
import unicodedata
from dataclasses import dataclass

FONT = "Grid Sans, Noto Sans CJK SC, Noto Sans SC, sans-serif"
"""For the attribute ``font-family`` of drawings; the first is the cut of ``documents/fonts.py``."""

MM_PER_POINT = 25.4 / 72
LEADING = 1.16
MARGIN = 0.97  # of the width; the rest is for rounding


@dataclass(frozen=True)
class Fitted:
    """A text and the size, in points, it is to be set in."""

    text: str
    pt: float


def ems(text: str) -> float:
    """Width of ``text`` in ems."""
    return sum(_em(character) for character in text)


def width_mm(text: str, pt: float) -> float:
    """Width of ``text`` on one line, in millimetres."""
    return ems(text) * pt * MM_PER_POINT


def fit(
    text: str, width: float, biggest: float, smallest: float = 8.0, height: float = 0.0
) -> Fitted:
    """``text`` at the largest size, in half points, at which it fits ``width`` by ``height`` mm.

    A height of 0 means a single line. At ``smallest`` it may still not fit.
    """
    pt = biggest
    while pt > smallest and not _fits(text, pt, width, height):
        pt -= 0.5
    return Fitted(text, max(pt, smallest))


def height_mm(text: str, pt: float, width: float) -> float:
    """Height of ``text`` at ``pt``, broken into lines of at most ``width`` millimetres."""
    room = width * MARGIN
    needed = width_mm(text, pt)
    if needed <= room:
        lines = 1
    elif text.isascii():  # breaks between words: a line loses a third of the longest on average
        longest = max(width_mm(word, pt) for word in text.split())
        if longest > room:
            return math.inf
        lines = math.ceil(needed / max(room - longest / 3, 1.0))
    else:  # breaks between characters
        per_line = max(int(room / (pt * MM_PER_POINT)), 1)
        lines = math.ceil(ems(text) / per_line)
    return lines * pt * MM_PER_POINT * LEADING


def _fits(text: str, pt: float, width: float, height: float) -> bool:
    if not height:
        return width_mm(text, pt) <= width * MARGIN
    return height_mm(text, pt, width) <= height


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    if character.isdigit():
        return 0.59
    if character in "mwMW@%—":
        return 0.97
    if character.isupper():
        return 0.68
    if character in " .,:;|!'ijl()[]-/":
        return 0.38
    return 0.6
