"""The monthly population report: a paper (A4 across), and a spreadsheet of the same figures."""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

import xlsxwriter
from babel.dates import format_date, format_skeleton

from portal.documents.paper import Frame, paper_html, render_paper
from portal.documents.template import translations
from portal.queries.board_record import Edition
from portal.queries.population_record import PopulationReport, ReportLine

TEMPLATE = "population.html"
CSS = "population.css"
SHEET = "xlsx"
STEP = {"community": 0, "area": 1, "block": 2, "cell": 3}
Gettext = Callable[[str], str]


def render_population(
    record: PopulationReport, edition: Edition, size: str = "a4"
) -> tuple[bytes, int]:
    """PDF bytes and pages; with ``size`` SHEET the bytes of an XLSX and 1."""
    if size == SHEET:
        return population_sheet(record, edition), 1
    return render_paper(TEMPLATE, _frame(record), edition, CSS, **_context(record))


def population_html(record: PopulationReport, edition: Edition) -> str:
    """The report as one HTML page."""
    return paper_html(TEMPLATE, _frame(record), edition, **_context(record))


def population_sheet(record: PopulationReport, edition: Edition) -> bytes:
    """The figures as a spreadsheet: a row for every grid, and a sheet that says what they are."""
    _ = translations(record.lang).gettext
    heads = [_("Code"), _("Grid"), _("Level"), *_stock_heads(_), *_flow_heads(_), _("Month before")]
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        made = datetime.combine(edition.issued_on, datetime.min.time())
        book.set_properties({"title": _title(record, _), "created": made})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(record.period)
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 18)
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, bold)
        for row, line in enumerate(record.lines, start=1):
            for place, text in enumerate((line.code, line.name, record.levels[line.level])):
                sheet.write_string(row, place, text)
            for place, number in enumerate((*line.stock, *line.flow, line.before), start=3):
                sheet.write_number(row, place, number)
        about = book.add_worksheet(_("About"))
        about.set_column(0, 1, 40)
        told = [*_facts(record, _), *((_("Note"), note) for note in _notes(_))]
        told += [(_("Document number"), edition.number), (_("Publisher"), record.publisher)]
        for row, (label, text) in enumerate(told):
            about.write_string(row, 0, label, bold)
            about.write_string(row, 1, text)
    return target.getvalue()


def _title(record: PopulationReport, _: Gettext) -> str:
    return f"{record.name} {_('Population report')} {_month(record)}"


def _month(record: PopulationReport) -> str:
    day = date.fromisoformat(record.last_day)
    return str(format_skeleton("yMMMM", day, locale=record.lang))


def _frame(record: PopulationReport) -> Frame:
    _ = translations(record.lang).gettext
    return Frame(
        lang=record.lang,
        title=f"{_('Population report')} {_month(record)}",
        name=record.name,
        url=record.url,
        publisher=record.publisher,
        above=record.above,
        facts=tuple(_facts(record, _)),
    )


def _facts(record: PopulationReport, _: Gettext) -> list[tuple[str, str]]:
    total = record.lines[0]
    stock, change = total.stock, total.stock[1] - total.before
    day = format_date(date.fromisoformat(record.last_day), "long", locale=record.lang)
    return [
        (_("Grid code"), record.code),
        (_("State at the end of"), str(day)),
        (_("Households"), f"{stock[0]:,}"),
        (_("People"), f"{stock[1]:,}"),
        (_("Change from the month before"), f"{change:+,}" if change else "0"),
    ]


def _context(record: PopulationReport) -> dict[str, object]:
    _ = translations(record.lang).gettext
    return {
        "record": record,
        "stock_heads": [_("Grid"), *((head, "num") for head in _stock_heads(_))],
        "flow_heads": [
            _("Grid"),
            (_("Month before"), "num"),
            *((head, "num") for head in _flow_heads(_)),
        ],
        "stock": [(_name(line, record), *_numbers(line.stock)) for line in record.lines],
        "flow": [
            (_name(line, record), *_numbers((line.before, *line.flow))) for line in record.lines
        ],
        "notes": _notes(_),
    }


def _name(line: ReportLine, record: PopulationReport) -> str:
    """Set in by its level; the figures of a wider grid stand above those of its parts."""
    return "\u3000" * (STEP[line.level] - STEP[record.level]) + line.name


def _numbers(figures: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{figure:,}" if figure else "·" for figure in figures)


def _stock_heads(_: Gettext) -> list[str]:
    return [
        _("Households"), _("People"), _("Male"), _("Female"), _("Registered here"),
        _("Floating population"), _("From overseas"), _("Away"), _("Under 18"), _("60 and over"),
    ]  # fmt: skip


def _flow_heads(_: Gettext) -> list[str]:
    return [
        _("Births"), _("Deaths"), _("Moved in"), _("Moved out"), _("Went away"), _("Came back"),
        _("Changes of head"), _("Households split"), _("Households merged"),
    ]  # fmt: skip


def _notes(_: Gettext) -> list[str]:
    return [
        _("Counted are the people on record who live in the grid; who moved out or died does not."),
        _("Changes count by the day on which they happened; what was taken back does not count."),
        _("Who was entered when the register was begun is no change: it was only learnt then."),
    ]
