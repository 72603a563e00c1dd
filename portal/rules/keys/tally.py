"""What became of one place where sealed values are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field

Tell = Callable[[str, int, int], None]  # place, how many are done, how many there are


@dataclass
class Tally:
    """``place``: table.column or the kind of files. ``values`` are there, ``moved`` were written
    anew, ``left`` could not be (rows that stayed busy), ``broken`` are the keys of the rows whose
    value no key opens, ``twins`` those whose number another row has.
    """

    place: str
    values: int = 0
    moved: int = 0
    left: int = 0
    broken: list[int] = field(default_factory=list)
    twins: list[tuple[int, int]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is left under an older key."""
        return not (self.left or self.broken or self.twins)
