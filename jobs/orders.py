"""Work orders: the round that watches their clocks."""

from portal import clock
from portal.extensions import db
from portal.rules import tick as rounds


def tick(slot: str) -> str:
    """The round as of now, however late it comes; what it did."""
    return str(rounds.tick(db.session, clock.now()))
