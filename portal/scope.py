"""Who sees which rows: predicates over a hierarchical grid code. No model is imported here.

A grid's code is a prefix of the codes below it, so a scope is a set of prefixes and one range
condition answers for a whole subtree. A permission counts only within the grid and the dates of
the post or grant it comes from: a scope is always asked for an action on a resource.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import InstrumentedAttribute

EVERYWHERE = ""
# Digits of each level's code, from the national statistical code downwards (domain.md, Grid).
CODE_LENGTHS = {
    "district": 6,
    "street": 9,
    "community": 12,
    "area": 14,
    "block": 16,
    "cell": 19,
}


@dataclass(frozen=True)
class Grant:
    """One role within one subtree: from a post, or given to the account directly."""

    role: str
    grid_code: str
    since: date | None = None
    until: date | None = None
    why: str = ""


@dataclass(frozen=True)
class Identity:
    """Who acts, with the grants in force today and what each role permits.

    ``permissions`` maps a role to its ``(action, resource)`` pairs. ``elsewhere``: it may take part
    in matters outside of its grids.
    """

    user_id: int | None
    username: str
    name: str
    grants: tuple[Grant, ...] = ()
    permissions: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    unrestricted: bool = False
    elsewhere: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the roles in force, without repeats, in order of the grants."""
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    def can(self, action: str, resource: str) -> bool:
        """Whether any role in force permits ``action`` on ``resource`` somewhere."""
        return self.unrestricted or (action, resource) in self._permitted

    def prefixes(self, action: str, resource: str) -> tuple[str, ...]:
        """The subtrees within which ``action`` on ``resource`` is permitted, smallest set."""
        if self.unrestricted:
            return (EVERYWHERE,)
        asked = (action, resource)
        if asked not in self._known:
            self._known[asked] = smallest(
                grant.grid_code
                for grant in self.grants
                if asked in self.permissions.get(grant.role, ())
            )
        return self._known[asked]

    # A page asks for some hundred cells; neither grants nor permissions of an identity change.

    @cached_property
    def _permitted(self) -> frozenset[tuple[str, str]]:
        return frozenset().union(*(self.permissions.get(role, ()) for role in self.roles))

    @cached_property
    def _known(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}


SYSTEM = Identity(None, "system", "system", unrestricted=True)
ANONYMOUS = Identity(None, "", "")

_acting: ContextVar[Identity | None] = ContextVar("acting", default=None)
_person: ContextVar[Identity | None] = ContextVar("person", default=None)  # behind the system
_provider: Callable[[], Identity | None] | None = None


def set_provider(provider: Callable[[], Identity | None]) -> None:
    """Tell where the identity of a request comes from (set once, by ``create_app``)."""
    global _provider
    _provider = provider


def _provided() -> Identity | None:
    return _provider() if _provider is not None else None


def current() -> Identity:
    """Who acts now; nobody (and so nothing is allowed) unless somebody signed in or acts."""
    return _acting.get() or _provided() or ANONYMOUS


def actor() -> Identity:
    """Whose doing it is for the audit log: the signed-in person, or the one a job acts as, even
    where the system helps.
    """
    return _provided() or _person.get() or _acting.get() or ANONYMOUS


@contextmanager
def acting(identity: Identity) -> Iterator[Identity]:
    """Act as ``identity`` within the block."""
    token = _acting.set(identity)
    person = _person.set(_person.get() if identity.unrestricted else identity)
    try:
        yield identity
    finally:
        _person.reset(person)
        _acting.reset(token)


def smallest(codes: Iterable[str]) -> tuple[str, ...]:
    """``codes`` without those that lie below another one, sorted."""
    kept: list[str] = []
    for code in sorted(set(codes)):
        if not kept or not code.startswith(kept[-1]):
            kept.append(code)
    return tuple(kept)


def covers(prefixes: Iterable[str], code: str | None) -> bool:
    """Whether ``code`` lies in one of the subtrees; a row of no grid only in ``EVERYWHERE``."""
    return any(prefix == EVERYWHERE or (code or "").startswith(prefix) for prefix in prefixes)


def ancestors(code: str) -> tuple[str, ...]:
    """The codes of the grids above ``code``, highest first, without itself."""
    return tuple(code[:size] for size in CODE_LENGTHS.values() if size < len(code))


def within(
    column: InstrumentedAttribute[str] | ColumnElement[str],
    prefixes: Iterable[str],
    *,
    above: bool = False,
) -> ColumnElement[bool]:
    """Condition "the row lies in one of these subtrees".

    ``above`` also admits rows of the grids above them and rows of no grid (hotlines).
    """
    prefixes = tuple(prefixes)
    if EVERYWHERE in prefixes:
        return true()
    parts: list[ColumnElement[bool]] = [_subtree(column, prefix) for prefix in prefixes]
    if above and prefixes:
        upper = sorted({code for prefix in prefixes for code in ancestors(prefix)})
        parts += [column.in_(upper), column.is_(None)]
    return or_(*parts) if parts else false()


def _subtree(
    column: InstrumentedAttribute[str] | ColumnElement[str], prefix: str
) -> ColumnElement[bool]:
    """A cell has nothing below it: as one value an index knows its rows in any order it holds."""
    if len(prefix) >= CODE_LENGTHS["cell"]:
        return column == prefix
    return and_(column >= prefix, column < following(prefix))


def following(prefix: str) -> str:
    """The first code after the whole subtree of ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
