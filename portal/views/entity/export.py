"""Export of a list as it is filtered: CSV or XLSX, within the export right, noted in the audit."""

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import xlsxwriter
from flask import abort, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _

from portal import clock, roles, scope
from portal.queries import paging
from portal.rules import audit
from portal.rules.imports.cells import guard
from portal.views.context import format_date, format_number
from portal.views.entity import cells, query
from portal.views.entity.access import allowed, require

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BATCH = 500


def origin(title: str, filters: list[str]) -> list[tuple[str, str]]:
    """Where a file comes from: who, when, what of it, and how it is to be kept."""
    return [
        (_("Confidential"), _("For work in the grids only: do not pass it on.")),
        (_("Exported by"), scope.current().name or scope.current().username),
        (_("Exported on"), format_date(clock.now())),
        (_("List"), title),
        (_("Filters"), _(", ").join(filters) or _("None: all rows")),
    ]


def sent(
    fmt: str, slug: str, rows: Iterator[list[str]], told: list[tuple[str, str]]
) -> ResponseReturnValue:
    """``rows`` (the first names the columns) as a file of one of ``FORMATS`` to download; a
    workbook says on a second sheet what ``origin`` told.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
    if fmt == "xlsx":
        _write_xlsx(file, rows, told)
    else:
        _write_csv(file, rows)
    file.seek(0)
    name = f"{slug}-{clock.today():%Y%m%d}.{fmt}"
    answer = send_file(file, FORMATS[fmt], as_attachment=True, download_name=name)
    answer.call_on_close(file.close)
    return answer


class ExportMixin:
    """``/export/csv`` and ``/export/xlsx`` with the same parameters as the list."""

    def export_links(self: Any, asked: query.Query) -> list[tuple[str, str]]:
        """(label, address) of the formats for the rows shown."""
        pages = {"q", "preset", "order", *self.filter_names}
        kept = [(name, value) for name, value in asked.params() if name in pages]
        text = query.urlencode(kept)
        return [
            (name.upper(), f"{self.route_base}/export/{name}" + (f"?{text}" if text else ""))
            for name in FORMATS
        ]

    @expose("/export/<string:fmt>")
    @allowed(roles.READ)
    def export(self: Any, fmt: str) -> ResponseReturnValue:
        """All rows of the list that may be exported, masked like the list; 404 for a grid out of
        sight, 403 without the right to export.
        """
        asked = query.parse(self)
        if fmt not in FORMATS or not query.touches_scope(self, asked):
            abort(404)
        require(roles.EXPORT, self.class_permission_name)
        session = self.datamodel.session
        audit.record_bulk(
            session, "export", self.entity.__tablename__, [{"changes": dict(asked.params())}]
        )
        session.commit()
        found = [f"{chip.label}{_(': ')}{chip.value}" for chip in query.chips(self, asked)]
        told = origin(str(self.list_title), found)
        return sent(fmt, self.slug, self._export_rows(asked), told)

    def _export_rows(self: Any, asked: query.Query) -> Iterator[list[str]]:
        yield [cells.label_of(self, name) for name in self.list_columns]
        found = query.with_relations(
            self, query.statement(self, asked, roles.EXPORT), self.list_columns
        )
        ordered = paging.ordered(found, self.entity, asked.part)
        last = 0
        while rows := list(
            self.datamodel.session.scalars(ordered.offset(last).limit(BATCH)).unique()
        ):
            for row in rows:
                yield [cells.worded(self, row, name)[0] for name in self.list_columns]
            last += len(rows)


def _write_csv(file: IO[bytes], rows: Iterator[list[str]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    csv.writer(text).writerows(map(guard, row) for row in rows)
    text.detach()


def _write_xlsx(file: IO[bytes], rows: Iterator[list[str]], told: list[tuple[str, str]]) -> None:
    """The rows, and behind them a sheet that tells where they come from; an import reads the first
    only, for the second has no column that it knows.
    """
    options = {"constant_memory": True, "strings_to_formulas": False}
    number = 0
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(_("Export")[:31])
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)
        about = book.add_worksheet(_("About this file")[:31])
        about.set_column(0, 1, 40)
        for place, (name, text) in enumerate([*told, (_("Rows"), format_number(number))]):
            about.write_string(place, 0, name)
            about.write_string(place, 1, text)
