"""The clock of an order: started, stopped, extended; what the rounds look at follows from it.

The dates themselves are computed in ``rules/clocks.py``; here they are written into the order.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy.orm import Session, object_session

from portal import clock
from portal.models import WorkOrder
from portal.queries import units
from portal.queries.limits import MUNICIPAL
from portal.queries.workdays import load_calendar
from portal.rules import clocks
from portal.rules.clocks import Deadline, Limits
from portal.workdays import WorkCalendar


@dataclass(frozen=True)
class Clocks:
    """The limits and the calendar in force."""

    limits: Limits
    calendar: WorkCalendar

    def start_intake(self, order: WorkOrder, moment: datetime) -> None:
        """From when it reached us: taking in, and bringing a danger under control."""
        _set(order, clocks.intake(moment, order.kind, self.calendar, self.limits))
        order.control_due_at = clocks.control(moment, order.kind, order.urgency, self.limits)
        order.warned = None
        run(order, moment)

    def start_answer(self, order: WorkOrder, start: datetime, moment: datetime) -> None:
        """The whole time for the answer, by kind and grade, counted from ``start``. Of a municipal
        problem the days by grade are the unit's: ours are one to hand over and two to re-check. The
        clocks of others begin where they do (``rules/petitions.py``, ``services.py``).
        """
        if order.kind == MUNICIPAL:
            _set(order, self._own(order, start))
        else:
            _set(order, clocks.answer(start, order.kind, order.grade, self.calendar, self.limits))
        order.warned = None
        run(order, moment)

    def _own(self, order: WorkOrder, start: datetime) -> Deadline:
        """Our days on a municipal problem; what a unit has in hand is not cut short."""
        session = object_session(order)
        handed = session is not None and units.case_of_order(session, order.id) is not None
        days = self.limits["municipal.recheck" if handed else "municipal.hand_over"]
        day = clocks.workday(clock.local(start).date(), days, self.calendar)
        found = clocks.until(day, days, self.calendar, self.limits)
        known = clocks.deadline_of(order)
        return known if handed and known and known.due_at > found.due_at else found

    def start_notice(self, order: WorkOrder, moment: datetime) -> None:
        """Until those concerned heard where it went; what that unit does has a clock of its own."""
        _set(order, clocks.notice(moment, self.calendar, self.limits))
        order.warned = None
        run(order, moment)

    def at_level(self, order: WorkOrder, moment: datetime) -> None:
        """Half of what is left is for the level that has it now."""
        deadline = clocks.deadline_of(order)
        if deadline is not None:
            found = clocks.at_level(deadline, moment, self.calendar, self.limits)
            order.escalate_by = found.escalate_by

    def until(self, order: WorkOrder, day: date, days: int, moment: datetime) -> None:
        """Until the end of ``day``, of which ``days`` working days are the community's own."""
        _set(order, clocks.until(day, days, self.calendar, self.limits))
        order.warned = None
        run(order, moment)

    def extend(self, order: WorkOrder, days: int, moment: datetime) -> None:
        """``days`` working days more. Raises RuleError beside ``days`` where it is too much."""
        deadline = clocks.deadline_of(order)
        assert deadline is not None
        start, limits = clock.aware(order.accepted_at or moment), self.limits
        told = (deadline, order.kind, order.grade, start, self.calendar, limits, days)
        _set(order, clocks.extended(*told))
        order.warned = None
        run(order, moment)

    def go_on(self, order: WorkOrder, since: datetime, moment: datetime) -> None:
        """Run again after standing still ``since`` then."""
        deadline = clocks.deadline_of(order)
        if deadline is not None:
            _set(order, clocks.resumed(deadline, since, moment, self.calendar))
        run(order, moment)

    def drawn(self, order: WorkOrder, what: str) -> bool:
        """Whether the order belongs to the sample ``what``: always the same answer, which nobody
        can choose.
        """
        digest = sha256(f"{what} {order.number}".encode()).digest()
        share = self.limits.get(f"{what}_percent") or 0
        return int.from_bytes(digest[:4], "big") * 100 < share * 2**32

    def return_visit_by(self, moment: datetime) -> date:
        """The last day for asking those concerned."""
        day = clock.local(moment).date()
        return clocks.workday(day, self.limits["visit.days"], self.calendar)


def load(session: Session) -> Clocks:
    """The clocks of now."""
    return Clocks(clocks.load_limits(session), load_calendar(session))


def run(order: WorkOrder, moment: datetime) -> None:
    """Let the rounds look at the next warning that nobody was given for this deadline."""
    order.next_warning_at = clocks.next_warning(order, moment)


def stop(order: WorkOrder) -> None:
    """No round looks at it any more."""
    order.next_warning_at = order.escalate_by = None


def _set(order: WorkOrder, deadline: Deadline) -> None:
    order.due_at, order.yellow_at = deadline.due_at, deadline.yellow_at
    order.red_at, order.escalate_by = deadline.red_at, deadline.escalate_by
