"""The monthly population report (P8.5): per cell, block, area and community, as a kept version.

Made by the timetable on the first of the month for the month before; asked for again, a new version
is made only where what is on record about that month has changed meanwhile.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import OutOfScope, RuleError
from portal.models.choices import LEVELS
from portal.queries import archives
from portal.queries import population_record as queries
from portal.queries.boards import publisher
from portal.queries.population_record import FLOW, STOCK, PopulationReport, ReportLine
from portal.rules import documents

KIND = "population-report"
SPEC = documents.SPECS[KIND]
PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
EARLIEST = 2000


def load_report(session: Session, grid_code: str, lang: str, period: str) -> PopulationReport:
    """The report of a grid for the month ``period`` (``2026-10``), or the last whole one if empty.

    Raises OutOfScope for an unknown grid, RuleError for a grid above the communities and for a
    month that is none, or is not over.
    """
    grid = archives.grid(session, grid_code)
    if grid is None:
        raise OutOfScope(f"no grid {grid_code}")
    with force_locale(lang):
        if grid.level not in SPEC.levels:
            raise RuleError(_("Only communities and the grids below them have one."))
        period = period or documents.usual_subject(SPEC)
        first, last = days_of(period)
        lines = _lines(session, grid.code, first, last)
        return PopulationReport(
            lang,
            grid.code,
            grid.name,
            grid.level,
            tuple(row.name for row in archives.above(session, grid.code)),
            period,
            last.isoformat(),
            lines,
            queries.moves_inside(session, grid.code, first, last),
            f"{current_app.config['PORTAL_PUBLIC_URL']}/directory/{grid.code}",
            publisher(session, grid.code),
            {level: str(LEVELS[level]) for level in SPEC.levels},
        )


def days_of(period: str) -> tuple[date, date]:
    """First and last day of a month that is over. Raises RuleError."""
    found = PERIOD.fullmatch(period)
    if found is None or int(found[1]) < EARLIEST:
        raise RuleError(_("Type the month as year and month, for example 2026-10."), "period")
    year, month = int(found[1]), int(found[2])
    last = date(year, month, monthrange(year, month)[1])
    if last >= clock.today():
        raise RuleError(
            _("This month is not over: its report is made on the first day of the next."), "period"
        )
    return date(year, month, 1), last


def _lines(session: Session, code: str, first: date, last: date) -> tuple[ReportLine, ...]:
    stock = queries.stock(session, code, last)
    flow = queries.flow(session, code, first, last)
    before = queries.people(session, code, first - timedelta(days=1))
    found = []
    for grid in queries.grids_in_force(session, code, last):
        cells = [cell for cell in {*stock, *flow, *before} if cell.startswith(grid.code)]
        found.append(
            ReportLine(
                grid.code,
                grid.name,
                grid.level,
                _sum((stock[cell] for cell in cells if cell in stock), len(STOCK)),
                _sum((flow[cell] for cell in cells if cell in flow), len(FLOW)),
                sum(before[cell][0] for cell in cells if cell in before),
            )
        )
    return tuple(found)


def _sum(rows: Iterable[tuple[int, ...]], width: int) -> tuple[int, ...]:
    kept = list(rows)
    return tuple(map(sum, zip(*kept, strict=True))) if kept else (0,) * width
