"""Documents of several pages: a frame with title, contents, running heads, "page n of m".

A document extends ``templates/documents/paper.html`` (its blocks are listed there), puts its text
into parts and sections with the macros of ``paper_parts.html`` and is rendered by ``render_paper``.
Contents, numbers of the parts and bookmarks make themselves.
"""

from dataclasses import dataclass, field
from typing import Any

from babel.dates import format_date
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from portal.documents import pdf
from portal.documents.figure import figure
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.errors import RuleError
from portal.queries.board_record import Edition

CSS = "paper.css"


@dataclass(frozen=True)
class Frame:
    """What the frame of a document says, in its language ``lang``.

    ``above``: names of the grids above, from the community downwards. ``facts``: further lines of
    the front page, label and value. ``url`` is where the QR code leads.
    """

    lang: str
    title: str
    name: str
    url: str
    publisher: str
    above: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass
class Outline:
    """Parts and sections in the order in which they are set: their numbers and the contents."""

    entries: list[tuple[int, str, str, str]] = field(default_factory=list)
    part_no: int = 0
    section_no: int = 0
    label: str = ""

    def part(self, title: str, label: str = "") -> Markup:
        """The heading of the next part; ``label`` stands for its number."""
        self.part_no, self.section_no = self.part_no + 1, 0
        self.label = label or str(self.part_no)
        return self._heading(2, self.label, title)

    def section(self, title: str) -> Markup:
        """The heading of the next section of the part."""
        self.section_no += 1
        return self._heading(3, f"{self.label}.{self.section_no}", title)

    def _heading(self, level: int, number: str, title: str) -> Markup:
        anchor = "part-" + number.replace(".", "-").replace(" ", "-")
        self.entries.append((level, number, str(title), anchor))
        heading = Markup('<h{0} id="{1}"><span class="no">{2}</span> {3}</h{0}>')
        return heading.format(level, anchor, number, title)


def render_paper(
    template: str, frame: Frame, edition: Edition, css: str = "", **context: Any
) -> tuple[bytes, int]:
    """PDF bytes and number of pages of ``template``; ``css`` names one more style sheet.

    Raises RuleError naming the column whose text is wider than it, or than the page.
    """
    html = paper_html(template, frame, edition, **context)
    document = pdf.lay_out(html, style(CSS) + (style(css) if css else ""))
    crowded = pdf.overfull(document)
    if crowded:
        raise RuleError(
            _l("Too wide for this document: %(zones)s. Shorten it.", zones=", ".join(crowded))
        )
    return pdf.write(document), len(document.pages)


def paper_html(template: str, frame: Frame, edition: Edition, **context: Any) -> str:
    """The document as one HTML page that needs nothing else but its style sheets."""
    say = translations(frame.lang).gettext
    return (
        environment(frame.lang)
        .get_template(template)
        .render(
            frame=frame,
            edition=edition,
            issued_on=format_date(edition.issued_on, "long", locale=frame.lang),
            html_lang=HTML_LANG[frame.lang],
            outline=Outline(),
            qr=figure(draw_qr(frame.url, ""), say("QR code of the page of this grid")),
            **context,
        )
    )
