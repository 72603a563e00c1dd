"""Writing an event together with the columns it changes, and taking it back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import Household, PopulationChange, Resident
from portal.rules import numberless, register

KEPT = (
    "household_id", "relation_to_head", "moved_in_on", "moved_out_on", "died_on", "away",
    "registered_address", "registration",
)  # fmt: skip
"""Columns of a resident that events change, none of them private."""
DATES = ("moved_in_on", "moved_out_on", "died_on")
NEW = "new"  # what stands in ``before`` for somebody who was not on record


@dataclass
class Snapshot:
    """The people of a change as they were before it."""

    people: Sequence[Resident]
    states: dict[int, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.states = {one.id: _state(one) for one in self.people}

    def changes(self) -> dict[str, Any]:
        """What changed since, by person and column: old and new value."""
        told: dict[str, Any] = {}
        for one in self.people:
            old, new = self.states[one.id], _state(one)
            changed = {name: [old[name], new[name]] for name in KEPT if old[name] != new[name]}
            if changed:
                told[str(one.id)] = changed
        return told


def _state(resident: Resident) -> dict[str, Any]:
    values = {name: getattr(resident, name) for name in KEPT}
    return {n: v.isoformat() if isinstance(v, date) else v for n, v in values.items()}


def check_day(on: date | None, *, field: str = "on") -> date:
    """The day of a change: given, and not in the future. Raises RuleError."""
    if on is None:
        raise RuleError(_l("Say on which day it happened."), field)
    if on > clock.today():
        raise RuleError(_l("This day has not come yet."), field)
    return on


def write(
    session: Session,
    kind: str,
    household: Household,
    on: date,
    *,
    resident: Resident | None = None,
    before: dict[str, Any] | None = None,
    **more: Any,
) -> PopulationChange:
    """Add the event to the session and flush it. ``more``: other columns of the event. Raises
    RuleError beside ``note`` and ``place`` where they hold a number of somebody.
    """
    numberless.check(more.get("note"), "note")
    if more.get("other_household_id") is None:  # otherwise it is the address on record
        numberless.check(more.get("place"), "place")
    change = PopulationChange(
        kind=kind,
        grid_code=household.grid_code,
        household_id=household.id,
        resident_id=resident.id if resident is not None else None,
        happened_on=on,
        actor=scope.actor().username or "system",
        before=json.dumps(before, sort_keys=True) if before else None,
        **more,
    )
    session.add(change)
    session.flush()
    return change


def set_relations(session: Session, wanted: Iterable[tuple[Resident, str | None]]) -> None:
    """Give people their relation to the head; whoever ceases to be one first, since a household
    has one head at any moment.
    """
    pairs = list(wanted)
    for heads in (False, True):
        for resident, relation in pairs:
            if (relation == "head") == heads:
                resident.relation_to_head = relation or None
        session.flush()


def is_cancelled(session: Session, change: PopulationChange) -> bool:
    """Whether the change was taken back."""
    later = select(PopulationChange.id).where(PopulationChange.cancels_id == change.id)
    return bool(session.scalar(select(exists(later))))


def may_cancel(change: PopulationChange) -> bool:
    """Whether a change is of the kind that can be taken back."""
    return change.kind not in ("correction", "registered") and change.part_of_id is None


def cancel(session: Session, change: PopulationChange, note: str | None = None) -> None:
    """Take a change back: the register becomes what it was, an event of its own says so.

    What belongs together (out of one household, into another) is taken back together. Raises
    RuleError where it was taken back before, or where the same people changed again since.
    """
    if change.part_of_id is not None:
        change = session.get_one(PopulationChange, change.part_of_id)
    if not may_cancel(change):
        raise RuleError(_l("This is no change that can be taken back."))
    if is_cancelled(session, change):
        raise RuleError(_l("This change was taken back already."))
    _restore(session, json.loads(change.before or "{}"), change)
    parts = select(PopulationChange).where(PopulationChange.part_of_id == change.id)
    for one in (change, *session.scalars(parts).all()):
        household = session.get_one(Household, one.household_id)
        resident = session.get(Resident, one.resident_id) if one.resident_id else None
        write(
            session,
            "correction",
            household,
            one.happened_on,
            resident=resident,
            note=note,
            cancels_id=one.id,
        )


def _restore(session: Session, before: dict[str, Any], change: PopulationChange) -> None:
    people = {
        one.id: one
        for one in session.scalars(select(Resident).where(Resident.id.in_(map(int, before))))
    }
    heads: list[tuple[Resident, str | None]] = []
    with session.no_autoflush:
        for key, changed in before.items():
            resident = people.get(int(key))
            if resident is None:
                raise RuleError(_l("The person of this change is no longer on record."))
            if changed == NEW:
                _unsay(resident, change)
                continue
            now = _state(resident)
            if any(now[name] != new for name, (_old, new) in changed.items()):
                raise RuleError(
                    _l(
                        "%(name)s has changed since. Take the later change back first, or mend it"
                        " on the person's page.",
                        name=resident.name,
                    )
                )
            for name, (old, _new) in changed.items():
                if name == "relation_to_head":
                    heads.append((resident, old))
                else:
                    setattr(resident, name, _parsed(name, old))
            register.place(session, resident)
        chiefs = {one.id: relation == "head" for one, relation in heads}
        for resident in people.values():  # before the database refuses it with fewer words
            register.check_free(session, resident, besides=people, head=chiefs.get(resident.id))
    set_relations(session, heads)
    for resident in people.values():
        register.check_free(session, resident)


def _unsay(resident: Resident, change: PopulationChange) -> None:
    """Somebody who was entered by this change and did not come: their record ends as it began."""
    if not resident.lives_here:
        raise RuleError(
            _l(
                "%(name)s has changed since. Take the later change back first, or mend it on the"
                " person's page.",
                name=resident.name,
            )
        )
    resident.moved_out_on = max(change.happened_on, resident.moved_in_on or change.happened_on)


def _parsed(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name in DATES and value else value
