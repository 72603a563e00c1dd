"""One run of an import: read, clean, plan, write, report; part by part where the kind allows it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.collector import uncollected
from portal.errors import Forbidden
from portal.models import ImportBatch
from portal.rules import audit, bulk, stale
from portal.rules.imports.ahead import parts_of
from portal.rules.imports.cleaning import Tell, reject_repeats
from portal.rules.imports.drafts import Draft, Place, settle
from portal.rules.imports.kind import Kind, Line, Refused
from portal.rules.imports.layout import Layout, Source, table_of
from portal.rules.imports.memory import CHANGES, remembered
from portal.rules.imports.reader import Table, opened, read_features, read_mapping, read_table
from portal.rules.imports.report import Report
from portal.rules.imports.telling import MOST_SAMPLES, samples
from portal.rules.imports.work import Options, Work, lock_kind, take_write_lock
from portal.rules.imports.writer import write

LONGEST_NAME = 200


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
    return _run(session, kind, _read(kind, file, mapping), file.name, options or Options())


def run_upload(
    session: Session, kind: Kind, upload: Upload, options: Options, tell: Tell
) -> Report:
    """The same for a file that came with a page. ``tell(rows done, rows in all)`` is called all
    the time and may raise to end it: then nothing was written.
    """
    return _run(session, kind, _read_upload(kind, upload), upload.name, options, tell)


def _run(
    session: Session,
    kind: Kind,
    read: AbstractContextManager[Table],
    name: str,
    options: Options,
    tell: Tell = lambda done, total: None,
) -> Report:
    if not scope.current().can(roles.WRITE, kind.model.resource or ""):
        raise Forbidden(f"{roles.WRITE} {kind.model.resource}")
    report = Report(kind.name, options.dry_run, task=options.task)
    try:
        with read as table:
            report.header, report.extra_columns = table.header, table.extra_columns
            report.dropped_columns = table.dropped_columns
            _apply(session, _Run(kind, name, options, table, report), tell)
            report.ignored = table.ignored
    except Refused as refused:
        report = Report(kind.name, options.dry_run, task=options.task)
        return replace(report, refused_file=refused.reason, detail=refused.detail)
    return report


@dataclass(frozen=True)
class _Run:
    """What is imported, how, and what there is to say about it."""

    kind: Kind
    name: str
    options: Options
    table: Table
    report: Report


def _apply(session: Session, run: _Run, tell: Tell) -> None:
    session.flush()
    lock_kind(session, run.kind)
    take_write_lock(session)
    attempt = session.begin_nested()
    try:
        with bulk.room(session), uncollected():
            batch, noted = _write_all(session, run, tell)
    except BaseException:
        if attempt.is_active:
            attempt.rollback()
        raise
    if batch is None:
        attempt.rollback()
        return
    attempt.commit()
    run.report.batch = batch
    _note_boards(session, noted)
    session.expire_all()  # the rows were written past the session


def _write_all(session: Session, run: _Run, tell: Tell) -> tuple[int | None, list[Draft]]:
    """Everything of the file; the batch, None if it is not kept, and what boards may show."""
    kind, options, report = run.kind, run.options, run.report
    batch = _open_batch(session, kind, run.name)
    work = Work(session, kind, options, batch.id, batch.created_at)
    place, seen, noted = Place(kind), set[Any](), list[Draft]()
    growth = bulk.Growth(session)
    for lines in parts_of(kind, run.table, tell):
        reject_repeats(kind, lines, seen)
        drafts = _write_part(work, batch, [line for line in lines if not line.failed], report)
        for model, count in Counter(one.model for one in drafts if one.found is None).items():
            growth.note(model.__table__, count)
        if kind.after is not None:
            kind.after(work, [draft for draft in drafts if draft.row_id is not None])
        place.widen(drafts)
        noted += [draft for draft in drafts if draft.model in stale.REACHES]
        report.count(lines)
    report.matches = work.told
    held_back = options.all_or_nothing and report.failed
    if held_back:
        report.hold_back()
    if held_back or options.dry_run:
        return None, []
    report.batch, report.ignored = batch.id, run.table.ignored
    _close_batch(session, batch.id, report, place.code)
    return batch.id, noted


def _write_part(work: Work, batch: ImportBatch, lines: list[Line], report: Report) -> list[Draft]:
    """These lines as rows of the database; the drafts of what was made or changed."""
    kind, session = work.kind, work.session
    if kind.enter is not None:
        drafts: list[Draft] = kind.enter(work, lines)
        session.flush()
        if drafts:
            bulk.insert_rows(session, CHANGES, remembered(batch.id, drafts))
    else:
        assert kind.plan is not None
        kind.plan(work, lines)
        drafts, also_created = settle(work.taken())
        report.also_created.update(also_created)
    if work.options.dry_run:
        report.samples += samples(drafts, MOST_SAMPLES - len(report.samples))
    if kind.enter is None:
        write(session, batch, kind.tables, drafts)
    return drafts


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


@contextmanager
def _read(kind: Kind, file: Path, mapping: Path | None) -> Iterator[Table]:
    if kind.shape == "table":
        names = read_mapping(mapping, kind)
        with opened(file) as sheets:
            yield read_table(sheets, kind, names)
        return
    header = [column.name for column in kind.columns]
    rows: list[tuple[int, list[Any]]] = []
    for number, feature in enumerate(read_features(file), start=1):
        properties = feature.get("properties")
        told = properties if isinstance(properties, dict) else {}
        source = {"code": feature.get("id"), "geometry": feature.get("geometry")} | {
            name: value for name, value in told.items() if value is not None and name != "geometry"
        }
        rows.append((number, [source.get(name) for name in header]))
    places = {name: place for place, name in enumerate(header)}
    yield Table(header, places, rows, total=len(rows))


@contextmanager
def _read_upload(kind: Kind, upload: Upload) -> Iterator[Table]:
    yield table_of(upload.source, kind, upload.layout)


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
