"""Making a move: locked, checked against the table, done, traced, told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.models import (
    Matter,
    MatterPerson,
    MediationFile,
    PetitionCase,
    TraceEntry,
    WorkOrder,
)
from portal.queries.accounts import holders_over
from portal.rules import inbox, numberless, trace
from portal.rules.confidential import seen
from portal.rules.flow import Step
from portal.rules.order_letters import about_of
from portal.rules.trace import Step as Entry
from portal.rules.work_orders import people, routes
from portal.rules.work_orders.case import case_of, level_above
from portal.rules.work_orders.effects import EFFECTS
from portal.rules.work_orders.hazards import step_back
from portal.rules.work_orders.making import Move
from portal.rules.work_orders.marks import forget_asking
from portal.rules.work_orders.move_words import actor_name, move_name
from portal.rules.work_orders.table import FLOW, WORKING

# What is told of a move in sentences.
WORDS = ("note", "reason", "result", "tried", "analysis", "told", "what")
UNITS = ("turn_to", "unit", "told_whom", "hand_to")
LONGEST = 4000
BY_SLIP = ("extend", "refuse_more")  # decided on what is asked alone
# Whose requests those decide who do not see the order: levels below, by role.
DECIDED_BY = {
    roles.BLOCK_LEADER: ("cell",),
    roles.AREA_LEADER: ("cell", "block"),
    roles.LEADER: ("community",),
}
# Who hears of a move: parts of the matter, "assignee", "dispatcher", "heads" of its level, or those
# "above" it.
TOLD = {
    "settle": ("reporter",),
    "guide": ("reporter",),
    "handoff": ("reporter",),
    "notice": ("reporter",),
    "take_back": ("heads",),
    "convert": ("reporter", "heads"),
    "report_out": ("heads",),
    "unit_answer": ("reporter",),
    "hand_over": ("reporter", "assignee"),
    "unit_answered": ("heads",),
    "rechecked": ("heads",),
    "reject": ("reporter",),
    "dispatch": ("assignee",),
    "return": ("dispatcher",),
    "answer": ("dispatcher",),
    "escalate": ("heads",),
    "analyse": ("heads",),
    "report_up": ("heads",),
    "street_answer": ("heads",),
    "check": ("reporter", "assignee"),
    "rework": ("assignee",),
    "reopen": ("assignee", "heads"),
    "return_visit": ("assignee",),
    "assist": ("helper",),
    "nudge": ("assignee",),
    "ask_more": ("above",),
    "refuse_more": ("assignee",),
    "extend": ("assignee",),
    "suspend": ("assignee",),
    "resume": ("assignee",),
    "rectify": ("assignee",),
    "righted": ("heads",),
    "recheck": ("assignee", "heads"),
    "merge": ("reporter",),
    "void": ("assignee",),
}


def moves_of(session: Session, order: WorkOrder) -> list[Step]:
    """The moves that the identity of now may make with an order."""
    if order.void or order.merged_into_id is not None:
        return []
    return FLOW.open_to(case_of(session, order))


def move(
    session: Session,
    order_id: int,
    name: str,
    data: Mapping[str, Any],
    *,
    seen_entries: int | None = None,
    moment: datetime | None = None,
) -> WorkOrder:
    """Make the move ``name`` in the name of who acts now; the caller commits.

    ``data``: what was filled in, by the fields of the step. ``seen_entries``: how many entries
    of the trace the person saw. Raises Forbidden, OutOfScope (for who may not see it), and
    RuleError with the field; then nothing was changed. Of two at the same moment the second one is
    told what happened (RuleError).
    """
    who, moment = scope.current(), moment or clock.now()
    order = locked(session, order_id, name)
    if seen_entries is not None and seen_entries != order.trail_count:
        raise RuleError(meanwhile(session, order, seen_entries))
    if order.void or order.merged_into_id is not None:
        raise RuleError(_l("It is void, or part of another order."))
    case = case_of(session, order, who)
    step = FLOW.check(name, case, data)
    for field in (*WORDS, *UNITS):
        _check_words(str(data.get(field) or ""), field)
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        made = Move(session, case, data, moment)
        made.passed_on = not sees(session, order_id, who)
        _make(made, step)
        if name == "return_visit" and _comes_again(order):
            _make(made, FLOW.steps["reopen"])
        if name == "handoff" and routes.nobody_outside(session, order):
            _make(made, FLOW.steps["notice"])
        if name == "recheck" and data.get("recheck") == "not" and (back := step_back(order)):
            _make(made, FLOW.steps[back])
        session.flush()
    return order


def _comes_again(order: WorkOrder) -> bool:
    """Whether somebody who is not satisfied sends it back: once, to who had it; no petition, and
    nothing that nobody here had in hand.
    """
    once = order.satisfaction == "not" and order.reopened == 0
    return once and order.assignee_id is not None and order.kind != "petition"


def locked(session: Session, order_id: int, name: str = "") -> WorkOrder:
    """The order as it is now, held until the transaction ends, for the move ``name``. Raises
    OutOfScope.
    """
    columns = WorkOrder.__table__.c
    session.connection().execute(
        update(WorkOrder.__table__).where(columns.id == order_id).values(void=columns.void)
    )
    who = scope.current()
    shown = _seen_by(who)
    if name in BY_SLIP:
        shown = or_(shown, slips(who))
    order = session.scalars(
        select(WorkOrder)
        .where(WorkOrder.id == order_id, shown)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if order is None:
        raise OutOfScope(f"work order {order_id}")
    return order


def sees(session: Session, order_id: int, who: scope.Identity) -> bool:
    """Whether ``who`` sees the order itself, not just that more time is asked for."""
    found = select(WorkOrder.id).where(WorkOrder.id == order_id, _seen_by(who))
    return session.scalar(found) is not None


def slips(who: scope.Identity) -> ColumnElement[bool]:
    """Condition: more time is asked for, and ``who`` is of the level above, which decides that
    without seeing what few may see (domain.md: a leader sees figures, and what needs a signature).
    """
    above = [
        and_(
            WorkOrder.level.in_(DECIDED_BY[grant.role]),
            scope.within(WorkOrder.grid_code, [grant.grid_code]),
        )
        for grant in who.grants
        if grant.role in DECIDED_BY
    ]
    return and_(
        WorkOrder.asked_at.is_not(None),
        WorkOrder.state.in_(WORKING),
        WorkOrder.void.is_(False),
        or_(WorkOrder.about_user_id.is_(None), WorkOrder.about_user_id != who.user_id),
        or_(false(), *above),
    )


def _seen_by(who: scope.Identity) -> ColumnElement[bool]:
    placed = scope.within(WorkOrder.grid_code, who.prefixes(roles.READ, "WorkOrder"))
    return seen(WorkOrder, who, placed)


def meanwhile(session: Session, order: WorkOrder, seen: int) -> Any:
    """What happened since somebody saw ``seen`` entries, in a sentence."""
    entry = session.scalars(
        select(TraceEntry)
        .where(TraceEntry.order_id == order.id, TraceEntry.seq > seen)
        .order_by(TraceEntry.seq.desc())
        .limit(1)
    ).one_or_none()
    if entry is None:
        return _l("It changed meanwhile: look at it again.")
    return _l(
        "Meanwhile %(who)s did this: %(what)s. Look at it again.",
        who=actor_name(entry),
        what=move_name(entry.move),
    )


def _check_words(text: str, field: str) -> None:
    if len(text) > LONGEST:
        raise RuleError(_l("Use at most %(most)s characters.", most=LONGEST), field)
    numberless.check(text, field)


def _make(made: Move, step: Step) -> None:
    """One move: its effect, its state, its entry in the trace, its messages."""
    order, before, level = made.order, made.order.state, made.order.level
    order.state = step.target or before
    details = EFFECTS[step.name](made)
    if order.state not in WORKING:
        forget_asking(order)
    note = next((made.told(name) for name in WORDS if made.told(name)), None)
    entry = Entry(step.name, before, order.state, note, details)
    who = made.case.identity
    trace.append(made.session, order, entry, made.moment, who)
    if not made.passed_on:
        people.take_part(made.session, order, [who.user_id], "handler", who)
    _tell(made, step, note)
    if order.level != level:
        _follow(made.session, order)


def _follow(session: Session, order: WorkOrder) -> None:
    """What belongs to the matter shows to whoever leads the level that has it now."""
    for model in (Matter, MediationFile, PetitionCase):
        table: Any = model.__table__
        key = table.c.id if model is Matter else table.c.matter_id
        followed = update(table).where(key == order.matter_id).values(level=order.level)
        session.connection().execute(followed)


def _tell(made: Move, step: Step, note: str | None) -> None:
    """Whoever should know of it, but for who did it and whom the matter is about."""
    order = made.order
    told: set[int | None] = set()
    for part in TOLD.get(step.name, ()):
        told |= set(_accounts(made, part))
    told -= {None, made.case.identity.user_id, order.about_user_id}
    few = order.visibility != "normal" or order.about_user_id is not None
    params = {
        "move": step.name,
        "number": order.number,
        # Messages stay for long: nothing of what few may see.
        "summary": "" if few else order.summary,
        "who": made.case.identity.name,
        "note": "" if few else (note or "")[:200],
    }
    page = "extension" if step.name == "ask_more" else "show"
    url = f"/work-orders/{page}/{order.id}"
    people_told = sorted(one for one in told if one)
    inbox.notify(made.session, people_told, "order_moved", params, url, **about_of(order))


def _accounts(made: Move, part: str) -> Iterable[int | None]:
    order = made.order
    if part == "assignee":
        return [order.assignee_id]
    if part == "dispatcher":
        return [order.dispatcher_id]
    if part == "above":
        if order.level == "community":
            found = holders_over(made.session, order.grid_code, [roles.LEADER])
            return [one.user_id for one in found]
        return people.heads(made.session, order, level_above(order.level))
    if part == "heads":
        return people.heads(made.session, order, order.level)
    asked = select(MatterPerson.user_id).where(
        MatterPerson.matter_id == order.matter_id, MatterPerson.part == part
    )
    return list(made.session.scalars(asked))
