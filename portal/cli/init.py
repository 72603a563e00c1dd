"""``portal init``: tables, roles, default data; safe to repeat."""

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade

from portal import scope
from portal.extensions import db
from portal.rules.accounts import synchronise_roles
from portal.rules.defaults import load_defaults
from portal.rules.settings import load_settings


@click.command("init")
@with_appcontext
def init() -> None:
    """Bring the database up to date: migrations, roles, default data."""
    upgrade()
    with scope.acting(scope.SYSTEM):
        synchronise_roles(db.session, current_app.appbuilder.sm)  # type: ignore[attr-defined]
        counts = load_defaults(db.session)
        counts["settings"] = load_settings(db.session)
        db.session.commit()
    click.echo("ready: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
