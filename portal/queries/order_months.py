"""Figures of work orders month by month, and by kind: what came, what was closed and how, what is
open, what missed its deadline. Never by who reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, not_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import WorkOrder
from portal.models.matter_choices import MATTER_KINDS, SATISFACTIONS
from portal.queries.matters import is_open, overdue


@dataclass
class Tally:
    """Of a month or a kind. ``ended``: closed or not accepted; ``in_time`` and the answers to the
    return visit are of those closed. ``open``: at the end of the month, or now; ``late``: missed
    their deadline in the month, or are overdue now.
    """

    received: int = 0
    ended: int = 0
    closed: int = 0
    in_time: int = 0
    satisfied: int = 0
    partly: int = 0
    not_satisfied: int = 0
    open: int = 0
    late: int = 0

    def add(self, other: "Tally") -> None:
        """The other's figures too, but for ``open`` and ``late``."""
        for name in ("received", "ended", "closed", "in_time", "satisfied", "partly",
                     "not_satisfied"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class Figures:
    """``months``: first day and figures of each, in their order; ``kinds``: of the kinds of which
    there was anything; ``total`` of the whole period, what is open and overdue now.
    """

    months: list[tuple[date, Tally]]
    kinds: dict[str, Tally]
    total: Tally


def months_of(first: date, last: date) -> list[date]:
    """The first days of the months from that of ``first`` to that of ``last``."""
    found, day = [], first.replace(day=1)
    while day <= last:
        found.append(day)
        day = following(day)
    return found


def following(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def figures(session: Session, months: Sequence[date], seen: ColumnElement[bool]) -> Figures:
    """The figures of ``months`` (first days, without a gap), counting the orders that ``seen``
    holds for: four statements. What is void or part of another order counts nowhere.
    """
    # What came and ended after the period leads back from what is open now to what was open then.
    known = [*months, following(months[-1])]
    counts = and_(WorkOrder.void.is_(False), WorkOrder.merged_into_id.is_(None), seen)
    by_month = [Tally() for _month in known]
    kinds = {kind: Tally() for kind in MATTER_KINDS}
    for place, kind, *numbers in session.execute(_received(known, counts)):
        _note(by_month, kinds, place, kind, Tally(*numbers))
    for place, kind, *numbers in session.execute(_ended(known, counts)):
        _note(by_month, kinds, place, kind, Tally(0, *numbers))
    total = Tally()
    for kind, opened, late in session.execute(_standing(seen)):
        kinds[kind].open, kinds[kind].late = opened, late
        total.open, total.late = total.open + opened, total.late + late
    for place, late in session.execute(_missed(known, counts)):
        by_month[place].late = late
    left = total.open
    for tally in reversed(by_month):
        tally.open, left = max(0, left), left - tally.received + tally.ended
    by_month.pop()
    for tally in by_month:
        total.add(tally)
    present = {kind: one for kind, one in kinds.items() if one.received or one.closed or one.open}
    return Figures(list(zip(months, by_month, strict=True)), present, total)


def _note(
    months: list[Tally], kinds: dict[str, Tally], place: int, kind: str, found: Tally
) -> None:
    months[place].add(found)
    if place < len(months) - 1:
        kinds[kind].add(found)


def _start(month: date) -> datetime:
    return clock.aware(datetime.combine(month, time(0), clock.zone()))


def _bucket(column: Any, months: Sequence[date]) -> Any:
    """In which of ``months`` an instant lies; what is later counts as the last one."""
    ends = [(column < _start(following(month)), at) for at, month in enumerate(months[:-1])]
    return case(*ends, else_=len(months) - 1) if ends else cast(0, Integer)


def _received(months: Sequence[date], counts: ColumnElement[bool]) -> Any:
    place = _bucket(WorkOrder.reported_at, months).label("place")
    asked = select(place, WorkOrder.kind, func.count())
    asked = asked.where(WorkOrder.reported_at >= _start(months[0]), counts)
    return asked.group_by(place, WorkOrder.kind)


def _ended(months: Sequence[date], counts: ColumnElement[bool]) -> Any:
    place = _bucket(WorkOrder.closed_at, months).label("place")
    closed = WorkOrder.state == "closed"
    answers = [_sum(and_(closed, WorkOrder.satisfaction == one)) for one in SATISFACTIONS]
    kept = and_(closed, WorkOrder.answered_at <= WorkOrder.due_at)
    asked = select(place, WorkOrder.kind, func.count(), _sum(closed), _sum(kept), *answers)
    asked = asked.where(WorkOrder.closed_at >= _start(months[0]), counts)
    return asked.group_by(place, WorkOrder.kind)


def _standing(seen: ColumnElement[bool]) -> Any:
    asked = select(WorkOrder.kind, func.count(), _sum(overdue())).where(is_open(), seen)
    return asked.group_by(WorkOrder.kind)


def _missed(months: Sequence[date], counts: ColumnElement[bool]) -> Any:
    place = _bucket(WorkOrder.due_at, months).label("place")
    elsewhere = WorkOrder.state.in_(("rejected", "reported_up"))  # that clock is not ours
    unanswered = and_(WorkOrder.answered_at.is_(None), not_(elsewhere))
    late = unanswered | (WorkOrder.answered_at > WorkOrder.due_at)
    asked = select(place, func.count()).where(
        WorkOrder.due_at >= _start(months[0]), WorkOrder.due_at < clock.now(),
        WorkOrder.suspended_at.is_(None), late, counts,
    )  # fmt: skip
    return asked.group_by(place)


def _sum(condition: ColumnElement[bool]) -> Any:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)
