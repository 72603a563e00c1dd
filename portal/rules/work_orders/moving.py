"""Making a move: locked, checked against the table, done, traced, told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
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
from portal.rules import inbox, numberless, trace
from portal.rules.confidential import seen
from portal.rules.flow import Step
from portal.rules.trace import Step as Entry
from portal.rules.work_orders import people, timing
from portal.rules.work_orders.case import case_of
from portal.rules.work_orders.effects import EFFECTS
from portal.rules.work_orders.making import Move
from portal.rules.work_orders.table import FLOW

WORDS = ("note", "reason", "result", "tried", "analysis")  # what is told of a move in sentences
LONGEST = 4000
# Who hears of a move: parts of the matter, "assignee", "dispatcher" or "heads" of its level.
TOLD = {
    "settle": ("reporter",),
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
    "extend": ("assignee",),
    "suspend": ("assignee",),
    "resume": ("assignee",),
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
    order = locked(session, order_id)
    if seen_entries is not None and seen_entries != order.trail_count:
        raise RuleError(meanwhile(session, order, seen_entries))
    if order.void or order.merged_into_id is not None:
        raise RuleError(_l("It is void, or part of another order."))
    case = case_of(session, order, who)
    step = FLOW.check(name, case, data)
    for field in WORDS:
        _check_words(str(data.get(field) or ""), field)
    with scope.acting(scope.SYSTEM), session.no_autoflush:
        made = Move(session, case, data, moment, timing.load(session))
        _make(made, step)
        dissatisfied = name == "return_visit" and order.satisfaction == "not"
        if dissatisfied and order.reopened == 0 and order.kind != "petition":
            _make(made, FLOW.steps["reopen"])
        session.flush()
    return order


def locked(session: Session, order_id: int) -> WorkOrder:
    """The order as it is now, held until the transaction ends. Raises OutOfScope."""
    columns = WorkOrder.__table__.c
    session.connection().execute(
        update(WorkOrder.__table__).where(columns.id == order_id).values(void=columns.void)
    )
    who = scope.current()
    placed = scope.within(WorkOrder.grid_code, who.prefixes(roles.READ, "WorkOrder"))
    order = session.scalars(
        select(WorkOrder)
        .where(WorkOrder.id == order_id, seen(WorkOrder, who, placed))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if order is None:
        raise OutOfScope(f"work order {order_id}")
    return order


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
    step = FLOW.steps.get(entry.move)
    return _l(
        "Meanwhile %(who)s did this: %(what)s. Look at it again.",
        who=entry.actor_name,
        what=step.label if step else entry.move,
    )


def _check_words(text: str, field: str) -> None:
    if len(text) > LONGEST:
        raise RuleError(_l("Use at most %(most)s characters.", most=LONGEST), field)
    numberless.check(text, field)


def _make(made: Move, step: Step) -> None:
    """One move: its effect, its state, its entry in the trace, its messages."""
    order, before = made.order, made.order.state
    order.state = step.target or before
    details = EFFECTS[step.name](made)
    note = next((made.told(name) for name in WORDS if made.told(name)), None)
    entry = Entry(step.name, before, order.state, note, details)
    who = made.case.identity
    trace.append(made.session, order, entry, made.moment, who)
    people.take_part(made.session, order, [who.user_id], "handler")
    _tell(made, step, note)
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
    url = f"/work-orders/show/{order.id}"
    inbox.notify(made.session, sorted(one for one in told if one), "order_moved", params, url)


def _accounts(made: Move, part: str) -> Iterable[int | None]:
    order = made.order
    if part == "assignee":
        return [order.assignee_id]
    if part == "dispatcher":
        return [order.dispatcher_id]
    if part == "heads":
        return people.heads(made.session, order, order.level)
    asked = select(MatterPerson.user_id).where(
        MatterPerson.matter_id == order.matter_id, MatterPerson.part == part
    )
    return list(made.session.scalars(asked))
