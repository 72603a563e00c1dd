"""What files about workers and files about posts have in common: roles and their levels."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import PostRole
from portal.rules.imports.kind import Line
from portal.rules.imports.work import Found, Work
from portal.scope import CODE_LENGTHS

LEVEL_OF_LENGTH = {size: level for level, size in CODE_LENGTHS.items()}
OFFICES = ("community", "street", "district")
BASIS_WORDS = {
    "elected": ("选举", "推选", "选举产生"),
    "selected": ("选聘", "选任", "招聘"),
    "appointed": ("任命", "指定", "委派"),
    "volunteer": ("志愿", "自愿"),
}
# How somebody usually comes to a post, where the file does not say (P2).
USUAL_BASIS = {"cell_head": "elected", "volunteer": "volunteer"}


@dataclass(frozen=True)
class Role:
    """A line of the catalogue of posts."""

    code: str
    level: str

    def fits(self, grid_code: str) -> bool:
        """Whether somebody can hold this post in the grid; street and district offices have the
        same leading group and station as a community."""
        level = LEVEL_OF_LENGTH[len(grid_code)]
        if self.level in ("leading", "community"):
            return level in OFFICES
        return self.level in ("any", level)

    @property
    def usual_basis(self) -> str:
        """The basis of a post where the file does not say."""
        return USUAL_BASIS.get(self.code, "appointed")


def roles_by_word(session: Session) -> dict[str, Role]:
    """Every spelling of a post: its code, its names, and the Chinese one without its remark."""
    statement = select(PostRole.code, PostRole.level, PostRole.name_zh, PostRole.name_en)
    words = {}
    for code, level, zh, en in session.execute(statement.order_by(PostRole.position.desc())):
        for word in (code, zh, zh.partition("（")[0], en):
            words[word.lower()] = Role(code, level)
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
