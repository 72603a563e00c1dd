"""A move that is being made, and what its effects share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.models import WorkOrder
from portal.rules.work_orders import timing
from portal.rules.work_orders.case import Case


@dataclass
class Move:
    """A move that is being made: the case, what was filled in, when."""

    session: Session
    case: Case
    data: Mapping[str, Any]
    moment: datetime
    passed_on: bool = False  # who makes it has no part in the order afterwards

    @cached_property
    def clocks(self) -> timing.Clocks:
        """The clocks of now; not every move asks for them."""
        return timing.load(self.session)

    @property
    def order(self) -> WorkOrder:
        """The order that moves."""
        return self.case.order

    def told(self, name: str) -> str:
        """What was filled in as text."""
        return str(self.data.get(name) or "").strip()


def due_of(order: WorkOrder) -> dict[str, Any]:
    """The deadline, for the trace."""
    return {"due_at": clock.aware(order.due_at).isoformat() if order.due_at else None}


def number_in(value: Any) -> int:
    """A whole number that was filled in; 0 for anything else."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
