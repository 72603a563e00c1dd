"""Codes of new grids: the next number of the grid above, never one that was a grid's before."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError
from portal.scope import CODE_LENGTHS


def next_codes(parent: str, used: Iterable[str], count: int) -> list[str]:
    """``count`` codes right below ``parent`` that follow the highest of ``used``; numbers that
    were left out come only when there is nothing above. Raises RuleError when none is left.
    """
    size = next(length for length in CODE_LENGTHS.values() if length > len(parent))
    digits = size - len(parent)
    taken = {int(code[len(parent) : size]) for code in used if len(code) >= size}
    highest, last = max(taken, default=0), 10**digits - 1
    free = [*range(highest + 1, last + 1), *(n for n in range(1, highest) if n not in taken)]
    if len(free) < count:
        raise RuleError(_l("No number is left below the grid above: choose another one."))
    return [f"{parent}{number:0{digits}d}" for number in free[:count]]
