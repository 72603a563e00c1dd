"""Regridding (P1): cells are cut, joined and moved; buildings change cells.

``plan`` works out what a wish would do, ``carry_out`` does it in one transaction, ``propose`` finds
good wishes. Old codes redirect, the history is dated and signed, nobody's code is given away again.
"""

from portal.rules.regrid.carry import carry_out, check_reach, refusal, seen_now
from portal.rules.regrid.moving import move
from portal.rules.regrid.plan import (
    After,
    Consent,
    Merge,
    Move,
    NewPart,
    Plan,
    Shift,
    Split,
    Wish,
)
from portal.rules.regrid.shifting import shift
from portal.rules.regrid.verbs import merge, plan, split

__all__ = [
    "After",
    "Consent",
    "Merge",
    "Move",
    "NewPart",
    "Plan",
    "Shift",
    "Split",
    "Wish",
    "carry_out",
    "check_reach",
    "merge",
    "move",
    "plan",
    "refusal",
    "seen_now",
    "shift",
    "split",
]
