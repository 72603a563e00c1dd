"""The matters of the demo as plain data: what, where, when, and the life of each (matters.csv).

A line of the file says how many working days ago a matter was reported (``14-52``: by chance;
``+2h``: after the line before), in which cell (a number, ``same`` as the line before,
``community``; empty: by chance, some cells have many more than others), and its story: moves with
what they take, ``name:arguments~delay``. A delay is in working time (``40m``, ``3h``, ``2d``).
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from portal import clock
from portal.rules.geometry import load_geometry
from portal.workdays import WorkCalendar

FILE = Path(__file__).with_name("matters.csv")
OPENS, DAY = time(8, 30), 540  # a working day in minutes
UNITS = {"m": 1, "h": 60, "d": DAY}
# How long a move takes that says nothing of it, in working minutes.
TAKES = {
    "settle": (5, 25), "accept": (20, 150), "dispatch": (10, 60), "take": (15, 120),
    "answer": (200, 700), "check": (60, 400), "visit": (540, 1500), "progress": (200, 500),
    "assist": (100, 400), "escalate": (400, 800), "analyse": (90, 300), "report_up": (60, 200),
    "street_answer": (2000, 3500), "rework": (60, 240), "control": (20, 60), "return": (30, 120),
}  # fmt: skip
OTHERWISE = (60, 200)
SHARES = (1, 1, 2, 2, 4, 7)  # of the matters that lie anywhere, by cell


@dataclass(frozen=True)
class CellPlan:
    """A cell as matters need it: ``streets`` around it, ``number`` in the order of codes from 1."""

    number: int
    code: str
    kind: str
    shape: BaseGeometry
    streets: Sequence[str]


@dataclass(frozen=True)
class StepPlan:
    """One move of a story: at which instant, with which arguments."""

    at: datetime
    name: str
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class MatterPlan:
    """A matter to be reported ``at`` an instant, and what happens to it afterwards."""

    category: str
    channel: str
    summary: str
    code: str
    cell: int | None
    place: str
    position: tuple[float, float] | None
    more: str
    result: str
    at: datetime
    steps: Sequence[StepPlan] = field(default_factory=tuple)


class Hours:
    """Working time before the demo's ``day``: minute 0 is when that day begins, all others lie
    before it.
    """

    def __init__(self, day: date, calendar: WorkCalendar) -> None:
        self._day, self._calendar = day, calendar
        self._before: list[date] = []

    def at(self, minute: int) -> datetime:
        """The instant of a minute; negative, for none of these is in the demo's future."""
        days, rest = divmod(minute, DAY)
        while len(self._before) < -days:
            last = self._before[-1] if self._before else self._day
            self._before.append(self._calendar.previous(last))
        opened = datetime.combine(self._before[-days - 1], OPENS, clock.zone())
        return opened + timedelta(minutes=rest)

    def minute(self, instant: datetime) -> int:
        """The minute of an instant within the working hours, else of the next that is."""
        there, days = clock.local(instant), 1
        while clock.local(self.at(-days * DAY)).date() > there.date():
            days += 1
        opened = clock.local(self.at(-days * DAY))
        return -days * DAY + min(max(int((there - opened).total_seconds() // 60), 0), DAY - 1)


def cell_plan(number: int, row: Any) -> CellPlan:
    """The cell of a row with code, kind, boundary and the four bounds."""
    bounds = (row.bound_east, row.bound_south, row.bound_west, row.bound_north)
    streets = [text.split("（")[0].split("、")[0] for text in bounds if text]
    return CellPlan(number, row.code, row.kind, load_geometry(row.boundary), streets)


def plan_matters(cells: Sequence[CellPlan], hours: Hours, random: Random) -> Iterator[MatterPlan]:
    """Every line of the file as a plan, in its order."""
    weights = [random.choice(SHARES) for _cell in cells]
    community = cells[0].code[:12]
    last: MatterPlan | None = None
    with FILE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["cell"] == "same" and last is not None:
                cell, place = cells[(last.cell or 1) - 1], last.place
            elif line["cell"] == "community":
                cell, place = None, ""
            else:
                cell = _cell(line, cells, weights, random)
                place = _place(line["place"], cell, random)
            start = _start(line, hours, last, random)
            plan = MatterPlan(
                line["category"],
                line["channel"],
                line["summary"],
                cell.code if cell else community,
                cell.number if cell else None,
                place,
                _point(cell.shape, random) if cell else None,
                line["more"],
                line["result"],
                hours.at(start),
                list(_steps(line["story"], start, hours, random)),
            )
            last = plan
            yield plan


def _start(line: dict[str, str], hours: Hours, last: MatterPlan | None, random: Random) -> int:
    """The minute of the report."""
    ago = line["ago"]
    if ago.startswith("+") and last is not None:
        return hours.minute(last.at) + _minutes(ago[1:])
    first, _dash, end = ago.partition("-")
    days = random.randint(int(first), int(end or first))
    return -days * DAY + random.randint(10, 500 if end else 200)


def _steps(story: str, start: int, hours: Hours, random: Random) -> Iterator[StepPlan]:
    """The moves, one after another; quicker where the demo's day is near."""
    told = [move.partition("~") for move in story.split()]
    delays = [
        _minutes(delay) if delay else random.randint(*TAKES.get(name.partition(":")[0], OTHERWISE))
        for name, _sign, delay in told
    ]
    room = min(1.0, (-start - 10) / max(sum(delays), 1))
    passed = 0.0
    for (name, _sign, _delay), delay in zip(told, delays, strict=True):
        passed += delay * room
        move, _colon, arguments = name.partition(":")
        yield StepPlan(hours.at(start + int(passed)), move, arguments.split(":"))


def _minutes(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def _cell(
    line: dict[str, str], cells: Sequence[CellPlan], weights: Sequence[int], random: Random
) -> CellPlan:
    """The cell that is named, or one by chance; what happens upstairs in one with storeys."""
    told = line["summary"] + line["place"]
    flat, high = "平房" in told, any(sign in told for sign in ("楼", "单元", "电梯"))

    def fits(cell: CellPlan) -> bool:
        return (cell.kind == "bungalow") == flat if flat or high else True

    if line["cell"]:
        named = cells[int(line["cell"]) - 1]
        block = [named, *(one for one in cells if one.code[:16] == named.code[:16])]
        return next((one for one in block if fits(one)), named)
    chosen = [cell for cell in cells if fits(cell)] or cells
    return random.choices(chosen, [weights[cell.number - 1] for cell in chosen])[0]


def _place(told: str, cell: CellPlan, random: Random) -> str:
    number, unit = random.randint(1, 4), random.randint(1, 2)
    home = f"{number}号院" if cell.kind == "bungalow" else f"{number}栋{unit}单元"
    return told.format(h=home, s=random.choice(cell.streets or [""]))


def _point(shape: BaseGeometry, random: Random) -> tuple[float, float]:
    """A point inside, in degrees to a decimetre."""
    west, south, east, north = shape.bounds
    for _try in range(50):
        x, y = random.uniform(west, east), random.uniform(south, north)
        if shapely.contains_xy(shape, x, y):
            return round(x, 6), round(y, 6)
    inside = shape.representative_point()
    return round(inside.x, 6), round(inside.y, 6)
