"""``portal remind``: the round of reminders as of a moment."""

import sys
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from portal import clock, scope
from portal.extensions import db
from portal.queries.workdays import load_calendar
from portal.rules import planning, reminders


@click.command("remind")
@click.option("--at", "text", help="ISO 8601; without an offset on the wall clock. Default: now.")
@with_appcontext
def remind(text: str | None) -> None:
    """Plan the meetings and run the round of reminders; exits with 1 if any failed."""
    moment = _moment(text)
    with scope.acting(scope.SYSTEM):
        calendar = load_calendar(db.session)
        planned = planning.plan_all(db.session, moment, calendar)
        db.session.commit()
        done = reminders.remind(db.session, moment)
    today = clock.local(moment).date()
    for year in calendar.unsure(today, today + planning.AHEAD):
        click.echo(
            _(
                "%(year)s: only the statutory holidays are known, no adjusted working days."
                " Enter or import them (portal import workdays FILE).",
                year=year,
            )
        )
    click.echo(f"meetings: {planned}")
    click.echo(str(done))
    if done.failed:
        sys.exit(1)


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=clock.zone())
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        click.echo(_("Give the moment like 2026-02-13T08:00+08:00."), err=True)
        sys.exit(2)
