"""What files about workers and files about posts have in common: the rules of posts.

The same as on the pages (``rules/teams.py``), asked of many rows at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Post, PostRole
from portal.rules.imports.drafts import Found
from portal.rules.imports.kind import Line
from portal.rules.imports.work import Work
from portal.scope import CODE_LENGTHS

LEVEL_OF_LENGTH = {size: level for level, size in CODE_LENGTHS.items()}
Span = tuple[date, date | None]
BASIS_WORDS = {
    "elected": ("选举", "推选", "选举产生"),
    "selected": ("选聘", "选任", "招聘"),
    "appointed": ("任命", "指定", "委派"),
    "volunteer": ("志愿", "自愿"),
}
POST = ("worker_id", "role", "basis", "since", "until", "public")
# How somebody usually comes to a post, where the file does not say (P2).
USUAL_BASIS = {"cell_head": "elected", "volunteer": "volunteer"}


@dataclass(frozen=True)
class Role:
    """A line of the catalogue of posts; ``most``: how many may hold it in one grid."""

    code: str
    level: str
    account_role: str | None
    most: int | None

    def fits(self, grid_code: str) -> bool:
        """Whether somebody can hold this post in the grid."""
        level = LEVEL_OF_LENGTH[len(grid_code)]
        wanted = {"leading": "community", "any": level}.get(self.level, self.level)
        return wanted == level

    @property
    def usual_basis(self) -> str:
        """The basis of a post where the file does not say."""
        return USUAL_BASIS.get(self.code, "appointed")


def roles_by_word(session: Session) -> dict[str, Role]:
    """Every spelling of a post: its code, its names, and the Chinese one without its remark."""
    words = {}
    for row in session.scalars(select(PostRole).order_by(PostRole.position.desc())):
        role = Role(row.code, row.level, row.account_role, row.max_count)
        for word in (row.code, row.name_zh, row.name_zh.partition("（")[0], row.name_en):
            words[word.lower()] = role
    return words


def role_of(work: Work, line: Line, words: dict[str, Role], grid_code: str) -> Role | None:
    """The post a line names; None, with the line rejected, where it is unknown or does not fit."""
    role = words.get(line["role"].lower())
    if role is None:
        work.fail(line, "unknown_role", "role")
    elif not role.fits(grid_code):
        work.fail(line, "wrong_level", "role")
    else:
        return role
    return None


def in_force(post: Found, on: date) -> bool:
    """Whether a post lasts beyond ``on`` (it may also begin later)."""
    until: date | None = post.raw["until"]
    return until is None or until >= on


def overlap(one: Span, other: Span) -> bool:
    """Whether two times have a day in common; no end is open."""
    return (one[1] is None or other[0] <= one[1]) and (other[1] is None or one[0] <= other[1])


class Places:
    """Who holds what in the grids of a file, so that a post for one is not given twice."""

    def __init__(self, work: Work, grids: Iterable[str]) -> None:
        self.work = work
        self.held: dict[tuple[str, str], list[tuple[int | None, Span]]] = {}
        found = work.find(Post, "grid_code", grids, POST, everywhere=True)
        for post in (post for posts in found.values() for post in posts):
            self._take(post.raw["grid_code"], post.raw["role"], post.id, _span(post))

    def give(
        self, line: Line, role: Role, worker: Found | None, span: Span, found: Found | None = None
    ) -> bool:
        """Note that the line's worker holds ``role`` for ``span``; rejects the line where the
        post is taken, or where people would give a post with rights to themselves."""
        user_id = worker.raw["user_id"] if worker is not None else None
        if role.account_role and user_id is not None and user_id == self.work.identity.user_id:
            self.work.fail(line, "own_post", "role")
            return False
        past = span[1] is not None and span[1] < clock.today()
        key = (line["grid_code"], role.code)
        own = found.id if found is not None else None
        others = [
            post
            for post, other in self.held.get(key, ())
            if (post is None or post != own) and overlap(span, other)
        ]
        if role.most is not None and not past and len(others) >= role.most:
            self.work.fail(line, "post_taken", "role")
            return False
        self.held[key] = [entry for entry in self.held.get(key, ()) if entry[0] != own or not own]
        self._take(*key, own, span)
        return True

    def _take(self, grid_code: str, role: str, post: int | None, span: Span) -> None:
        self.held.setdefault((grid_code, role), []).append((post, span))


def _span(post: Found) -> Span:
    return post.raw["since"], post.raw["until"]
