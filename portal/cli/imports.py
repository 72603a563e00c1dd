"""``portal import`` and ``portal undo-import``."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError, reworded
from portal.extensions import db
from portal.rules import imports
from portal.rules.imports import (
    KINDS,
    REASONS,
    REFUSALS,
    Options,
    Report,
    UndoReport,
    run_import,
    write_rejects,
)
from portal.rules.imports.decisions import CHOICES, OTHER, Decisions

MOST_SHOWN = 20
A_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=A_FILE)
@click.option("--dry-run", is_flag=True, help="Do everything, then take it back.")
@click.option("--all-or-nothing", is_flag=True, help="Keep no row if one fails.")
@click.option("--rename", is_flag=True, help="Names in the file replace existing names.")
@click.option("--mapping", type=A_FILE, help="JSON: header in the file to our column.")
@click.option(
    "--matches",
    type=click.Choice(CHOICES),
    default=OTHER,
    show_default=True,
    help="Rows that look like somebody on record: update that record, add them, or refuse them.",
)
@click.option("--report", "report_file", type=A_FILE, help="Write the report as JSON.")
@click.option("--rejects", type=A_FILE, help="Write the rejected rows as CSV or XLSX.")
@with_appcontext
def import_command(
    kind: str,
    file: Path,
    dry_run: bool,
    all_or_nothing: bool,
    rename: bool,
    mapping: Path | None,
    matches: str,
    report_file: Path | None,
    rejects: Path | None,
) -> None:
    """Import FILE (CSV, XLSX; GeoJSON for boundaries). Exits with 1 if any row failed."""
    for target in (report_file, rejects):  # before anything is written
        if target is not None and not target.resolve().parent.is_dir():
            raise click.UsageError(f"{target}: no such folder")
    options = Options(dry_run, all_or_nothing, rename, matches=Decisions(matches))
    session: Session = db.session
    with scope.acting(scope.SYSTEM):
        report = run_import(session, KINDS[kind], file, options, mapping)
        session.commit()
    if report_file is not None:
        report_file.write_text(report.as_json() + "\n", encoding="utf-8")
    if rejects is not None and report.refused_file is None:
        write_rejects(report, rejects)
    _tell(report)
    if not report.ok:
        raise SystemExit(1)


def _tell(report: Report) -> None:
    if report.refused_file is not None:
        reason = REASONS.get(report.refused_file, report.refused_file)
        click.echo(f"refused_file: {report.refused_file}: {reason} {report.detail}".rstrip())
        return
    counts = ("rows", "created", "updated", "unchanged", "imported", "failed")
    click.echo(", ".join(f"{name} {getattr(report, name)}" for name in counts))
    if report.proposed:
        click.echo(f"proposed: {report.proposed} rows look like somebody on record (--matches)")
    if report.also_created:
        click.echo("also created: " + _listed(report.also_created))
    for title, counter in (("mended", report.mended), ("failed", report.by_reason)):
        for reason, count in sorted(counter.items()):
            click.echo(f"{title}: {reason} {count} ({REASONS.get(reason, reason)})")
    if report.extra_columns:
        click.echo("extra columns: " + ", ".join(report.extra_columns))
    if report.dropped_columns:
        click.echo("dropped unread: " + ", ".join(report.dropped_columns))
    for error in report.errors[:MOST_SHOWN]:
        told = reworded(error.get("message", "")) or REASONS.get(error["reason"], error["reason"])
        click.echo(f"row {error['row']}: {error['column'] or ''} {told}".replace(":  ", ": "))
    if len(report.errors) > MOST_SHOWN:
        click.echo(f"… and {len(report.errors) - MOST_SHOWN} more: use --report or --rejects")
    click.echo(_ending(report))


def _listed(counter: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


def _ending(report: Report) -> str:
    if report.dry_run:
        return "dry run: nothing was written"
    if report.batch is None:
        return f"nothing was kept; {report.held_back} good rows held back"
    return f"batch {report.batch}; undo-import {report.batch} takes it back"


@click.command("undo-import")
@click.argument("batch", type=click.IntRange(min=1, max=2**31 - 1))
@with_appcontext
def undo_import(batch: int) -> None:
    """Take a whole import BATCH back, or nothing of it; of matters, those that nobody took up.

    Exits with 1 if that cannot be done, or if some stay.
    """
    session: Session = db.session
    try:
        with scope.acting(scope.SYSTEM):
            report = imports.undo_import(session, batch)
            session.commit()
    except RuleError as error:
        session.rollback()
        click.echo(str(error))
        raise SystemExit(1) from None
    _tell_undo(report)
    if not report.ok or report.kept:
        raise SystemExit(1)


def _tell_undo(report: UndoReport) -> None:
    named = report.refused or report.kept
    for refused in named[:MOST_SHOWN]:
        reason, detail = REFUSALS[refused["reason"]], refused["detail"]
        click.echo(f"{refused['label']}: {reason}" + (f" ({detail})" if detail else ""))
    if len(named) > MOST_SHOWN:
        click.echo(f"… and {len(named) - MOST_SHOWN} more")
    if report.refused:
        click.echo(f"batch {report.batch}: nothing was changed, {len(report.refused)} refused")
        return
    gone = f", {report.already_gone} were gone already" if report.already_gone else ""
    went = "void" if report.void else "removed"
    stay = f", {len(report.kept)} stay" if report.kept else ""
    told = f"{report.removed} {went}, {report.restored} restored{stay}{gone}"
    click.echo(f"batch {report.batch}: {told}")
