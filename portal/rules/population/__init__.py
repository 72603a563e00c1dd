"""Changes of the register (P8.5): each verb writes the dated event and the register together.

The caller commits. Every verb raises RuleError with the form field it is about: ``on`` (the day),
``resident``, ``household``, ``head``, ``people``, ``dwelling``, ``number``, ``relation``.
"""

from portal.rules.population.events import cancel, is_cancelled, may_cancel
from portal.rules.population.homes import change_head, merge, split
from portal.rules.population.new import Arrival, enter, judge_new, note_new, record_arrivals
from portal.rules.population.people import (
    away_begin,
    away_end,
    change_registration,
    death,
    move_in_known,
    move_out,
)

__all__ = [
    "Arrival",
    "away_begin",
    "away_end",
    "cancel",
    "change_head",
    "change_registration",
    "death",
    "enter",
    "is_cancelled",
    "judge_new",
    "may_cancel",
    "merge",
    "move_in_known",
    "move_out",
    "note_new",
    "record_arrivals",
    "split",
]
