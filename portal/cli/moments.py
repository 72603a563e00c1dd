"""What commands that run a round as of a moment share."""

import sys
from datetime import UTC, date, datetime

import click
from flask_babel import gettext as _

from portal import clock
from portal.workdays import WorkCalendar


def moment_of(text: str | None) -> datetime:
    """The instant that ``--at`` names, now without one; ends the command where it is none."""
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


def tell_unsure(calendar: WorkCalendar, first: date, last: date) -> None:
    """Say which years have no announced working days."""
    for year in calendar.unsure(first, last):
        click.echo(
            _(
                "%(year)s: only the statutory holidays are known, no adjusted working days."
                " Enter or import them (portal import workdays FILE).",
                year=year,
            )
        )
