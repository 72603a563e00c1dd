"""An electronic ledger on paper (A4 across): the head of its table on every page, pages counted.

Its record comes from ``portal.rules.ledgers``. It has no number and no version, for the next order
makes it old: the foot says who printed it and when.
"""

from datetime import date

from babel.dates import format_date

from portal.collector import uncollected
from portal.documents import pdf
from portal.documents.overfull import refuse_overfull
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.queries.ledgers import LedgerPaper

CSS = "ledger.css"
# Millimetres; together as wide as the page inside its margins, with or without the cause.
WIDTHS = {
    "number": 27, "reported_on": 17, "grid": 21, "category": 22, "cause": 15, "summary": 44,
    "grade": 10, "handler": 15, "due_on": 17, "state": 14, "result": 40, "closed_on": 17,
    "satisfaction": 16,
}  # fmt: skip
ENGLISH = {"cause": 24, "grade": 14, "state": 19, "satisfaction": 20}  # its words are longer
WIDE = 281 - 9  # the first column counts the lines


def render_ledger(record: LedgerPaper) -> tuple[bytes, int]:
    """PDF bytes and number of pages. Raises RuleError naming the column whose text is wider than it
    can be."""
    with uncollected():
        document = pdf.lay_out(ledger_html(record), style(CSS))
        refuse_overfull(document, len(document.pages))
        return pdf.write(document), len(document.pages)


def ledger_html(record: LedgerPaper) -> str:
    """The ledger as one HTML page."""
    _ = translations(record.lang).gettext
    printed = _("Printed by %(who)s on %(day)s") % {
        "who": record.printed_by,
        "day": format_date(date.fromisoformat(record.day), "long", locale=record.lang),
    }
    names = [name for name, _label in record.heads]
    wide: dict[str, float] = {**WIDTHS, **(ENGLISH if record.lang == "en" else {})}
    free = (WIDE - sum(wide[name] for name in names)) / 2
    wide = wide | {name: wide[name] + free for name in ("summary", "result")}
    return (
        environment(record.lang)
        .get_template("ledger.html")
        .render(
            record=record,
            printed=printed,
            widths=[9, *(round(wide[name], 1) for name in names)],
            centred=[name in ("reported_on", "grade", "due_on", "closed_on") for name in names],
            html_lang=HTML_LANG[record.lang],
        )
    )
