"""Responsibility (责任认定; ``warning.responsibility`` of time_limits.yaml, domain.md).

It is never recorded by the machine: the round drafts, the person concerned is heard within five
working days, the station decides; about somebody of the station itself a leader does, and nobody
about themselves. What another unit or an outside cause held up is not drafted, or not recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.models import ResponsibilityDraft, UnitCase, WorkOrder
from portal.models.matter_choices import RESPONSIBILITY_STATES
from portal.queries.accounts import holders_over
from portal.queries.limits import MUNICIPAL
from portal.rules import audit, clocks, inbox, numberless
from portal.rules.bulk import among
from portal.rules.confidential import seen
from portal.rules.flow import Flow, Guard, Party, Step
from portal.rules.inbox import Letter
from portal.rules.once import insert_missing
from portal.rules.order_round import Desk
from portal.scope import Identity

DRAFTS = ResponsibilityDraft.__table__
COPIED = ("grid_code", "matter_id", "visibility", "level", "about_user_id", "due_at", "number")
LONGEST = 4000
DECIDERS = {"station": roles.STATION, "leader": roles.LEADER}


# drafting ----------------------------------------------------------------------------------------


def draft(
    session: Session, orders: Sequence[Any], desk: Desk, hidden: Mapping[int, str]
) -> list[int]:
    """Write a draft for each of ``orders`` (rows of the round, red now) and each person who had it;
    the ids of the new ones. Whoever has an order on record already gets no second one, and of what
    is at the street there is none: its clock is not ours. The caller has recorded the warnings and
    commits.
    """
    elsewhere = _elsewhere(session, orders)
    wanted = [
        _row(order, user_id, desk, hidden.get(order.id))
        for order in orders
        if order.id not in elsewhere and order.level != "street"
        for user_id in _concerned(order, desk, hidden.get(order.id))
    ]
    wanted.sort(key=lambda row: (row["order_id"], row["user_id"]))
    columns = ("id", "number", "grid_code", "user_id", "hear_by")
    new = insert_missing(session, DRAFTS, wanted, columns)
    entries = (
        {
            "row_id": row.id,
            "row_label": row.number,
            "grid_code": row.grid_code,
            "changes": {"number": row.number},
        }
        for row in new
    )
    audit.record_bulk(session, "insert", ResponsibilityDraft.__tablename__, entries)
    inbox.deliver(
        session,
        (
            Letter(
                row.user_id,
                "responsibility_drafted",
                {"number": row.number, "by_on": row.hear_by.isoformat()},
                url_of(row.id),
            )
            for row in new
        ),
    )
    return [row.id for row in new]


def url_of(draft_id: int) -> str:
    """The page of a draft."""
    return f"/responsibility-drafts/show/{draft_id}"


def _elsewhere(session: Session, orders: Sequence[Any]) -> set[int]:
    """The orders that wait for the unit that was handed them, whose clock is its own; what it
    answered is to be re-checked here.
    """
    municipal = sorted(order.id for order in orders if order.kind == MUNICIPAL)
    if not municipal:
        return set()
    theirs = select(UnitCase.order_id).where(
        among(session, UnitCase.order_id, municipal), UnitCase.answered_on.is_(None)
    )
    return set(session.scalars(theirs))


def _concerned(order: Any, desk: Desk, hidden: str | None) -> list[int]:
    """Whoever has it and can be heard; what nobody has in hand is the business of the head of its
    level.
    """
    has, people = order.assignee_id, desk.people
    sees = has is not None and (
        people.acts(has) if hidden is None else people.reads(has, order.grid_code, hidden)
    )
    if sees and has != order.about_user_id:
        return [has]
    return list(dict.fromkeys(
        people.heads(order.level, order.grid_code, hidden, order.about_user_id)
    ))  # fmt: skip


def _row(order: Any, user_id: int, desk: Desk, hidden: str | None) -> dict[str, Any]:
    of_station = desk.people.holders(roles.STATION, order.grid_code, hidden)
    return {
        "order_id": order.id,
        "user_id": user_id,
        "drafted_at": desk.moment,
        "hear_by": clocks.workday(desk.today, desk.limits["heard"], desk.calendar),
        "decider": "leader" if user_id in of_station else "station",
        "state": "open",
        **{name: getattr(order, name) for name in COPIED},
    }


# hearing and deciding ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A draft, who acts, today, and the order that it is about."""

    draft: ResponsibilityDraft
    identity: Identity
    today: date
    order: WorkOrder

    at_rest = False

    @property
    def state(self) -> str:
        """The state of the draft."""
        return self.draft.state

    @property
    def is_person(self) -> bool:
        """Whether it is about who acts."""
        return self.identity.user_id is not None and self.identity.user_id == self.draft.user_id

    @property
    def decides(self) -> bool:
        """Whether who acts decides about others here."""
        wanted = DECIDERS[self.draft.decider]
        return not self.is_person and any(
            grant.role == wanted and self.draft.grid_code.startswith(grant.grid_code)
            for grant in self.identity.grants
        )


PERSON = Party("person", _l("the person concerned"), lambda case: case.is_person)
DECIDER = Party("decider", _l("station, about its own people a leader"), lambda case: case.decides)


def _in_time(case: Case, data: Mapping[str, Any]) -> Any:
    if case.today > case.draft.hear_by:
        return _l("The time to be heard is over.")
    return None


def _heard(case: Case, data: Mapping[str, Any]) -> Any:
    if case.state == "open" and case.today <= case.draft.hear_by:
        return _l("First the person concerned is heard: wait for the answer, or for the day until"
                  " which it may come.")  # fmt: skip
    return None


def _ours(case: Case, data: Mapping[str, Any]) -> Any:
    order = case.order
    if order.void or order.merged_into_id is not None or order.state in ("rejected", "handed"):
        return _l("It is void, part of another order or not ours: no responsibility is recorded.")
    if order.outcome == "handed":
        return _l("Another unit has it: no responsibility is recorded.")
    return None


UNDECIDED = frozenset({"open", "heard"})
FLOW = Flow(
    RESPONSIBILITY_STATES,
    (
        Step("answer", _l("Say what happened"), frozenset({"open"}), "heard", (PERSON,),
             ("statement",), guards=(Guard("in_time", _in_time),), icon="message-reply",
             main=True,
             help=_l("What held it up? Outside causes, and what was not ours, do not count. It is"
                     " read before it is decided.")),
        Step("record", _l("Record it"), UNDECIDED, "recorded", (DECIDER,), ("reason",),
             guards=(Guard("heard", _heard), Guard("ours", _ours)), icon="gavel",
             help=_l("Why. Outside causes, and what was not ours, do not count.")),
        Step("drop", _l("Record nothing"), UNDECIDED, "not_recorded", (DECIDER,), ("reason",),
             icon="check", main=True, help=_l("Why nothing is recorded.")),
    ),
)  # fmt: skip


def case_of(session: Session, row: ResponsibilityDraft) -> Case:
    """The case of a draft and who acts now."""
    order = session.get_one(WorkOrder, row.order_id)
    return Case(row, scope.current(), clock.today(), order)


def act(
    session: Session,
    draft_id: int,
    name: str,
    data: Mapping[str, Any],
    *,
    seen_version: int | None = None,
    moment: datetime | None = None,
) -> ResponsibilityDraft:
    """Answer or decide in the name of who acts now; the caller commits.

    Raises Forbidden, OutOfScope, and RuleError with the field; then nothing was changed.
    """
    who, moment = scope.current(), moment or clock.now()
    row = _locked(session, draft_id, who)
    if seen_version is not None and seen_version != row.version:
        raise RuleError(_l("It changed meanwhile: look at it again."))
    case = case_of(session, row)
    step = FLOW.check(name, case, data)
    words = str(data.get("statement") or data.get("reason") or "").strip()
    field = "statement" if name == "answer" else "reason"
    if not words:
        raise RuleError(_l("Fill this in."), field)
    if len(words) > LONGEST:
        raise RuleError(_l("Use at most %(most)s characters.", most=LONGEST), field)
    numberless.check(words, field)
    with scope.acting(scope.SYSTEM):
        row.state = step.target or row.state
        if name == "answer":
            row.statement, row.stated_at = words, moment
            _tell_deciders(session, row)
        else:
            row.reason, row.decided_at = words, moment
            row.decided_by_id, row.decided_by = who.user_id, (who.name or who.username)[:80]
            _tell_person(session, row)
        session.flush()
    return row


def _locked(session: Session, draft_id: int, who: Identity) -> ResponsibilityDraft:
    """The draft as it is now, held until the transaction ends. Raises OutOfScope."""
    session.connection().execute(
        update(DRAFTS).where(DRAFTS.c.id == draft_id).values(state=DRAFTS.c.state)
    )
    placed = scope.within(
        ResponsibilityDraft.grid_code, who.prefixes(roles.READ, "ResponsibilityDraft")
    )
    row = session.scalars(
        select(ResponsibilityDraft)
        .where(ResponsibilityDraft.id == draft_id, seen(ResponsibilityDraft, who, placed))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise OutOfScope(f"responsibility draft {draft_id}")
    return row


def _tell_deciders(session: Session, row: ResponsibilityDraft) -> None:
    found = holders_over(session, row.grid_code, [DECIDERS[row.decider]])
    told = sorted({one.user_id for one in found} - {row.user_id, row.about_user_id})
    inbox.notify(session, told, "responsibility_heard", {"number": row.number}, url_of(row.id))


def _tell_person(session: Session, row: ResponsibilityDraft) -> None:
    if row.user_id is not None:
        params = {"number": row.number, "decision": row.state}
        inbox.notify(session, [row.user_id], "responsibility_decided", params, url_of(row.id))
