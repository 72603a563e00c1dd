"""People who were not on record: born, moved in, or registered for the first time.

Whoever lived here before the register was begun is *registered*: the portal learns of them, the
population does not change. A move counts from the day on which the register of the cell began, that
is when its first resident was entered.
"""

import json
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import Household, PopulationChange, Resident
from portal.rules import bulk, register
from portal.rules.population.events import NEW, check_day, write


class Arrival(NamedTuple):
    """Somebody who was just added: what tells whether the population changed."""

    id: int
    grid_code: str
    household_id: int
    moved_in_on: date | None
    birth_date: date | None


def judge_new(session: Session, person: Resident, how: str) -> None:
    """Whether ``person`` (in a household, not yet flushed) can be entered as ``how`` says: birth,
    move_in or registered. A child moves in on its birthday. Raises RuleError.
    """
    if how == "birth" and person.relation_to_head == "head":
        raise RuleError(_l("A child that was just born is no head."), "relation_to_head")
    if how == "move_in":
        check_day(person.moved_in_on, field="moved_in_on")
    register.prepare_resident(session, person)
    if how == "birth":  # the birthday may follow from the number
        person.moved_in_on = check_day(person.birth_date, field="birth_date")


def note_new(
    session: Session,
    person: Resident,
    how: str,
    *,
    place: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """Write the event of somebody who was just flushed, as ``judge_new`` allowed."""
    household = session.get_one(Household, person.household_id)
    on = clock.today() if how == "registered" else person.moved_in_on or clock.today()
    before = {str(person.id): NEW} if how != "registered" else None
    return write(
        session, how, household, on, resident=person, before=before, place=place, note=note
    )


def enter(
    session: Session,
    household: Household,
    person: Resident,
    how: str,
    *,
    place: str | None = None,
    note: str | None = None,
) -> PopulationChange:
    """Add ``person`` (not yet in the session) to ``household``, with the event. ``how``: birth,
    move_in (``person.moved_in_on`` is the day, ``place`` where from) or registered. RuleError.
    """
    with session.no_autoflush:
        person.household_id = household.id
        register.place(session, person)
        judge_new(session, person, how)
        session.add(person)
    session.flush()
    register.check_placed(session, person)
    return note_new(session, person, how, place=place, note=note)


def record_arrivals(
    session: Session, people: Iterable[Arrival], began: dict[str, date] | None = None
) -> int:
    """Write the events of residents who were just added in bulk; returns how many.

    Born into the household where the day of moving in is the birthday, moved in where it is given;
    both only since the register of the cell began: who is only registered has no event (the audit
    log holds the residents). The events say who entered them. ``began``: days of cells that are
    known already; those that were looked up are added. The caller commits.
    """
    began = {} if began is None else began
    common = {"actor": scope.actor().username or "system"}
    rows = []
    for one in people:
        moved = one.moved_in_on
        if moved is None:
            continue
        if one.grid_code not in began:
            began[one.grid_code] = _began(session, one.grid_code)
        if moved < began[one.grid_code]:
            continue
        rows.append(
            {
                **common,
                "grid_code": one.grid_code,
                "household_id": one.household_id,
                "resident_id": one.id,
                "kind": "birth" if moved == one.birth_date else "move_in",
                "happened_on": moved,
                "before": json.dumps({str(one.id): NEW}),
            }
        )
    if rows:
        bulk.insert_rows(session, PopulationChange.__table__, rows)
    return len(rows)


def _began(session: Session, code: str) -> date:
    """The day on which the register of a cell began: when its first resident was entered."""
    first = session.scalar(
        select(Resident.created_at).where(Resident.grid_code == code).order_by(Resident.id).limit(1)
    )
    return clock.local(first or clock.now()).date()
