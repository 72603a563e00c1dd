"""``portal demo``: the demo community, the same for the same seed."""

import secrets
import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from werkzeug.security import generate_password_hash

from portal import scope
from portal.extensions import db
from portal.rules.demo import build_demo


@click.command("demo")
@click.option("--communities", type=click.IntRange(1, 40), default=1, show_default=True)
@click.option(
    "--residents", type=click.IntRange(0), default=0, help="Not used before the register."
)
@click.option("--seed", type=int, default=2012, show_default=True)
@with_appcontext
def demo(communities: int, residents: int, seed: int) -> None:
    """Make the demo community with its accounts; refused in production."""
    if current_app.config["PORTAL_ENV"] == "production":
        click.echo("refused: the demo is not for production", err=True)
        sys.exit(2)
    given = current_app.config["PORTAL_DEMO_PASSWORD"]
    password = given or secrets.token_urlsafe(12)
    with scope.acting(scope.SYSTEM):
        summary = build_demo(db.session, seed, communities, generate_password_hash(password))
        db.session.commit()
    click.echo(summary)
    if not given and getattr(summary, "created", True):
        click.echo(f"demo password (shown once): {password}")
