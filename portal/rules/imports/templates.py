"""Empty files with the columns of a kind, to be filled in and imported."""

import io
import json
from typing import Any

import xlsxwriter
from flask_babel import gettext as _

from portal.rules.imports.kind import Kind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GEOJSON = "application/geo+json"
WIDTH = 16  # characters


def template(kind: Kind, *, chinese: bool) -> tuple[io.BytesIO, str, str]:
    """File, ending and media type. The header is Chinese or the English name of each column, needed
    ones with a star; a collection of boundaries has one grid to be filled in.
    """
    if kind.shape != "table":
        return _collection(kind), ".geojson", GEOJSON
    return _sheet(kind, chinese), ".xlsx", XLSX


def _sheet(kind: Kind, chinese: bool) -> io.BytesIO:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet(_("Rows to import")[:31])
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"bold": True, "bottom": 1})
        for place, column in enumerate(kind.columns):
            name = column.zh if chinese else column.name
            sheet.set_column(place, place, WIDTH, text)
            sheet.write_string(0, place, f"{name}*" if column.required else name, head)
        sheet.freeze_panes(1, 0)
    target.seek(0)
    return target


def _collection(kind: Kind) -> io.BytesIO:
    names = [column.name for column in kind.columns if column.name != "geometry"]
    properties: dict[str, Any] = dict.fromkeys(names, "")
    ring = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    collection = {"type": "FeatureCollection", "features": [feature]}
    return io.BytesIO(json.dumps(collection, ensure_ascii=False, indent=1).encode())
