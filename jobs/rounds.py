"""Rounds through the grids: who has not done a sweep that ends soon is told."""

from portal import clock
from portal.extensions import db
from portal.rules import sweep_round


def morning(_slot: str) -> str:
    """The round as of now, however late it comes; what it did."""
    return str(sweep_round.remind(db.session, clock.now()))
