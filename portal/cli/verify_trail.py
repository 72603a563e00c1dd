"""``portal verify-trail``: computes the traces of work orders anew."""

import sys

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import scope
from portal.extensions import db
from portal.rules import trace

WORDS = {
    trace.CHANGED: _l("the entry was changed, or does not follow from the one before"),
    trace.MISSING: _l("the entry is missing"),
    trace.SURPLUS: _l("the entry does not belong to the order"),
    trace.HEAD: _l("the order does not end with this entry"),
}


@click.command("verify-trail")
@click.option("--order", "number", help="Only the order with this number.")
@with_appcontext
def verify_trail(number: str | None) -> None:
    """Recompute the chains; exits with 1 and names order and entry where one does not hold."""
    try:
        with scope.acting(scope.SYSTEM):
            done = trace.verify(db.session, number)
    except LookupError:
        click.echo(_("There is no order %(number)s.", number=number), err=True)
        sys.exit(2)
    for fault in done.faults:
        words = str(WORDS[fault.what])
        click.echo(
            _("%(number)s, entry %(seq)s: %(what)s", number=fault.number, seq=fault.seq, what=words)
        )
    click.echo(f"orders {done.orders}, entries {done.entries}, broken {len(done.faults)}")
    if done.faults:
        sys.exit(1)
