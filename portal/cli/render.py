"""``portal render``: a document as a file, issued as from the web page."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from portal import scope
from portal.documents.board import render_board
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.rules import boards


@click.command("render")
@click.argument("document", type=click.Choice([boards.KIND]))
@click.option("--grid", required=True, help="Code of the grid.")
@click.option("--size", type=click.Choice(boards.PRINT_SIZES), default="a3", show_default=True)
@click.option(
    "--lang", type=click.Choice(boards.LANGUAGES), default=boards.LANGUAGES[0], show_default=True
)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def render(document: str, grid: str, size: str, lang: str, out: Path) -> None:
    """Issue DOCUMENT of a grid, if it changed, and write its PDF to a file."""
    try:
        with scope.acting(scope.SYSTEM), force_locale(lang):
            issued = boards.issue_board(db.session, grid, size, lang, render_board)
            db.session.commit()
            out.write_bytes(boards.stored_file(issued).read_bytes())
    except OutOfScope:
        _refuse(f"there is no grid {grid}")
    except (RuleError, OSError) as error:
        _refuse(str(error))
    click.echo(f"{out}: {issued.number}, issued {issued.issued_on}, {issued.pages} page")


def _refuse(reason: str) -> None:
    click.echo(reason, err=True)
    sys.exit(1)
