"""What to look for: two small pictures for each subject of chapter 9, wrong and right."""

from collections.abc import Iterable

from portal.documents.figure import figure
from portal.documents.manual_drawing import (
    GOLD,
    GREEN,
    GREY,
    INK,
    NAVY,
    PALE,
    RED,
    SKY,
    WHITE,
    box,
    circle,
    rect,
    shape,
    svg,
)
from portal.documents.manual_parts import Context
from portal.documents.manual_text import Block

WIDTH, HEIGHT = 1000, 210
STAIRS = "M30 170H80V140H130V110H180V80H230"
HOUSE = "M60 170V80L140 30L220 80V170Z"
BIKE = "M{0} 150A22 22 0 1 0 {0} 149ZM{1} 150A22 22 0 1 0 {1} 149Z"


def sign(ctx: Context, name: str) -> Iterable[Block]:
    """The pair of pictures of a subject."""
    _ = ctx.say
    wrong, right, captions = _pair(ctx, name)
    bad, good = captions
    parts = (
        rect(4, 4, 488, 202, WHITE, RED),
        f'<g transform="translate(14 12)">{wrong}</g>',
        _mark(ctx, 270, bad, RED, wrong=True),
        rect(508, 4, 488, 202, WHITE, GREEN),
        f'<g transform="translate(518 12)">{right}</g>',
        _mark(ctx, 774, good, GREEN, wrong=False),
    )
    text = _("Wrong: %(bad)s. Right: %(good)s.") % {"bad": bad, "good": good}
    yield Block("figure", markup=figure(svg(WIDTH, HEIGHT, *parts), text), css="sign")


def _mark(ctx: Context, x: float, caption: str, colour: str, wrong: bool) -> str:
    cross = f"M{x} 34L{x + 26} 60M{x + 26} 34L{x} 60"
    tick = f"M{x} 46L{x + 10} 60L{x + 30} 32"
    return shape(cross if wrong else tick, stroke=colour, width=7) + box(
        x - 8, 70, 216, 124, caption, WHITE, INK, 20
    )


def _pair(ctx: Context, name: str) -> tuple[str, str, tuple[str, str]]:
    """The wrong picture, the right one, and what they show."""
    _ = ctx.say
    captions = {
        "corridor": (_("goods on the stairs, exit locked"), _("stairs clear, exit opens")),
        "ebike": (_("cable from a window, bike in the corridor"), _("charging at the shelter")),
        "gas": (_("old hose, cylinder near a flame"), _("fresh hose, alarm, open window")),
        "house": (_("cracks, loose facade"), _("whole walls, closed off where needed")),
        "lift": (_("manhole open, nobody there"), _("covered, fenced, reported")),
        "fraud": (_("\u201csafe account\u201d, a code asked for"), _("hang up, call 96110")),
        "flood": (_("drain blocked, water rises"), _("drain clear, sandbags ready")),
    }
    wrong, right = PICTURES[name]
    return wrong, right, captions[name]


def _bike(x: float) -> str:
    return shape(BIKE.format(x, x + 80), stroke=INK, width=5) + shape(
        f"M{x} 150L{x + 26} 110H{x + 60}L{x + 80} 150M{x + 60} 110L{x + 56} 92H{x + 72}"
        f"M{x + 20} 104H{x + 36}",
        width=5,
    )


def _phone(words: str, colour: str) -> str:
    return (
        rect(70, 8, 110, 176, INK, r=14)
        + rect(78, 24, 94, 136, WHITE, r=4)
        + circle(125, 172, 6, WHITE)
        + shape(words, stroke=colour, width=6)
    )


def _water(level: float) -> str:
    waves = "q14 -12 28 0t28 0" * 4
    return f'<path d="M10 {level}{waves}V186H10Z" fill="#7fa7cf"/>'


PICTURES = {
    "corridor": (
        shape(STAIRS, SKY, NAVY, 5)
        + rect(86, 104, 38, 34, GOLD, INK, 2)
        + rect(138, 62, 46, 46, GOLD, INK, 2)
        + rect(40, 120, 32, 48, GREY, INK, 2)
        + rect(196, 20, 44, 58, PALE, RED, 2)
        + shape("M206 50H230M218 40V60", stroke=RED, width=5),
        shape(STAIRS, SKY, NAVY, 5)
        + rect(186, 14, 46, 64, "#e6f0e4", GREEN, 2)
        + circle(222, 48, 4, GREEN)
        + shape("M60 118L110 88L158 58M158 58H140M158 58V76", stroke=GREEN, width=6),
    ),
    "ebike": (
        rect(20, 10, 90, 70, SKY, NAVY, 2)
        + shape("M65 10V80M20 45H110", stroke=NAVY, width=3)
        + shape("M100 60C170 60 150 110 140 122", stroke=RED, width=5)
        + _bike(100),
        shape("M20 60L125 20L230 60M34 60V180M216 60V180", stroke=NAVY, width=6)
        + rect(44, 84, 30, 44, "#e6f0e4", GREEN, 3)
        + shape("M62 90L54 108H66L58 122", stroke=GREEN, width=4)
        + shape("M74 110C90 110 92 118 98 124", stroke=GREEN, width=4)
        + _bike(94),
    ),
    "gas": (
        rect(120, 100, 110, 80, "#d9dde2", INK, 4)
        + shape("M150 100C146 82 160 76 158 56C172 70 182 84 174 100Z", GOLD, RED, 4)
        + rect(24, 70, 50, 112, PALE, RED, 14)
        + rect(40, 54, 18, 18, GREY, INK, 2)
        + shape("M58 60C90 40 70 150 120 140", stroke=RED, width=6)
        + shape("M86 84L98 92M92 106L104 104", stroke=RED, width=4),
        rect(120, 100, 110, 80, "#d9dde2", INK, 4)
        + shape("M20 140H120", stroke=GREEN, width=8)
        + rect(24, 20, 70, 80, SKY, NAVY, 2)
        + shape("M94 20L116 34V112L94 100", SKY, NAVY, 4)
        + circle(180, 40, 22, "#e6f0e4", GREEN)
        + shape("M172 40H188M180 32V48", stroke=GREEN, width=4),
    ),
    "house": (
        shape(HOUSE, SKY, NAVY, 5)
        + shape("M96 62L112 90L98 116L120 150L110 170", stroke=RED, width=5)
        + rect(180, 92, 26, 20, GOLD, RED, 2)
        + shape("M194 120V146M186 138L194 148L202 138", stroke=RED, width=4),
        shape(HOUSE, SKY, NAVY, 5)
        + rect(120, 110, 40, 60, WHITE, NAVY, 2)
        + shape("M20 150V182M240 150V182M20 160H240", stroke=GREEN, width=6)
        + shape("M50 160L70 160M110 160L130 160M170 160L190 160", stroke=GOLD, width=6),
    ),
    "lift": (
        shape("M20 150H240", stroke=INK, width=5)
        + '<ellipse cx="130" cy="150" rx="62" ry="18" fill="#1d1a18"/>'
        + rect(30, 20, 60, 60, PALE, RED, 30)
        + shape("M60 34V56M60 66V67", stroke=RED, width=7)
        + shape("M186 128L222 118L230 126L194 138Z", GREY, INK, 3),
        shape("M20 160H240", stroke=INK, width=5)
        + '<ellipse cx="130" cy="158" rx="58" ry="14" fill="#8f959c" stroke="#1d1a18"/>'
        + shape("M56 160V90H204V160M56 116H204", stroke=GREEN, width=7)
        + rect(92, 20, 76, 52, "#e6f0e4", GREEN, 4)
        + shape("M108 46L124 60L152 34", stroke=GREEN, width=6),
    ),
    "fraud": (
        _phone("M92 50H158M92 74H158M92 98H130M104 140L146 140", RED)
        + shape("M190 40C214 56 214 100 190 116M206 24C240 52 240 104 206 132", stroke=RED),
        _phone("M100 60L150 110M150 60L100 110", GREEN)
        + rect(20, 120, 60, 44, "#e6f0e4", GREEN, 4)
        + shape("M36 142L46 152L66 132", stroke=GREEN, width=6),
    ),
    "flood": (
        _water(96)
        + rect(30, 20, 60, 80, SKY, NAVY, 2)
        + rect(150, 150, 60, 20, INK, INK, 2)
        + shape("M150 60L170 84M200 50L190 84M180 40V80", stroke=NAVY, width=4),
        _water(160)
        + rect(150, 172, 60, 14, WHITE, INK, 2)
        + shape("M164 172V186M180 172V186M196 172V186", width=3)
        + rect(30, 60, 60, 80, SKY, NAVY, 2)
        + "".join(
            rect(x, y, 46, 22, GOLD, INK, 10)
            for x, y in ((20, 140), (66, 140), (112, 140), (43, 120), (89, 120))
        ),
    ),
}
