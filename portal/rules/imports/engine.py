"""One run of an import: read, clean, plan, write, report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import Forbidden
from portal.models import ImportBatch
from portal.rules import audit, stale
from portal.rules.imports.cells import Bad
from portal.rules.imports.kind import Column, Kind, Line, Refused
from portal.rules.imports.layout import Layout, Source, table_of
from portal.rules.imports.reader import (
    Table,
    cell_of,
    read_features,
    read_mapping,
    read_table,
)
from portal.rules.imports.report import Report
from portal.rules.imports.work import Draft, Options, Work, place_of, settle, take_write_lock
from portal.rules.imports.writer import samples, write
from portal.rules.masking import hide_numbers, mask

LONGEST_NAME = 200
TELL_AFTER = 500  # rows


@dataclass(frozen=True)
class Upload:
    """A file that came with a page: what it holds, how it is to be read, what it was called."""

    source: Source
    layout: Layout
    name: str


def run_import(
    session: Session,
    kind: Kind,
    file: Path,
    options: Options | None = None,
    mapping: Path | None = None,
) -> Report:
    """Import ``file``; the caller commits.

    Good rows are kept when others fail, unless ``options.all_or_nothing``; with
    ``options.dry_run`` everything is done and taken back. A file that cannot be read is reported,
    not raised. Raises Forbidden when the identity may not write this kind at all.
    """
    return _run(session, kind, lambda: _read(kind, file, mapping), file.name, options or Options())


def run_upload(
    session: Session,
    kind: Kind,
    upload: Upload,
    options: Options,
    tell: Callable[[int, int], None],
) -> Report:
    """The same for a file that came with a page. ``tell(rows read, rows in all)`` is called while
    the rows are read, before anything is written, and may raise to end it.
    """
    return _run(
        session,
        kind,
        lambda: table_of(upload.source, kind, upload.layout),
        upload.name,
        options,
        tell,
    )


def _run(
    session: Session,
    kind: Kind,
    read: Callable[[], Table],
    name: str,
    options: Options,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    if not scope.current().can(roles.WRITE, kind.model.resource or ""):
        raise Forbidden(f"{roles.WRITE} {kind.model.resource}")
    report = Report(kind.name, options.dry_run, task=options.task)
    try:
        table = read()
    except Refused as refused:
        return replace(report, refused_file=refused.reason, detail=refused.detail)
    report.header, report.extra_columns = table.header, table.extra_columns
    report.dropped_columns, report.ignored = table.dropped_columns, table.ignored
    lines = []
    for done, (number, cells) in enumerate(table.rows):
        if done % TELL_AFTER == 0:
            tell(done, len(table.rows))
        lines.append(_line(kind, table, number, cells))
    tell(len(lines), len(lines))
    _reject_repeats(kind, lines)
    _apply(session, kind, name, options, lines, report)
    return report


def _apply(
    session: Session,
    kind: Kind,
    name: str,
    options: Options,
    lines: list[Line],
    report: Report,
) -> None:
    session.flush()
    take_write_lock(session)
    attempt = session.begin_nested()
    batch = _open_batch(session, kind, name)
    work = Work(session, kind, options)
    kind.plan(work, [line for line in lines if not line.failed])
    drafts, report.also_created = settle(work.drafts)
    if options.dry_run:
        report.samples = samples(drafts)
    write(session, batch, kind.tables, drafts)
    report.count(lines)
    held_back = options.all_or_nothing and report.failed
    if held_back:
        report.hold_back()
    if held_back or options.dry_run:
        attempt.rollback()
        return
    report.batch = batch.id
    _close_batch(session, batch.id, report, place_of(kind, drafts))
    attempt.commit()
    _note_boards(session, drafts)
    session.expire_all()  # the rows were written past the session


def _note_boards(session: Session, drafts: Iterable[Draft]) -> None:
    """What was written may stand on notice boards."""
    for draft in drafts:
        if draft.row_id is None:
            continue
        column = draft.model.scope_column
        places: list[str | None] = []
        if column is not None:
            places.append(draft.values.get(column))
            places.append(draft.found.value(column) if draft.found is not None else None)
        stale.note(session, draft.model, draft.row_id, {code for code in places if code})


def _read(kind: Kind, file: Path, mapping: Path | None) -> Table:
    if kind.shape == "table":
        return read_table(file, kind, read_mapping(mapping, kind))
    header = [column.name for column in kind.columns]
    rows: list[tuple[int, list[Any]]] = []
    for number, feature in enumerate(read_features(file), start=1):
        properties = feature.get("properties")
        told = properties if isinstance(properties, dict) else {}
        source = {"code": feature.get("id"), "geometry": feature.get("geometry")} | {
            name: value for name, value in told.items() if value is not None and name != "geometry"
        }
        rows.append((number, [source.get(name) for name in header]))
    return Table(header, {name: place for place, name in enumerate(header)}, rows)


def _line(kind: Kind, table: Table, number: int, cells: list[Any]) -> Line:
    line = Line(number, cells)
    for column in kind.columns:
        raw = cell_of(table, column, cells)
        try:
            value = column.clean(raw, _noting(line))
        except Bad as bad:
            _reject(line, column, bad.reason, raw)
            continue
        if value is not None:
            line.values[column.name] = value
        elif column.required:
            _reject(line, column, column.required, None)
    return line


def _noting(line: Line) -> Any:
    """A ``note`` that counts each reason once per cell."""
    seen: set[str] = set()

    def note(reason: str) -> None:
        if reason not in seen:
            seen.add(reason)
            line.notes.append(reason)

    return note


def _reject(line: Line, column: Column, reason: str, raw: Any) -> None:
    if line.error is None:
        text = None if raw is None else str(raw)[:120]
        line.error = {
            "row": line.number,
            "column": column.name,
            "reason": reason,
            "value": mask(text) if column.sensitive else text and hide_numbers(text),
        }


def _reject_repeats(kind: Kind, lines: Iterable[Line]) -> None:
    seen = set()
    for line in lines:
        key = kind.key(line) if kind.key and not line.failed else None
        if key is None:
            continue
        if key in seen:
            line.error = {"row": line.number, "column": None, "reason": "duplicate_row"}
        seen.add(key)


def _open_batch(session: Session, kind: Kind, name: str) -> ImportBatch:
    statement = insert(ImportBatch).returning(ImportBatch)
    values = {
        "kind": kind.name,
        "file_name": name[:LONGEST_NAME],
        "actor": scope.actor().username or "anonymous",
    }
    return session.scalars(statement, values).one()


def _close_batch(session: Session, batch: int, report: Report, place: str | None) -> None:
    counts = {
        name: getattr(report, name)
        for name in ("rows", "created", "updated", "unchanged", "failed")
    }
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch)
        .values(**counts, report=report.as_json(), grid_code=place)
        .execution_options(audited=True, synchronize_session=False)
    )
    entry = {"row_id": batch, "row_label": f"{report.kind} {batch}", "changes": counts}
    audit.record_bulk(session, "insert", ImportBatch.__tablename__, [entry | {"grid_code": place}])
