"""The notice board of a grid (P5): record to PDF.

What stands on it and where follows ``defaults/notice_board.yaml``; the record is filled by
``portal.queries.boards``. The drawing is made for A3; A4 and A2 are the
same drawing, smaller and larger.
"""

from flask_babel import lazy_gettext as _l

from portal.documents import pdf
from portal.documents.board_page import compose
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.errors import RuleError
from portal.queries.board_record import BoardRecord, Edition

CSS = "board.css"
ZOOM = {"a2": 420 / 297, "a3": 1.0, "a4": 297 / 420}


def render_board(record: BoardRecord, edition: Edition, size: str = "a3") -> tuple[bytes, int]:
    """PDF bytes and number of pages (one) of a board, ``size`` one of ZOOM.

    Raises RuleError naming the part whose text is too long for the board.
    """
    document = pdf.lay_out(board_html(record, edition), style(CSS))
    crowded = pdf.overfull(document)
    if crowded or len(document.pages) != 1:
        raise RuleError(
            _l(
                "The board has no room for the text of: %(zones)s. Shorten it and try again.",
                zones=", ".join(crowded) or "?",
            )
        )
    return pdf.write(document, ZOOM[size]), len(document.pages)


def board_html(record: BoardRecord, edition: Edition) -> str:
    """The board as one HTML page that needs nothing else but the style sheet of ``board.css``."""
    template = environment(record.lang).get_template("board.html")
    page = compose(record, edition, translations(record.lang).gettext)
    return template.render(
        record=record, edition=edition, board=page, html_lang=HTML_LANG[record.lang]
    )


def warm_up() -> None:
    """Do once what every board needs: find the fonts, parse templates and style sheet.

    A forked process inherits all of it; the first board is then as quick as the next.
    """
    for lang in HTML_LANG:
        environment(lang).get_template("board.html")
    sample = "".join(chr(code) for code in range(0x20, 0x7F)) + "网格公示牌"
    pdf.write(pdf.lay_out(f"<html lang=en><title>-</title><b>{sample}</b> {sample}", style(CSS)))
