"""Cards of the people on a notice board: how many in a row, how large, what stands where.

All lengths are millimetres within the zone of the people; sizes of type are points.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from portal.documents.fitting import LEADING, MARGIN, MM_PER_POINT, ems, fit, width_mm
from portal.documents.portraits import HEIGHT, WIDTH, draw_blank, draw_portrait
from portal.queries.boards import BoardPerson

LEFT, TOP = 4.0, 11.0
BODY_WIDTH, BODY_HEIGHT = 252.0, 108.0
GAP = 2.5
CAPTION = 6.5
WIDEST = 84.0
PER_ROW = 5
MOST_ROWS = 3
LOW = 48.0  # a card below this height has the telephone beside the portrait
NARROW = 56.0  # unless it is narrower than this


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres."""

    left: float
    top: float
    width: float
    height: float

    @property
    def css(self) -> str:
        """Its place as CSS declarations."""
        return (
            f"left:{self.left:.2f}mm;top:{self.top:.2f}mm;"
            f"width:{self.width:.2f}mm;height:{self.height:.2f}mm"
        )


@dataclass(frozen=True)
class Text:
    """A line of a card, with its place and size."""

    what: str
    text: str
    css: str


@dataclass(frozen=True)
class Card:
    """One person, ready to set."""

    box: Box
    band: Text
    face: Markup
    face_css: str
    lines: list[Text]


@dataclass(frozen=True)
class Row:
    """A row of cards; the first of its group carries the caption."""

    group: str
    caption: str
    caption_top: float
    cards: list[Card]


def arrange(people: Sequence[BoardPerson], _: Callable[[str], str]) -> tuple[list[Row], bool]:
    """Rows of cards, the grid's own people first; whether everybody found a place."""
    own = _split([person for person in people if person.own])
    above = _split([person for person in people if not person.own])
    kept_own = own[: MOST_ROWS - bool(above)]
    kept_above = above[: MOST_ROWS - len(kept_own)]
    count = len(kept_own) + len(kept_above)
    weight = 1.35 if count <= 2 else 1.0  # the grid's own people stand out where there is room
    free = BODY_HEIGHT - CAPTION * bool(above) - GAP * (count - 1)
    share = free / max(weight * len(kept_own) + len(kept_above), 1.0)
    placed = _rows("own", "", kept_own, TOP, share * weight, _)
    top = TOP + len(kept_own) * (share * weight + GAP)
    caption = _("Levels above and linked services")
    placed += _rows("above", caption, kept_above, top, share, _)
    return placed, count == len(own) + len(above)


def _rows(
    group: str,
    caption: str,
    people: list[list[BoardPerson]],
    top: float,
    height: float,
    _: Callable[[str], str],
) -> list[Row]:
    """The rows of one group from ``top`` downwards, under its caption if it has one."""
    widest = max((len(row) for row in people), default=1)
    first = top + (CAPTION if caption else 0.0)
    return [
        Row(
            group,
            caption if at == 0 else "",
            round(top, 2),
            _cards(row, widest, first + at * (height + GAP), height, _),
        )
        for at, row in enumerate(people)
    ]


def _split(members: list[BoardPerson]) -> list[list[BoardPerson]]:
    """``members`` in rows of at most ``PER_ROW``, as even as can be."""
    if not members:
        return []
    rows = math.ceil(len(members) / PER_ROW)
    each = math.ceil(len(members) / rows)
    return [members[at : at + each] for at in range(0, len(members), each)]


def _cards(
    row: list[BoardPerson], columns: int, top: float, height: float, _: Callable[[str], str]
) -> list[Card]:
    width = min(WIDEST, (BODY_WIDTH - GAP * (columns - 1)) / columns)
    return [
        _card(person, Box(LEFT + at * (width + GAP), top, width, height), _)
        for at, person in enumerate(row)
    ]


def _card(person: BoardPerson, box: Box, _: Callable[[str], str]) -> Card:
    """Band with the post above; portrait on the left; name, number; the telephone below.

    A low card has the telephone beside the portrait instead, so that the face stays visible.
    """
    small = box.height < LOW
    beside = small and box.width >= NARROW
    band = 8.5 if small else 10.5
    phone = 0.0 if beside else 9.0 if small else 12.0
    face_height = min(box.height - band - phone - 4.0, 42.0)
    face_width = min(face_height * WIDTH / HEIGHT, box.width * (0.3 if beside else 0.44))
    face_height = face_width * HEIGHT / WIDTH
    column = Box(face_width + 4.5, band + 1.5, box.width - face_width - 6.0, 0.0)
    title = "、".join(person.posts) + (f" · {person.place}" if person.place else "")
    heading = fit(title, box.width - 3, 15 if small else 18, 8)
    face = (
        draw_portrait(person.portrait, _("Drawn portrait of %(name)s") % {"name": person.name})
        if person.portrait is not None
        else draw_blank(_("No portrait"))
    )
    return Card(
        box=box,
        band=Text(
            "band",
            title,
            f"width:{box.width:.2f}mm;height:{band}mm;line-height:{band - 0.6}mm;"
            f"font-size:{heading.pt}pt",
        ),
        face=Markup(face),  # noqa: S704 -- our own drawing
        face_css=Box(
            2.5,
            band + (box.height - band - face_height) / 2 if beside else band + 2.2,
            face_width,
            face_height,
        ).css,
        lines=_lines(person, box, column, band, phone, _),
    )


def _lines(
    person: BoardPerson,
    box: Box,
    column: Box,
    band: float,
    phone: float,
    _: Callable[[str], str],
) -> list[Text]:
    """Name, number of the card, telephone. ``phone``: height of its own line below, or 0."""
    small = box.height < LOW
    number_pt = 13.0 if not small else 11.0 if box.height > 36 else 9.5
    number_height = number_pt * MM_PER_POINT * 1.2
    notes = number_height * (bool(person.number) + person.by_duty_phone)
    name_height = max(box.height - column.top - notes - (phone or 8.0) - 1.5, 5.5)
    name = fit(person.name, column.width, 22 if small else 30, 8, name_height)
    used = _height(person.name, name.pt, column.width)
    top = column.top + min((name_height - used) / 3, 3.0)
    lines = [_text("name", person.name, Box(column.left, top, column.width, used + 0.5), name.pt)]
    top += used + 0.5
    if person.number:
        label = _("Card no. %(number)s") % {"number": person.number}
        if ems(label) > 16:
            label = person.number
        size = fit(label, column.width, number_pt, 5)
        lines.append(
            _text("number", label, Box(column.left, top, column.width, number_height), size.pt)
        )
    if not person.phone:
        return lines
    if not phone:
        place = Box(column.left, box.height - 8.8, column.width, 8.0)
    else:
        place = Box(3.0, box.height - phone - 1.0, box.width - 5.0, phone - 1.0)
    if person.by_duty_phone:
        via = _("through the duty telephone")
        size = fit(via, column.width, number_pt, 7)
        above = place.top - number_height + 0.6
        lines.append(
            _text("via", via, Box(column.left, above, column.width, number_height), size.pt)
        )
    digits = fit(person.phone, place.width, 18 if small else 26, 9)
    lines.append(_text("phone", person.phone, place, digits.pt))
    return lines


def _height(text: str, pt: float, width: float) -> float:
    if width_mm(text, pt) <= width * MARGIN:
        return pt * MM_PER_POINT * LEADING
    per_line = max(int(width * MARGIN / (pt * MM_PER_POINT)), 1)
    lines = math.ceil(ems(text) / per_line)
    return lines * pt * MM_PER_POINT * LEADING


def _text(what: str, text: str, box: Box, pt: float) -> Text:
    return Text(what, text, f"{box.css};font-size:{pt}pt")
