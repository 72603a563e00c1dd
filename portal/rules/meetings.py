"""Meetings (P8.4): the default series of a community; what people do with a meeting."""

import csv
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.models import Grid, MeetingSeries
from portal.rules.defaults import FOLDER


def default_lines() -> list[dict[str, Any]]:
    """The lines of ``defaults/meetings.csv`` as columns of a series, with the ``level`` of grid
    they are for. A line without a rule (talks) has no time of day either.
    """
    with (FOLDER / "meetings.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return [
        {
            "level": line["level"],
            "kind": line["kind"],
            "rrule": line["rrule"] or None,
            "start_time": time.fromisoformat(line["start"]) if line["start"] else None,
            "minutes": int(line["minutes"]),
            "holiday": line["holiday"] or "skip",
            "attendees": line["attendees"],
            "mode": line["mode"],
            "agenda": line["auto_agenda"] or None,
        }
        for line in lines
    ]


def set_up_series(session: Session, prefixes: Iterable[str], since: date) -> list[MeetingSeries]:
    """Add the default series of every grid in ``prefixes`` that has none of that kind yet; those
    added. Safe to repeat. Raises Forbidden or OutOfScope at the flush.
    """
    within = scope.within(Grid.code, prefixes)
    grids = session.execute(select(Grid.code, Grid.level).where(within).order_by(Grid.code)).all()
    there = select(MeetingSeries.grid_code, MeetingSeries.kind).where(
        scope.within(MeetingSeries.grid_code, prefixes)
    )
    known = {tuple(row) for row in session.execute(there)}
    lines = default_lines()
    added = [
        MeetingSeries(
            grid_code=grid.code,
            since=since,
            **{name: value for name, value in line.items() if name != "level"},
        )
        for grid in grids
        for line in lines
        if line["level"] == grid.level and (grid.code, line["kind"]) not in known
    ]
    session.add_all(added)
    session.flush()
    return added
