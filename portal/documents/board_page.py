"""What the template of the notice board sets: every text, and the size in which it fits."""

from collections.abc import Callable
from dataclasses import dataclass

from babel.dates import format_date
from markupsafe import Markup

from portal.documents.board_people import Row, arrange
from portal.documents.figure import figure
from portal.documents.fitting import MM_PER_POINT, Fitted, fit, width_mm
from portal.documents.gridmap import draw_map
from portal.documents.gridmap_words import map_labels
from portal.documents.qr import draw_qr
from portal.queries.board_record import BoardDuty, BoardHotline, BoardRecord, Edition
from portal.rules.geometry import load_geometry, neighbours

FIRST_CALLS = ("110", "119", "120")
MAP_WIDTH, MAP_HEIGHT = 131.0, 85.0  # millimetres
MOST_CALLS = 10  # below the three emergency numbers
LEAST_ROW = 5.5  # millimetres; with less, lines of 14 pt run into one another
FOOT_WIDTH, FOOT_GAP = 404.0, 9.0
NO_TEXT = Fitted("", 12)

Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """A telephone on the board, placed ``left`` millimetres into its zone."""

    name: Fitted
    number: Fitted
    hours: Fitted = NO_TEXT
    left: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Work:
    """A duty, ready to set."""

    title: Fitted
    times: Fitted


@dataclass(frozen=True)
class Page:
    """Everything the template sets, in the board's language."""

    title: str
    heads: dict[str, Fitted]
    caption_left: float
    path: Fitted
    name: Fitted
    slogan: Fitted
    kind_label: str
    kind: str
    map: Markup
    bounds: list[tuple[str, Fitted]]
    places: Fitted
    first_caption: str
    hint: str
    rows: list[Row]
    qr: Markup
    scan: Fitted
    answer: Fitted
    later: Fitted
    rights: list[Fitted]
    duties: list[Work]
    duty_height: float
    watch_title: Fitted
    watch: list[Line]
    first_calls: list[Line]
    calls: list[Line]
    call_height: float
    edition: list[str]
    publisher: Fitted
    publisher_width: float


def compose(record: BoardRecord, edition: Edition, _: Gettext) -> Page:
    """The texts of ``record`` in the sizes in which they fit."""
    kind_label, kind = _kind(record, _)
    heads = _heads(_)
    rest = [line for line in record.emergency if line.number not in FIRST_CALLS][:MOST_CALLS]
    height = max(min(9.6, 60.0 / max(len(rest), 1)), LEAST_ROW)
    foot = _foot(record, edition, _)
    room = FOOT_WIDTH - sum(width_mm(text, 13) + FOOT_GAP for text in foot)
    rows, complete = arrange(record.people, _)
    return Page(
        title=f"{record.name} {_('Grid notice board')}",
        heads=heads,
        caption_left=round(width_mm(heads["people"].text, heads["people"].pt) + 14, 1),
        path=fit(" · ".join(record.above), 230, 22, 12),
        name=_title(record, _),
        slogan=fit(_("Grid management, linked hearts"), 114, 23, 10),
        kind_label=kind_label,
        kind=kind,
        map=_map(record, _),
        bounds=_bounds(record, _),
        places=fit(
            _("Grid house, letterbox and assembly point: as announced by the community"), 130, 12
        ),
        first_caption=_("This grid: ask here first"),
        hint=_("What a grid cannot settle goes up a level")
        if complete
        else _("More people are listed on the web page"),
        rows=rows,
        qr=figure(draw_qr(record.url, ""), _("QR code of the page of this grid")),
        scan=fit(_("Scan for the page of this grid"), 88, 18, 9),
        answer=fit(_answer(record, _), 88, 14, 8),
        later=fit(
            _("Letterbox, its opening days, grid house and hours: as announced by the community"),
            88,
            13,
            8,
            15,
        ),
        rights=[fit(text, 124, 15.5, 8) for text in _rights(_)],
        duties=[_work(duty) for duty in record.duties],
        duty_height=round(max(min(9.0, 57.4 / max(len(record.duties), 1)), LEAST_ROW), 2),
        watch_title=_watch_title(_("Supervision telephones")),
        watch=_watch(record.supervision, record.lang),
        first_calls=_first_calls(record.emergency),
        calls=[_call(line, height) for line in rest],
        call_height=round(height, 2),
        edition=foot,
        publisher=fit(f"{_('Issued by:')} {record.publisher}", room, 13, 7),
        publisher_width=round(room, 1),
    )


def _foot(record: BoardRecord, edition: Edition, _: Gettext) -> list[str]:
    """Number, version, date: what makes a board citable."""
    return [
        f"{_('Notice no.')} {edition.number}",
        _("Issue %(number)s") % {"number": edition.issue_no},
        format_date(edition.issued_on, "long", locale=record.lang),
        _("The QR code leads to the board in force"),
    ]


def _heads(_: Gettext) -> dict[str, Fitted]:
    """Headings of the zones, by zone."""
    return {
        "map": fit(_("Map of the grid"), 122, 21, 10),
        "people": fit(_("Who serves you"), 90, 21, 10),
        "find": fit(_("How to reach us"), 122, 21, 10),
        "rights": fit(_("Your rights"), 122, 21, 10),
        "duties": fit(_("What we do"), 128, 21, 10),
        "calls": fit(_("Emergency and useful numbers"), 94, 21, 10),
    }


def _title(record: BoardRecord, _: Gettext) -> Fitted:
    """The grid's name, as large as the words "notice board" beside it leave room for."""
    both = fit(record.name + _("Grid notice board"), 224, 58, 14)
    return Fitted(record.name, both.pt)


def _kind(record: BoardRecord, _: Gettext) -> tuple[str, str]:
    names = {
        "scattered": _("Scattered housing"),
        "gated": _("Gated compound"),
        "bungalow": _("Bungalows"),
        "district": _("District"),
        "street": _("Street"),
        "community": _("Community"),
        "area": _("Area"),
        "block": _("Block"),
        "cell": _("Cell"),
    }
    parts = [names[record.kind or record.level]]
    if record.households:
        parts.append(_("%(count)s households") % {"count": record.households})
    label = _("Kind and households") if record.kind else _("Level and households")
    return label, " · ".join(parts)


def _bounds(record: BoardRecord, _: Gettext) -> list[tuple[str, Fitted]]:
    sides = (_("East to"), _("South to"), _("West to"), _("North to"))
    return [
        (side, fit(text or "—", 62 - width_mm(side, 14) - 4, 14, 7))
        for side, text in zip(sides, record.bounds, strict=True)
    ]


def _map(record: BoardRecord, _: Gettext) -> Markup:
    """The grid, the grids that touch it, and more faintly the others of its level."""
    shapes = {s.code: load_geometry(s.boundary) for s in (record.shape, *record.around)}
    touching = {found.code for found in neighbours(record.code, shapes)}
    words = map_labels(_)
    drawing = draw_map(
        record.shape,
        [shape for shape in record.around if shape.code in touching],
        [shape for shape in record.around if shape.code not in touching],
        MAP_WIDTH,
        MAP_HEIGHT,
        words | {"bounds": record.bounds},
    )
    return figure(drawing, f"{words['title']}: {record.name}")


def _answer(record: BoardRecord, _: Gettext) -> str:
    """How soon people hear back; nothing where the catalogue of duties does not say."""
    return (
        _("Feedback and return visit: %(times)s") % {"times": record.answer}
        if record.answer
        else ""
    )


def _rights(_: Gettext) -> tuple[str, ...]:
    return (
        _("Workers carry a card; call the community to check it"),
        _("A visit costs nothing, and nobody sells you anything"),
        _("You may refuse a registration that the law does not ask for"),
        _("How your personal information is used stands on the web page"),
    )


def _watch_title(text: str) -> Fitted:
    """Two lines of two characters; a longer word gets smaller."""
    return Fitted(text, 22) if len(text) == 4 else fit(text, 21, 12, 6, 12)


def _work(duty: BoardDuty) -> Work:
    title = fit(duty.title, 90, 15, 8)
    return Work(title, fit(duty.times, 135 - width_mm(title.text, title.pt), 14, 8))


def _hours(text: str, lang: str) -> str:
    """Opening hours in words; English boards show those that need no Chinese."""
    if lang == "en":
        return {"24h": "24 hours", "工作时间": "office hours"}.get(text, "")
    return text.replace("24h", "24小时")


def _watch(lines: tuple[BoardHotline, ...], lang: str) -> list[Line]:
    width = 117.0 / max(len(lines), 1)
    return [
        Line(
            fit(line.name, width - 5, 14, 7),
            fit(line.number, width - 5, 21, 8),
            fit(_hours(line.hours, lang), width - 5, 12, 7),
            round(at * width, 2),
            round(width, 2),
        )
        for at, line in enumerate(lines)
    ]


def _first_calls(lines: tuple[BoardHotline, ...]) -> list[Line]:
    found = {line.number: line for line in lines}
    return [
        Line(fit(found[number].name, 31, 15, 8), Fitted(number, 32), left=round(at * 35.2, 2))
        for at, number in enumerate(FIRST_CALLS)
        if number in found
    ]


def _call(line: BoardHotline, height: float) -> Line:
    most = min(20.0, (height - 0.4) / MM_PER_POINT / 1.02)
    number = fit(line.number, 60, most, 8)
    room = 100 - width_mm(line.number, number.pt)
    return Line(fit(line.name, room, min(17.0, most), 7), number)
