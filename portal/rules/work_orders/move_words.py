"""What a move in the trail is called, and who made it."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.models import TraceEntry
from portal.rules.work_orders.table import FLOW

# What stands in a trail and is no step of the table.
OTHERS = {
    "report": _l("Report it"),
    "supervise": _l("Supervised"),
    "mediate": _l("Mediation file opened"),
    "mediated": _l("Mediation ended"),
    "authority": _l("What the authority did"),
    "mandate": _l("File for the resident"),
}


def move_name(move: str) -> Any:
    """The word for a move."""
    step = FLOW.steps.get(move)
    return step.label if step is not None else OTHERS.get(move, move)


def actor_name(entry: TraceEntry) -> Any:
    """The person, or the portal where no person did it."""
    return entry.actor_name if entry.actor != "system" else _l("the portal itself")
