"""The daily round of the sweeps: whoever has not done a cell is told when the end comes near.

Level-triggered and done once: the day is written into the sweep by a conditional update in the
transaction that tells people, so a lost round is made up for and a repeated one does nothing.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Sweep
from portal.queries import sweeps as queries
from portal.queries.responsible import Responsible, load_responsible
from portal.queries.settings import numbers
from portal.queries.sweeps import Cell
from portal.roles import GRID_LEADER, GRID_WORKER
from portal.rules.inbox import Letter, deliver

log = logging.getLogger(__name__)
SWEEPS = Sweep.__table__


@dataclass
class Told:
    """What a round did: sweeps that end soon, people told, sweeps that failed."""

    sweeps: int = 0
    people: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"sweeps {self.sweeps}, told {self.people}, failed {self.failed}"


def remind(session: Session, moment: datetime) -> Told:
    """Tell of every sweep that ends within ``sweeps.remind_days`` days and is not done everywhere.
    Commits sweep by sweep. The caller acts as the system.
    """
    today = clock.local(moment).date()
    last = today + timedelta(days=numbers(session)["sweeps.remind_days"])
    asked = select(Sweep.id).where(
        Sweep.starts_on <= today,
        Sweep.ends_on >= today,
        Sweep.ends_on <= last,
        Sweep.reminded_on.is_(None),
    )
    done = Told()
    people: Responsible | None = None
    for key in session.scalars(asked.order_by(Sweep.id)).all():
        people = people or load_responsible(session, today)
        try:
            told = _tell(session, key, people, moment)
            session.commit()
        except DBAPIError:
            session.rollback()
            log.exception("sweep %s was refused", key)
            done.failed += 1
            continue
        done.sweeps += told is not None
        done.people += told or 0
    return done


def _tell(session: Session, key: int, people: Responsible, moment: datetime) -> int | None:
    """How many were told; None where another round was first."""
    first = session.connection().execute(
        update(SWEEPS)
        .where(SWEEPS.c.id == key, SWEEPS.c.reminded_on.is_(None))
        .values(reminded_on=clock.local(moment).date(), updated_at=SWEEPS.c.updated_at)
    )
    if first.rowcount != 1:
        return None
    sweep = session.get_one(Sweep, key)
    by_account: dict[int, list[Cell]] = {}
    for cell in queries.coverage(session, [sweep], queries.targets_of(session, sweep))[key]:
        if cell.open:
            holders = people.holders(GRID_WORKER, cell.code)
            for user_id in {*holders, *people.holders(GRID_LEADER, cell.code)}:
                by_account.setdefault(user_id, []).append(cell)
    letters = [
        Letter(
            user_id,
            "sweep_ends",
            {
                "title": sweep.title,
                "ends_on": sweep.ends_on.isoformat(),
                "open": sum(cell.open for cell in cells),
                "cells": len(cells),
            },
            f"/sweeps/round/{key}",
        )
        for user_id, cells in sorted(by_account.items())
    ]
    return deliver(session, letters)
