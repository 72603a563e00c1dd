"""``portal demo``: the demo community, the same for the same seed."""

import secrets
import sys
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext
from werkzeug.security import generate_password_hash

from portal import clock, scope
from portal.extensions import db
from portal.rules.demo import build_demo

RESIDENTS = 10_000  # of a community: as many as its homes hold when one in six stands empty
MOST_RESIDENTS = 2_000_000


@click.command("demo")
@click.option("--communities", type=click.IntRange(1, 40), default=1, show_default=True)
@click.option(
    "--residents",
    type=click.IntRange(0, MOST_RESIDENTS),
    help=f"How many people the register gets in all (0: no register); {RESIDENTS} if not given."
    " Given, a demo that is there without a register gets one.",
)
@click.option("--seed", type=int, default=2012, show_default=True)
@click.option(
    "--orders/--no-orders",
    default=None,
    help="Matters and work orders of the weeks before the day; yes for a new demo if not given."
    " Given, a demo that is there without any gets them.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the matters and work orders lead up to; today if not given.",
)
@with_appcontext
def demo(
    communities: int, residents: int | None, seed: int, orders: bool | None, day: datetime | None
) -> None:
    """Make the demo community with its accounts; refused in production."""
    if current_app.config["PORTAL_ENV"] == "production":
        click.echo("refused: the demo is not for production", err=True)
        sys.exit(2)
    given = current_app.config["PORTAL_DEMO_PASSWORD"]
    password = given or secrets.token_urlsafe(12)
    until = day.date() if day else clock.today()
    if until > clock.today():
        raise click.BadParameter("the day lies ahead", param_hint="--day")
    with scope.acting(scope.SYSTEM):
        summary = build_demo(
            db.session,
            seed,
            communities,
            generate_password_hash(password),
            RESIDENTS * communities if residents is None else residents,
            fill=residents is not None,
            orders_before=until if orders is not False else None,
            fill_orders=bool(orders),
        )
        db.session.commit()
    click.echo(summary)
    if not given and getattr(summary, "created", True):
        click.echo(f"demo password (shown once): {password}")
