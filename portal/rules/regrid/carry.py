"""A regridding carried out: one transaction, locked rows, a dated entry in the history (P1).

Whoever does it needs the right to write every grid that changes. What follows from it (posts and
grants that end, rows of the register, boards) is written by the portal, whatever else they may.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.models import Grid, GridAlias, GridChange, Matter
from portal.models.choices import ACCEPTANCES
from portal.models.regrid import END
from portal.queries import boundaries as locking
from portal.queries import regrid_history
from portal.queries.regrid import GridLine
from portal.rules.bulk import among
from portal.rules.confidential import note_moved_matters
from portal.rules.regrid import follow, leave
from portal.rules.regrid.plan import Consent, Plan, Wish
from portal.rules.regrid.verbs import plan

CHANGED = _l(
    "The choice, or something in these cells, changed since the preview. Look at the new preview,"
    " then carry it out."
)


def carry_out(session: Session, wish: Wish, seen: str, consent: Consent) -> tuple[GridChange, Plan]:
    """Do what the plan of ``wish`` says that was ``seen`` (``seen_now``). The caller commits.

    Raises RuleError where the plan is another one by now (it says who regridded meanwhile),
    where something stands in the way, or the residents' acceptance is not told; OutOfScope where
    a grid lies outside what the identity of now may write.
    """
    check_consent(consent)
    first = plan(wish, session)
    check_reach(first)
    digest, _colon, known = seen.partition(":")
    try:
        rows = _lock(session, first)
        now = plan(wish, session)
    except StaleDataError:
        session.rollback()
        raise RuleError(meanwhile(session, first.before, known)) from None
    if digest != first.digest or _content(now) != _content(first):
        raise RuleError(meanwhile(session, now.before, known))
    if now.stops:
        raise RuleError(refusal(now))
    with scope.acting(scope.SYSTEM):
        return _written(session, now, rows, consent), now


def refusal(found: Plan) -> Any:
    """Why it cannot be carried out, in a sentence; empty if it can."""
    if not found.stops:
        return ""
    return _l("Mend what stands in the way first; it is listed in the preview.")


def check_consent(consent: Consent) -> None:
    """How and when the residents were asked, or why not. Raises RuleError with the field."""
    if consent.outcome not in ACCEPTANCES:
        raise RuleError(_l("Say what the residents think of it."), "outcome")
    if consent.outcome == "not_asked":
        if not consent.note.strip():
            raise RuleError(_l("Say why the residents were not asked."), "note")
        return
    if consent.asked_on is None:
        raise RuleError(_l("Enter the day on which they were asked."), "asked_on")
    if consent.asked_on > clock.today():
        raise RuleError(_l("This day has not come yet."), "asked_on")
    if not consent.asked_how.strip():
        raise RuleError(
            _l("Say how they were asked: a meeting, a list, from door to door."), "asked_how"
        )


def check_reach(found: Plan) -> None:
    """Raises OutOfScope where a grid of the plan is not for the identity of now to write."""
    prefixes = scope.current().prefixes(roles.WRITE, Grid.resource or "")
    codes = [line.code for line in found.before if line.level in ("cell", "block")]
    codes += [one.code for one in found.after]
    if not all(scope.covers(prefixes, code) for code in (*codes, *found.outlines)):
        raise OutOfScope("regridding")


def seen_now(session: Session, found: Plan) -> str:
    """What the page of a preview carries along, so that ``carry_out`` knows what was looked at."""
    last = regrid_history.since(session, [line.code for line in found.before])
    return f"{found.digest}:{last.id if last else 0}"


def meanwhile(session: Session, before: Iterable[GridLine], known: str) -> Any:
    """What happened since the preview; ``known``: key of the last regridding then."""
    last = regrid_history.since(session, [line.code for line in before])
    if last is None or str(last.id) == known or not known:
        return CHANGED
    return _l(
        "%(who)s regridded here at %(time)s. Look at the new preview, then carry it out if it is"
        " still right.",
        who=last.actor,
        time=clock.local(last.at).strftime("%H:%M"),
    )


def _content(found: Plan) -> Any:
    """The plan without the versions, which the lock itself raises."""
    return (
        [(line.code, line.name, line.boundary) for line in found.before],
        found.after,
        found.heirs,
        found.renamed,
        found.assigned,
        found.outlines,
        found.posts,
        found.boards,
    )


def _lock(session: Session, found: Plan) -> dict[str, Grid]:
    """The rows of every grid that is touched, locked; their version rises, so that whoever works
    with one of them learns of it. Raises StaleDataError where somebody was quicker.
    """
    versions = {line.code: line.version for line in found.before}
    rows = locking.for_writing(session, {*versions, *found.outlines})
    for code, version in versions.items():
        if code not in rows or rows[code].version != version:
            raise StaleDataError(code)
    for row in rows.values():
        row.updated_at = clock.now()
    with scope.acting(scope.SYSTEM):
        session.flush()
    return rows


def _written(session: Session, now: Plan, rows: dict[str, Grid], consent: Consent) -> GridChange:
    told = {line.code: line for line in now.before}
    _rename(session, now)
    _new_cells(session, now)
    if now.kind != "move":
        follow.name_parts(session, _parts(now))
        journey = follow.plan_rows(session, _sources(now), now.assigned, now.heirs)
        follow.carry(session, journey, now.heirs)
        moved = journey.counted()
    else:
        journey, moved = follow.Journey(), {}
    _note_matters(session, now, journey)
    leave.posts_and_grants(session, now)
    leave.walls(session, now)
    _shapes(session, now)
    _dissolve(session, now)
    _redirect(session, now)
    change = _entry(now, consent, told, moved)
    session.add(change)
    session.flush()
    leave.tell(session, now, change)
    return change


def _note_matters(session: Session, now: Plan, journey: follow.Journey) -> None:
    """Whoever takes part in a matter that lies elsewhere now sees it as before."""
    going = [key for key, (old, new) in journey.rows.get("matters", {}).items() if old != new]
    if going:
        note_moved_matters(session, among(session, Matter.id, going))
    if now.renamed:
        note_moved_matters(session, Matter.grid_code.in_(sorted(now.renamed.values())))


def _sources(now: Plan) -> list[str]:
    return [line.code for line in now.before if line.level == "cell"]


def _parts(now: Plan) -> dict[str, list[str]]:
    """Old code → the new cells that were made of it."""
    found: dict[str, list[str]] = {}
    for one in now.after:
        for old in one.came_from if one.is_new else ():
            found.setdefault(old, []).append(one.code)
    return found


def _rename(session: Session, now: Plan) -> None:
    """New codes from above downwards; the database carries them into every row of the grids."""
    for old, new in now.renamed.items():
        grid = _row(session, old)
        grid.code = new
        grid.parent_code = scope.ancestors(new)[-1]
        session.flush()
        session.expire_all()


def _row(session: Session, code: str) -> Grid:
    return locking.for_writing(session, [code])[code]


def _new_cells(session: Session, now: Plan) -> None:
    like = next(line for line in now.before if line.level == "cell") if now.kind != "move" else None
    for one in now.after:
        if one.is_new and like is not None:
            session.add(
                Grid(
                    code=one.code,
                    name=one.name,
                    level="cell",
                    kind=one.kind,
                    parent_code=one.parent_code,
                    difficulty=max(
                        (line.difficulty or 0 for line in now.before if line.code in one.came_from),
                        default=0,
                    )
                    or None,
                    active_from=clock.today(),
                )
            )
    session.flush()


def _shapes(session: Session, now: Plan) -> None:
    """Names, households and boundaries of the cells after, and of the outlines that follow."""
    if now.kind != "move":
        for one in now.after:
            grid = _row(session, one.code)
            grid.name, grid.kind = one.name, one.kind
            grid.households_declared = one.households
            if grid.boundary != one.boundary:
                grid.boundary = one.boundary
    for code, text in now.outlines.items():
        _row(session, code).boundary = text
    session.flush()


def _dissolve(session: Session, now: Plan) -> None:
    """The last day of a dissolved cell is yesterday: from today on others have its ground."""
    last = clock.today() - timedelta(days=1)
    for code in now.dissolved:
        grid = _row(session, code)
        grid.active_to = last
        if grid.active_from is not None and grid.active_from > last:
            grid.active_from = last  # it was there for less than a day; the history tells when
    session.flush()


def _redirect(session: Session, now: Plan) -> None:
    """Old codes lead to the one grid that has their place; those that led there lead on."""
    for old, new in now.redirects.items():
        for alias in session.query(GridAlias).filter(GridAlias.grid_code == old):
            alias.grid_code = new
        session.add(GridAlias(old_code=old, grid_code=new))
    session.flush()


def _entry(
    now: Plan, consent: Consent, told: dict[str, GridLine], moved: dict[str, int]
) -> GridChange:
    old = list(now.renamed) or list(_sources(now))
    new = list(now.renamed.values()) or [one.code for one in now.after]
    before = {code: told[code].name for code in old if code in told}
    names = {one.code: one.name for one in now.after}
    names |= {now.renamed[code]: name for code, name in before.items() if code in now.renamed}
    actor = scope.actor()
    today = clock.today()
    return GridChange(
        kind=now.kind,
        happened_on=today,
        at=clock.now(),
        actor=actor.username or "anonymous",
        actor_id=actor.user_id,
        home=_around([*old, *new]),
        from_codes="".join(code + END for code in old),
        to_codes="".join(code + END for code in new),
        told=json.dumps(
            {
                "before": before,
                "names": names,
                "households": {one.code: one.households for one in now.after},
                "moved": moved,
                "dissolved": list(now.dissolved),
                "posts": len(now.posts),
            },
            ensure_ascii=False,
        ),
        outcome=consent.outcome,
        asked_on=consent.asked_on if consent.outcome != "not_asked" else None,
        asked_how=consent.asked_how.strip() or None,
        note=consent.note.strip() or None,
    )


def _around(codes: Iterable[str]) -> str:
    """The smallest grid around all of ``codes``."""
    common = [{*scope.ancestors(code), code} for code in codes]
    return max(set.intersection(*common), key=len)
