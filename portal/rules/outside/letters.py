"""A message before it is one: for whom, about what, and what of it may leave the portal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.models.message_choices import TOPICS

KINDS = {
    "order_reported": "orders",
    "order_moved": "orders",
    "order_yellow": "warnings",
    "order_orange": "warnings",
    "order_red": "warnings",
    "order_control": "warnings",
    "order_weekly": "warnings",
    "population_report": "documents",
    "regridded": "documents",
}
STARTS = (
    ("case_", "orders"),  # files of mediations and petitions: without a place, so subject and link
    ("responsibility_", "warnings"),
    ("sweep_", "orders"),
    ("meeting", "meetings"),
    ("board_", "documents"),
    ("task_", "work"),
)
# What somebody typed into these is never sent (the cause why long work failed, say).
BARE = ("task_failed",)


@dataclass(frozen=True)
class Letter:
    """A message for one account. ``kind`` is one of ``messages.TEXTS``, ``params`` plain JSON
    values, ``url`` a path of the portal.

    ``place``: code of the grid that it is about; without it no group robot is told. ``private``:
    few may know of it, so that nothing but subject and link leaves the portal, and that only to the
    account itself. ``urgent``: it goes out at night too. ``until``: afterwards it is too late.
    """

    user_id: int
    kind: str
    params: dict[str, Any]
    url: str | None = None
    place: str | None = None
    private: bool = False
    urgent: bool = False
    until: datetime | None = None

    @property
    def topic(self) -> str:
        """What it is about, one of ``TOPICS``."""
        return topic_of(self.kind)

    @property
    def bare(self) -> bool:
        """Whether only subject and link may leave the portal. Of an order they are all, unless the
        rule said where it lies, and so thought of who may know.
        """
        unsaid = self.topic in ("orders", "warnings") and self.place is None
        return self.private or unsaid or self.kind in BARE or self.topic == "other"


def topic_of(kind: str) -> str:
    """The topic of a kind of message; of one that nobody put anywhere it is ``other``."""
    found = KINDS.get(kind) or next((t for start, t in STARTS if kind.startswith(start)), "other")
    assert found in TOPICS
    return found
