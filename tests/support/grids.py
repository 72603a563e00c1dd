"""Light grids for tests of the checks: squares near the demo community, a whole team."""

from collections.abc import Iterable
from typing import Any

import pytest
import shapely
from flask import Flask
from flask_babel import Babel
from shapely.geometry.base import BaseGeometry

from portal.queries.grid_checks import GridRecord
from portal.rules.check_grids import Report, check_grids
from portal.rules.geometry import dump_geometry

STANDARD = {"scattered": (120, 160), "gated": (200, 250), "bungalow": (80, 120)}
DEMO = "420102002990"


@pytest.fixture(autouse=True)
def english() -> Any:
    """Messages are lazy; give them an application to be translated in."""
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


def check(records: Iterable[GridRecord], under: str = "") -> Report:
    return check_grids(list(records), STANDARD, under)


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.findings]


def square(x: float, y: float, wide: float = 1, high: float = 1) -> BaseGeometry:
    """A box in units of a thousandth of a degree, about 96 by 111 metres."""
    return shapely.box(
        114 + x / 1000, 30 + y / 1000, 114 + (x + wide) / 1000, 30 + (y + high) / 1000
    )


def cell(number: int, shape: BaseGeometry | None, **more: Any) -> GridRecord:
    code = f"4201020029900101{number:03d}"
    text = dump_geometry(shape) if shape is not None else None
    parent = more.pop("parent_code", "4201020029900101")
    return GridRecord(code, f"c{number}", "cell", parent_code=parent, boundary=text, **more)


def block(shape: BaseGeometry | None) -> GridRecord:
    text = dump_geometry(shape) if shape is not None else None
    return GridRecord("4201020029900101", "block", "block", None, "42010200299001", text)
