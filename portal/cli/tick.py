"""``portal tick``: the round of work orders as of a moment."""

import sys
from datetime import timedelta

import click
from flask.cli import with_appcontext

from portal import clock, scope
from portal.cli.moments import moment_of, tell_unsure
from portal.extensions import db
from portal.queries.workdays import load_calendar
from portal.rules import case_round
from portal.rules import tick as rounds

AHEAD = timedelta(days=120)  # the longest limit with its extension ends within these


@click.command("tick")
@click.option("--at", "text", help="ISO 8601; without an offset on the wall clock. Default: now.")
@with_appcontext
def tick(text: str | None) -> None:
    """Warn of deadlines of work orders; exits with 1 if any order failed."""
    moment = moment_of(text)
    with scope.acting(scope.SYSTEM):
        calendar = load_calendar(db.session)
        done = rounds.tick(db.session, moment)
        today = clock.local(moment).date()
        reminded = case_round.remind(db.session, today)
        db.session.commit()
    tell_unsure(calendar, today, today + AHEAD)
    if reminded:
        click.echo(f"reminded {reminded}")
    click.echo(str(done))
    if done.failed:
        sys.exit(1)
