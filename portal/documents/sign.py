"""The service sign at an entrance (P5): one line of text, to be read from three metres.

A letter is read with ease from 200 times its height, so 15 mm (43 pt) carry three metres: the
name and the telephone are larger than that unless a name of more than 12 characters leaves no room.
"""

from collections.abc import Callable
from dataclasses import dataclass

from babel.dates import format_date
from markupsafe import Markup

from portal.documents import pdf
from portal.documents.figure import figure
from portal.documents.fitting import Fitted, fit
from portal.documents.overfull import refuse_overfull
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.queries.board_record import BoardHotline, Edition
from portal.queries.signs import SignRecord

CSS = "sign.css"
MOST_LINES = 3
WATCH_WIDTH = 240.0  # millimetres for the supervision telephones
FOOT_WIDTH = 281.0
Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """A telephone of the lowest band, ``left`` and ``width`` in millimetres."""

    name: Fitted
    number: Fitted
    left: float
    width: float


@dataclass(frozen=True)
class Sheet:
    """Everything the template sets."""

    title: str
    path: Fitted
    name: Fitted
    kind: Fitted
    post: Fitted
    person: Fitted
    phone: Fitted
    via: Fitted
    qr: Markup
    scan: Fitted
    ways: list[Fitted]
    walk: Fitted
    later: Fitted
    watch_title: Fitted
    watch: list[Line]
    edition: Fitted
    publisher: Fitted


def render_sign(record: SignRecord, edition: Edition, size: str = "a4") -> tuple[bytes, int]:
    """PDF bytes and number of pages (one) of a sign. Raises RuleError naming the part whose text
    is too long.
    """
    document = pdf.lay_out(sign_html(record, edition), style(CSS))
    refuse_overfull(document)
    return pdf.write(document), len(document.pages)


def sign_html(record: SignRecord, edition: Edition) -> str:
    """The sign as one HTML page that needs nothing else but ``sign.css``."""
    template = environment(record.lang).get_template("sign.html")
    sheet = compose(record, edition, translations(record.lang).gettext)
    return template.render(
        record=record, edition=edition, sheet=sheet, html_lang=HTML_LANG[record.lang]
    )


def compose(record: SignRecord, edition: Edition, _: Gettext) -> Sheet:
    """The texts of ``record`` in the sizes in which they fit."""
    foot = " · ".join(
        (
            f"{_('Notice no.')} {edition.number}",
            _("Issue %(number)s") % {"number": edition.issue_no},
            format_date(edition.issued_on, "long", locale=record.lang),
        )
    )
    kind = fit(_("Grid service sign"), 78, 26, 14)
    edition_line = fit(foot, 170, 11, 7)
    return Sheet(
        title=f"{record.name} {_('Grid service sign')}",
        path=fit(" · ".join(record.above), 190, 17, 9),
        name=fit(record.name, 190, 50, 20),
        kind=kind,
        post=fit(record.post, 120, 30, 16),
        person=fit(record.person, 192, 96, 30),
        phone=fit(record.phone, 192, 84, 30),
        via=fit(_("through the duty telephone") if record.by_duty_phone else "", 120, 16, 9),
        qr=figure(draw_qr(record.url, ""), _("QR code of the page of this grid")),
        scan=fit(_("Scan for the page of this grid"), 74, 17, 8),
        ways=[
            fit(text, 62, 21, 10)
            for text in (_("Grid house"), _("Residents' letterbox"), _("Grid notice board"))
        ],
        walk=fit(_("on foot ______ minutes"), 62, 16, 8),
        later=fit(_("As announced by the community"), 62, 13, 7),
        watch_title=fit(_("Supervision telephones"), 34, 17, 8, 13),
        watch=_watch(record.supervision),
        edition=edition_line,
        publisher=fit(record.publisher, FOOT_WIDTH - 176, 11, 7),
    )


def _watch(lines: tuple[BoardHotline, ...]) -> list[Line]:
    shown = lines[:MOST_LINES]
    width = WATCH_WIDTH / max(len(shown), 1)
    return [
        Line(
            fit(line.name, width - 6, 14, 6),
            fit(line.number, width - 6, 24, 8),
            round(at * width, 2),
            round(width, 2),
        )
        for at, line in enumerate(shown)
    ]
