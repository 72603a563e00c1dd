"""The archive of a grid (网格档案, P1) as a document of several pages."""

from collections.abc import Callable
from datetime import date

from babel.dates import format_date
from markupsafe import Markup

from portal.documents.figure import figure
from portal.documents.gridmap import draw_map
from portal.documents.gridmap_words import map_labels
from portal.documents.paper import Frame, paper_html, render_paper
from portal.documents.template import translations
from portal.queries.archive_record import ArchiveRecord
from portal.queries.board_record import Edition

TEMPLATE = "archive.html"
CSS = "archive.css"
MAP = (171.0, 104.0)  # millimetres
Gettext = Callable[[str], str]


def render_archive(record: ArchiveRecord, edition: Edition, size: str = "a4") -> tuple[bytes, int]:
    """PDF bytes and number of pages of an archive."""
    return render_paper(TEMPLATE, _frame(record), edition, CSS, **_context(record, edition))


def archive_html(record: ArchiveRecord, edition: Edition) -> str:
    """The archive as one HTML page."""
    return paper_html(TEMPLATE, _frame(record), edition, **_context(record, edition))


def _frame(record: ArchiveRecord) -> Frame:
    _ = translations(record.lang).gettext
    return Frame(
        lang=record.lang,
        title=_("Grid archive"),
        name=record.name,
        url=record.url,
        publisher=record.publisher,
        above=record.above,
        facts=((_("Grid code"), record.code),),
    )


def _context(record: ArchiveRecord, edition: Edition) -> dict[str, object]:
    _ = translations(record.lang).gettext

    def day(iso: str) -> str:
        return str(format_date(date.fromisoformat(iso), "long", locale=record.lang))

    return {
        "record": record,
        "map": _map(record, _),
        "as_of": day(edition.issued_on.isoformat()),
        "facts": [*record.facts, (_("Four bounds"), _bounds(record, _))],
        "lines": _lines(record, day, _),
    }


def _bounds(record: ArchiveRecord, _: Gettext) -> str:
    sides = (_("East to"), _("South to"), _("West to"), _("North to"))
    pairs = zip(sides, record.bounds, strict=True)
    return _("; ").join(f"{side}{_(': ')}{text}" for side, text in pairs if text)


def _lines(
    record: ArchiveRecord, day: Callable[[str], str], _: Gettext
) -> dict[str, list[tuple[object, ...]]]:
    """The rows of every table of the archive."""
    return {
        "neighbours": [
            (one.name, one.code, one.side, one.metres or _("corner")) for one in record.neighbours
        ],
        "parts": [
            (one.name, one.number, one.kind, one.households, one.head, _metres(one.area))
            for one in record.parts
        ],
        "roster": [
            (one.name, one.post, one.basis, one.origin, day(one.since), one.phone)
            for one in record.roster
        ],
        "teams": [
            (one.name, one.kind, one.captain, len(one.members), _(", ").join(one.members))
            for one in record.teams
        ],
        "hotlines": [(one.name, one.number, one.hours) for one in record.hotlines],
        "changes": [(day(one.day), one.about, one.text) for one in record.changes],
        "papers": [(one.number, one.kind, day(one.day), one.state) for one in record.papers],
        "findings": [(kind, text, _metres(area)) for kind, text, area in record.findings],
    }


def _metres(area: int | None) -> str:
    return "" if area is None else f"{area:,}"


def _map(record: ArchiveRecord, _: Gettext) -> Markup | None:
    """The grid, the grids that touch it, and its parts; None without a boundary."""
    if not record.shape.boundary:
        return None
    words = map_labels(_) | {"bounds": record.bounds, "here": "", "context": _("Part of this grid")}
    drawing = draw_map(record.shape, record.around, record.below, *MAP, words)
    return figure(drawing, f"{words['title']}: {record.name}")
