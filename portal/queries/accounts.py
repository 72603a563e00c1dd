"""Accounts by the roles that they hold over a place today."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import AccountGrant, Post, PostRole, Worker


@dataclass(frozen=True)
class Holder:
    """An account with a role over ``grid_code``; named as on its card where there is a worker."""

    user_id: int
    name: str
    role: str
    grid_code: str


def holders_within(session: Session, prefix: str, roles: Iterable[str]) -> list[Holder]:
    """Who holds one of ``roles`` in the grid ``prefix`` or below it, by place and name."""
    place = {"first": prefix, "after": scope.following(prefix)}
    return _found(session, _within(), roles, place)


def holders_over(session: Session, code: str, roles: Iterable[str]) -> list[Holder]:
    """Who holds one of ``roles`` at ``code`` or above it, by place and name."""
    return _found(session, _over(), roles, {"line": [*scope.ancestors(code), code]})


def grids_of(session: Session, worker_id: int) -> list[str]:
    """The grids of a worker's posts and of the roles of their account today; of their home where
    there is neither.
    """
    today = clock.today()
    posts = select(Post.grid_code).where(Post.worker_id == worker_id, _in_force(Post, today))
    grants = (
        select(AccountGrant.grid_code)
        .join(Worker, Worker.user_id == AccountGrant.user_id)
        .where(Worker.id == worker_id, AccountGrant.grid_code.is_not(None))
        .where(_in_force(AccountGrant, today))
    )
    found = list(session.scalars(union_all(posts, grants)))
    return found or list(session.scalars(select(Worker.grid_code).where(Worker.id == worker_id)))


def names_of(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """What accounts are called: the worker's name, else the account's."""
    wanted = {key for key in ids if key is not None}
    if not wanted:
        return {}
    asked = (
        select(User.id, _name())
        .outerjoin(Worker, Worker.user_id == User.id)
        .where(User.id.in_(sorted(wanted)))
    )
    return {row[0]: row[1] for row in session.execute(asked)}


def _name() -> Any:
    return func.coalesce(Worker.name, User.last_name + User.first_name).label("name")


def _in_force(model: Any, today: Any) -> ColumnElement[bool]:
    return and_(model.since <= today, or_(model.until.is_(None), model.until >= today))


@cache
def _within() -> CompoundSelect[Any]:
    """Kept, for every move of an order asks it: what it is asked for are parameters."""

    def place(column: Any) -> ColumnElement[bool]:
        return and_(column >= bindparam("first"), column < bindparam("after"))

    return _holders(place)


@cache
def _over() -> CompoundSelect[Any]:
    def place(column: Any) -> ColumnElement[bool]:
        return or_(column.in_(bindparam("line", expanding=True)), column.is_(None))

    return _holders(place)


def _holders(place: Callable[[Any], ColumnElement[bool]]) -> CompoundSelect[Any]:
    today: BindParameter[Any] = bindparam("today", type_=Date())
    wanted: BindParameter[Any] = bindparam("roles", expanding=True)
    from_posts = (
        select(User.id, _name(), PostRole.account_role.label("role"), Post.grid_code)
        .join(Worker, Worker.user_id == User.id)
        .join(Post, Post.worker_id == Worker.id)
        .join(PostRole, PostRole.code == Post.role)
        .where(User.active.is_(True), PostRole.account_role.in_(wanted), place(Post.grid_code))
        .where(_in_force(Post, today))
    )
    direct: Select[Any] = (
        select(User.id, _name(), AccountGrant.role, AccountGrant.grid_code)
        .join(AccountGrant, AccountGrant.user_id == User.id)
        .outerjoin(Worker, Worker.user_id == User.id)
        .where(User.active.is_(True), AccountGrant.role.in_(wanted), place(AccountGrant.grid_code))
        .where(_in_force(AccountGrant, today))
    )
    return union_all(from_posts, direct)


def _found(
    session: Session, asked: CompoundSelect[Any], roles: Iterable[str], place: dict[str, Any]
) -> list[Holder]:
    told = {"today": clock.today(), "roles": sorted(set(roles))}
    rows = session.execute(asked, told | place).all()
    found = {Holder(row[0], row[1], row[2], row[3] or "") for row in rows}
    return sorted(found, key=lambda one: (one.grid_code, one.name, one.role, one.user_id))
