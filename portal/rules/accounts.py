"""Accounts: FAB's tables of roles and permissions follow the roles table, posts and grants."""

from dataclasses import dataclass
from typing import Any

from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import AccountGrant, Worker
from portal.queries.identity import PREFIX, grants_of
from portal.rules.listed import listed


def synchronise_roles(session: Session, manager: object) -> None:
    """Make FAB's built-in roles say exactly what ``roles.TABLE`` says; other roles stay."""
    for name in (*roles.BUILT_IN, manager.auth_role_admin):  # type: ignore[attr-defined]
        role = manager.add_role(name)  # type: ignore[attr-defined]
        wanted = {
            manager.add_permission_view_menu(PREFIX + action, resource)  # type: ignore[attr-defined]
            for action, resource in roles.rights(name)
        }
        if set(role.permissions) != wanted:
            role.permissions = sorted(wanted, key=lambda pair: pair.id)
    session.commit()


def synchronise_account(session: Session, user: User) -> None:
    """Let FAB's list of the account's roles mirror its grants in force; custom roles stay."""
    names = {row.role for row in session.execute(grants_of(user.id, clock.today()))}
    wanted = set(session.scalars(select(Role).where(Role.name.in_(names))))
    custom = {role for role in user.roles if role.name not in roles.BUILT_IN}
    if set(user.roles) != wanted | custom:
        user.roles = sorted(wanted | custom, key=lambda role: role.name)


def check_unique(session: Session, user: User) -> None:
    """Raise RuleError where another account has the name or the e-mail address."""
    for column in (User.username, User.email):
        value = getattr(user, column.key)
        other = select(User.id).where(func.lower(column) == (value or "").lower())
        if session.scalar(other.where(User.id != (user.id or 0))) is not None:
            raise RuleError(_l("Another account has this already: choose another."), column.key)


def worker_of(session: Session, user: User) -> int | None:
    """Key of the worker whose posts count for the account, or None."""
    return session.scalar(select(Worker.id).where(Worker.user_id == user.id))


def tie_to_worker(session: Session, user: User, worker_id: str | int | None) -> None:
    """Let the posts of a worker count for the account (None: of nobody).

    Raises RuleError where people would give themselves somebody's posts.
    """
    tied = session.scalar(select(Worker.id).where(Worker.user_id == user.id))
    wanted = None if worker_id is None else int(worker_id)
    if wanted != tied and user.id == scope.actor().user_id:
        raise RuleError(_l("Somebody else has to tie your account to a worker."), "worker")
    for worker in session.scalars(select(Worker).where(Worker.user_id == user.id)):
        if worker_id is None or worker.id != int(worker_id):
            worker.user_id = None
    session.flush()
    if worker_id is not None:
        session.get_one(Worker, int(worker_id)).user_id = user.id


def prepare_grant(grant: AccountGrant) -> None:
    """Nobody grants to themselves; a role without a grid reaches everywhere, and few may."""
    if grant.user_id == scope.current().user_id:
        raise RuleError(_l("Somebody else has to give you a role."), "user")
    if grant.grid_code is None and grant.role not in (roles.ADMIN, roles.AUDITOR):
        raise RuleError(_l("Choose the grid this role covers."), "grid")
    if grant.until is not None and grant.until < grant.since:
        raise RuleError(_l("The end lies before the beginning."), "until")


@dataclass(frozen=True)
class Right:
    """What an identity may do with one kind of rows, how many it sees, and by which rule."""

    resource: str
    actions: tuple[str, ...]
    seen: int
    total: int
    columns: tuple[str, ...]
    prefixes: tuple[str, ...]
    above: bool


def rights_of(session: Session, identity: scope.Identity) -> list[Right]:
    """What ``identity`` may do, resource by resource in the order of the roles table."""
    found = []
    for model in governed_models():
        resource = model.resource or ""
        actions = tuple(a for a in roles.ACTIONS if identity.can(a, resource))
        if roles.READ in actions:
            column = model.scope_column
            found.append(
                Right(
                    resource,
                    actions,
                    _rows(session, model, identity),
                    _rows(session, model, scope.SYSTEM),
                    (column,) if column else (),
                    identity.prefixes(roles.READ, resource),
                    model.scope_above,
                )
            )
    return found


def governed_models() -> list[Any]:
    """The models of the roles table, in its order."""
    classes = (mapper.class_ for mapper in Model.registry.mappers)
    # Where two tables share a line, it is named after the one that has a list.
    named = {c.resource: c for c in classes if getattr(c, "resource", None) == c.__name__}
    return [named[name] for name in roles.TABLE if name in named]


def _rows(session: Session, model: Any, identity: scope.Identity) -> int:
    counted = select(func.count()).select_from(model).where(listed(model))
    if model.scope_column:
        prefixes = identity.prefixes(roles.READ, model.resource)
        column = getattr(model, model.scope_column)
        counted = counted.where(scope.within(column, prefixes, above=model.scope_above))
    return session.scalar(counted) or 0
