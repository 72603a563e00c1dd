"""Drawn portraits of workers: our own flat drawing, the same for the same seed.

A portrait stands in for a photograph on boards and public pages. It shows nothing about the
real person; the seed only keeps a person's drawing stable and different from a neighbour's.
Shapes carry ``fill`` and ``stroke`` attributes, no style, no script and no ids, so a drawing may
stand inline on pages with a strict content security policy, and twice on the same page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 100, 120
"""The view box; scale it with width and height where it is used."""

SKINS = (
    ("#f6d3b3", "#e9b48c"),
    ("#f0c49c", "#dfa377"),
    ("#e3ad80", "#cb8d5f"),
    ("#cf9568", "#b3774c"),
)
BLACKS = ("#23201f", "#2f2623", "#3b2c25")
GREYS = ("#8b8a88", "#a5a4a1", "#c3c2bf")
GROUNDS = ("#dbe8ee", "#f3e5cc", "#dfe9da", "#f0dcd6", "#e3e0ee", "#d6e9e6")
SHIRTS = ("#ffffff", "#e6eef6", "#f4ead7", "#dfe8e2", "#35506b", "#5a6470")
VESTS = (("#c0272d", "#f7d774"), ("#1f7a4d", "#f2efc4"))
WOMEN = ("bob", "bun", "wavy", "fringe", "ponytail")
MEN = ("crop", "side", "brush")
JACKETS = ("#2f4a68", "#4c5a4a", "#6b4a3f", "#50506a")


@dataclass(frozen=True)
class Look:
    """Everything that varies from one portrait to the next."""

    skin: tuple[str, str]
    hair: str
    style: str
    old: bool
    glasses: bool
    ground: str
    shirt: str
    vest: tuple[str, str] | None
    jacket: str
    brow: float
    smile: float


def look(seed: int) -> Look:
    """The look that belongs to ``seed``; any integer is allowed."""
    dice = Random(seed)  # noqa: S311 -- a drawing, not a secret
    woman = dice.random() < 0.5
    old = dice.random() < 0.4
    styles = WOMEN if woman else (*MEN, "receding") if old else MEN
    return Look(
        skin=dice.choice(SKINS),
        hair=dice.choice(GREYS if old else BLACKS),
        style=dice.choice(styles),
        old=old,
        glasses=dice.random() < (0.5 if old else 0.25),
        ground=dice.choice(GROUNDS),
        shirt=dice.choice(SHIRTS),
        vest=dice.choice(VESTS) if dice.random() < 0.7 else None,
        jacket=dice.choice(JACKETS),
        brow=round(dice.uniform(-1.0, 0.2), 1),
        smile=round(dice.uniform(4.5, 6.5), 1),
    )


def draw_portrait(seed: int, title: str = "", css_class: str = "portrait") -> str:
    """An ``<svg>`` element, 100 by 120 units, for the drawing that belongs to ``seed``.

    ``title`` is its text alternative; without one the drawing is hidden from assistive
    technology (use that only where the person's name stands right beside it).
    """
    it = look(seed)
    label = f"<title>{escape(title)}</title>" if title else ""
    role = 'role="img"' if title else 'aria-hidden="true"'
    shapes = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="9" fill="{it.ground}"/>',
        _back_hair(it),
        _clothes(it),
        _head(it),
        _face(it),
        STYLES[it.style](it.hair),
        _glasses() if it.glasses else "",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" {role} '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{label}{"".join(shapes)}</svg>'
    )


def draw_blank(title: str = "") -> str:
    """The same frame with a plain outline of a person, where no portrait may be shown."""
    label = f"<title>{escape(title)}</title>" if title else ""
    role = 'role="img"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="portrait" {role} '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{label}'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="9" fill="#e6e4df"/>'
        '<circle cx="50" cy="50" r="21" fill="#a9a59d"/>'
        '<path d="M10 120C10 92 30 82 50 82S90 92 90 120Z" fill="#a9a59d"/></svg>'
    )


def _clothes(it: Look) -> str:
    """Neck, shirt, and a vest (the volunteers' red or green) or a jacket over it."""
    skin, shade = it.skin
    parts = [
        f'<path d="M8 120C8 98 22 92 37 88L50 96L63 88C78 92 92 98 92 120Z" fill="{it.shirt}"/>',
        f'<path d="M41 66H59V86C59 95 41 95 41 86Z" fill="{skin}"/>',
        f'<path d="M41 76C46 82 54 82 59 76V80C54 86 46 86 41 80Z" fill="{shade}"/>',
    ]
    collar = (
        f'<g fill="{it.shirt}" stroke="#000" stroke-opacity=".14" stroke-width=".8">'
        '<path d="M37 87L42 83L50 97L43 104Z"/><path d="M63 87L58 83L50 97L57 104Z"/></g>'
    )
    if it.vest:
        main, band = it.vest
        parts += [
            f'<path d="M22 120V95C26 92 31 90 35 89L47 120Z" fill="{main}"/>',
            f'<path d="M78 120V95C74 92 69 90 65 89L53 120Z" fill="{main}"/>',
            f'<path d="M22 110H43L45 115H22Z" fill="{band}"/>',
            f'<path d="M78 110H57L55 115H78Z" fill="{band}"/>',
            collar,
            (
                '<path d="M70 100.6C68.6 98.6 65.4 99.7 66 102.3C66.5 104.4 69 105.6 70 106.8'
                'C71 105.6 73.5 104.4 74 102.3C74.6 99.7 71.4 98.6 70 100.6Z" fill="#fff"/>'
            ),
        ]
    else:
        parts += [
            f'<path d="M8 120C8 98 20 93 35 89L47 120Z" fill="{it.jacket}"/>',
            f'<path d="M92 120C92 98 80 93 65 89L53 120Z" fill="{it.jacket}"/>',
            collar,
            (
                '<rect x="63" y="106" width="13" height="9" rx="1.5" fill="#fff"/>'
                '<rect x="65" y="108.5" width="4" height="4" fill="#c9d4dc"/>'
                '<path d="M70.5 109.5H74M70.5 112H74" stroke="#8d99a3" stroke-width="1"/>'
            ),
        ]
    return "".join(parts)


def _head(it: Look) -> str:
    """Ears and face."""
    skin, shade = it.skin
    return (
        f'<ellipse cx="29.5" cy="54" rx="4" ry="6" fill="{skin}"/>'
        f'<ellipse cx="70.5" cy="54" rx="4" ry="6" fill="{skin}"/>'
        f'<ellipse cx="29.7" cy="54.5" rx="1.8" ry="3.2" fill="{shade}"/>'
        f'<ellipse cx="70.3" cy="54.5" rx="1.8" ry="3.2" fill="{shade}"/>'
        f'<path fill="{skin}"'
        ' d="M30 46C30 28 40 22 50 22S70 28 70 46C70 66 60 77 50 77S30 66 30 46Z"/>'
    )


def _face(it: Look) -> str:
    """Brows, eyes, nose, a smile; a few lines for older people."""
    shade = it.skin[1]
    brow = "#6f6a66" if it.old else it.hair
    outer, inner = 45 - it.brow, 45 + it.brow
    parts = [
        (
            f'<path d="M36 {outer}Q40.5 42 45 {inner}M55 {inner}Q59.5 42 64 {outer}"'
            f' fill="none" stroke="{brow}" stroke-width="1.9" stroke-linecap="round"/>'
        ),
        (
            '<ellipse cx="41" cy="51.5" rx="2.1" ry="2.5" fill="#2a2422"/>'
            '<ellipse cx="59" cy="51.5" rx="2.1" ry="2.5" fill="#2a2422"/>'
            '<circle cx="41.8" cy="50.6" r=".8" fill="#fff"/>'
            '<circle cx="59.8" cy="50.6" r=".8" fill="#fff"/>'
        ),
        (
            f'<path d="M50 53Q47.5 58.5 50.5 59.5" fill="none" stroke="{shade}" stroke-width="1.7"'
            ' stroke-linecap="round"/>'
        ),
        (
            '<circle cx="36" cy="59.5" r="3.6" fill="#e2765f" fill-opacity=".28"/>'
            '<circle cx="64" cy="59.5" r="3.6" fill="#e2765f" fill-opacity=".28"/>'
        ),
        (
            f'<path d="M43 65Q50 {65 + it.smile} 57 65" fill="none" stroke="#a8483c"'
            ' stroke-width="2" stroke-linecap="round"/>'
        ),
    ]
    if it.old:
        parts.append(
            f'<path d="M40 61.5Q38.5 64 39.5 67M60 61.5Q61.5 64 60.5 67M43 35.5Q50 34 57 35.5"'
            f' fill="none" stroke="{shade}" stroke-width="1.1" stroke-linecap="round"/>'
        )
    return "".join(parts)


def _glasses() -> str:
    return (
        '<g fill="none" stroke="#3c434a" stroke-width="1.5">'
        '<rect x="34" y="46.5" width="13.5" height="10.5" rx="4.5"/>'
        '<rect x="52.5" y="46.5" width="13.5" height="10.5" rx="4.5"/>'
        '<path d="M47.5 51Q50 49.5 52.5 51M34 50.5L30 49.5M66 50.5L70 49.5"/></g>'
    )


def _back_hair(it: Look) -> str:
    """What of the hair lies behind the head and shoulders."""
    shapes = {
        "bob": "M25 50C23 24 38 15 50 15S77 24 75 50C76 62 75 70 71 74H29C25 70 24 62 25 50Z",
        "wavy": "M25 48C22 24 38 14 50 14S78 24 75 48C80 56 79 64 76 69C80 78 76 88 69 89H31"
        "C24 88 20 78 24 69C21 64 20 56 25 48Z",
        "ponytail": "M66 28C76 30 82 44 80 60C79 72 77 80 71 86C71 76 73 66 70 54Z",
        "bun": "M40 17A10.5 9.5 0 1 1 60 17A10.5 9.5 0 1 1 40 17Z",
    }
    path = shapes.get(it.style)
    return f'<path d="{path}" fill="{it.hair}"/>' if path else ""


def _cap_of(path: str) -> Callable[[str], str]:
    return lambda hair: f'<path d="{path}" fill="{hair}"/>'


STYLES: dict[str, Callable[[str], str]] = {
    "bob": _cap_of(
        "M28 56C25 32 36 19 50 19S75 32 72 56C71 46 68 39 64 35"
        "C56 41 42 42 33 39C30 44 29 50 28 56Z"
    ),
    "bun": _cap_of(
        "M28.5 51C26 30 37 19 50 19S74 30 71.5 51C70 42 64 33 50 31C36 33 30 42 28.5 51Z"
    ),
    "wavy": _cap_of(
        "M28 58C25 32 36 18 50 18S75 32 72 58C71 48 67 40 58 33"
        "C53 40 40 41 33 42C30 47 29 52 28 58Z"
    ),
    "fringe": _cap_of(
        "M27 66C24 32 36 18 50 18S76 32 73 66L69.5 64C70 54 69 46 67 42H33C31 46 30 54 30.5 64Z"
    ),
    "ponytail": _cap_of(
        "M28.5 52C26 31 37 19 50 19S74 31 71.5 52C70 44 66 37 42 31C35 35 30 43 28.5 52Z"
    ),
    "crop": _cap_of(
        "M29 48C26 30 36 18 50 18S74 30 71 48C70 42 68 38 65 35"
        "C57 37 43 37 35 35C32 38 30 42 29 48Z"
    ),
    "side": _cap_of(
        "M29 49C25 30 34 17 51 17S75 29 71 49C70 42 68 37 64 33"
        "C56 37 47 35 40 30C37 36 31 40 29 49Z"
    ),
    "brush": _cap_of(
        "M29.5 47"
        "C27 37 28 28 32 24L34 19L38 20L42 16L46 18L51 15L55 18L60 17L62 20L66 20L68 25"
        "C72 30 73 38 70.5 47C69.5 41 68 36 65 33C56 31 44 31 35 33C32 36 30.5 41 29.5 47Z"
    ),
    "receding": _cap_of(
        "M29 52C26 42 27 33 31 28C37 19 46 18 50 18S63 19 69 28"
        "C73 33 74 42 71 52C70.5 46 69 41 66.5 38"
        "C65 33 62 30 58 28.5C53 27 47 27 42 28.5C38 30 35 33 33.5 38C31 41 29.5 46 29 52Z"
    ),
}
