"""The forms of the register on paper: cards of households, the book of the floating (A4, across).

Our own forms. Their records come from ``portal.rules.home_papers``; they have no number and no
version, for the next change of the register makes them old: the foot says who printed them and
when.
"""

from datetime import date

from babel.dates import format_date

from portal.collector import uncollected
from portal.documents import pdf
from portal.documents.overfull import refuse_overfull
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.queries.home_record import FloatingBook, HomeCards

CSS = "homes.css"
EMPTY_LINES = 2  # on a card, for who is born or moves in meanwhile
FEWEST_LINES = 6


def render_cards(record: HomeCards) -> tuple[bytes, int]:
    """PDF bytes and number of pages of the cards: each household begins a page.

    Raises RuleError naming the column whose text is wider than the page.
    """
    return _render(cards_html(record))


def render_book(record: FloatingBook) -> tuple[bytes, int]:
    """PDF bytes and number of pages of the book. Raises as ``render_cards``."""
    return _render(book_html(record))


def cards_html(record: HomeCards) -> str:
    """The cards as one HTML page."""
    return _html("home_cards.html", record, fewest=FEWEST_LINES, spare=EMPTY_LINES)


def book_html(record: FloatingBook) -> str:
    """The book as one HTML page."""
    return _html("floating_book.html", record)


def _html(template: str, record: HomeCards | FloatingBook, **more: int) -> str:
    def day(text: str) -> str:
        return format_date(date.fromisoformat(text), "medium", locale=record.lang) if text else ""

    _ = translations(record.lang).gettext
    printed = _("Printed by %(who)s on %(day)s") % {
        "who": record.printed_by,
        "day": format_date(date.fromisoformat(record.day), "long", locale=record.lang),
    }
    return (
        environment(record.lang)
        .get_template(template)
        .render(record=record, day=day, printed=printed, html_lang=HTML_LANG[record.lang], **more)
    )


def _render(html: str) -> tuple[bytes, int]:
    with uncollected():
        document = pdf.lay_out(html, style(CSS))
        refuse_overfull(document, len(document.pages))
        return pdf.write(document), len(document.pages)
