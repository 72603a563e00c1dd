"""Worker cards on paper (85.6 × 54 mm, the size of ISO 7810 ID-1): record to PDF.

``a4``: sheets of ten with cutting marks, each followed by its back, mirrored so that a printer that
turns the paper over its long edge puts every back behind its front. ``card``: front and back of
each card as pages of their own, for a printer of cards.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from markupsafe import Markup

from portal.documents import pdf
from portal.documents.figure import figure, photo_figure
from portal.documents.fitting import Fitted, fit
from portal.documents.overfull import refuse_overfull
from portal.documents.portraits import draw_blank, draw_portrait
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.queries.board_record import Edition
from portal.queries.card_record import CardEntry, CardsRecord

CSS = "cards.css"
WIDTH, HEIGHT = 85.6, 54.0  # millimetres
COLUMNS, ROWS = 2, 5
SHEET = (210.0, 297.0)
LEFT, TOP = (SHEET[0] - COLUMNS * WIDTH) / 2, (SHEET[1] - ROWS * HEIGHT) / 2
MARK = 4.0  # length of a cutting mark, which ends MARK_GAP before the card
MARK_GAP = 1.0
Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Front:
    """The side with the face."""

    zone: str
    place: str  # CSS declarations
    head: Fitted
    face: Markup
    name: Fitted
    posts: Fitted
    grid: Fitted
    number: Fitted
    until: Fitted
    motto: Fitted


@dataclass(frozen=True)
class Back:
    """The side with the code."""

    zone: str
    place: str
    title: Fitted
    qr: Markup
    scan: Fitted
    watch: list[Fitted]
    doubt: Fitted
    office: Fitted
    found: Fitted
    number: Fitted


@dataclass(frozen=True)
class Page:
    """One page: fronts or backs; ``head`` stands above the cards of a sheet."""

    sides: Sequence[Front | Back]
    head: str = ""


def render_cards(record: CardsRecord, edition: Edition, size: str = "a4") -> tuple[bytes, int]:
    """PDF bytes and number of pages. Raises RuleError naming the part whose text is too long."""
    width, height = SHEET if size == "a4" else (WIDTH, HEIGHT)
    paper = f"@page {{ size: {width}mm {height}mm; margin: 0; }}\n"
    document = pdf.lay_out(cards_html(record, edition, size), paper + style(CSS))
    count = -(-len(record.cards) // (COLUMNS * ROWS)) if size == "a4" else len(record.cards)
    refuse_overfull(document, 2 * count)
    return pdf.write(document), len(document.pages)


def cards_html(record: CardsRecord, edition: Edition, size: str) -> str:
    """The cards as one HTML page that needs nothing else but ``cards.css``."""
    _ = translations(record.lang).gettext
    template = environment(record.lang).get_template("cards.html")
    pages = list(_sheets(record, edition, _) if size == "a4" else _singles(record, _))
    return template.render(
        record=record,
        edition=edition,
        pages=pages,
        size=size,
        marks=_marks(),
        title=f"{record.name} {_('Worker cards')}",
        html_lang=HTML_LANG[record.lang],
    )


def _sheets(record: CardsRecord, edition: Edition, _: Gettext) -> Iterator[Page]:
    most = COLUMNS * ROWS
    sheets = [record.cards[at : at + most] for at in range(0, len(record.cards), most)]
    for number, cards in enumerate(sheets, 1):
        words = {
            "grid": record.name,
            "number": edition.number,
            "page": number,
            "pages": len(sheets),
        }
        front = _("Worker cards · %(grid)s · %(number)s · sheet %(page)s of %(pages)s, front")
        back = _("Sheet %(page)s of %(pages)s, back: turn the paper over its long edge")
        places = [divmod(at, COLUMNS) for at in range(len(cards))]
        fronts = [
            _front(card, record.lang, _place(row, column), _)
            for card, (row, column) in zip(cards, places, strict=True)
        ]
        backs = [
            _back(card, _place(row, COLUMNS - 1 - column), _)
            for card, (row, column) in zip(cards, places, strict=True)
        ]
        yield Page(fronts, front % words)
        yield Page(backs, back % words)


def _singles(record: CardsRecord, _: Gettext) -> Iterator[Page]:
    for card in record.cards:
        yield Page([_front(card, record.lang, "left:0;top:0", _)])
        yield Page([_back(card, "left:0;top:0", _)])


def _place(row: int, column: int) -> str:
    return f"left:{LEFT + column * WIDTH:.2f}mm;top:{TOP + row * HEIGHT:.2f}mm"


def _marks() -> list[str]:
    """Places of the cutting marks, as CSS declarations: outside the cards, in line with edges."""
    right, bottom = LEFT + COLUMNS * WIDTH, TOP + ROWS * HEIGHT
    found = []
    for column in range(COLUMNS + 1):
        x = LEFT + column * WIDTH
        for y in (TOP - MARK_GAP - MARK, bottom + MARK_GAP):
            found.append(f"left:{x - 0.05:.2f}mm;top:{y:.2f}mm;width:.1mm;height:{MARK}mm")
    for row in range(ROWS + 1):
        y = TOP + row * HEIGHT
        for x in (LEFT - MARK_GAP - MARK, right + MARK_GAP):
            found.append(f"left:{x:.2f}mm;top:{y - 0.05:.2f}mm;width:{MARK}mm;height:.1mm")
    return found


def _front(card: CardEntry, lang: str, place: str, _: Gettext) -> Front:
    until = format_date(date.fromisoformat(card.until), "long", locale=lang)
    return Front(
        zone=card.number,
        place=place,
        head=fit(f"{card.house.name} · {_('Grid worker card')}", 77, 13, 6),
        face=_face(card, _),
        name=fit(card.name, 52, 21, 8),
        posts=fit(_(", ").join(card.posts), 52, 11, 5),
        grid=fit(card.grid, 52, 10, 5),
        number=fit(_("Card no. %(number)s") % {"number": card.number}, 52, 8, 5),
        until=fit(_("Valid until %(day)s") % {"day": until}, 52, 9, 5),
        motto=fit(_("On duty with this card · visits cost nothing"), 77, 9, 5),
    )


def _back(card: CardEntry, place: str, _: Gettext) -> Back:
    phone = card.house.duty
    doubt = (
        _("In doubt call %(number)s or 110") % {"number": phone}
        if phone
        else _("In doubt call 110")
    )
    return Back(
        zone=card.number,
        place=place,
        title=fit(_("Scan to check this card"), 46, 12, 6),
        qr=figure(draw_qr(card.url, "", error="m"), _("QR code that says if the card is valid")),
        scan=fit(_("The page says: valid, expired or revoked"), 46, 8, 5),
        watch=[fit(f"{name} {number}", 46, 9, 5) for name, number in card.house.watch],
        doubt=fit(doubt, 46, 9, 5),
        office=fit(f"{_('Issued by')}{_(': ')}{card.house.office}", 77, 8, 4.5),
        found=fit(_("Found it? Please bring it to the community's office."), 77, 7.5, 4.5),
        number=fit(card.number, 28, 6.5, 4.5),
    )


def _face(card: CardEntry, _: Gettext) -> Markup:
    if card.face:
        return photo_figure(card.face, _("Photo of %(name)s") % {"name": card.name})
    if card.portrait is None:
        return figure(draw_blank(), _("No portrait"))
    title = _("Drawn portrait of %(name)s") % {"name": card.name}
    return figure(draw_portrait(card.portrait), title)
