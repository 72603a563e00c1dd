"""Visits at home (P8.5): one report brings the register, needs, hazards and the next visit up to
date together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError
from portal.models import HomeVisit, Household, Resident
from portal.queries import population as people_queries
from portal.queries import settings
from portal.rules import numberless, population, register
from portal.rules.population.events import check_day

STILL = "still"
STATES = {
    STILL: _l("Still so"),
    "move_out": _l("Moved out"),
    "death": _l("Died"),
    "away": _l("Lives elsewhere, registered here"),
    "back": _l("Lives here again"),
}
"""What can be said of each person at the door."""


@dataclass(frozen=True)
class Told:
    """What was told of one person: a state of ``STATES``, since when, another telephone."""

    resident_id: int
    state: str = STILL
    on: date | None = None
    place: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Report:
    """What a visit found. ``result``: met, nobody_home or refused; with ``met`` it becomes
    no_change or changed. ``newcomer`` came as ``how`` says (``population.enter``).
    """

    on: date | None
    purpose: str = "routine"
    result: str = "met"
    told: Sequence[Told] = field(default_factory=tuple)
    newcomer: Resident | None = None
    how: str = "registered"
    needs: str | None = None
    hazards: str | None = None
    note: str | None = None
    next_on: date | None = None


def unchanged(session: Session, household: Household, on: date) -> HomeVisit:
    """Everything is as it was: the visit, and the next one. A second tap on the same day finds
    the first; needs and hazards that were open stay open. The caller commits.
    """
    same = select(HomeVisit).where(
        HomeVisit.household_id == household.id,
        HomeVisit.visited_on == on,
        HomeVisit.result == "no_change",
    )
    earlier = session.scalars(same.limit(1)).first()
    if earlier is not None:
        return earlier
    found = Report(on, needs=household.needs, hazards=household.hazards)
    return report(session, household, found)


def report(session: Session, household: Household, found: Report) -> HomeVisit:
    """Write a visit with all it found; the caller commits.

    Raises RuleError beside ``visited_on``, ``result``, ``next_visit_on``, ``new_<column>``,
    ``person_<key>_state|on|place|phone``.
    """
    on = check_day(found.on, field="visited_on")
    numberless.check(found.note, "note")
    newest = household.visited_on is None or on >= household.visited_on
    result = found.result
    if result == "met":
        result = "changed" if _changes(session, household, found, on) else "no_change"
        if newest:
            household.needs, household.hazards = found.needs, found.hazards
    elif _says_something(household, found):
        raise RuleError(
            _l('Choose "Somebody was met", or undo what you said of the household.'), "result"
        )
    if result != "nobody_home":
        household.visited_on = max(on, household.visited_on or on)
    next_on = _next(session, household, found, result, on)
    if newest:  # one entered late does not overwrite what was found since
        household.next_visit_on = next_on
    actor = scope.actor()
    visit = HomeVisit(
        household_id=household.id,
        grid_code=household.grid_code,
        visited_on=on,
        purpose=found.purpose,
        result=result,
        needs=found.needs if found.result == "met" else None,
        hazards=found.hazards if found.result == "met" else None,
        note=found.note,
        next_visit_on=next_on,
        actor=actor.username or "system",
        visitor=actor.name or actor.username,
    )
    session.add(visit)
    session.flush()
    return visit


def _says_something(household: Household, found: Report) -> bool:
    """Whether more is told than that nobody was met."""
    told = any(
        one.state != STILL or one.on or (one.place or "") or (one.phone or "") for one in found.told
    )
    open_now = _codes(household.needs), _codes(household.hazards)
    seen = _codes(found.needs), _codes(found.hazards)
    return told or found.newcomer is not None or seen != open_now


def _codes(text: str | None) -> set[str]:
    return {code for code in (text or "").split(";") if code}


def _next(
    session: Session, household: Household, found: Report, result: str, on: date
) -> date | None:
    if found.next_on is not None:
        if not on < found.next_on <= on + timedelta(days=register.LONGEST):
            raise RuleError(_l("The next visit comes after this one."), "next_visit_on")
        return found.next_on
    people = people_queries.people(session, household.id)
    if not people:
        return None  # nobody is left to be visited
    return on + timedelta(
        days=days_between(session, household, people, again=result == "nobody_home")
    )


def days_between(
    session: Session, household: Household, people: Sequence[Resident], *, again: bool = False
) -> int:
    """Days until the next visit: soon where nobody was met, soon where a service is to be brought;
    otherwise what the household's own interval says, or the settings.
    """
    days = settings.numbers(session)
    if again:
        return days["visits.again_days"]
    usual = household.visit_every
    if usual is None:
        floating = any(one.registration != "permanent" for one in people)
        usual = days["visits.floating_days" if floating else "visits.permanent_days"]
    return min(usual, days["visits.needs_days"]) if household.needs else usual


def _changes(session: Session, household: Household, found: Report, day: date) -> bool:
    """Write what was told of the people; whether anything was."""
    people = {one.id: one for one in people_queries.people(session, household.id)}
    changed = False
    for told in found.told:
        resident = people.get(told.resident_id)
        if resident is None:
            raise RuleError(_l("Somebody changed this household meanwhile: load the page again."))
        try:
            changed |= _person(session, resident, told, day)
        except RuleError as refusal:
            field_name = refusal.field if refusal.field in ("on", "place", "phone") else "state"
            raise RuleError(refusal.message, f"person_{resident.id}_{field_name}") from refusal
    if found.newcomer is not None:
        try:
            population.enter(session, household, found.newcomer, found.how)
        except RuleError as refusal:
            raise RuleError(refusal.message, f"new_{refusal.field}") from refusal
        changed = True
    return changed


def _person(session: Session, resident: Resident, told: Told, day: date) -> bool:
    changed = False
    if told.phone and told.phone != resident.phone:
        resident.phone = told.phone
        with session.no_autoflush:
            register.prepare_resident(session, resident)
        changed = True
    on = told.on or day
    if told.state == "move_out":
        population.move_out(session, resident, on, place=told.place)
    elif told.state == "death":
        population.death(session, resident, on)
    elif told.state == "away":
        population.away_begin(session, resident, on, place=told.place)
    elif told.state == "back":
        population.away_end(session, resident, on)
    return changed or told.state != STILL
