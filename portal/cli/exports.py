"""``portal export``."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import Forbidden, RuleError
from portal.extensions import db
from portal.queries.identity import load_identity
from portal.rules.exports import SOURCES, export


@click.command("export")
@click.argument("kind", type=click.Choice(list(SOURCES)))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--grid", help="Only this grid and what lies below it.")
@click.option("--as", "username", help="What this account may export, masked as for it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Matters answered since that day.")
@with_appcontext
def export_command(
    kind: str, file: Path, grid: str | None, username: str | None, since: datetime | None
) -> None:
    """Export rows of KIND to FILE (.csv, .xlsx; boundaries: .geojson), columns as for import;
    matters of 12345 and superior platforms with what came of them.
    """
    session: Session = db.session
    try:
        with scope.acting(_identity(session, username)):
            count = export(session, kind, file, grid, since.date() if since else None)
            session.commit()
    except (RuleError, OSError) as error:
        raise click.ClickException(str(error)) from None
    except Forbidden:
        raise click.ClickException(f"{username} may not export {kind}") from None
    click.echo(f"{count} rows in {file}")


def _identity(session: Session, username: str | None) -> scope.Identity:
    if username is None:
        return scope.SYSTEM
    user = session.scalar(select(User).where(User.username == username))
    if user is None or not user.active:
        raise click.ClickException(f"no account {username}")
    return load_identity(session, user)
