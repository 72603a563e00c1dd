"""``/tasks/``: the long work that the signed-in account asked for, how far it is, what came of it.

A kind may have a template of its own for its report, ``views/tasks/report_<kind>.html``, and pages
of its own in ``LEADS``.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal import clock
from portal.errors import reworded
from portal.extensions import db
from portal.models import Grid, Task
from portal.models.choices import TASK_KINDS, TASK_STATES
from portal.queries import paging
from portal.rules import tasks
from portal.rules.messages import TASK_ERRORS
from portal.views.context import format_date, format_number
from portal.views.entity.access import account
from portal.views.page import Tone

HERE = "/tasks/"
TONES: dict[str, Tone] = {
    "queued": "info",
    "running": "info",
    "done": "good",
    "failed": "late",
    "cancelled": "warn",
}
# kind: address of the page to go on to from a task and its report, or None
LEADS: dict[str, Callable[[Task, dict[str, Any]], tuple[str, str] | None]] = {}


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
    lead: tuple[str, str] | None = None
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkPage:
    """A page of the list of tasks."""

    rows: list[Work]
    total: int
    capped: bool
    next_url: str | None
    prev_url: str | None


class TaskView(BaseView):
    """The tasks of the account that asks, and of nobody else: those of others are not there."""

    route_base = "/tasks"
    default_view = "list"

    @expose("/")
    def list(self) -> ResponseReturnValue:
        """A page of one's own tasks, newest first."""
        asked = select(Task).where(Task.user_id == account())
        part = paging.Slice(
            column="id",
            descending=True,
            after=request.args.get("after") or None,
            before=request.args.get("before") or None,
        )
        try:
            found = paging.fetch(db.session, asked, Task, part)
        except paging.BadCursor:
            abort(400)
        page = WorkPage(
            [worded(task) for task in found.rows],
            found.total,
            found.capped,
            f"{HERE}?{urlencode({'after': found.next})}" if found.next else None,
            f"{HERE}?{urlencode({'before': found.previous})}" if found.previous else None,
        )
        return render_template("views/tasks/list.html", title=_("Background work"), page=page)

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        """One task; with ``?part=1`` only what changes while it runs, for the script that asks."""
        task = _own(pk)
        work = worded(task, with_report=True)
        if not request.args.get("part"):
            return render_template("views/tasks/show.html", title=work.title, work=work)
        answer = Response(render_template("views/tasks/_progress.html", work=work))
        if not work.open:
            answer.headers["HX-Refresh"] = "true"  # the whole page, with the report
        return answer

    @expose("/<int:pk>/cancel", methods=["POST"])
    def cancel(self, pk: int) -> ResponseReturnValue:
        """Ask for an end; of what has ended already nothing changes."""
        task = _own(pk)
        if task.state in tasks.OPEN:
            tasks.cancel(db.session, task)
            db.session.commit()
            flash(_("It stops after what it has in hand."), "success")
        return redirect(f"{HERE}{pk}")

    @expose("/<int:pk>/result")
    def result(self, pk: int) -> ResponseReturnValue:
        """The file that the task made, under its own name."""
        task = _own(pk)
        file = tasks.result_file(task)
        if file is None:
            abort(404)
        return send_file(file, as_attachment=True, download_name=task.result_name or file.name)


def _own(pk: int) -> Task:
    user_id = account()
    task = tasks.own(db.session, user_id, pk) if pk < 2**31 else None
    if task is None:
        abort(404)
    return task


def worded(task: Task, *, with_report: bool = False) -> Work:
    """A task in words; its report only where the page shows it."""
    report = json.loads(task.report) if with_report and task.report else {}
    lead = LEADS.get(task.kind)
    left = tasks.remaining(task, clock.now())
    kept = tasks.result_file(task) is not None
    return Work(
        task.id,
        _title(task) if with_report else str(TASK_KINDS.get(task.kind, task.kind)),
        task.kind,
        task.state,
        str(TASK_STATES[task.state]),
        TONES[task.state],
        format_date(task.created_at),
        task.total,
        task.done + task.failed,
        _figures(task),
        _left(left) if task.state == "running" else "",
        str(TASK_ERRORS.get(task.error or "") or reworded(task.error or "")),
        task.state in tasks.OPEN,
        task.state in tasks.OPEN and task.cancel_asked_at is not None,
        task.result_name or "" if kept else "",
        bool(task.result_name) and not kept,
        format_date(task.finished_at),
        lead(task, report) if lead and with_report else None,
        report,
    )


def _title(task: Task) -> str:
    kind = str(TASK_KINDS.get(task.kind, task.kind))
    if not task.grid_code:
        return kind
    name = db.session.scalar(select(Grid.name).where(Grid.code == task.grid_code))
    return _("%(what)s: %(grid)s", what=kind, grid=name or task.grid_code)


def _figures(task: Task) -> str:
    """How far it is: "12 of 34, 2 of them failed"."""
    if not task.total and task.state in tasks.OPEN:
        return ""
    ended, total = (format_number(number) for number in (task.done + task.failed, task.total))
    told = _("%(ended)s of %(total)s", ended=ended, total=total)
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
