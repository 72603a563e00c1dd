"""Long work in words: what it is, how far it is, how long it will still take, what came of it."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal import clock
from portal.errors import reworded
from portal.extensions import db
from portal.models import Grid, Task
from portal.models.choices import TASK_KINDS, TASK_STATES
from portal.rules import tasks
from portal.rules.messages import TASK_ERRORS
from portal.views.context import format_date, format_number
from portal.views.page import Tone

TONES: dict[str, Tone] = {
    "queued": "info",
    "running": "info",
    "done": "good",
    "failed": "late",
    "cancelled": "warn",
}


@dataclass(frozen=True)
class Work:
    """A task as its page shows it. ``figures`` says how far it is, ``left`` how long it will take;
    ``file`` is the name of the file to download, ``gone`` that it was kept for its time.
    """

    id: int
    title: str
    kind: str
    state: str
    state_text: str
    tone: Tone
    asked: str
    total: int
    ended: int
    figures: str
    left: str
    error: str
    open: bool
    stopping: bool
    file: str
    gone: bool
    ended_at: str = ""
    report: dict[str, Any] = field(default_factory=dict)


def worded(task: Task, *, with_report: bool = False) -> Work:
    """A task in words; its report only where the page shows it."""
    report = json.loads(task.report) if with_report and task.report else {}
    ended, total = tasks.how_far(task)
    left = tasks.remaining(task, ended, total, clock.now())
    kept = tasks.result_file(task) is not None
    return Work(
        task.id,
        _title(task) if with_report else str(TASK_KINDS.get(task.kind, task.kind)),
        task.kind,
        task.state,
        str(TASK_STATES[task.state]),
        TONES[task.state],
        format_date(task.created_at),
        total,
        ended,
        _figures(task, ended, total),
        _left(left) if task.state == "running" else "",
        str(TASK_ERRORS.get(task.error or "") or reworded(task.error or "")),
        task.state in tasks.OPEN,
        task.state in tasks.OPEN and task.cancel_asked_at is not None,
        task.result_name or "" if kept else "",
        bool(task.result_name) and not kept,
        format_date(task.finished_at),
        report,
    )


def _title(task: Task) -> str:
    kind = str(TASK_KINDS.get(task.kind, task.kind))
    if not task.grid_code:
        return kind
    name = db.session.scalar(select(Grid.name).where(Grid.code == task.grid_code))
    return _("%(what)s: %(grid)s", what=kind, grid=name or task.grid_code)


def _figures(task: Task, ended: int, total: int) -> str:
    """How far it is: "12 of 34, 2 of them failed"."""
    if not total and task.state in tasks.OPEN:
        return ""
    words = {"ended": format_number(ended), "total": format_number(total)}
    told = _("%(ended)s of %(total)s", **words)
    if task.failed:
        told = _("%(told)s, %(failed)s failed", told=told, failed=format_number(task.failed))
    return told


def _left(left: timedelta | None) -> str:
    if left is None:
        return _("How long it takes shows after the first ones.")
    seconds = int(left.total_seconds())
    if seconds < 60:
        return _("Less than a minute left")
    if seconds < 3600:
        minutes = -(-seconds // 60)
        return ngettext("About %(num)d minute left", "About %(num)d minutes left", minutes)
    hours = round(seconds / 3600)
    return ngettext("About %(num)d hour left", "About %(num)d hours left", hours)


def page_of(task: Task) -> str | None:
    """The address of the page that shows a task better than its own; None where there is none."""
    if task.kind == "import_check":
        return f"/imports/preview/{task.id}"
    report = json.loads(task.report) if task.report and task.state == "done" else {}
    if task.kind in ("import", "import_undo") and report.get("batch"):
        part = "undo" if report.get("refused") else "show"
        return f"/imports/{part}/{report['batch']}"
    return None


def progress_part(work: Work, poll_url: str | None = None) -> Response:
    """What changes while a task runs, for the script that asks for it again and again."""
    answer = Response(
        render_template(
            "views/tasks/_progress.html", work=work, poll_url=poll_url or f"/tasks/{work.id}?part=1"
        )
    )
    if not work.open:
        answer.headers["HX-Refresh"] = "true"  # the whole page, with what came of it
    return answer
