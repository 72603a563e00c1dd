"""What a regridding would do, worked out before anything is written (P1)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.models.choices import CELL_KINDS
from portal.queries.regrid import BoardLine, GridLine, PostLine

LONGEST_NAME = 80


@dataclass(frozen=True)
class After:
    """A cell (or, where a block moves, a block) as it will be. ``came_from``: codes; ``limits``:
    fewest and most households of its kind; ``redrawn``: it gets another boundary.
    """

    code: str
    name: str
    level: str
    kind: str | None
    parent_code: str | None
    is_new: bool
    came_from: tuple[str, ...]
    buildings: int
    households: int | None
    dwellings: int
    residents: int
    organisations: int
    limits: tuple[int, int] | None
    boundary: str | None
    redrawn: bool = False

    @property
    def verdict(self) -> str:
        """``within``, ``few``, ``many``, or empty where nothing can be said."""
        if self.households is None or self.limits is None:
            return ""
        fewest, most = self.limits
        return "few" if self.households < fewest else "many" if self.households > most else "within"


@dataclass(frozen=True)
class PostChange:
    """A post of a dissolved cell: ``to`` is the cell it goes on in, empty where it ends."""

    post: PostLine
    to: str


@dataclass(frozen=True)
class BoardChange:
    """A board that what happens makes untrue: it is replaced, goes on at ``to``, or (``to``
    empty) comes off the wall.
    """

    board: BoardLine
    to: str


@dataclass(frozen=True)
class Plan:
    """All that carrying out would do. ``stops``: sentences that stand in the way; ``notes``: what
    one should know; ``digest`` changes with anything the plan was made of.
    """

    kind: str
    before: tuple[GridLine, ...]
    after: tuple[After, ...]
    dissolved: tuple[str, ...] = ()
    heirs: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    assigned: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    outlines: Mapping[str, str] = field(default_factory=dict)  # of other grids: code → boundary
    names: Mapping[str, str] = field(default_factory=dict)  # of the grids whose outline changes
    posts: tuple[PostChange, ...] = ()
    boards: tuple[BoardChange, ...] = ()
    stops: tuple[Any, ...] = ()
    notes: tuple[Any, ...] = ()

    @property
    def redirects(self) -> dict[str, str]:
        """Old code → the one code it leads to now."""
        if self.kind == "merge":
            return dict(self.heirs)
        return dict(self.renamed)

    @property
    def digest(self) -> str:
        """Another one means: not the plan that was looked at."""
        told = [
            self.kind,
            [(line.code, line.version, line.name) for line in self.before],
            [
                (one.code, one.name, one.kind, one.buildings, one.households, one.boundary)
                for one in self.after
            ],
            sorted(self.heirs.items()),
            sorted(self.renamed.items()),
            {table: sorted(rows.items()) for table, rows in sorted(self.assigned.items())},
            sorted(self.outlines.items()),
            [(one.post.id, one.to) for one in self.posts],
            [(one.board.id, one.to) for one in self.boards],
        ]
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Consent:
    """Whether the residents agreed (征求意见): what they said, when and how they were asked."""

    outcome: str
    asked_on: date | None = None
    asked_how: str = ""
    note: str = ""


@dataclass(frozen=True)
class NewPart:
    """A part of a cell that is cut: what it is called, and its kind of housing."""

    name: str
    kind: str


@dataclass(frozen=True)
class Split:
    """Cut cell ``code`` into ``parts``. ``buildings`` and ``organisations``: key → number of the
    part. ``keeps``: the part that goes on under the old code; None: the cell is dissolved, and
    ``heir`` is the part that gets what hangs on the cell itself.
    """

    code: str
    parts: tuple[NewPart, ...]
    buildings: Mapping[int, int]
    organisations: Mapping[int, int] = field(default_factory=dict)
    keeps: int | None = 0
    heir: int = 0


@dataclass(frozen=True)
class Merge:
    """Join cells ``codes`` into one. ``keeps``: the code that goes on; None: a new cell called
    ``name``. ``first``: whose team serves where both have somebody.
    """

    codes: tuple[str, ...]
    name: str
    kind: str
    keeps: str | None = None
    first: str = ""


@dataclass(frozen=True)
class Move:
    """Put grid ``code`` with everything in it under grid ``under``."""

    code: str
    under: str


@dataclass(frozen=True)
class Shift:
    """Give ``buildings`` of cell ``source`` (and ``organisations``) to cell ``target``."""

    source: str
    target: str
    buildings: tuple[int, ...]
    organisations: tuple[int, ...] = ()


Wish = Split | Merge | Move | Shift


def is_kind(text: str | None) -> bool:
    """Whether ``text`` is a kind of cell."""
    return text in CELL_KINDS
