"""What somebody decided of rows that look like a person on record: numbers of rows, keys and
choices, nothing of the people themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SAME, OTHER, REFUSE = "same", "other", "refuse"
CHOICES = (SAME, OTHER, REFUSE)


@dataclass(frozen=True)
class Decision:
    """Of one row: the choice, of SAME also whose record, and the records (key and version) that it
    was made before."""

    choice: str
    seen: str
    record: int | None = None


@dataclass(frozen=True)
class Decisions:
    """``all``: of every row that ``rows`` does not name. ``seen_at``: when the check looked at the
    records (None: nobody looked, ``all`` holds for whatever is there).
    """

    all: str = REFUSE
    rows: Mapping[int, Decision] = field(default_factory=dict)
    seen_at: datetime | None = None

    def as_params(self) -> dict[str, Any]:
        """For the arguments of a task."""
        return {
            "all": self.all,
            "rows": {str(n): [one.choice, one.seen, one.record] for n, one in self.rows.items()},
            "seen_at": self.seen_at.isoformat() if self.seen_at else None,
        }


def from_params(told: Mapping[str, Any] | None) -> Decisions:
    """Back again; without any nothing is decided, so nothing is guessed."""
    if told is None:
        return Decisions()
    rows = {int(number): Decision(*one) for number, one in told["rows"].items()}
    seen = datetime.fromisoformat(told["seen_at"]) if told["seen_at"] else None
    return Decisions(told["all"], rows, seen)


def decided(told: Mapping[str, Any], every: str, chosen: Mapping[int, str]) -> Decisions:
    """What was chosen on the page of a check that told ``told`` (``matches.Told.as_dict``).

    ``chosen``: row to ``other``, ``refuse`` or ``same`` with the key of the record (``same12``);
    anything else counts as not chosen, and then ``every`` holds.
    """
    rows = {}
    for one in told["rows"]:
        decision = _of_row(one, chosen.get(one["row"], ""))
        if decision is not None:
            rows[int(one["row"])] = decision
    known = every if every in CHOICES else REFUSE
    return Decisions(known, rows, datetime.fromisoformat(told["seen_at"]))


def _of_row(one: Mapping[str, Any], choice: str) -> Decision | None:
    if choice in (OTHER, REFUSE):
        return Decision(choice, one["seen"])
    keys: Iterable[int] = (record["id"] for record in one["records"])
    record = next((key for key in keys if choice == f"{SAME}{key}"), None)
    return Decision(SAME, one["seen"], record) if record is not None else None
