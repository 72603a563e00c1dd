"""The page of a household in words: its people, who left, what happened, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.models import Household, PopulationChange, Resident
from portal.models.population_choices import (
    CHANGE_KINDS,
    VISIT_HAZARDS,
    VISIT_NEEDS,
    VISIT_PURPOSES,
    VISIT_RESULTS,
)
from portal.models.register_choices import RELATIONS, SEXES
from portal.queries import visits as visit_queries
from portal.rules.masking import mask
from portal.views import wording
from portal.views.context import format_date
from portal.views.page import Tone

MOST_VISITS = 5


@dataclass(frozen=True)
class Person:
    """Somebody who lives there, worded; ``flags`` are words with a tone, ``links`` what to do."""

    id: int
    name: str
    facts: str
    number: str
    phone: str
    flags: list[tuple[str, Tone]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """Something that happened, worded; ``entered`` where that was on another day."""

    id: int
    day: str
    what: str
    who: str
    place: str
    entered: str
    taken_back: bool


def age(born: Any, today: Any) -> int | None:
    """Whole years; None for an unknown birthday."""
    if born is None:
        return None
    return int(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


def person(one: Resident, *, may_write: bool) -> Person:
    years = age(one.birth_date, clock.today())
    facts = [
        RELATIONS.get(one.relation_to_head or ""),
        SEXES.get(one.sex or ""),
        ngettext("%(num)d year old", "%(num)d years old", years) if years is not None else None,
    ]
    flags: list[tuple[str, Tone]] = []
    if one.registration == "floating":
        flags.append((_("Floating population"), "info"))
    if one.registration == "overseas":
        flags.append((_("From overseas"), "info"))
    if one.away:
        flags.append((_("Lives elsewhere, registered here"), "warn"))
    if one.id_type == "temporary":
        flags.append((_("Without papers"), "warn"))
    base = f"/residents/change/{{}}/{one.id}"
    links = [
        (_("Edit"), f"/residents/edit/{one.id}"),
        (_("Moved out"), base.format("move-out")),
        (_("Move to another household"), base.format("move")),
        (_("Death"), base.format("death")),
        (_("Lives elsewhere, registered here"), base.format("away")),
        (_("Change of registration"), base.format("registration")),
    ]
    number = mask(one.id_number) if one.id_number and one.id_type != "temporary" else ""
    return Person(
        one.id,
        one.name,
        " · ".join(str(fact) for fact in facts if fact),
        number,
        mask(one.phone) if one.phone else "",
        flags,
        links if may_write else [],
    )


def gone(everybody: Sequence[Resident], history: Sequence[PopulationChange]) -> list[Any]:
    """(key, name, what, day, where to) of those who left or died, newest first: those still on
    record here, and those who moved to another household.
    """
    wrong = {one.cancels_id for one in history if one.cancels_id}
    entered = {one.resident_id for one in history if one.id in wrong and one.before}
    places = {
        one.resident_id: one.place or ""
        for one in reversed(history)
        if one.kind == "move_out" and one.id not in wrong
    }
    found: list[tuple[Any, int, str, str, str | None]] = []
    for one in everybody:
        if one.lives_here or (one.moved_out_on == one.moved_in_on and one.id in entered):
            continue
        what = _("Died") if one.died_on else _("Moved out")
        found.append((one.died_on or one.moved_out_on, one.id, one.name, what, places.get(one.id)))
    here: set[int | None] = {one.id for one in everybody}
    for event in history:
        moved = event.kind == "move_out" and event.id not in wrong and event.other_household_id
        if moved and event.resident is not None and event.resident_id not in here:
            here.add(event.resident_id)
            told = (event.happened_on, 0, event.resident.name, _("Moved out"), event.place)
            found.append(told)
    found.sort(key=lambda told: told[0], reverse=True)
    return [
        (key, name, what, format_date(day), place or "") for day, key, name, what, place in found
    ]


def missing(
    row: Household, here: Sequence[Resident], *, may_write: bool
) -> list[tuple[str, str | None]]:
    """What is missing, each with the page that mends it."""

    def page(url: str) -> str | None:
        return url if may_write else None

    if not here:
        return []
    found = []
    if all(one.relation_to_head != "head" for one in here):
        found.append((_("Nobody is the head"), page(f"/households/change/head/{row.id}")))
    if not any(one.phone for one in here):
        found.append((_("Nobody's telephone"), page(f"/residents/edit/{here[0].id}#phone")))
    words = {
        "id_number": _("Identity number"),
        "birth_date": _("Birthday"),
        "sex": _("Sex"),
        "relation_to_head": _("Relation to the head"),
        "registered_address": _("Registered address"),
    }
    for one in here:
        for name in _lacking(one):
            text = _("%(name)s: %(what)s", name=one.name, what=words[name])
            found.append((text, page(f"/residents/edit/{one.id}#{name}")))
    return found


def _lacking(one: Resident) -> list[str]:
    names = ["birth_date", "sex", "relation_to_head"]
    if one.registration != "permanent":
        names.append("registered_address")
    found = [name for name in names if not getattr(one, name)]
    return ["id_number", *found] if one.id_type == "temporary" else found


def events(history: Sequence[PopulationChange]) -> list[Event]:
    wrong = {one.cancels_id for one in history if one.cancels_id}
    found = []
    for one in history:
        entered = clock.local(one.created_at).date()
        found.append(
            Event(
                one.id,
                format_date(one.happened_on),
                str(CHANGE_KINDS[one.kind]),
                one.resident.name if one.resident is not None else "",
                one.place or "",
                format_date(entered) if entered != one.happened_on else "",
                one.id in wrong,
            )
        )
    return found


def visit_state(row: Household) -> dict[str, Any]:
    late = row.next_visit_on is not None and row.next_visit_on <= clock.today()
    return {
        "last": format_date(row.visited_on),
        "next": format_date(row.next_visit_on),
        "due": late,
        "needs": wording.coded(row.needs, VISIT_NEEDS),
        "hazards": wording.coded(row.hazards, VISIT_HAZARDS),
    }


def visits_made(session: Any, row: Household) -> list[tuple[int, str, str, str, str]]:
    """(key, day, result, purpose, who) of the last visits."""
    return [
        (
            one.id,
            format_date(one.visited_on),
            str(VISIT_RESULTS[one.result]),
            str(VISIT_PURPOSES[one.purpose]),
            one.visitor,
        )
        for one in visit_queries.last(session, row.id, MOST_VISITS)
    ]
