"""One person's card on a notice board: what stands where, and how large.

Lengths are millimetres within the card, sizes of type are points. A band with the post on top,
the portrait on the left with the name beside it. A high card has the telephone across its foot; a
low one beside the portrait, so that the face stays visible; a narrow one has everything but the
name at its foot.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from portal.documents.figure import figure, photo_figure
from portal.documents.fitting import LEADING, MM_PER_POINT, fit, height_mm
from portal.documents.portraits import HEIGHT, WIDTH, draw_blank, draw_portrait
from portal.queries.board_record import BoardPerson

LOW, NARROW = 48.0, 56.0
INSET = 2.5
LEAST_NUMBER = 9.0  # points; below, the words before the number of the card are left out


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
    """A text of a card, with its place and size."""

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
class _Line:
    """A text that wants ``height``, at most ``pt`` large; ``short`` says it in less width."""

    what: str
    text: str
    height: float
    pt: float
    short: str = ""


def make_card(person: BoardPerson, box: Box, _: Callable[[str], str]) -> Card:
    """The card of ``person`` in ``box``; ``_`` translates."""
    low, narrow = box.height < LOW, box.width < NARROW
    band = 8.5 if low else 10.5
    beside, under = _notes(person, box, _), []
    if narrow:
        beside, under = [], beside
    if person.phone:
        phone = (
            _Line("phone", person.phone, 7.6, 18) if low else _Line("phone", person.phone, 11, 26)
        )
        (beside if low and not narrow else under).append(phone)
    foot = sum(line.height for line in under)
    free = box.height - band - foot - 2 * INSET
    face = _face_size(free, box.width * (0.3 if low else 0.44))
    left = INSET + face[0] + 2.0
    column = Box(left, band + 1.5, box.width - left - 1.5, box.height - band - foot - 2.5)
    top = band + INSET + ((free - face[1]) / 2 if low else 0.0)
    floor = Box(INSET, box.height - foot - 0.8, box.width - 2 * INSET, foot)
    return Card(
        box=box,
        band=_band(person, box, band, _),
        face=_face(person, _),
        face_css=Box(INSET, top, *face).css,
        lines=[*_column(person.name, beside, column, low), *_stack(under, floor)],
    )


def _notes(person: BoardPerson, box: Box, _: Callable[[str], str]) -> list[_Line]:
    """Number of the card; where the telephone leads, if it is not the person's own."""
    pt = 13.0 if box.height >= LOW else 11.0 if box.height > 36 else 9.5
    height = pt * MM_PER_POINT * 1.2
    notes = []
    if person.number:
        label = _("Card no. %(number)s") % {"number": person.number}
        notes.append(_Line("number", label, height, pt, person.number))
    if person.phone and person.by_duty_phone:
        notes.append(_Line("via", _("through the duty telephone"), height, pt))
    return notes


def _band(person: BoardPerson, box: Box, height: float, _: Callable[[str], str]) -> Text:
    title = _(", ").join(person.posts) + (f" · {person.place}" if person.place else "")
    size = fit(title, box.width - 3, 15 if box.height < LOW else 18, 6)
    return Text(
        "band",
        title,
        f"width:{box.width:.2f}mm;height:{height}mm;line-height:{height - 0.6}mm;"
        f"font-size:{size.pt}pt",
    )


def _face(person: BoardPerson, _: Callable[[str], str]) -> Markup:
    if person.face:
        return photo_figure(person.face, _("Photo of %(name)s") % {"name": person.name})
    if person.portrait is None:
        return figure(draw_blank(), _("No portrait"))
    title = _("Drawn portrait of %(name)s") % {"name": person.name}
    return figure(draw_portrait(person.portrait), title)


def _face_size(height: float, width: float) -> tuple[float, float]:
    """Width and height of the portrait in a space of ``width`` by ``height``."""
    width = min(width, height * WIDTH / HEIGHT)
    return width, width * HEIGHT / WIDTH


def _column(name: str, notes: Sequence[_Line], column: Box, low: bool) -> Iterator[Text]:
    """The name as large as it goes, then the notes; a telephone stands on the ground."""
    room = max(column.height - sum(line.height for line in notes) - 0.5, 5.0)
    biggest = min(22.0 if low else 30.0, room / MM_PER_POINT / LEADING)
    biggest = max(math.floor(biggest * 2) / 2, 6.0)
    set_name = fit(name, column.width, biggest, 13.0)  # one line, unless it gets too small
    if set_name.pt * len(name) * MM_PER_POINT > column.width:
        set_name = fit(name, column.width, biggest, 6.0, room)
    used = height_mm(name, set_name.pt, column.width)
    top = column.top + min(max(room - used, 0.0) / 3, 3.0)
    place = Box(column.left, top, column.width, used + 0.3)
    yield Text("name", name, f"{place.css};font-size:{set_name.pt}pt")
    after = Box(column.left, top + used + 0.3, column.width, 0.0)
    yield from _stack([line for line in notes if line.what != "phone"], after)
    for line in notes:
        if line.what == "phone":
            ground = column.top + column.height - line.height
            yield from _stack([line], Box(column.left, ground, column.width, line.height))


def _stack(lines: Sequence[_Line], box: Box) -> Iterator[Text]:
    """``lines`` below one another from the top of ``box``."""
    top = box.top
    for line in lines:
        size = fit(line.text, box.width, line.pt, 5.0)
        if line.short and size.pt < LEAST_NUMBER:
            size = fit(line.short, box.width, line.pt, 5.0)
        place = Box(box.left, top, box.width, line.height)
        yield Text(line.what, size.text, f"{place.css};font-size:{size.pt}pt")
        top += line.height
