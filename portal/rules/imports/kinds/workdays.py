"""Days that are worked, or not, against the week: as the State Council announces them each year."""

from typing import Any

from portal.models import CalendarDay
from portal.rules.imports.cells import Cleaner, Note, flag, text
from portal.rules.imports.cells import day as a_day
from portal.rules.imports.kind import Column, Kind, Line
from portal.rules.imports.work import Work

WORKED = {"上班", "班", "调休上班", "补班", "工作日", "work"}
OFF = {"休息", "休", "放假", "假", "节假日", "off"}


def _working() -> Cleaner:
    def clean(cell: Any, note: Note) -> bool | None:
        word = str(cell).strip().lower() if isinstance(cell, str) else ""
        if word in WORKED or word in OFF:
            return word in WORKED
        return flag(cell, note)

    return clean


COLUMNS = (
    Column("date", "日期", a_day, "date_missing", ("day",)),
    Column("working", "是否上班", _working(), "working_missing", ("上班",)),
    Column("name", "名称", text(60), aliases=("节日", "说明")),
)


def plan(work: Work, lines: list[Line]) -> None:
    """Put every day; an empty name leaves the one on record."""
    days = {line["date"] for line in lines}
    found = work.find(CalendarDay, "day", days, ("working", "name"), everywhere=True)
    for line in lines:
        values: dict[str, Any] = {"day": line["date"], "working": line["working"]}
        if line["name"]:
            values["name"] = line["name"]
        known = found.get(line["date"])
        label = line["date"].isoformat()
        work.put(line, CalendarDay, values, label, found=known[0] if known else None)


WORKDAYS = Kind(
    "workdays", COLUMNS, CalendarDay, (CalendarDay,), plan, key=lambda line: line["date"]
)
