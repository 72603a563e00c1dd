"""Who answers for a grid, level by level: the accounts whose posts or grants are in force."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import Session

from portal.models import AccountGrant, Post, PostRole, Worker
from portal.models.matter_choices import ORDER_LEVELS
from portal.queries.identity import PREFIX
from portal.roles import AREA_LEADER, BLOCK_LEADER, GRID_LEADER, READ, STATION, STREET
from portal.scope import EVERYWHERE, ancestors

HEAD = {
    "cell": GRID_LEADER,
    "block": BLOCK_LEADER,
    "area": AREA_LEADER,
    "community": STATION,
    "street": STREET,
}
TOP = "community"  # what is overdue in a community does not go to the street by itself


class Responsible:
    """The accounts that may read work orders on a day, by role and grid. Asked as often as needed.

    ``hidden`` is the grid of a worker whom a complaint is about, for every account that sees the
    order through that grid only; ``barred`` that worker's account. Both see nothing of it.
    """

    def __init__(self, rows: Iterable[Any]) -> None:
        self._holders: dict[tuple[str, str], list[int]] = {}
        self._codes: dict[int, set[str]] = {}
        for role, code, user_id in rows:
            place = code or EVERYWHERE
            self._holders.setdefault((role, place), []).append(user_id)
            self._codes.setdefault(user_id, set()).add(place)

    def reads(self, user_id: int, code: str, hidden: str | None = None) -> bool:
        """Whether the account may read orders of the grid ``code``."""
        held = self._codes.get(user_id, ())
        return any(place in held for place in _line(code) if _shows(place, hidden))

    def acts(self, user_id: int) -> bool:
        """Whether the account may read work orders of any grid."""
        return user_id in self._codes

    def holders(
        self, role: str, code: str, hidden: str | None = None, barred: int | None = None
    ) -> list[int]:
        """The accounts with ``role`` over the grid ``code``."""
        return [
            user_id
            for place in _line(code)
            if _shows(place, hidden)
            for user_id in self._holders.get((role, place), ())
            if user_id != barred
        ]

    def heads(
        self, level: str, code: str, hidden: str | None = None, barred: int | None = None
    ) -> list[int]:
        """The heads of ``level`` over the grid ``code``; where there is none, of the next above."""
        for name in levels_from(level):
            if found := self.holders(HEAD[name], code, hidden, barred):
                return found
        return []


def levels_from(level: str) -> tuple[str, ...]:
    """``level`` and those above it, up to the community."""
    start = ORDER_LEVELS.index(level)
    return ORDER_LEVELS[start : ORDER_LEVELS.index(TOP) + 1] or (level,)


def level_above(level: str) -> str:
    """The next level; that of the community is its own."""
    return (*levels_from(level), level)[1] if level != TOP else level


def load_responsible(session: Session, on: date) -> Responsible:
    """Everybody of a day, in one statement."""
    return Responsible(session.execute(_accounts(on)))


def _accounts(on: date) -> Select[Any]:
    from_posts = (
        select(PostRole.account_role.label("role"), Post.grid_code, Worker.user_id)
        .select_from(Post)
        .join(Worker, Worker.id == Post.worker_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(Post.since <= on, or_(Post.until.is_(None), Post.until >= on))
    )
    direct = select(AccountGrant.role, AccountGrant.grid_code, AccountGrant.user_id).where(
        AccountGrant.since <= on, or_(AccountGrant.until.is_(None), AccountGrant.until >= on)
    )
    held = union_all(from_posts, direct).subquery()
    return (
        select(held.c.role, held.c.grid_code, held.c.user_id)
        .join(User, User.id == held.c.user_id)
        .where(User.active.is_(True), held.c.role.in_(_reading()))
        .distinct()
        .order_by(held.c.role, held.c.grid_code, held.c.user_id)
    )


def _reading() -> Select[Any]:
    links = assoc_permissionview_role
    return (
        select(Role.name)
        .join(links, links.c.role_id == Role.id)
        .join(PermissionView, PermissionView.id == links.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(Permission.name == f"{PREFIX}{READ}", ViewMenu.name == "WorkOrder")
    )


def _line(code: str) -> tuple[str, ...]:
    return (code, *reversed(ancestors(code)), EVERYWHERE)


def _shows(place: str, hidden: str | None) -> bool:
    return hidden is None or not place.startswith(hidden)
