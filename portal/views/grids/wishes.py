"""What somebody chose on a page of regridding, read from the form as it was sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.regrid import Merge, Move, NewPart, Shift, Split

FEWEST, MOST = 2, 6


@dataclass
class SplitChoice:
    """A split as it stands in the form; parts count from 1, 0: not chosen."""

    count: int
    names: list[str]
    kinds: list[str]
    buildings: dict[int, int]
    organisations: dict[int, int]
    keeps: int = 1  # 0: the cell is dissolved
    heir: int = 1

    def wish(self, code: str) -> Split:
        """The wish for cell ``code``."""
        return Split(
            code,
            tuple(NewPart(n, k) for n, k in zip(self.names, self.kinds, strict=True)),
            {key: number - 1 for key, number in self.buildings.items() if number},
            {key: number - 1 for key, number in self.organisations.items() if number},
            self.keeps - 1 if self.keeps else None,
            self.heir - 1,
        )


def number(text: str | None, least: int, most: int, otherwise: int) -> int:
    """``text`` as a number within bounds."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 9:
        return otherwise
    return int(text) if least <= int(text) <= most else otherwise


def read_split(
    sent: Mapping[str, str],
    cell: GridLine,
    standing: Sequence[BuildingLine],
    lying: Sequence[Any],
) -> SplitChoice:
    """The split that was sent, or a first one to begin with."""
    count = number(sent.get("parts"), FEWEST, MOST, FEWEST)
    keeps = number(sent.get("keeps"), 0, count, 1)
    heir = number(sent.get("heir"), 1, count, 1)
    names = [sent.get(f"name{n}", default_name(cell.name, n, keeps)) for n in range(1, count + 1)]
    return SplitChoice(
        count,
        [name.strip()[:200] for name in names],
        [sent.get(f"kind{n}", cell.kind or "") for n in range(1, count + 1)],
        {one.id: number(sent.get(f"b{one.id}"), 1, count, 0) for one in standing},
        {row.id: number(sent.get(f"o{row.id}"), 1, count, keeps or heir) for row in lying},
        keeps,
        heir,
    )


def default_name(name: str, part: int, keeps: int) -> str:
    """What a part may be called: the old name where the code stays."""
    return name if part == keeps else f"{name}{part}"[:80]


@dataclass
class MergeChoice:
    """Cells to join as they stand in the form; ``keeps`` empty: a new cell."""

    codes: list[str]
    name: str
    kind: str
    keeps: str
    first: str

    def wish(self) -> Merge:
        """The wish."""
        return Merge(tuple(self.codes), self.name, self.kind, self.keeps or None, self.first)


def read_merge(sent: Any, cell: GridLine, others: Iterable[GridLine]) -> MergeChoice:
    """The merge that was sent, or one to begin with."""
    known = {cell.code, *(one.code for one in others)}
    codes = [cell.code, *(c for c in sent.getlist("cell") if c in known and c != cell.code)]
    keeps, first = sent.get("keeps", cell.code), sent.get("first", cell.code)
    return MergeChoice(
        codes,
        sent.get("name", cell.name).strip()[:200],
        sent.get("kind", cell.kind or ""),
        keeps if keeps in codes else "" if keeps == "" else cell.code,
        first if first in codes else cell.code,
    )


@dataclass
class ShiftChoice:
    """Buildings that change cells as they stand in the form."""

    target: str
    buildings: list[int] = field(default_factory=list)
    organisations: list[int] = field(default_factory=list)

    def wish(self, code: str) -> Shift:
        """The wish for cell ``code``."""
        return Shift(code, self.target, tuple(self.buildings), tuple(self.organisations))


def read_shift(sent: Any) -> ShiftChoice:
    """The buildings that were ticked."""
    return ShiftChoice(
        sent.get("target", "")[:24],
        [int(text) for text in sent.getlist("building") if text.isdecimal() and len(text) < 10],
        [int(text) for text in sent.getlist("organisation") if text.isdecimal() and len(text) < 10],
    )


def read_move(sent: Mapping[str, str], code: str) -> Move:
    """Where the grid is to lie."""
    return Move(code, sent.get("under", "")[:24])
