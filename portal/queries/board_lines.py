"""The telephone numbers on boards and signs: of a grid and those above it, the nearest first."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, select

from portal.models import Hotline
from portal.queries.board_record import BoardHotline

FIRST_CALLS = ("110", "119", "120")
GOVERNMENT_LINE = "12345"
HOTLINE_ORDER = ("community", "street", "grid", "local", "national")


def hotlines(lineage: Iterable[str]) -> Any:
    """SELECT of the numbers on boards of these grids, and of the whole country."""
    return (
        select(
            Hotline.id,
            Hotline.grid_code,
            Hotline.scope,
            Hotline.number,
            Hotline.name,
            Hotline.name_en,
            Hotline.hours,
            Hotline.supervision,
        )
        .where(
            Hotline.grid_code.in_(list(lineage)) | Hotline.grid_code.is_(None),
            Hotline.on_board.is_(True),
            Hotline.number.is_not(None),
            Hotline.number != "",
        )
        .order_by(Hotline.id)
    )


def nearest(lines: Sequence[Row[Any]]) -> list[Row[Any]]:
    """One line per name: the one of the grid nearest to ours."""
    nearest: dict[str, Row[Any]] = {}
    for line in lines:
        known = nearest.get(line.name)
        if known is None or len(line.grid_code or "") > len(known.grid_code or ""):
            nearest[line.name] = line
    return sorted(nearest.values(), key=lambda line: (HOTLINE_ORDER.index(line.scope), line.id))


def duty_phone(lines: Iterable[Row[Any]]) -> str | None:
    """The number of the community on duty, for whoever has no public telephone."""
    return next(
        (line.number for line in lines if line.scope == "community" and not line.supervision), None
    )


def supervision(lines: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The numbers at which the work of a grid is complained about."""
    return [line for line in lines if line.supervision or line.number == GOVERNMENT_LINE]


def useful(lines: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Police, fire, ambulance first, then the nearer the earlier."""
    rest = [line for line in lines if not line.supervision and line.number != GOVERNMENT_LINE]
    return sorted(
        rest,
        key=lambda line: (
            FIRST_CALLS.index(line.number) if line.number in FIRST_CALLS else len(FIRST_CALLS)
        ),
    )


def spoken(lines: Iterable[Row[Any]], english: bool) -> tuple[BoardHotline, ...]:
    """``lines`` in the language of the document."""
    return tuple(
        BoardHotline(
            number=line.number,
            name=(line.name_en if english else None) or line.name,
            hours=line.hours or "",
            scope=line.scope,
        )
        for line in lines
    )
