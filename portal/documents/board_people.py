"""The people on a notice board: how many cards in a row, and how large.

All lengths are millimetres within the zone of the people.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.documents.board_card import Box, Card, make_card
from portal.queries.board_record import BoardPerson

LEFT, TOP = 4.0, 11.0
BODY_WIDTH, BODY_HEIGHT = 252.0, 108.0
GAP = 2.5
CAPTION = 6.5
WIDEST, TALLEST = 84.0, 62.0
LEAST_NUMBER = 10.0
PER_ROW = 5
MOST_ROWS = 3
LOW = 48.0  # a card below this height has the telephone beside the portrait
NARROW = 56.0  # unless it is narrower than this


@dataclass(frozen=True)
class Row:
    """A row of cards; the first of its group carries the caption."""

    group: str
    caption: str
    caption_top: float
    cards: list[Card]


def arrange(people: Sequence[BoardPerson], _: Callable[[str], str]) -> tuple[list[Row], bool]:
    """Rows of cards, the grid's own people first; whether everybody found a place."""
    groups = [[p for p in people if p.own], [p for p in people if not p.own]]
    # A single group has the height for more rows of wider cards.
    per_row = PER_ROW if all(groups) else 3 if len(people) <= 6 else 4
    own, above = (_split(group, per_row) for group in groups)
    kept_own = own[: MOST_ROWS - bool(above)]
    kept_above = above[: MOST_ROWS - len(kept_own)]
    count = len(kept_own) + len(kept_above)
    weight = 1.35 if count <= 2 else 1.0  # the grid's own people stand out where there is room
    free = BODY_HEIGHT - CAPTION * bool(above) - GAP * (count - 1)
    share = min(free / max(weight * len(kept_own) + len(kept_above), 1.0), TALLEST)
    placed = _rows("own", "", kept_own, TOP, share * weight, _)
    top = TOP + len(kept_own) * (share * weight + GAP)
    caption = _("Levels above and linked services")
    placed += _rows("above", caption, kept_above, top, share, _)
    return placed, count == len(own) + len(above)


def _rows(
    group: str,
    caption: str,
    people: list[list[BoardPerson]],
    top: float,
    height: float,
    _: Callable[[str], str],
) -> list[Row]:
    """The rows of one group from ``top`` downwards, under its caption if it has one."""
    widest = max((len(row) for row in people), default=1)
    first = top + (CAPTION if caption else 0.0)
    return [
        Row(
            group,
            caption if at == 0 else "",
            round(top, 2),
            _cards(row, widest, first + at * (height + GAP), height, _),
        )
        for at, row in enumerate(people)
    ]


def _split(members: list[BoardPerson], per_row: int) -> list[list[BoardPerson]]:
    """``members`` in rows of at most ``per_row``, as even as can be."""
    if not members:
        return []
    rows = math.ceil(len(members) / per_row)
    each = math.ceil(len(members) / rows)
    return [members[at : at + each] for at in range(0, len(members), each)]


def _cards(
    row: list[BoardPerson], columns: int, top: float, height: float, _: Callable[[str], str]
) -> list[Card]:
    width = min(WIDEST, (BODY_WIDTH - GAP * (columns - 1)) / columns)
    return [
        make_card(person, Box(LEFT + at * (width + GAP), top, width, height), _)
        for at, person in enumerate(row)
    ]
