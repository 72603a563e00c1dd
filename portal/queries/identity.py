"""Who an account is: its grants in force and what they permit, in one statement."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Date,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from portal import clock
from portal.models import AccountGrant, Grid, MatterPerson, Post, PostRole, Worker
from portal.scope import EVERYWHERE, Grant, Identity

PREFIX = "can_"


def grants_of(
    user_id: int | BindParameter[Any], on: date | BindParameter[Any]
) -> CompoundSelect[Any]:
    """The grants of an account in force ``on`` a day: role, grid_code, since, until, why. A
    statement that is kept takes parameters for both.
    """
    from_posts = (
        select(
            PostRole.account_role.label("role"),
            Post.grid_code.label("grid_code"),
            Post.since.label("since"),
            Post.until.label("until"),
            PostRole.code.label("why"),
        )
        .select_from(Post)
        .join(Worker, Worker.id == Post.worker_id)
        .join(PostRole, PostRole.code == Post.role)
        .where(Worker.user_id == user_id, PostRole.account_role.is_not(None))
        .where(Post.since <= on, or_(Post.until.is_(None), Post.until >= on))
    )
    direct = select(
        AccountGrant.role,
        AccountGrant.grid_code,
        AccountGrant.since,
        AccountGrant.until,
        literal("grant"),
    ).where(
        AccountGrant.user_id == user_id,
        AccountGrant.since <= on,
        or_(AccountGrant.until.is_(None), AccountGrant.until >= on),
    )
    return union_all(from_posts, direct)


@cache
def _statement() -> Select[Any]:
    """Grants with what their roles permit, for ``user_id`` and ``on``: every request asks this, so
    it is put together once.
    """
    grants = grants_of(bindparam("user_id"), bindparam("on", type_=Date())).subquery()
    links = assoc_permissionview_role
    return (
        select(
            grants.c.role,
            grants.c.grid_code,
            grants.c.since,
            grants.c.until,
            grants.c.why,
            Permission.name,
            ViewMenu.name,
            exists()
            .where(MatterPerson.user_id == bindparam("user_id"), MatterPerson.outside)
            .label("elsewhere"),
        )
        .select_from(grants)
        .outerjoin(Role, Role.name == grants.c.role)
        .outerjoin(links, links.c.role_id == Role.id)
        .outerjoin(PermissionView, PermissionView.id == links.c.permission_view_id)
        .outerjoin(Permission, Permission.id == PermissionView.permission_id)
        .outerjoin(ViewMenu, and_(ViewMenu.id == PermissionView.view_menu_id))
        .order_by(grants.c.grid_code, grants.c.role)
    )


def load_identity(session: Session, user: User) -> Identity:
    """The identity of ``user`` today."""
    asked = {"user_id": user.id, "on": clock.today()}
    found: dict[Grant, None] = {}
    rights: dict[str, set[tuple[str, str]]] = {}
    elsewhere = False
    for row in session.execute(_statement(), asked):
        role, code, since, until, why, permission, view, elsewhere = row
        found[Grant(role, code or EVERYWHERE, since, until, why)] = None
        pairs = rights.setdefault(role, set())
        if permission:
            pairs.add((permission.removeprefix(PREFIX), view))
    return Identity(
        user.id,
        user.username,
        f"{user.last_name}{user.first_name}",
        tuple(found),
        {role: frozenset(pairs) for role, pairs in rights.items()},
        elsewhere=bool(elsewhere),
    )


@dataclass(frozen=True)
class Reason:
    """One grant in words: the role, the grid it covers, its dates and where it comes from."""

    role: str
    grid_code: str
    grid_name: str
    since: date | None
    until: date | None
    post: str
    post_en: str


def explain(session: Session, identity: Identity) -> list[Reason]:
    """The grants of ``identity`` with the names of grids and posts."""
    codes = {grant.grid_code for grant in identity.grants if grant.grid_code}
    named = session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(codes)))
    grids = {row.code: row.name for row in named}
    kinds = session.execute(select(PostRole.code, PostRole.name_zh, PostRole.name_en))
    posts = {row.code: (row.name_zh, row.name_en) for row in kinds}
    return [
        Reason(
            grant.role,
            grant.grid_code,
            grids.get(grant.grid_code, ""),
            grant.since,
            grant.until,
            *posts.get(grant.why, ("", "")),
        )
        for grant in identity.grants
    ]
