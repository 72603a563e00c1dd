"""Places and patrols for tests: rows as they lie in the database."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.models import Patrol, Place, ServiceRound, Sweep
from portal.rules import sweeps

BEGAN = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def rounds_at(code: str, number: int) -> dict[str, Any]:
    """One row of every list of places and rounds in grid ``code``; not saved yet."""
    day = {"day": date(2026, 1, 5), "started_at": BEGAN, "ended_at": BEGAN}
    return {
        "places": Place(grid_code=code, kind="warehouse", name=f"仓库{number}"),
        "patrols": Patrol(grid_code=code, cell=code, patroller=f"甲{number}", **day),
        "sweeps": Sweep(
            grid_code=code,
            title=f"排查{number}",
            checklist="消防通道",
            starts_on=day["day"],
            ends_on=date(2099, 1, 1),
        ),
        "service-rounds": ServiceRound(grid_code=code, service="family_doctor", next_on=day["day"]),
    }


def place_at(session: Session, code: str, name: str = "东仓库", **more: Any) -> Place:
    """A place on the list of a cell, to be looked at today; saved."""
    told = {"kind": "warehouse", "patrol_every": 7, "next_patrol_on": clock.today()} | more
    place = Place(grid_code=code, name=name, **told)
    session.add(place)
    session.flush()
    return place


def sweep_at(session: Session, code: str, title: str = "冬季消防排查", **more: Any) -> Sweep:
    """A sweep of these days with its lines; saved."""
    today = clock.today()
    told = {"checklist": "楼道堆物\n电动车充电", "starts_on": today, "ends_on": today} | more
    sweep = Sweep(grid_code=code, title=title, **told)
    session.add(sweep)
    session.flush()
    sweeps.keep_lines(session, sweep)
    return sweep
