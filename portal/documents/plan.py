"""The site plan of a community (P1, P5): division map, table of all grids, organisation.

Drawn for A2 landscape, to be read from half a metre; A1 is the same drawing, larger. A2 has room
for 72 grids, A1 for 102; what does not fit is refused, never cut off.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from babel.dates import format_date
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from portal.documents import pdf
from portal.documents.divisionmap import DivisionMap
from portal.documents.figure import figure
from portal.documents.fitting import Fitted, fit
from portal.documents.orgchart import Unit, draw_organisation
from portal.documents.overfull import refuse_overfull
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, environment, style, translations
from portal.errors import RuleError
from portal.queries.board_record import Edition
from portal.queries.plans import PlanGrid, PlanPerson, PlanRecord

CSS = "plan.css"
ZOOM = {"a2": 1.0, "a1": 841 / 594}
MAP = (281.0, 336.0)  # millimetres
CHART = (273.0, 67.0)
TABLE_HEIGHT = 246.0  # below its head
TALLEST_ROW = 8.0
LEAST_ROW = 3.4  # millimetres on paper: a line of 6 pt
COLUMNS = {  # millimetres
    "number": 20.0,
    "name": 48.0,
    "bounds": 130.0,
    "households": 17.0,
    "head": 25.0,
    "phone": 33.0,
}
Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Row:
    """A grid of the table; ``level`` is its style."""

    level: str
    number: Fitted
    name: Fitted
    bounds: Fitted
    households: Fitted
    head: Fitted
    phone: Fitted


@dataclass(frozen=True)
class Sheet:
    """Everything the template sets."""

    title: str
    path: Fitted
    name: Fitted
    counts: Fitted
    map: Markup
    chart: Markup
    qr: Markup
    scan: Fitted
    columns: list[float]
    heads: list[Fitted]
    rows: list[Row]
    row_height: float
    edition: Fitted
    publisher: Fitted


def render_plan(record: PlanRecord, edition: Edition, size: str = "a2") -> tuple[bytes, int]:
    """PDF bytes and number of pages (one) of a site plan, ``size`` one of ZOOM.

    Raises RuleError where there are too many grids to be read, or naming the part whose text is
    too long.
    """
    _check_readable(len(record.grids) - 1, size)
    document = pdf.lay_out(plan_html(record, edition), style(CSS))
    refuse_overfull(document)
    return pdf.write(document, ZOOM[size]), len(document.pages)


def _check_readable(count: int, size: str) -> None:
    """Raise RuleError where the rows of the table would be too low."""
    if row_height(count) * ZOOM[size] >= LEAST_ROW:
        return
    if row_height(count) * ZOOM["a1"] >= LEAST_ROW:
        raise RuleError(_l("%(count)s grids cannot be read on A2: choose A1.", count=count))
    raise RuleError(_l("%(count)s grids are too many for one plan.", count=count))


def row_height(count: int) -> float:
    """The height of a row, in millimetres on A2, where ``count`` share the table."""
    return min(TALLEST_ROW, math.floor(TABLE_HEIGHT / max(count, 1) * 100) / 100)


def plan_html(record: PlanRecord, edition: Edition) -> str:
    """The plan as one HTML page that needs nothing else but ``plan.css``."""
    template = environment(record.lang).get_template("plan.html")
    sheet = compose(record, edition, translations(record.lang).gettext)
    return template.render(
        record=record, edition=edition, sheet=sheet, html_lang=HTML_LANG[record.lang]
    )


def compose(record: PlanRecord, edition: Edition, _: Gettext) -> Sheet:
    """The texts of ``record`` in the sizes in which they fit."""
    grids = [grid for grid in record.grids if grid.level != "community"]
    height = row_height(len(grids))
    foot = " · ".join(
        (
            f"{_('Notice no.')} {edition.number}",
            _("Issue %(number)s") % {"number": edition.issue_no},
            format_date(edition.issued_on, "long", locale=record.lang),
            _("The QR code leads to the page of the community"),
        )
    )
    title = _("Site plan and division into grids")
    return Sheet(
        title=f"{record.name} {title}",
        path=fit(" · ".join((*record.above, record.code)), 300, 17, 10),
        name=_title(record.name, title),
        counts=fit(_counts(record, _), 150, 20, 9, 17),
        map=_map(record, _),
        chart=_chart(record, _),
        qr=figure(draw_qr(record.url, ""), _("QR code of the page of this grid")),
        scan=fit(_("Scan for the page of this grid"), 44, 12, 6),
        columns=list(COLUMNS.values()),
        heads=[
            fit(text, width - 2, 11, 5, 8)
            for text, width in zip(_heads(_), COLUMNS.values(), strict=True)
        ],
        rows=[_row(grid, height, _) for grid in grids],
        row_height=height,
        edition=fit(foot, 400, 13, 8),
        publisher=fit(record.publisher, 165, 13, 8),
    )


def _title(name: str, what: str) -> Fitted:
    """The community's name, as large as the words beside it leave room for."""
    return Fitted(name, fit(name + what, 355, 46, 16).pt)


def _heads(_: Gettext) -> tuple[str, ...]:
    return (
        _("No."),
        _("Grid"),
        _("Bounds"),
        _("Households"),
        _("Who answers"),
        _("Telephone on duty"),
    )


def _counts(record: PlanRecord, _: Gettext) -> str:
    """How many grids of each level, and how many households."""
    count = dict.fromkeys(("area", "block", "cell"), 0)
    households = 0
    for grid in record.grids:
        if grid.level in count:
            count[grid.level] += 1
        households += grid.households or 0 if grid.level == "cell" else 0
    counted = _("%(area)s areas · %(block)s blocks · %(cell)s cells") % count
    if not households:  # nobody has counted them yet
        return counted
    return f"{counted} · {_('%(count)s households') % {'count': households}}"


def _row(grid: PlanGrid, height: float, _: Gettext) -> Row:
    sides = (_("East"), _("South"), _("West"), _("North"))
    bounds = _("; ").join(
        f"{side} {text}" for side, text in zip(sides, grid.bounds, strict=True) if text
    )
    inner = height - 0.8
    most = min(11.0, inner / 0.3528 / 1.25)

    def cell(text: str, column: str, biggest: float = most) -> Fitted:
        return fit(text or "—", COLUMNS[column] - 2.4, biggest, 5.0, inner)

    households = "" if grid.households is None else str(grid.households)
    return Row(
        level=grid.level,
        number=cell(grid.number, "number"),
        name=cell(grid.name, "name"),
        bounds=cell(bounds, "bounds", min(most, 9.0)),
        households=cell(households, "households"),
        head=cell(grid.head.name if grid.head else "", "head"),
        phone=cell(grid.head.phone if grid.head else "", "phone"),
    )


def _map(record: PlanRecord, _: Gettext) -> Markup:
    title = _("Map of the division of %(name)s") % {"name": record.name}
    community = record.grids[0]
    words = {
        "title": title,
        "north": _("N"),
        "metres": _("m"),
        "community": _("Community boundary"),
        "area": _("Area boundary"),
        "block": _("Block boundary"),
        "cell": _("Cell boundary"),
        "later": _("Service places and letterboxes: as announced by the community"),
        "bounds": community.bounds,
    }
    drawing = DivisionMap([g for g in record.grids if g.boundary], *MAP, words)
    return figure(drawing.svg(), f"{title}. {_('The table beside it names every grid.')}")


def _chart(record: PlanRecord, _: Gettext) -> Markup:
    title = _("Organisation of %(name)s") % {"name": record.name}
    leading = Unit(
        _("Leading group"),
        tuple(_lines_of_group(record.leading, _)) or (_("not announced"),),
    )
    office = Unit(record.office or _("Office"), (_called(record.director, _("Director"), _),))
    areas = [
        Unit(
            f"{grid.number} {grid.name}",
            (
                _called(grid.sponsor, _("Sponsor"), _),
                _called(grid.head, _("Head"), _),
            ),
        )
        for grid in record.grids
        if grid.level == "area"
    ]
    watch = Unit(
        _("Supervision and duty telephones"),
        (
            *(f"{line.name} {line.number}" for line in record.supervision),
            f"{_('Community on duty')} {record.duty}",
        ),
    )
    drawing = draw_organisation(title, leading, office, areas, watch, *CHART)
    return figure(drawing, title)


def _lines_of_group(people: tuple[PlanPerson, ...], _: Gettext) -> list[str]:
    """One line for each post, with everybody who holds it."""
    names: dict[str, list[str]] = {}
    for person in people:
        names.setdefault(person.post, []).append(person.name)
    return [f"{post}{_(': ')}{_(', ').join(held)}" for post, held in names.items()]


def _called(person: PlanPerson | None, post: str, _: Gettext) -> str:
    """A line of a box; ``post`` is its short name, for the box says of what."""
    called = f"{person.name} {person.phone}" if person else _("not announced")
    return f"{post}{_(': ')}{called}"
