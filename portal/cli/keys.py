"""``portal keys``: exchange the keys of private values while the portal runs."""

import sys
import time

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from portal import scope
from portal.extensions import db
from portal.models import sealing
from portal.rules.keys import Tally, reindex, rotate

EVERY = 1.0  # seconds between two lines of progress
MOST_NAMED = 20


@click.group("keys")
def keys() -> None:
    """The keys of private values."""


@keys.command("rotate")
@click.option("--index", is_flag=True, help="The blind indexes, with the first PORTAL_INDEX_KEY.")
@with_appcontext
def rotate_command(index: bool) -> None:
    """Seal every private value with the first of PORTAL_DATA_KEYS and the cipher of PORTAL_CIPHER.

    It may run while the portal runs, and again after it was interrupted. Exits with 1 while
    anything is left under an older key.
    """
    session: Session = db.session
    name = sealing.index_name() if index else sealing.ring().name
    click.echo(f"writing {'indexes with ' if index else ''}{name}")
    with scope.acting(scope.SYSTEM):
        found = reindex(session, _Teller()) if index else rotate(session, _Teller())
    for tally in found:
        click.echo(_line(tally))
    if all(tally.ok for tally in found):
        click.echo("nothing is left under an older key: it may be taken out of the settings")
        return
    click.echo("NOT everything was written anew: keep the older keys, and run this again", err=True)
    sys.exit(1)


class _Teller:
    """Prints how far each place is, about once a second."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, place: str, done: int, total: int) -> None:
        if time.monotonic() - self.last >= EVERY:
            self.last = time.monotonic()
            click.echo(f"  {place}: {done} of {total}")


def _line(tally: Tally) -> str:
    parts = [f"{tally.place}: {tally.values} values, {tally.moved} written anew"]
    if tally.broken:
        parts.append(f"{len(tally.broken)} that no key opens: {_named(tally.broken)}")
    if tally.twins:
        pairs = ", ".join(f"{one} and {other}" for one, other in tally.twins[:MOST_NAMED])
        parts.append(f"the same number twice, end one of each: {pairs}")
    if tally.left:
        parts.append(f"{tally.left} left: other processes still hold or write them")
    if tally.ok:
        parts.append("none left")
    return "; ".join(parts)


def _named(ids: list[int]) -> str:
    shown = ", ".join(f"id {number}" for number in ids[:MOST_NAMED])
    return shown + (f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else "")
