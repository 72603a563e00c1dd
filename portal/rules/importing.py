"""Imports that people ask for on a page: upload, check, import, take back; each as work in the
queue, in the name of the person who asked.

An upload is the first check of a file: it lies in that task's folder, later checks of it with other
columns refer to it. It is imported once: which import took it is noted in the upload's ``params``
by compare and swap. The file goes after the import, or after a day.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.models import ImportBatch, ImportMapping, Task, User
from portal.queries.identity import load_identity
from portal.rules import inbox, sealedfiles, tasks
from portal.rules.imports import KINDS
from portal.rules.imports.decisions import Decisions
from portal.rules.imports.layout import Layout
from portal.rules.imports.reader import key_of
from portal.rules.imports.uploads import judge
from portal.rules.listed import listed
from portal.rules.masking import hide_numbers

CHECK, RUN, UNDO = "import_check", "import", "import_undo"
KEPT = timedelta(days=1)
LONGEST_NAME = 120
FILE = "upload"
FEW = 2000  # rows
QUICK = 200 * 1024  # bytes; a smaller file does not wait behind batches of documents
NOT_KEPT = _l("The file is not kept any more. Choose it again.")
NOT_YOURS = _l("You may not import this any more.")


def kinds_for(identity: scope.Identity) -> list[str]:
    """The kinds of files whose rows the person may write somewhere."""
    return [
        name for name, kind in KINDS.items() if identity.can(roles.WRITE, kind.model.resource or "")
    ]


def identity_of(session: Session, user_id: int) -> scope.Identity:
    """Who the account is now; RuleError where it was switched off."""
    user = session.get(User, user_id)
    if user is None or not user.is_active:
        raise RuleError(_l("The account that asked for it is switched off."))
    return load_identity(session, user)


# -- asking -------------------------------------------------------------------------------------


def upload(session: Session, user_id: int, kind: str, name: str, stream: BinaryIO) -> Task:
    """Keep a file and have it checked; the caller commits. RuleError where it is not taken."""
    ending = judge(KINDS[kind], name, stream)
    quick = stream.seek(0, os.SEEK_END) <= QUICK
    stream.seek(0)
    params = {"kind": kind, "name": _short(name), "ending": ending, "quick": quick}
    params |= {"lang": str(get_locale())}
    task = tasks.start(session, user_id, CHECK, params, quick=quick)
    task.params = json.dumps(params | {"upload": task.id}, ensure_ascii=False)
    session.flush()
    sealedfiles.write(tasks.folder(task.id) / _kept_as(ending), stream.read())
    return task


def _kept_as(ending: str) -> str:
    return f"{FILE}{ending}{sealedfiles.ENDING}"


def check_again(
    session: Session, check: Task, layout: Layout | None, at: tuple[int, int], *, rename: bool
) -> Task:
    """Have the same file checked with other columns, or with the columns proposed for another
    sheet or header row (``at``); the caller commits.
    """
    params = params_of(check)
    asked = {
        "layout": asdict(layout) if layout else None,
        "at": list(at),
        "rename": rename,
        "lang": str(get_locale()),
    }
    inbox.mark_read_about(session, check.user_id, f"/tasks/{check.id}")
    return tasks.start(session, check.user_id, CHECK, {**params, **asked}, quick=params["quick"])


def confirm(session: Session, check: Task, matches: Decisions | None = None) -> Task:
    """Have the file imported as it was checked; the import that took it already, if one did.
    ``matches``: what was decided of rows that look like somebody on record. Commits.
    """
    params = params_of(check)
    first = session.get(Task, params["upload"], populate_existing=True)
    if first is None or upload_file(params) is None:
        taken = _taken(session, first)
        if taken is not None:
            return taken
        raise RuleError(NOT_KEPT)
    before = first.params
    taken = _taken(session, first)
    if taken is not None and taken.state not in ("failed", "cancelled"):
        return taken
    inbox.mark_read_about(session, check.user_id, f"/tasks/{check.id}")
    report = json.loads(check.report or "{}")
    wanted = {**params, "layout": report["outline"]["layout"], "lang": str(get_locale())}
    if matches is not None:
        wanted["matches"] = matches.as_params()
    rows = report["report"]["rows"]
    task = tasks.start(session, check.user_id, RUN, wanted, rows, quick=params["quick"])
    noted = json.dumps({**json.loads(before), "import": task.id}, ensure_ascii=False)
    own = Task.__table__.c
    swap = update(Task.__table__).where(own.id == first.id, own.params == before)
    done: Any = session.execute(swap.values(params=noted))
    if done.rowcount:
        session.commit()
        return task
    session.rollback()  # somebody was faster: a second click
    again = session.get(Task, params["upload"], populate_existing=True)
    winner = _taken(session, again)
    if winner is None:
        raise RuleError(NOT_KEPT)
    return winner


def undo(session: Session, user_id: int, batch: ImportBatch) -> Task:
    """Have a batch taken back; the work that is under way already, if some is. The caller
    commits.
    """
    params = json.dumps({"batch": batch.id})
    known = select(Task).where(
        Task.user_id == user_id,
        Task.kind == UNDO,
        Task.params == params,
        Task.state.in_(tasks.OPEN),
    )
    under_way = session.scalars(known).first()
    quick = batch.created + batch.updated <= FEW
    return under_way or tasks.start(session, user_id, UNDO, {"batch": batch.id}, quick=quick)


# -- looking ------------------------------------------------------------------------------------


def params_of(task: Task) -> dict[str, Any]:
    """What the task was asked with."""
    found: dict[str, Any] = json.loads(task.params)
    return found


def check_of(session: Session, user_id: int, task_id: int) -> Task | None:
    """The check of an upload, if it is the account's."""
    task = tasks.own(session, user_id, task_id)
    return task if task is not None and task.kind == CHECK else None


def taken_by(session: Session, check: Task) -> Task | None:
    """The import that took the file of a check, if one did."""
    return _taken(session, session.get(Task, params_of(check)["upload"]))


def _taken(session: Session, first: Task | None) -> Task | None:
    number = params_of(first).get("import") if first is not None else None
    return session.get(Task, number) if number is not None else None


def upload_file(params: Mapping[str, Any]) -> Path | None:
    """The file of an upload while it is kept, sealed."""
    path = tasks.place(params["upload"]) / _kept_as(params["ending"])
    return path if path.is_file() else None


def layout_of(params: Mapping[str, Any]) -> Layout | None:
    """The layout that a task was asked with."""
    told = params.get("layout")
    return Layout(tuple(told["columns"]), told["sheet"], told["row"]) if told else None


def batch_for(session: Session, batch_id: int) -> ImportBatch:
    """The batch, if the person acting deals with it; RuleError otherwise."""
    found = select(ImportBatch).where(ImportBatch.id == batch_id, listed(ImportBatch))
    batch = session.scalars(found).one_or_none()
    if batch is None:
        raise RuleError(_l("There is no import %(number)s.", number=str(batch_id)))
    return batch


# -- what the person said the last time ---------------------------------------------------------


def remembered(session: Session, user_id: int, kind: str) -> dict[str, str]:
    """Short header of a file to our column ("" for none), as the person said it before."""
    text = session.scalar(
        select(ImportMapping.mapping).where(
            ImportMapping.user_id == user_id, ImportMapping.kind == kind
        )
    )
    return dict(json.loads(text)) if text else {}


def remember(
    session: Session, user_id: int, kind: str, header: list[str], columns: tuple[str, ...]
) -> None:
    """Keep what the person said; the caller commits."""
    told = {
        key_of(name)[:60]: column
        for name, column in zip(header, columns, strict=False)
        if key_of(name) and hide_numbers(name) == name  # a row of people taken for the header
    }
    row = session.scalar(
        select(ImportMapping).where(ImportMapping.user_id == user_id, ImportMapping.kind == kind)
    )
    known = json.loads(row.mapping) if row is not None else {}
    text = json.dumps({**known, **told}, ensure_ascii=False)
    if row is not None:
        row.mapping = text
        return
    try:
        with session.begin_nested():
            session.add(ImportMapping(user_id=user_id, kind=kind, mapping=text))
    except IntegrityError:
        pass  # said twice at the same moment: the first one stands


# -- forgetting ---------------------------------------------------------------------------------


def forget_upload(session: Session, params: Mapping[str, Any]) -> None:
    """Remove the file of an upload and what its checks tell of it. Commits."""
    shutil.rmtree(tasks.place(params["upload"]), ignore_errors=True)
    checks = select(Task).where(Task.kind == CHECK, Task.report.is_not(None))
    for check in session.scalars(checks):
        if params_of(check).get("upload") == params["upload"]:
            check.report = None
    session.commit()


def forget_uploads(session: Session) -> int:
    """Remove what was uploaded more than a day ago, and what its checks told; how many files.
    Commits.
    """
    limit = clock.now() - KEPT
    told = select(Task).where(Task.kind == CHECK, Task.report.is_not(None))
    for check in session.scalars(told.where(Task.created_at < limit)):
        check.report = None
    session.commit()
    found = 0
    for file in tasks.place(0).parent.glob(f"*/{FILE}.*"):
        task = session.get(Task, int(file.parent.name)) if file.parent.name.isdigit() else None
        if task is None or clock.local(task.created_at) < limit:
            shutil.rmtree(file.parent, ignore_errors=True)
            found += 1
    return found


def _short(name: str) -> str:
    """The name of a file as it is shown: without folders, without control characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    tidy = "".join(sign for sign in base if sign.isprintable()).strip()
    return hide_numbers(tidy[-LONGEST_NAME:]) or FILE
