"""Batches: many documents at once ("all boards of area 2"), issued one by one in the queue.

An order names a grid, for each kind of document the grids below it that get one, a size, a
language and what comes out: one bound PDF or a ZIP. ``items`` turns it into single documents;
``jobs.documents`` issues them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.models import Grid, Task
from portal.queries import batches as queries
from portal.rules import documents, tasks
from portal.rules.documents import SPECS, Spec
from portal.rules.sources import SOURCES

TASK = "documents"
SELF = "self"  # the grid that the order names, and none below it
LEVELS = ("community", "area", "block", "cell")
OUTPUTS = ("pdf", "zip")
MOST = 500  # documents in one batch
LOOKED_AT = 120  # documents whose gaps are told before the batch starts
# The long ones first, so that no processor waits for the other at the end.
HEAVY = ("work-manual", "grid-archive", "site-plan", "worker-cards")


@dataclass(frozen=True)
class Order:
    """What somebody asks for.

    ``wanted`` maps a kind of document to the level of the grids that get one, or to SELF;
    ``posts``: a manual for every kind of post of a grid instead of one for the grid.
    """

    grid: str
    wanted: dict[str, str]
    size: str = "a3"
    lang: str = documents.LANGUAGES[0]
    output: str = "pdf"
    posts: bool = False

    def params(self) -> dict[str, Any]:
        """As a task keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Item:
    """One document of a batch; ``name`` is that of its grid."""

    kind: str
    grid: str
    name: str
    size: str
    subject: str = ""


@dataclass
class Report:
    """What came of a batch: how many were made anew, which were the same as before, what failed."""

    issued: int = 0
    unchanged: int = 0
    pages: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)  # kind, grid, name, reason


@dataclass(frozen=True)
class Preview:
    """What an order comes to, before it starts. ``lacking``: (name of a grid, why)."""

    items: list[Item]
    lacking: list[tuple[str, str]]
    unseen: int = 0

    def grids(self) -> dict[str, list[str]]:
        """Names of the grids by kind of document."""
        found: dict[str, list[str]] = {}
        for item in self.items:
            names = found.setdefault(item.kind, [])
            if item.name not in names[-1:]:
                names.append(item.name)
        return found


def start(session: Session, user_id: int, order: Order) -> Task:
    """Ask for a batch; the caller commits. Raises OutOfScope and RuleError as ``items``."""
    found = items(session, order)
    return tasks.start(session, user_id, TASK, order.params(), len(found), order.grid)


def preview(session: Session, order: Order) -> Preview:
    """What the batch would be, and which documents cannot be issued yet. Raises as ``items``."""
    found = items(session, order)
    lacking = []
    for item in found[:LOOKED_AT]:
        try:
            SOURCES[item.kind].load(session, item.grid, order.lang, item.subject)
        except RuleError as refusal:
            lacking.append((item.name, str(refusal)))
    return Preview(found, lacking, max(0, len(found) - LOOKED_AT))


def items(session: Session, order: Order) -> list[Item]:
    """The single documents of an order, by kind and grid.

    Raises OutOfScope where the identity of now may not issue documents for the grid, RuleError
    where the order is empty or too large.
    """
    prefixes = scope.current().prefixes(roles.WRITE, "IssuedDocument")
    known = session.scalar(select(Grid.id).where(Grid.code == order.grid))
    if known is None or not scope.covers(prefixes, order.grid):
        raise OutOfScope(f"documents of {order.grid}")
    found = [
        item
        for kind, level in order.wanted.items()
        for item in _of_kind(session, order, SPECS[kind], level)
    ]
    if not found:
        raise RuleError(_l("No grid there has such a document: choose another level."))
    if len(found) > MOST:
        raise RuleError(
            _l(
                "That would be %(count)s documents; at most %(most)s go into one batch: choose a"
                " smaller grid.",
                count=len(found),
                most=MOST,
            )
        )
    return found


def in_order_of_work(found: Iterable[Item]) -> list[tuple[int, Item]]:
    """Items with their places, the long ones first."""
    places = list(enumerate(found))
    return sorted(places, key=lambda pair: (pair[1].kind not in HEAVY, pair[0]))


def _of_kind(session: Session, order: Order, spec: Spec, level: str) -> Iterator[Item]:
    size = order.size if order.size in spec.sizes else spec.sizes[0]
    codes = queries.grids_for(session, order.grid, None if level == SELF else level)
    grids = [(code, name) for code, name, its_level in codes if its_level in spec.levels]
    each = order.posts and spec.subject == "post"
    posts = queries.posts_of(session, [code for code, _name in grids]) if each else {}
    for code, name in grids:
        for subject in posts.get(code, ()) if each else (documents.usual_subject(spec),):
            for kept in (size, *(one for one in spec.sizes if one in documents.SHEETS)):
                yield Item(spec.kind, code, name, kept, subject)
