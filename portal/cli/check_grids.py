"""``portal check-grids``: what is wrong with boundaries, households and staff."""

import json
import sys

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from portal import clock, scope
from portal.extensions import db
from portal.queries.grid_checks import grid_records
from portal.queries.settings import household_standards
from portal.rules.check_grids import Report
from portal.rules.check_grids import check_grids as check


@click.command("check-grids")
@click.option("--grid", "code", default="", help="Only this grid and those below it.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@with_appcontext
def check_grids(code: str, as_json: bool) -> None:
    """List findings about grids; exit 1 if there are any, 2 for an unknown grid."""
    with scope.acting(scope.SYSTEM):
        records = grid_records(db.session, clock.today())
        standards = household_standards(db.session)
    if code and all(record.code != code for record in records):
        click.echo(_("There is no grid %(code)s.", code=code), err=True)
        sys.exit(2)
    report = check(records, standards, code)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        _show(report)
    sys.exit(1 if report.findings else 0)


def _show(report: Report) -> None:
    for finding in report.findings:
        click.echo(f"{finding.kind}: {finding.message}")
    click.echo(
        _(
            "%(checked)s grids checked, %(findings)s findings, %(without)s without a boundary.",
            checked=report.checked,
            findings=len(report.findings),
            without=len(report.without_boundary),
        )
    )
