"""Matters with their work orders, many at a time, as the pages would have left them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import insert, select

from portal.models import Matter, MatterCategory, WorkOrder
from portal.queries.limits import Limits, default_numbers
from portal.rules import clocks
from portal.workdays import WorkCalendar

CALENDAR, LIMITS = WorkCalendar(), Limits(default_numbers())
CELL = "4201020029900103001"


def at(text: str) -> datetime:
    """An instant from what the clock on the wall shows."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def put_orders(session: Any, wanted: Iterable[dict[str, Any]]) -> list[int]:
    """Insert orders that were accepted and are on their clock; their ids. ``wanted``: columns that
    differ from a patrol finding in hand; ``about_worker_id`` is the matter's. The caller commits.
    """
    category = session.scalars(select(MatterCategory.id).limit(1)).one()
    start = session.scalar(select(WorkOrder.id).order_by(WorkOrder.id.desc()).limit(1)) or 0
    matters, orders = [], []
    for number, one in enumerate(wanted, start=start + 1):
        order = {
            "id": number, "matter_id": number, "number": f"420102002990-20260101-{number:05}",
            "kind": "patrol", "category_id": category, "summary": f"Lamp {number} is dark",
            "urgency": "normal", "visibility": "normal", "level": "cell", "about_user_id": None,
            "grade": "general", "grid_code": CELL, "state": "handling", "assignee_id": None,
            "dispatcher_id": None, "accepted_at": at("2026-02-12T09:00"), "warned": None,
            "void": False, "merged_into_id": None, "suspended_at": None, "suspended_until": None,
            "suspend_reason": None, "control_due_at": None, "controlled_at": None,
        } | one  # fmt: skip
        order["reported_at"] = order["accepted_at"]
        if order["state"] == "reported":
            order["grade"] = None
        order = order | _clock(order["accepted_at"], order["kind"], order["grade"]) | one
        about = order.pop("about_worker_id", None)
        if "next_warning_at" not in one:
            row = type("Row", (), order)
            order["next_warning_at"] = clocks.next_warning(row, order["accepted_at"])
        orders.append(order)
        same = ("id", "number", "kind", "category_id", "summary", "urgency", "visibility", "level",
                "about_user_id", "grid_code", "reported_at")  # fmt: skip
        matters.append(
            {name: order[name] for name in same} | {"channel": "patrol", "about_worker_id": about}
        )
    session.execute(insert(Matter), matters)
    session.execute(insert(WorkOrder), orders)
    return [order["id"] for order in orders]


@cache
def _clock(since: datetime, kind: str, grade: str | None) -> dict[str, Any]:
    if grade is None:
        return vars(clocks.intake(since, kind, CALENDAR, LIMITS))
    return vars(clocks.answer(since, kind, grade, CALENDAR, LIMITS))
