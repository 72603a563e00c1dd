"""``portal remind``: the round of reminders as of a moment."""

import sys

import click
from flask.cli import with_appcontext

from portal import clock, scope
from portal.cli.moments import moment_of, tell_unsure
from portal.extensions import db
from portal.queries.workdays import load_calendar
from portal.rules import planning, reminders


@click.command("remind")
@click.option("--at", "text", help="ISO 8601; without an offset on the wall clock. Default: now.")
@with_appcontext
def remind(text: str | None) -> None:
    """Plan the meetings and run the round of reminders; exits with 1 if any failed."""
    moment = moment_of(text)
    with scope.acting(scope.SYSTEM):
        calendar = load_calendar(db.session)
        planned = planning.plan_all(db.session, moment, calendar)
        db.session.commit()
        done = reminders.remind(db.session, moment)
    today = clock.local(moment).date()
    tell_unsure(calendar, today, today + planning.AHEAD)
    click.echo(f"meetings: {planned}")
    click.echo(str(done))
    if done.failed:
        sys.exit(1)
