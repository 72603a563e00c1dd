"""Who makes a move in the demo, and what they fill in."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Grid, WorkOrder
from portal.rules.demo.order_plans import CellPlan, MatterPlan, StepPlan
from portal.rules.demo.order_words import NOTES
from portal.rules.work_orders.case import level_above
from portal.scope import CODE_LENGTHS

ASSIGNEES = ("take", "answer", "progress", "assist", "escalate", "return", "resume")
# Who else makes a move: the head of the level of the order, or an account of the office.
OTHERS = {
    **dict.fromkeys(("accept", "reject", "merge", "suspend", "handoff", "notice"), "head"),
    **dict.fromkeys(("report_up", "void"), "station"),
    "street_answer": "street",
    "settle": "worker",
}
HEADS = {"cell": "leader", "block": "block", "area": "area", "community": "station"}
# What is written, by the move and the field that takes it.
WRITTEN = {
    "progress": ("note", "note"), "assist": ("note", "helper"), "nudge": ("note", "nudge"),
    "rework": ("reason", "rework"), "return": ("reason", "return"), "extend": ("reason", "extend"),
    "report_up": ("reason", "report_up"), "street_answer": ("note", "street"),
    "void": ("reason", "void"), "control": ("note", "control"), "escalate": ("tried", "tried"),
}  # fmt: skip


# What is not for us: the field for the outcome, the one for the unit that owes it.
ELSEWHERE = {"reject": ("reason", "hand_to"), "handoff": ("", "unit"), "notice": ("told", "")}


class Acting:
    """The demo accounts by role and place."""

    def __init__(self, session: Session, cells: Sequence[CellPlan]) -> None:
        digits = (CODE_LENGTHS["community"], CODE_LENGTHS["cell"])
        inside = Grid.code.between(cells[0].code[: digits[0]], cells[-1].code)
        found = select(Grid.code, Grid.level).where(inside, Grid.level.in_(("area", "block")))
        self._names: dict[tuple[str, str], str] = {}
        numbers = {"area": 0, "block": 0}
        for code, level in session.execute(found.order_by(Grid.code)):
            numbers[level] += 1
            width = 1 if level == "area" else 2
            self._names[level, code] = f"{level}{numbers[level]:0{width}d}"
        for cell in cells:
            self._names["leader", cell.code] = f"leader{cell.number:02d}"
            self._names["worker", cell.code] = f"worker{cell.number:02d}"

    def account(self, role: str, code: str) -> str:
        """The account with ``role`` over ``code``; of the office, or a name, it is that itself. The
        station where the place lies too high for the role.
        """
        sizes = {"leader": "cell", "worker": "cell", "block": "block", "area": "area"}
        if role not in sizes:
            return {"leading": "leader"}.get(role, role)
        return self._names.get((role, code[: CODE_LENGTHS[sizes[role]]]), "station")

    def head(self, level: str, code: str) -> str:
        """Who leads ``level`` over ``code``."""
        return self.account(HEADS[level], code)


def asked_to(
    acting: Acting,
    order: WorkOrder,
    step: StepPlan,
    assignee: str | None,
    dispatcher: str | None,
) -> str:
    """The account that makes a move with an order."""
    code, name = order.grid_code, step.name
    if name in ASSIGNEES:
        return assignee or acting.account("worker", code)
    if name in ("check", "rework", "visit"):
        return next(one for one in _others(acting, order, name) if one != assignee)
    if name == "control":
        return assignee or acting.account("worker", code)
    if name == "nudge":
        return dispatcher or acting.head(order.level, code)
    if name == "dispatch":
        return acting.head(_dispatched(step)[0], code)
    if name == "extend":
        return acting.head(level_above(order.level), code)
    if name == "analyse":
        return acting.account(step.arguments[0], code)
    role = OTHERS[name]
    return acting.head(order.level, code) if role == "head" else acting.account(role, code)


def _others(acting: Acting, order: WorkOrder, name: str) -> list[str]:
    """Who may look at what somebody did, the nearest first."""
    code, head = order.grid_code, acting.head(order.level, order.grid_code)
    if order.visibility != "normal":
        return [head, "station"]
    near = acting.account("leader", code)
    above = [acting.account(role, code) for role in ("block", "area")]
    if name == "visit":
        return [near, *above, "station"]
    return [*above, "station"] if order.level == "cell" else [head, *above, "station"]


def _dispatched(step: StepPlan) -> tuple[str, str, str]:
    """Level, grade and to whom, from ``level/grade/who``."""
    told = [*(step.arguments[0] if step.arguments else "").split("/"), "", ""]
    return told[0] or "cell", told[1] or "general", told[2] or "worker"


def filled_in(
    acting: Acting, order: WorkOrder, step: StepPlan, plan: MatterPlan, chance: Random
) -> dict[str, Any]:
    """What the form of the move holds; people by the names of their accounts."""
    name, told = step.name, step.arguments
    if name in WRITTEN:
        field, words = WRITTEN[name]
        data: dict[str, Any] = {field: chance.choice(NOTES[words])}
        if name == "assist":
            data["helper"] = _helper(acting, order)
        if name == "extend":
            data["days"] = told[0]
        return data
    if name in ("settle", "answer"):
        return {"result": plan.result or plan.summary}
    if name in ELSEWHERE:
        words, unit = ELSEWHERE[name]
        return ({words: plan.result} if words else {}) | ({unit: told[0]} if unit else {})
    if name == "dispatch":
        level, grade, who = _dispatched(step)
        role = acting.head(level, order.grid_code) if who == "head" else who
        return {"level": level, "grade": grade, "assignee": acting.account(role, order.grid_code)}
    if name == "suspend":
        until = clock.today() + timedelta(days=int(told[1]))
        return {"suspension": told[0], "until": until}
    if name == "analyse":
        return {"analysis": chance.choice(NOTES["analysis"])} if not order.analysis else {}
    if name == "visit":
        return {"satisfaction": told[0], "note": chance.choice(NOTES[told[0]])}
    return {}


def _helper(acting: Acting, order: WorkOrder) -> str:
    """The head of the block; where that is the level itself, of the area."""
    return acting.account("block" if order.level in ("cell", "area") else "area", order.grid_code)
