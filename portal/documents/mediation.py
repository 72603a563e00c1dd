"""A mediation file on paper (A4, several pages): cover, contents, application, sessions, agreement,
follow-up, lines to sign on. Its record comes from ``portal.rules.mediation.paper``.
"""

from datetime import date

from babel.dates import format_date

from portal.documents.paper import Frame, paper_html, render_paper
from portal.documents.template import translations
from portal.queries.board_record import Edition
from portal.queries.mediation_record import FilePaper

TEMPLATE = "mediation.html"
CSS = "mediation.css"


def render_mediation(record: FilePaper) -> tuple[bytes, int]:
    """PDF bytes and number of pages. Raises RuleError naming what is wider than its column."""
    return render_paper(TEMPLATE, _frame(record), _edition(record), CSS, **_context(record))


def mediation_html(record: FilePaper) -> str:
    """The file as one HTML page."""
    return paper_html(TEMPLATE, _frame(record), _edition(record), **_context(record))


def _frame(record: FilePaper) -> Frame:
    say = translations(record.lang).gettext
    return Frame(
        lang=record.lang,
        title=say("Mediation file"),
        name=record.grid_name,
        url=record.url,
        publisher=record.publisher,
        above=record.above,
        facts=record.facts,
    )


def _edition(record: FilePaper) -> Edition:
    return Edition(record.number, 1, date.fromisoformat(record.day))


def _context(record: FilePaper) -> dict[str, object]:
    say = translations(record.lang).gettext
    day = format_date(date.fromisoformat(record.day), "long", locale=record.lang)
    printed = say("Printed by %(who)s on %(day)s") % {"who": record.printed_by, "day": day}
    return {
        "record": record,
        "printed": printed,
        "parties": [(one.label, one.name, one.contact) for one in record.parties],
        "terms": [(one.number, one.who, one.text, one.due_on) for one in record.terms],
        "kept": [(one.number, one.performance, one.checked_on, one.note) for one in record.terms],
    }
