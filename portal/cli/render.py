"""``portal render``: a document as a file, issued as from the web page."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from portal import scope
from portal.documents import registry
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.rules import documents

SIZES = sorted({size for spec in documents.SPECS.values() for size in spec.sizes})


@click.command("render")
@click.argument("document", type=click.Choice(list(registry.DRAWINGS)))
@click.option("--grid", required=True, help="Code of the grid.")
@click.option("--size", type=click.Choice(SIZES), help="Default: the document's usual size.")
@click.option(
    "--lang",
    type=click.Choice(documents.LANGUAGES),
    default=documents.LANGUAGES[0],
    show_default=True,
)
@click.option("--post", default="", help="Code of a kind of post, for its work manual.")
@click.option("--period", default="", help="Month of its report (2026-10); default: the last one.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def render(
    document: str, grid: str, size: str | None, lang: str, post: str, period: str, out: Path
) -> None:
    """Issue DOCUMENT of a grid, if it changed, and write its PDF to a file."""
    try:
        with scope.acting(scope.SYSTEM), force_locale(lang):
            spec = documents.SPECS[document]
            subject = period if spec.subject == "period" else post
            subject = subject or documents.usual_subject(spec)
            size = size or spec.sizes[0]
            issued = registry.issue(db.session, document, grid, size, lang, subject)
            db.session.commit()
            out.write_bytes(documents.stored_file(issued).read_bytes())
    except OutOfScope:
        _refuse(f"there is no grid {grid}")
    except (RuleError, OSError) as error:
        _refuse(str(error))
    click.echo(f"{out}: {issued.number}, issued {issued.issued_on}, {issued.pages} pages")


def _refuse(reason: str) -> None:
    click.echo(reason, err=True)
    sys.exit(1)
