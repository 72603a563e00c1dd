"""Imports that somebody asked for on a page: each acts as that person, never as the portal, so that
nothing outside their grids is written or shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import zip_longest
from typing import Any

from flask_babel import force_locale
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import Forbidden, RuleError
from portal.models import Task
from portal.rules import importing, sealedfiles, tasks
from portal.rules.imports import (
    KINDS,
    REASONS,
    Options,
    Report,
    Upload,
    run_upload,
    undo_import,
    write_rejects,
)
from portal.rules.imports.decisions import Decisions, from_params
from portal.rules.imports.kind import Kind, Refused
from portal.rules.imports.layout import Outline, Source, outline, source_of
from portal.rules.masking import hide_numbers, mask
from portal.rules.tasks import Progress


@contextmanager
def _as_owner(progress: Progress) -> Iterator[None]:
    """Act and speak as the person who asked."""
    identity = importing.identity_of(progress.session, progress.user_id)
    with scope.acting(identity), force_locale(progress.params.get("lang", "zh_Hans_CN")):
        yield


def check(progress: Progress) -> None:
    """What an import of the uploaded file would do, and what the file looks like."""
    params = progress.params
    kind = KINDS[params["kind"]]
    with _as_owner(progress):
        try:
            with _source(kind, params) as source:
                seen = _outline(progress, kind, source)
                upload = Upload(source, seen.layout, params["name"])
                rename = params.get("rename", False)
                options = Options(dry_run=True, rename=rename, matches=Decisions())
                report = _run(progress, kind, upload, options)
        except Refused as refused:
            report = Report(kind.name, True, refused_file=refused.reason, detail=refused.detail)
            progress.conclude({"outline": None, "report": report.as_dict(), "samples": []}, 0, 0)
            return
        if report.refused_file is None:
            seen = replace(seen, rows=report.rows + report.ignored)
        told = {
            "outline": _shown(kind, seen),
            "report": report.as_dict(),
            "samples": report.samples,
        }
        if report.matches is not None and report.proposed:
            told["matches"] = report.matches.as_dict()
        progress.conclude(told, report.imported, report.failed)


def run(progress: Progress) -> None:
    """The import itself. Begun again after a crash it finds what it has done, or begins anew."""
    params = progress.params
    task = progress.session.get_one(Task, progress.task_id)
    if task.report is None:  # what was kept tells so itself, in the same commit
        with _as_owner(progress):
            _import(progress, KINDS[params["kind"]])
    importing.forget_upload(progress.session, params)


def _import(progress: Progress, kind: Kind) -> None:
    params = progress.params
    layout = importing.layout_of(params)
    assert layout is not None
    matches = from_params(params.get("matches"))
    rename = params.get("rename", False)
    options = Options(rename=rename, task=progress.task_id, matches=matches)
    try:
        with _source(kind, params) as source:
            report = _run(progress, kind, Upload(source, layout, params["name"]), options)
    except Refused as refused:
        raise RuleError(REASONS[refused.reason]) from refused
    if report.refused_file is not None:
        raise RuleError(REASONS[report.refused_file])
    file = None
    if report.failed:
        ending = params["ending"]
        path = tasks.folder(progress.task_id) / f"refused{ending}{sealedfiles.ENDING}"
        with sealedfiles.in_memory() as clear:
            write_rejects(report, clear, words=True, ending=ending)
            sealedfiles.write(path, clear.read_bytes())
        file = (path, f"{params['name'].rsplit('.', 1)[0]}-refused{ending}")
    progress.conclude(report.as_dict(), report.imported, report.failed, file)


def undo(progress: Progress) -> None:
    """Take a batch back, or tell who stands in the way."""
    with _as_owner(progress):
        session = progress.session
        batch = importing.batch_for(session, progress.params["batch"])
        if batch.undone_at is not None and progress_has_report(session, progress.task_id):
            return
        report = undo_import(session, batch.id)
        told = {**asdict(report), "refused": report.refused[:1000]}
        progress.conclude(told, report.removed + report.restored, len(report.refused))


def progress_has_report(session: Session, task_id: int) -> bool:
    """Whether the task has told what came of it: it was done before a crash."""
    return session.get_one(Task, task_id).report is not None


@contextmanager
def _source(kind: Kind, params: dict[str, Any]) -> Iterator[Source]:
    file = importing.upload_file(params)
    if file is None:
        raise RuleError(importing.NOT_KEPT)
    with (
        sealedfiles.in_memory(sealedfiles.read(file)) as clear,
        source_of(clear, kind) as source,
    ):
        yield source


def _outline(progress: Progress, kind: Kind, source: Source) -> Outline:
    params = progress.params
    known = importing.remembered(progress.session, progress.user_id, kind.name)
    at = params.get("at")
    return outline(source, kind, known, importing.layout_of(params), (at[0], at[1]) if at else None)


def _run(progress: Progress, kind: Kind, upload: Upload, options: Options) -> Report:
    try:
        return run_upload(progress.session, kind, upload, options, progress.tell)
    except Forbidden as refused:
        raise RuleError(importing.NOT_YOURS) from refused


def _shown(kind: Kind, seen: Outline) -> dict[str, Any]:
    """An outline as the page may show it: private numbers are masked."""
    told = asdict(seen)
    told["header"] = [hide_numbers(name) for name in seen.header]
    private = {column.name for column in kind.columns if column.sensitive}
    told["first"] = [
        [mask(cell) if name in private else hide_numbers(cell) for cell in cells]
        for name, cells in zip_longest(seen.layout.columns, seen.first, fillvalue="")
    ][: len(seen.first)]
    return told
