"""Patrols (巡查): a place is looked at in one tap, and what is found becomes a matter (P3).

A patrol is made by the first look of a person in a cell on a day and ends with the last one, so
that nobody has to begin or end it. Looking twice at a place on one patrol is looking once.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope
from portal.models import Matter, Patrol, PatrolCheck, PatrolFinding, Place
from portal.queries.workdays import load_calendar
from portal.rules import audit
from portal.rules.once import insert_missing
from portal.rules.places import next_look
from portal.scope import Identity

CHECKS = PatrolCheck.__table__


def may_patrol(who: Identity, code: str) -> bool:
    """Whether ``who`` may patrol the grid ``code``."""
    return scope.covers(who.prefixes(roles.WRITE, "Patrol"), code)


def nothing(session: Session, places: Sequence[Place]) -> int:
    """Nothing found at these places: how many were looked at for the first time on the patrol of
    today. The caller commits. Raises Forbidden or OutOfScope, and then nothing was changed.
    """
    who = scope.current()
    if not who.can(roles.WRITE, "Patrol"):
        raise Forbidden("write Patrol")
    for place in places:
        if not may_patrol(who, place.grid_code):
            raise OutOfScope(f"write Patrol {place.grid_code}")
    return _look(session, places, "nothing", who)


def found(session: Session, place: Place, matter: Matter) -> None:
    """What was found at ``place`` is this matter; the caller commits. Does nothing for who may not
    patrol there, or where the place is off the list. A complaint about a worker is tied to no
    patrol.
    """
    who = scope.current()
    if not may_patrol(who, place.grid_code) or place.off_list_on is not None:
        return
    _look(session, [place], "finding", who)
    today = clock.today()
    check = session.scalars(
        select(PatrolCheck)
        .join(Patrol, Patrol.id == PatrolCheck.patrol_id)
        .where(
            PatrolCheck.place_id == place.id,
            Patrol.user_id == who.user_id,
            Patrol.day == today,
            Patrol.cell == place.grid_code,
        )
    ).one()
    check.result = "finding"
    if matter.about_worker_id is None:
        row = {"matter_id": matter.id, "check_id": check.id}
        insert_missing(session, PatrolFinding.__table__, [row], ["matter_id"])
    session.flush()


def _look(session: Session, places: Iterable[Place], result: str, who: Identity) -> int:
    moment, today, calendar = clock.now(), clock.today(), load_calendar(session)
    by_cell: dict[str, list[Place]] = {}
    for place in sorted(places, key=lambda one: (one.grid_code, one.id)):
        if place.off_list_on is None:
            by_cell.setdefault(place.grid_code, []).append(place)
    looked = 0
    with scope.acting(scope.SYSTEM):
        for cell, there in by_cell.items():
            patrol = _patrol(session, cell, who, today, moment)
            rows = [
                {"patrol_id": patrol.id, "place_id": place.id, "checked_at": moment,
                 "result": result}
                for place in there
            ]  # fmt: skip
            looked += len(insert_missing(session, CHECKS, rows, ["place_id"]))
            for place in there:
                place.patrolled_on = today
                place.next_patrol_on = next_look(place, calendar)
            counted = select(func.count()).where(CHECKS.c.patrol_id == patrol.id)
            patrol.checked = session.scalar(counted) or 0
            patrol.ended_at = max(clock.aware(patrol.ended_at), moment)
        session.flush()
    return looked


def _patrol(session: Session, cell: str, who: Identity, day: date, moment: datetime) -> Patrol:
    """The patrol of ``who`` through ``cell`` on ``day``, made where there is none."""
    row = {
        "user_id": who.user_id, "day": day, "cell": cell, "grid_code": cell, "checked": 0,
        "patroller": (who.name or who.username)[:80], "started_at": moment, "ended_at": moment,
        "version": 1, "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    for made in insert_missing(session, Patrol.__table__, [row], ["id"]):
        told = {
            "row_id": made.id,
            "row_label": row["patroller"],
            "grid_code": cell,
            "changes": None,
        }
        audit.record_bulk(session, "insert", "patrols", [told])
    found = select(Patrol).where(
        Patrol.user_id == who.user_id, Patrol.day == day, Patrol.cell == cell
    )
    return session.scalars(found).one()
