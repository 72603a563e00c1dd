"""The notice board of a grid (P5): record to PDF.

What stands on it and where follows ``defaults/notice_board.yaml``; the record is filled by
``portal.queries.boards``. The drawing is made for A3; A4 and A2 are the
same drawing, smaller and larger.
"""

from functools import lru_cache
from gettext import NullTranslations

from babel.support import Translations
from flask_babel import lazy_gettext as _l
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.documents import pdf
from portal.documents.board_page import compose
from portal.errors import RuleError
from portal.queries.board_record import BoardRecord, Edition

TEMPLATES = pdf.PACKAGE / "templates" / "documents"
TRANSLATIONS = pdf.PACKAGE.parent / "translations"
ZOOM = {"a2": 420 / 297, "a3": 1.0, "a4": 297 / 420}
HTML_LANG = {"zh_Hans_CN": "zh-Hans", "en": "en"}


def render_board(record: BoardRecord, edition: Edition, size: str = "a3") -> tuple[bytes, int]:
    """PDF bytes and number of pages (one) of a board, ``size`` one of ZOOM.

    Raises RuleError naming the part whose text is too long for the board.
    """
    document = pdf.lay_out(board_html(record, edition), style())
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
    """The board as one HTML page that needs nothing else but the style sheet of ``style()``."""
    template = environment(record.lang).get_template("board.html")
    page = compose(record, edition, translations(record.lang).gettext)
    return template.render(
        record=record, edition=edition, board=page, html_lang=HTML_LANG[record.lang]
    )


@lru_cache(maxsize=1)
def style() -> str:
    """The board's style sheet."""
    return (TEMPLATES / "board.css").read_text()


@lru_cache(maxsize=4)
def translations(lang: str) -> NullTranslations:
    """The catalogue of ``lang``; English is its own."""
    return Translations.load(TRANSLATIONS, [lang])


@lru_cache(maxsize=4)
def environment(lang: str) -> Environment:
    """Templates of documents in ``lang``: no request, no session, no application."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(lang)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    return made


def warm_up() -> None:
    """Do once what every board needs: find the fonts, parse templates and style sheet.

    A forked process inherits all of it; the first board is then as quick as the next.
    """
    for lang in HTML_LANG:
        environment(lang).get_template("board.html")
    sample = "".join(chr(code) for code in range(0x20, 0x7F)) + "网格公示牌"
    pdf.write(pdf.lay_out(f"<html lang=en><title>-</title><b>{sample}</b> {sample}", style()))
