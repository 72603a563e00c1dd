"""``portal plan-grids``: how a too large cell could be cut, which small ones could be joined."""

import sys

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from portal import scope
from portal.extensions import db
from portal.queries import regrid as queries
from portal.rules.regrid import planner


@click.command("plan-grids")
@click.option("--grid", "code", required=True, help="A cell, or a grid with cells below it.")
@with_appcontext
def plan_grids(code: str) -> None:
    """Print proposals; nothing is written. Exit 2 for an unknown grid."""
    with scope.acting(scope.SYSTEM):
        if not queries.grids(db.session, [code]):
            click.echo(_("There is no grid %(code)s.", code=code), err=True)
            sys.exit(2)
        for cell in queries.of_level(db.session, "cell", code):
            _cell(cell.code, cell.name)
        blocks = queries.of_level(db.session, "block", code) or queries.grids(
            db.session, [code[:16]]
        )
        for block in blocks:
            for join in planner.joins(db.session, block.code, code if len(code) > 16 else ""):
                click.echo(f"{join.one.code} + {join.other.code}: {join.households}")


def _cell(code: str, name: str) -> None:
    found = planner.splits(db.session, code)
    if found is None:
        return
    span = f"{found.limits[0]}–{found.limits[1]}" if found.limits else "–"
    click.echo(f"{code} {name}: {found.households} ({span})")
    for number, proposal in enumerate(found.proposals, 1):
        parts = " | ".join(
            f"{part.households}: {_(', ').join(one.name for one in part.buildings)}"
            for part in proposal.parts
        )
        missing = _("%(number)s workers missing", number=proposal.missing)
        click.echo(f"  {number}. {parts}" + (f" · {missing}" if proposal.missing else ""))
