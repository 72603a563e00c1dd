"""Sweeps (专项排查): made by the station, gone through cell by cell in single taps (P3).

What a sweep asks of a cell are the lines of its checklist and the places of its kind there. Each is
gone through once, by whoever may patrol the cell; what is found becomes a matter. A place that is
looked at on a sweep was looked at on a patrol too.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import Matter, Place, Sweep, SweepCheck, SweepFinding, SweepLine
from portal.queries import sweeps as queries
from portal.queries.settings import numbers
from portal.queries.sweeps import Item
from portal.rules import numberless, patrols
from portal.rules.once import insert_missing
from portal.scope import Identity

MOST_LINES, LONGEST_LINE = 30, 120
KEY = re.compile(r"L(\d{1,9})-(\d{19})|P(\d{1,9})", re.ASCII)
CHECKS = SweepCheck.__table__


def prepare(session: Session, sweep: Sweep, *, new: bool) -> None:
    """There is something to go through, between two days, in grids below its own. Raises RuleError
    with the column.
    """
    if sweep.ends_on < sweep.starts_on:
        raise RuleError(_l("It ends before it begins."), "ends_on")
    lines = lines_of(sweep)
    if not lines and not sweep.place_kind:
        raise RuleError(_l("Write down what to look at, or choose a kind of places."), "checklist")
    for name in ("title", "checklist", "detail"):
        numberless.check(getattr(sweep, name), name)
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise RuleError(
            _l(
                "At most %(most)s lines of %(long)s characters.", most=MOST_LINES, long=LONGEST_LINE
            ),
            "checklist",
        )
    if any(not grid.code.startswith(sweep.grid_code) for grid in sweep.grids):
        raise RuleError(_l("Choose grids below the one the sweep belongs to."), "grids")
    if not new and _kind_goes(session, sweep):
        raise RuleError(_l("Places were gone through already: make another sweep."), "place_kind")
    if new:
        sweep.made_by = (scope.actor().name or scope.actor().username)[:80]
    if sweep.ends_on > clock.today() + timedelta(days=numbers(session)["sweeps.remind_days"]):
        sweep.reminded_on = None  # put off: people are told again when it comes near


def _kind_goes(session: Session, sweep: Sweep) -> bool:
    """Whether it is to be about other places than those that were gone through."""
    checked = exists().where(SweepCheck.sweep_id == sweep.id, SweepCheck.place_id.is_not(None))
    with session.no_autoflush:
        stored = select(Sweep.place_kind).where(Sweep.id == sweep.id, checked)
        return any(kind != sweep.place_kind for kind in session.scalars(stored))


def lines_of(sweep: Sweep) -> list[str]:
    """The lines of the checklist, each once."""
    told = (line.strip(" \t-·、*") for line in (sweep.checklist or "").splitlines())
    return list(dict.fromkeys(filter(None, told)))


def keep_lines(session: Session, sweep: Sweep) -> None:
    """Bring the lines in step with the text; the caller commits. Raises RuleError where one is gone
    that was gone through already.
    """
    wanted = lines_of(sweep)
    lines = session.scalars(select(SweepLine).where(SweepLine.sweep_id == sweep.id)).all()
    known = {line.text: line for line in lines}
    gone = [line.id for text, line in known.items() if text not in wanted]
    if gone and session.scalar(select(exists().where(SweepCheck.line_id.in_(gone)))):
        raise RuleError(
            _l("A line that was gone through already stays as it is; add another one."), "checklist"
        )
    # First out of the way, then into the new order: a place in the order is there once.
    session.execute(
        update(SweepLine)
        .where(SweepLine.sweep_id == sweep.id)
        .values(seq=SweepLine.seq + 10 * MOST_LINES)
    )
    for seq, text in enumerate(wanted, start=1):
        if text in known:
            session.execute(update(SweepLine).where(SweepLine.id == known[text].id).values(seq=seq))
        else:
            session.add(SweepLine(sweep_id=sweep.id, seq=seq, text=text))
    session.flush()
    # At last, so that no new line gets the key of one that stands on pages which are still open.
    session.execute(delete(SweepLine).where(SweepLine.id.in_(gone)))


def item_of(session: Session, sweep: Sweep, key: str) -> Item:
    """The item that a form or address names; raises OutOfScope where the sweep has none such."""
    return items_of(session, sweep, [key])[0]


def items_of(
    session: Session, sweep: Sweep, keys: Sequence[str], *, lenient: bool = False
) -> list[Item]:
    """The items with these keys, in three statements; raises as ``item_of``. ``lenient``: without
    those that were taken out since somebody opened the page; what no page could name still raises.
    """
    asked = select(SweepLine.id, SweepLine.text).where(SweepLine.sweep_id == sweep.id)
    lines = {str(row.id): row.text for row in session.execute(asked)}
    matches = [KEY.fullmatch(key) for key in keys]
    wanted = [int(match[3]) for match in matches if match and match[3]]
    standing = select(Place).where(
        Place.id.in_(wanted), Place.kind == sweep.place_kind, Place.off_list_on.is_(None)
    )
    places = {str(row.id): row for row in session.scalars(standing)} if wanted else {}
    targets = queries.targets_of(session, sweep)
    found = []
    for key, match in zip(keys, matches, strict=True):
        if match is None:
            raise OutOfScope(key)
        item = _item(match, lines, places)
        cell = item.cell if item is not None else match[2]  # empty: a place that is gone
        if (item is None and not lenient) or (cell and not scope.covers(targets, cell)):
            raise OutOfScope(key)
        if item is not None:
            found.append(item)
    return found


def _item(
    match: re.Match[str], lines: Mapping[str, str], places: Mapping[str, Place]
) -> Item | None:
    line, cell, number = match.groups()
    if number is not None:
        place = places.get(str(int(number)))
        return Item(place.grid_code, place.name, place_id=place.id) if place else None
    text = lines.get(str(int(line)))
    return Item(cell, text, line_id=int(line)) if text is not None else None


def nothing(session: Session, sweep: Sweep, items: Sequence[Item]) -> int:
    """Nothing found: how many of the items were gone through for the first time. The caller
    commits. Raises Forbidden, OutOfScope, RuleError where the sweep does not run today.
    """
    who = scope.current()
    if not who.can(roles.WRITE, "Patrol"):
        raise Forbidden("write Patrol")
    for item in items:
        if not patrols.may_patrol(who, item.cell):
            raise OutOfScope(f"write Patrol {item.cell}")
    if not sweep.starts_on <= clock.today() <= sweep.ends_on:
        raise RuleError(_l("The sweep does not run today."))
    places = [session.get_one(Place, item.place_id) for item in items if item.place_id is not None]
    if places:
        patrols.nothing(session, places)
    return _note(session, sweep, items, "nothing", who)


def found(session: Session, sweep: Sweep, item: Item, matter: Matter) -> None:
    """What was found at an item is this matter; the caller commits. Does nothing for who may not
    patrol there, or after the sweep. A complaint about a worker is tied to nothing.
    """
    who = scope.current()
    if not patrols.may_patrol(who, item.cell) or sweep.ends_on < clock.today():
        return
    if item.place_id is not None:
        patrols.found(session, session.get_one(Place, item.place_id), matter)
    _note(session, sweep, [item], "finding", who)
    asked = select(SweepCheck).where(SweepCheck.sweep_id == sweep.id)
    if item.place_id is not None:
        asked = asked.where(SweepCheck.place_id == item.place_id)
    else:
        asked = asked.where(SweepCheck.line_id == item.line_id, SweepCheck.cell == item.cell)
    check = session.scalars(asked).one()
    check.result = "finding"
    if matter.about_worker_id is None:
        row = {"matter_id": matter.id, "check_id": check.id}
        insert_missing(session, SweepFinding.__table__, [row], ["matter_id"])
    session.flush()


def _note(session: Session, sweep: Sweep, items: Sequence[Item], result: str, who: Identity) -> int:
    rows = [
        {
            "sweep_id": sweep.id, "grid_code": item.cell, "cell": item.cell,
            "line_id": item.line_id, "place_id": item.place_id, "done_at": clock.now(),
            "done_by": (who.name or who.username)[:80], "user_id": who.user_id, "result": result,
        }
        for item in sorted(items, key=lambda item: item.key)
    ]  # fmt: skip
    return len(insert_missing(session, CHECKS, rows, ["id"]))
