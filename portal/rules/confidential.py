"""Who does not see a matter although it lies in their grid, and who sees one of another grid.

What is restricted shows to those who handle it: whoever reported it, was named or took part, and
whoever leads a level that has it or had it. Whoever was named for a matter of another grid sees
that one. A complaint about a worker stands at the grid above all of the worker's own, so that
nobody who acts in those sees it; beside that it never shows to the account of the worker. What was
reported to the street is all that the street sees; a mediator sees what they take part in.
"""

from collections.abc import Iterable
from typing import Any

from flask import g, has_request_context
from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select, true, update
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.extensions import db
from portal.models import Matter, MatterPerson, Worker
from portal.models.matter_choices import ORDER_LEVELS
from portal.models.responsibility import DECIDED
from portal.rules.bulk import among

# The level that a role leads: it sees what is restricted once the matter has come that far.
LEADS = {
    roles.GRID_LEADER: "cell",
    roles.BLOCK_LEADER: "block",
    roles.AREA_LEADER: "area",
    roles.STATION: "cell",  # everything of the community comes to the station
}
# Roles that see nothing by their place alone.
INVOLVED_ONLY = (roles.MEDIATOR,)
STREET_LEVEL = "street"
MOST_ELSEWHERE = 500


def seen(model: Any, identity: scope.Identity, placed: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition on a model with ``Confidential`` columns: ``identity`` may see the row. ``placed``:
    that it lies in their grids, which is asked of all but those who take part.
    """
    if identity.unrestricted:
        return true()
    if getattr(model, "of_one_person", False):
        return _of_one_person(model, identity)
    matter = model.id if model.__tablename__ == "matters" else model.matter_id
    not_oneself = or_(model.about_user_id.is_(None), model.about_user_id != identity.user_id)
    ways = [placed if _leads_all(identity) else and_(placed, _handles(model, matter, identity))]
    # Most people take part in nothing outside of their grids: then a range of an index is enough.
    elsewhere = _elsewhere(identity) if identity.elsewhere else []
    if elsewhere:
        ways.append(matter.in_(elsewhere))
    return and_(not_oneself, or_(*ways))


def _of_one_person(model: Any, identity: scope.Identity) -> ColumnElement[bool]:
    """Condition on drafts of responsibility: one's own, and those that one decides about. What is
    decided shows to a leader and the auditor too, but for what few may see.
    """
    ways: list[ColumnElement[bool]] = [model.user_id == identity.user_id]
    decided = and_(model.state.in_(DECIDED), model.visibility == "normal")
    shown = {
        roles.STATION: true(),
        roles.LEADER: or_(model.decider == "leader", decided),
        roles.AUDITOR: decided,
    }
    for grant in identity.grants:
        if grant.role in shown:
            here = scope.within(model.grid_code, [grant.grid_code])
            ways.append(and_(here, shown[grant.role]))
    not_about = or_(model.about_user_id.is_(None), model.about_user_id != identity.user_id)
    return and_(not_about, or_(*ways))


def sees_all(identity: scope.Identity, grid: str) -> bool:
    """Whether nothing in ``grid`` is hidden from ``identity`` for being restricted."""
    led = [one.grid_code for one in identity.grants if LEADS.get(one.role) == "cell"]
    return identity.unrestricted or scope.covers(led, grid)


def _leads_all(identity: scope.Identity) -> bool:
    """The same for all of its grids."""
    places = identity.prefixes(roles.READ, "Matter")
    return bool(places) and all(sees_all(identity, place) for place in places)


def _handles(model: Any, matter: Any, identity: scope.Identity) -> ColumnElement[bool]:
    """By place first: to look for the part of a person costs more."""
    takes_part = exists().where(
        MatterPerson.matter_id == matter, MatterPerson.user_id == identity.user_id
    )
    return or_(*_by_place(model, identity), takes_part)


def note_moved_people(session: Session, workers: Iterable[int | None]) -> None:
    """Note that these workers' posts changed past the session (imports, their undoing): what their
    accounts take part in may lie outside of their grids now.
    """
    ids = sorted({key for key in workers if key is not None})
    people = MatterPerson.__table__
    accounts = select(Worker.user_id).where(among(session, Worker.id, ids))
    if ids:
        _mark_elsewhere(session, people.c.user_id.in_(accounts))


def note_moved_matters(session: Session, which: ColumnElement[bool]) -> None:
    """The same for matters that lie in another grid now (regridding): of everybody in them."""
    people = MatterPerson.__table__
    _mark_elsewhere(session, people.c.matter_id.in_(select(Matter.id).where(which)))


def _mark_elsewhere(session: Session, which: ColumnElement[bool]) -> None:
    people = MatterPerson.__table__
    session.execute(
        update(people).where(which, people.c.outside.is_(False)).values(outside=True),
        execution_options={"audited": True, "synchronize_session": False},
    )


def _elsewhere(identity: scope.Identity) -> list[int]:
    """The latest matters outside of the grids of ``identity`` in which it takes part; asked once
    in a request.
    """
    if has_request_context() and "matters_elsewhere" in g:
        known: dict[int | None, list[int]] = g.matters_elsewhere
        if identity.user_id in known:
            return known[identity.user_id]
    own = scope.within(Matter.grid_code, identity.prefixes(roles.READ, "Matter"))
    asked = (
        select(MatterPerson.matter_id)
        .join(Matter, Matter.id == MatterPerson.matter_id)
        .where(MatterPerson.user_id == identity.user_id, MatterPerson.outside, not_(own))
        .order_by(MatterPerson.matter_id.desc())
        .limit(MOST_ELSEWHERE)
        .distinct()
    )
    with db.session.no_autoflush:
        found = list(db.session.scalars(asked))
    if has_request_context():
        g.setdefault("matters_elsewhere", {})[identity.user_id] = found
    return found


def _by_place(model: Any, identity: scope.Identity) -> list[ColumnElement[bool]]:
    ordinary, led = set[str](), list[ColumnElement[bool]]()
    for grant in identity.grants:
        here = scope.within(model.grid_code, [grant.grid_code])
        if grant.role in INVOLVED_ONLY:
            continue
        if grant.role == roles.STREET:
            led.append(and_(here, model.level == STREET_LEVEL))
            continue
        ordinary.add(grant.grid_code)
        level = LEADS.get(grant.role)
        if level is not None:
            reached = ORDER_LEVELS[ORDER_LEVELS.index(level) :]
            led.append(and_(here, model.level.in_(reached)) if level != "cell" else here)
    plain = scope.within(model.grid_code, scope.smallest(ordinary)) if ordinary else false()
    return [and_(model.visibility == "normal", plain), *led]
