"""Matters, categories and orders as lists ask for them."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from portal import clock, scope
from portal.models import (
    Matter,
    MatterCategory,
    MatterPerson,
    Rectification,
    ResponsibilityDraft,
    SupervisionOrder,
    WorkOrder,
)
from portal.models.matter_choices import PAUSED
from portal.models.rectification import TO_RECHECK
from portal.models.types import INSTANT
from portal.models.work_order import STILL_OPEN, TO_ASK, WARNED

REPEATED, REPEATED_WITHIN = 3, timedelta(days=30)  # time_limits.yaml, repeat


def only(condition: Callable[[], ColumnElement[bool]]) -> Callable[[Select[Any]], Select[Any]]:
    """A ready-made view of a list: its rows that meet a condition."""
    return lambda found: found.where(condition())


def common() -> ColumnElement[bool]:
    """Categories that the phone offers first."""
    return and_(MatterCategory.common.is_(True), MatterCategory.in_use.is_(True))


def offered(session: Session) -> list[MatterCategory]:
    """Every category that can be chosen, by kind and code; groups come before their items."""
    asked = select(MatterCategory).where(MatterCategory.in_use.is_(True))
    return list(session.scalars(asked.order_by(MatterCategory.code)))


def is_open() -> ColumnElement[bool]:
    """Orders in which something is still to be done, in the words of their index."""
    return and_(STILL_OPEN, true())


def mine() -> ColumnElement[bool]:
    """Orders that were given to who asks."""
    own = WorkOrder.assignee_id == scope.current().user_id
    return and_(own, WorkOrder.state.in_(("dispatched", "handling")))


def helping() -> ColumnElement[bool]:
    """Open orders in which who asks helps."""
    asked = select(MatterPerson.matter_id).where(
        MatterPerson.user_id == scope.current().user_id, MatterPerson.part == "helper"
    )
    return and_(is_open(), WorkOrder.matter_id.in_(asked))


def overdue() -> ColumnElement[bool]:
    """Open orders whose clock runs and is past its end."""
    return and_(_running(), WorkOrder.due_at < clock.now())


def due_soon() -> ColumnElement[bool]:
    """Open orders that were warned of, and are not overdue."""
    warned = and_(WARNED, WorkOrder.warned == "yellow", WorkOrder.due_at >= clock.now())
    return and_(_running(), warned)


def _running() -> ColumnElement[bool]:
    """Open orders on which somebody here has to do something by a deadline."""
    # What ended is not open: asked twice, a database would expect hardly any row.
    here = WorkOrder.state.not_in(PAUSED)
    return and_(is_open(), WorkOrder.suspended_at.is_(None), here)


def waiting(*states: str) -> Any:
    """Orders in one of ``states``."""

    def condition() -> ColumnElement[bool]:
        return and_(is_open(), WorkOrder.state.in_(states))

    return condition


def to_analyse() -> ColumnElement[bool]:
    """Orders at the level of the community that wait for the analysis."""
    return and_(is_open(), WorkOrder.state == "escalated", WorkOrder.level == "community")


def asked_for() -> ColumnElement[bool]:
    """Orders for which more time is asked."""
    working = WorkOrder.state.in_(("dispatched", "handling"))
    return and_(WorkOrder.asked_at.is_not(None), working, WorkOrder.void.is_(False))


def to_sample() -> ColumnElement[bool]:
    """Settled on the spot and drawn to be looked at again, or closed and to be asked about."""
    return and_(TO_ASK, true())


def to_right() -> ColumnElement[bool]:
    """Open hazards that somebody was told to put right and that are not."""
    asked = select(Rectification.order_id).where(Rectification.righted_at.is_(None))
    return and_(is_open(), WorkOrder.id.in_(asked))


def right_late() -> ColumnElement[bool]:
    """Open hazards that should have been put right before today."""
    asked = select(Rectification.order_id).where(
        Rectification.righted_at.is_(None), Rectification.right_by < clock.today()
    )
    return and_(is_open(), WorkOrder.id.in_(asked))


def to_recheck() -> ColumnElement[bool]:
    """Hazards that were put right and are to be checked again by today, closed or not."""
    asked = select(Rectification.order_id).where(
        TO_RECHECK, Rectification.recheck_on <= clock.today()
    )
    alive = and_(WorkOrder.void.is_(False), WorkOrder.merged_into_id.is_(None))
    return and_(alive, WorkOrder.id.in_(asked))


def repeated() -> ColumnElement[bool]:
    """Matters of which there were three in a month at the same place and about the same: something
    to be analysed. Never counted by who reported, and nothing that few may see; what is void was
    a mistake.
    """
    return _repeated()


@cache
def _repeated() -> ColumnElement[bool]:
    """Worded once; the instant is asked for with every statement."""
    since = bindparam("since", callable_=lambda: clock.now() - REPEATED_WITHIN, type_=INSTANT)
    counted = and_(Matter.place.is_not(None), Matter.visibility == "normal")
    # Few come so often: only of these it is asked which are void.
    sure = and_(_valid(Matter), _alike(since, _valid) >= REPEATED)
    often = case((_alike(since) >= REPEATED, sure), else_=false())
    return and_(counted, Matter.reported_at >= since, often)


def _alike(since: Any, which: Callable[[Any], Any] | None = None) -> Any:
    """How many matters since then are like a matter, itself included."""
    other = aliased(Matter)
    found = select(func.count(other.id)).where(
        other.category_id == Matter.category_id,
        other.place == Matter.place,
        other.grid_code == Matter.grid_code,
        other.visibility == "normal",
        other.reported_at >= since,
    )
    return (found.where(which(other)) if which else found).correlate(Matter).scalar_subquery()


def _valid(matter: Any) -> ColumnElement[bool]:
    """Whether the order of a matter is not void: one look into its unique index for each matter,
    where a database would join all orders for an EXISTS.
    """
    void = select(WorkOrder.void).where(WorkOrder.matter_id == matter.id).correlate(matter)
    return void.scalar_subquery().is_(False)


def to_decide() -> ColumnElement[bool]:
    """Drafts about others whose person was heard, or let the time go by."""
    late = and_(ResponsibilityDraft.state == "open", ResponsibilityDraft.hear_by < clock.today())
    others = or_(
        ResponsibilityDraft.user_id.is_(None),
        ResponsibilityDraft.user_id != scope.current().user_id,
    )
    return and_(others, or_(ResponsibilityDraft.state == "heard", late))


def to_be_heard() -> ColumnElement[bool]:
    """Drafts about who asks that still can be answered."""
    return and_(
        ResponsibilityDraft.user_id == scope.current().user_id,
        ResponsibilityDraft.state == "open",
        ResponsibilityDraft.hear_by >= clock.today(),
    )


def order_of(matter_id: int) -> Select[Any]:
    """The select of a matter's order."""
    return select(WorkOrder).where(WorkOrder.matter_id == matter_id)


def merged_into(order_id: Any) -> ColumnElement[bool]:
    """Whether other orders are part of this one."""
    part = aliased(WorkOrder)
    return exists().where(part.merged_into_id == order_id)


def supervised(state: str) -> Any:
    """Supervision orders in ``state``."""

    def condition() -> ColumnElement[bool]:
        return SupervisionOrder.state == state

    return condition


def unsigned() -> ColumnElement[bool]:
    """Supervision orders that no leader has signed."""
    return and_(SupervisionOrder.signed_at.is_(None), SupervisionOrder.state != "closed")
