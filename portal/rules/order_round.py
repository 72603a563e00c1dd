"""What the parts of the round of work orders share: what is read, counted and told to the trace."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import WorkOrder
from portal.models.matter_choices import ENDED, ORDER_STATES
from portal.queries.responsible import Responsible, load_responsible
from portal.queries.workdays import load_calendar
from portal.rules import trace
from portal.rules.bulk import among
from portal.rules.clocks import Limits, load_limits
from portal.workdays import WorkCalendar

OPEN = tuple(state for state in ORDER_STATES if state not in ENDED)
ORDERS = WorkOrder.__table__
CLOCK = ("due_at", "yellow_at", "red_at", "escalate_by", "next_warning_at")
COLUMNS = (
    "id", "number", "matter_id", "kind", "summary", "grid_code", "level", "visibility",
    "about_user_id", "urgency", "state", "assignee_id", "dispatcher_id", "void", "merged_into_id",
    "warned", "control_due_at", "suspended_at", "suspended_until", *CLOCK,
)  # fmt: skip
ALIVE = and_(ORDERS.c.void.is_(False), ORDERS.c.merged_into_id.is_(None))


@dataclass
class Round:
    """What a round did: warnings by kind, orders whose clock runs again, orders that failed."""

    yellow: int = 0
    orange: int = 0
    red: int = 0
    control: int = 0
    weekly: int = 0
    resumed: int = 0
    failed: int = 0

    def add(self, other: "Round") -> None:
        """Count what another part of the round did."""
        for name, number in asdict(other).items():
            setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {number}" for name, number in asdict(self).items())
        return f"warned {told}"


class Desk:
    """What one round knows: its moment, and what it looks up once and only when asked."""

    def __init__(self, session: Session, moment: datetime) -> None:
        self._session, self.moment = session, clock.aware(moment)
        self.today = clock.local(moment).date()

    @cached_property
    def people(self) -> Responsible:
        """Who answers for which grid today."""
        return load_responsible(self._session, self.today)

    @cached_property
    def limits(self) -> Limits:
        """The limits in force."""
        return load_limits(self._session)

    @property
    def every(self) -> timedelta:
        """How often it is told how far a major hazard is."""
        return timedelta(days=self.limits["report.hazard"])

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The working days."""
        return load_calendar(self._session)


def rows_of(session: Session, ids: Sequence[int], still: ColumnElement[bool]) -> Select[Any]:
    """Those of the orders that ``still`` holds for, kept from changing until the commit. In one
    order everywhere, or two rounds may wait for each other.
    """
    columns = (ORDERS.c[name] for name in COLUMNS)
    found = select(*columns).where(among(session, ORDERS.c.id, ids), still).order_by(ORDERS.c.id)
    return found.with_for_update()


def note(
    session: Session, orders: Sequence[Any], move: str, moment: datetime, made: dict[int, str]
) -> None:
    """Tell the trace of ``orders`` what the round did; ``made``: their supervision orders."""
    steps = {
        order.id: trace.Step(
            move, order.state, order.state, None,
            {"supervision": made[order.id]} if order.id in made else {},
        )
        for order in orders
    }  # fmt: skip
    trace.note_many(session, steps, moment)
