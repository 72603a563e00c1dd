"""The daily round of the days of files: sessions, promises, confirmations that run out, days of an
authority that have passed.

Level-triggered like the round of orders: it asks which days have come and are not on record; the
unique key of ``CaseNotice`` makes a reminder happen once. Messages name the file and a day, nothing
of what lies in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import (
    CaseNotice,
    MatterCategory,
    MediationFile,
    MediationMediator,
    MediationSession,
    MediationTerm,
    PetitionCase,
    WorkOrder,
)
from portal.queries.limits import PETITION
from portal.queries.responsible import load_responsible
from portal.queries.settings import numbers
from portal.rules import petitions
from portal.rules.inbox import Letter, deliver
from portal.rules.once import insert_missing

AHEAD = timedelta(days=1)  # of a session


@dataclass(frozen=True)
class Day:
    """A day that has come: of which matter, of what kind, whom it is told and where it leads."""

    matter_id: int
    kind: str
    ref: int
    due_on: date
    user_ids: tuple[int, ...]
    number: str
    url: str


def remind(session: Session, today: date) -> int:
    """Tell of every day that has come by ``today`` and was not told; how many. What nobody could be
    told of is told when there is somebody. The caller commits and acts as the system.
    """
    _complete(session)
    come = (one for one in days(session, today) if one.user_ids)
    found = sorted(come, key=lambda one: (one.matter_id, one.kind, one.ref))
    rows = [
        {"matter_id": one.matter_id, "kind": one.kind, "ref": one.ref, "due_on": one.due_on,
         "at": clock.now()}
        for one in found
    ]  # fmt: skip
    made = insert_missing(
        session, CaseNotice.__table__, rows, ("matter_id", "kind", "ref", "due_on")
    )
    new = {tuple(row) for row in made}
    told = [one for one in found if (one.matter_id, one.kind, one.ref, one.due_on) in new]
    deliver(session, (letter for one in told for letter in _letters(one)))
    return len(told)


def _complete(session: Session) -> None:
    """A matter that became a petition later gets its case too."""
    without = (
        select(WorkOrder, MatterCategory)
        .join(MatterCategory, MatterCategory.id == WorkOrder.category_id)
        .where(WorkOrder.kind == PETITION, ~exists().where(PetitionCase.order_id == WorkOrder.id))
    )
    with scope.acting(scope.SYSTEM):
        for order, category in session.execute(without).all():
            petitions.open_case(session, order, category)


def days(session: Session, today: date) -> Iterator[Day]:
    """Every day that has come, told or not."""
    yield from _mediation(session, today)
    yield from _petitions(session, today)


def _letters(one: Day) -> Iterator[Letter]:
    params = {"number": one.number, "due_on": one.due_on.isoformat()}
    for user_id in one.user_ids:
        yield Letter(user_id, f"case_{one.kind}", params, one.url)


def _mediation(session: Session, today: date) -> Iterator[Day]:
    held, ahead = MediationSession, today + AHEAD
    until = datetime.combine(ahead + AHEAD, time(), tzinfo=clock.zone())
    asked = select(MediationFile, held.id, held.held_at).join(
        held, held.file_id == MediationFile.id
    )
    planned = _alive(asked, MediationFile).where(
        MediationFile.outcome == "open", held.record.is_(None), held.held_at < until
    )
    rows: list[tuple[Any, str, int, date]] = [
        (file, "session", key, clock.local(clock.aware(at)).date())
        for file, key, at in session.execute(planned)
    ]
    term = MediationTerm
    promised = select(MediationFile, term.id, term.due_on).join(
        term, term.file_id == MediationFile.id
    )
    due = _alive(promised, MediationFile).where(
        MediationFile.outcome == "agreed", term.performance.is_(None), term.due_on <= today
    )
    rows += [(file, "term", key, on) for file, key, on in session.execute(due) if on]
    warned = today + timedelta(days=numbers(session)["mediation.warn_days"])
    running_out = _alive(select(MediationFile), MediationFile).where(
        MediationFile.confirmation == "open", MediationFile.confirm_by.between(today, warned)
    )
    rows += [
        (file, "confirm", 0, file.confirm_by)
        for file in session.scalars(running_out)
        if file.confirm_by
    ]
    told = _people(session, [file for file, *_rest in rows])
    for file, kind, ref, on in rows:
        url = f"/mediation-files/show/{file.id}"
        yield Day(file.matter_id, kind, ref, on, told[file.id], file.number, url)


def _alive(asked: Select[*tuple[Any, ...]], case: Any) -> Select[*tuple[Any, ...]]:
    """Without what is void or part of another order."""
    return asked.join(WorkOrder, WorkOrder.id == case.order_id).where(
        WorkOrder.void.is_(False), WorkOrder.merged_into_id.is_(None)
    )


def _petitions(session: Session, today: date) -> Iterator[Day]:
    """Days of an authority that have passed: told to the named person, so that they can ask; where
    there is none, or not any more, to whoever leads its level.
    """
    asked = _alive(
        select(PetitionCase, WorkOrder.assignee_id, WorkOrder.level, WorkOrder.grid_code),
        PetitionCase,
    ).where(PetitionCase.owed_by < today)
    people = load_responsible(session, today)
    for row, assignee, level, code in session.execute(asked):
        named = assignee is not None and assignee != row.about_user_id and people.acts(assignee)
        told = [assignee] if named else people.heads(level, code, barred=row.about_user_id)
        url, kept = f"/petitions/show/{row.id}", tuple(dict.fromkeys(told))
        if row.owed_by is not None:
            yield Day(row.matter_id, "authority", 0, row.owed_by, kept, row.number, url)


def _people(session: Session, files: Sequence[Any]) -> dict[int, tuple[int, ...]]:
    """The mediators of each file, and whoever has its order; nobody whom it is about."""
    keys = {file.id for file in files}
    found: dict[int, set[int]] = {key: set() for key in keys}
    mediating = select(MediationMediator.file_id, MediationMediator.user_id)
    for key, user_id in session.execute(mediating.where(MediationMediator.file_id.in_(keys))):
        found[key].add(user_id)
    orders = {file.order_id: file for file in files}
    having = select(WorkOrder.id, WorkOrder.assignee_id).where(WorkOrder.id.in_(orders))
    for order_id, assignee in session.execute(having):
        if assignee is not None:
            found[orders[order_id].id].add(assignee)
    barred = {file.id: file.about_user_id for file in files}
    return {key: tuple(sorted(ids - {barred[key] or 0})) for key, ids in found.items()}
