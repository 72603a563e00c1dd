"""QR codes as inline SVG: one path, no ids, no style, the same bytes for the same text."""

from io import BytesIO
from xml.sax.saxutils import escape

import segno

QUIET = 2
"""Modules of quiet zone in the drawing; the white card around it supplies the rest of the four."""


def draw_qr(text: str, title: str, css_class: str = "qr", error: str = "q") -> str:
    """An ``<svg>`` element with the QR code of ``text``, ``title`` as its text alternative.

    Error correction level Q (25 %): boards hang outdoors and get scratched; M is enough for what
    is looked after. The drawing has no size of its own; give it one where it is used (at least
    0.5 mm a module in print, 30 mm on a board).
    """
    code = segno.make_qr(text, error=error, boost_error=False)
    side = code.symbol_size(scale=1, border=QUIET)[0]
    path = BytesIO()
    code.save(
        path,
        kind="svg",
        border=QUIET,
        xmldecl=False,
        svgns=False,
        nl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    drawing = path.getvalue().decode()
    inner = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" role="img" '
        f'viewBox="0 0 {side} {side}"><title>{escape(title)}</title>'
        f'<rect width="{side}" height="{side}" fill="#fff"/>{inner}</svg>'
    )
