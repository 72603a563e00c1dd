"""``/tasks/``: the long work that the signed-in account asked for, how far it is, what came of it.

A kind may have a template of its own for its report, ``views/tasks/report_<kind>.html``, or a page
of its own (``work.page_of``).
"""

import io
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import select

from portal.extensions import db
from portal.models import Task
from portal.queries import paging
from portal.rules import sealedfiles, tasks
from portal.views.entity.access import account
from portal.views.work import Work, page_of, progress_part, worded

HERE = "/tasks/"


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
        if request.args.get("part"):
            return progress_part(worded(task))
        better = page_of(task)
        if better is not None:
            return redirect(better)
        work = worded(task, with_report=True)
        return render_template("views/tasks/show.html", title=work.title, work=work)

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
        name = task.result_name or file.name
        if not sealedfiles.is_sealed(file):
            return send_file(file, as_attachment=True, download_name=name)
        content = io.BytesIO(sealedfiles.read(file))
        return send_file(content, as_attachment=True, download_name=name)


def _own(pk: int) -> Task:
    user_id = account()
    task = tasks.own(db.session, user_id, pk) if pk < 2**31 else None
    if task is None:
        abort(404)
    return task
