"""``portal user``: accounts from the command line."""

import getpass
import sys
from datetime import date

import click
from flask.cli import AppGroup, with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AccountGrant
from portal.queries.identity import explain, load_identity
from portal.rules import accounts, passwords

user = AppGroup("user", help="Accounts: add, passwd, lock, roles, what-can.")


def _find(name: str) -> User:
    found = db.session.scalar(select(User).where(User.username == name))
    if found is None:
        raise click.ClickException(f"{name}: no such account")
    return found


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, again = getpass.getpass("New password: "), getpass.getpass("Again: ")
    if first != again:
        raise click.ClickException("the two passwords differ")
    return first


@user.command("add")
@click.argument("name")
@click.option("--family-name", required=True)
@click.option("--given-name", required=True)
@click.option("--email", required=True)
@click.option("--role", type=click.Choice(roles.GRANTABLE))
@click.option("--grid", default=None, help="Code of the grid the role covers; none: everywhere.")
@with_appcontext
def add(
    name: str, family_name: str, given_name: str, email: str, role: str | None, grid: str | None
) -> None:
    """Add an account; the password is read from the terminal or standard input."""
    password = _ask_password()
    with scope.acting(scope.SYSTEM):
        account = User(
            username=name,
            last_name=family_name,
            first_name=given_name,
            email=email,
            active=True,
        )
        try:
            db.session.add(account)
            db.session.flush()
            passwords.change_password(db.session, account, password, by_owner=False)
        except RuleError as refusal:
            raise click.ClickException(str(refusal)) from refusal
        if role:
            db.session.add(
                AccountGrant(user_id=account.id, role=role, grid_code=grid, since=clock.today())
            )
            db.session.flush()
        accounts.synchronise_account(db.session, account)
        db.session.commit()
    click.echo(f"{name}: added; the password must be changed at the first sign-in")


@user.command("passwd")
@click.argument("name")
@with_appcontext
def passwd(name: str) -> None:
    """Set a new password; it must be changed at the next sign-in. Unlocks the account."""
    with scope.acting(scope.SYSTEM):
        try:
            passwords.change_password(db.session, _find(name), _ask_password(), by_owner=False)
        except RuleError as refusal:
            raise click.ClickException(str(refusal)) from refusal
        db.session.commit()
    click.echo(f"{name}: new password set")


@user.command("lock")
@click.argument("name")
@click.option("--unlock", is_flag=True)
@with_appcontext
def lock(name: str, unlock: bool) -> None:
    """Switch an account off, or on again."""
    with scope.acting(scope.SYSTEM):
        account = _find(name)
        account.active = unlock
        passwords.state_of(db.session, account).locked_until = None
        db.session.commit()
    click.echo(f"{name}: {'on' if unlock else 'off'}")


@user.command("roles")
@click.argument("name")
@with_appcontext
def show_roles(name: str) -> None:
    """The roles in force today, where, until when and why."""
    _print_reasons(load_identity(db.session, _find(name)))


def _print_reasons(identity: scope.Identity) -> None:
    for reason in explain(db.session, identity):
        where = f"{reason.grid_code} {reason.grid_name}" if reason.grid_code else "everywhere"
        until = reason.until or "open"
        why = f"post {reason.post}" if reason.post else "granted to the account"
        click.echo(f"{reason.role}\t{where}\t{reason.since or date.min} – {until}\t{why}")


@user.command("what-can")
@click.argument("name")
@with_appcontext
def what_can(name: str) -> None:
    """What the account sees and may do, how many rows of each, and the rule behind it."""
    identity = load_identity(db.session, _find(name))
    click.echo(f"{identity.name} ({identity.username})")
    _print_reasons(identity)
    for right in accounts.rights_of(db.session, identity):
        rule = f"{right.columns[0]} in" if right.columns else "rows of no grid: the role decides"
        places = ", ".join(p or "everywhere" for p in right.prefixes) if right.columns else ""
        above = " and the grids above" if right.above else ""
        click.echo(
            f"{right.resource}\t{', '.join(right.actions)}\t{right.seen} of {right.total} rows\t"
            f"{rule} {places}{above}".rstrip()
        )
