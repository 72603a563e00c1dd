"""People who were not on record: born, moved in, or registered for the first time.

Whoever lived here before the register was begun is *registered*: the portal learns of them, the
population does not change. A move counts from the day on which the register of the cell began, that
is when its first resident was entered.
"""

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, String, case, cast, insert, literal, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import Household, PopulationChange, Resident
from portal.rules import register
from portal.rules.population.events import NEW, check_day, write

AT_ONCE = 500


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


def record_new(
    session: Session, ids: Sequence[int] | Select[int], *, counted_only: bool = False
) -> int:
    """Write the events of residents who were just added in bulk, by key (or by a select of keys:
    then it is one statement, whatever the number); returns how many.

    Born into the household where the day of moving in is the birthday, moved in where it is given;
    both only since the register of the cell began, otherwise registered, as of today. The events
    say who entered them; the audit log holds the residents. ``counted_only``: no event for who is
    only registered. The caller commits.
    """
    if isinstance(ids, Select):
        return _record(session, Resident.id.in_(ids), counted_only)
    parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
    return sum(_record(session, Resident.id.in_(part), counted_only) for part in parts)


def _record(session: Session, among: ColumnElement[bool], counted_only: bool) -> int:
    if counted_only:  # others are registered
        among &= Resident.moved_in_on.is_not(None)
    cells = session.scalars(select(Resident.grid_code).where(among).distinct()).all()
    if not cells:
        return 0
    began = case({code: literal(_began(session, code)) for code in cells}, value=Resident.grid_code)
    moved, born = Resident.moved_in_on, Resident.birth_date
    kind = case(
        (moved.is_(None) | (moved < began), "registered"), (moved == born, "birth"), else_="move_in"
    )
    new = literal('{"') + cast(Resident.id, String) + literal(f'": "{NEW}"}}')
    rows = select(
        Resident.grid_code,
        Resident.household_id,
        Resident.id,
        kind,
        case((kind == "registered", literal(clock.today())), else_=moved),
        literal(scope.actor().username or "system"),
        case((kind != "registered", new), else_=None),
    ).where(among, *((kind != "registered",) if counted_only else ()))
    names = (
        "grid_code", "household_id", "resident_id", "kind", "happened_on", "actor", "before",
    )  # fmt: skip
    done = session.connection().execute(
        insert(PopulationChange.__table__)
        .from_select(names, rows)
        .execution_options(preserve_rowcount=True)
    )
    return int(done.rowcount)


def _began(session: Session, code: str) -> date:
    """The day on which the register of a cell began: when its first resident was entered."""
    first = session.scalar(
        select(Resident.created_at).where(Resident.grid_code == code).order_by(Resident.id).limit(1)
    )
    return clock.local(first or clock.now()).date()
