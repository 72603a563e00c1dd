"""The register of imports, with everything one does with them."""

import json
import secrets
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from portal import roles, scope
from portal.errors import RuleError
from portal.forms.imports import UploadForm
from portal.models import ImportBatch, Task
from portal.models.choices import IMPORT_KINDS
from portal.rules import importing, imports, tasks
from portal.rules.imports.templates import template
from portal.rules.imports.uploads import accepted
from portal.rules.sessions import note_sent, sent_before
from portal.views import wording
from portal.views.entity import query
from portal.views.entity.access import account, allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.imports import checks, words
from portal.views.page import ListPage
from portal.views.work import progress_part, worded

NEW = "/imports/new"


class ImportBatchView(EntityView):
    """Imports and what became of their rows."""

    api_methods = READ_ONLY
    entity = ImportBatch
    slug = "imports"
    list_title = _l("Imports")
    one_title = _l("Import")
    search_in = ("file_name", "kind")
    choices = {"kind": IMPORT_KINDS}
    list_columns = ["created_at", "kind", "file_name", "rows", "created", "updated", "failed"]
    show_groups = [
        ("", ["created_at", "kind", "file_name", "actor", "undone_at"]),
        (_l("Rows"), ["rows", "created", "updated", "unchanged", "failed"]),
    ]
    order = ("id",)
    newest_first = True

    def title_of(self, row: ImportBatch) -> str:
        """An import is called by its file."""
        return row.file_name

    def add_label(self) -> str:
        """The word on the button that leads to a new import."""
        return _("Import a file")

    def list_page(self, asked: query.Query, columns: Any = ()) -> ListPage:
        """The list, with the way to a new import."""
        page = super().list_page(asked, columns)
        may = scope.current().can(roles.WRITE, self.class_permission_name)
        return replace(page, add_url=NEW if may else None)

    def links(self, row: ImportBatch) -> list[tuple[str, str, str]]:
        """The rows that were refused, for whoever imported them; the way back."""
        found = []
        task = self._task(row)
        if task is not None and tasks.result_file(task) is not None:
            found.append((_("Refused rows as a file"), f"/tasks/{task.id}/result", "download"))
        if row.undone_at is None and self.may(roles.WRITE, row):
            found.append((_("Take this import back"), f"/imports/undo/{row.id}", "arrow-back-up"))
        return found

    def extras(self, row: ImportBatch) -> list[tuple[str, dict[str, Any]]]:
        """The report."""
        report = json.loads(row.report) if row.report else {}
        told = words.told(row.kind, report)
        undone = row.undone_at is not None
        found: list[tuple[str, dict[str, Any]]] = [
            ("views/imports/report.html", {"told": told, "undone": undone})
        ]
        take_back = imports.KINDS[row.kind].take_back if row.kind in imports.KINDS else None
        if undone and take_back is not None:
            kept = take_back(self.datamodel.session, row, keep=True).kept
            shown = [words.refusal(one, {}) for one in kept[: words.MOST_SHOWN]]
            more = max(0, len(kept) - words.MOST_SHOWN)
            if kept:
                found.insert(0, ("views/imports/kept.html", {"kept": shown, "more": more}))
        return found

    def _task(self, row: ImportBatch) -> Task | None:
        number = json.loads(row.report).get("task") if row.report else None
        user_id = scope.current().user_id
        if number is None or user_id is None:
            return None
        return tasks.own(self.datamodel.session, user_id, number)

    # a file ----------------------------------------------------------------

    @expose("/new", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def new(self) -> ResponseReturnValue:
        """Choose what the rows are and the file; it is kept and checked in the queue."""
        user_id, session = account(), self.datamodel.session
        kinds = importing.kinds_for(scope.current())
        form = UploadForm()
        form.kind.choices = [(kind, words.kind_name(kind)) for kind in kinds]
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            if request.args.get("kind") in kinds:
                form.kind.data = request.args["kind"]
        elif (earlier := sent_before(session, form.once.data)) is not None:
            return redirect(earlier)
        elif form.validate():
            try:
                return redirect(self._keep(form, user_id))
            except RuleError as refusal:
                session.rollback()
                form.file.errors = [str(refusal)]
        return render_template(
            "views/imports/new.html",
            view=self,
            form=form,
            title=_("Import a file"),
            kinds=[checks.kind_shown(kind) for kind in kinds],
            accept=",".join(sorted({end for k in kinds for end in accepted(imports.KINDS[k])})),
        ), (400 if request.method == "POST" else 200)

    def _keep(self, form: UploadForm, user_id: int) -> str:
        """Keep the file; the address of its check."""
        session = self.datamodel.session
        given = form.file.data
        task = importing.upload(
            session, user_id, form.kind.data, given.filename or "", given.stream
        )
        url = f"/imports/preview/{task.id}"
        try:
            note_sent(session, form.once.data, url)
            session.commit()
        except IntegrityError:  # the same form, sent twice at the same moment
            session.rollback()
            return sent_before(session, form.once.data) or NEW
        return url

    @expose("/template/<string:kind>")
    @allowed(roles.WRITE)
    def template(self, kind: str) -> ResponseReturnValue:
        """An empty file with the columns of a kind."""
        if kind not in importing.kinds_for(scope.current()):
            abort(404)
        chinese = str(get_locale()).startswith("zh")
        file, ending, mime = template(imports.KINDS[kind], chinese=chinese)
        name = f"{words.kind_name(kind)}{ending}"
        return send_file(file, mime, as_attachment=True, download_name=name)

    # its check -------------------------------------------------------------

    @expose("/preview/<int:task>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def preview(self, task: int) -> ResponseReturnValue:
        """What the import would do; POST: check again with other columns."""
        session = self.datamodel.session
        check = self._check(task)
        if request.method == "GET" and request.args.get("part"):
            return progress_part(worded(check), f"/imports/preview/{task}?part=1")
        page = checks.page(session, check)
        if request.method == "POST" and page.columns:
            asked = checks.asked(page, request.form)
            if not asked.errors:
                again = importing.check_again(
                    session, check, asked.layout, asked.at, rename=asked.rename
                )
                if asked.layout is not None:
                    told = json.loads(check.report or "{}")["outline"]["header"]
                    importing.remember(
                        session, check.user_id, page.kind, told, asked.layout.columns
                    )
                session.commit()
                return redirect(f"/imports/preview/{again.id}")
            page = replace(page, columns=asked.columns, errors=asked.errors)
        status = 400 if request.method == "POST" else 200
        title = _("Check: %(name)s", name=page.name)
        return render_template("views/imports/preview.html", title=title, page=page), status

    @expose("/confirm/<int:task>", methods=["POST"])
    @allowed(roles.WRITE)
    def confirm(self, task: int) -> ResponseReturnValue:
        """Import the file as it was checked; a second click leads to the same import."""
        check = self._check(task)
        page = checks.page(self.datamodel.session, check)
        if not page.ready and not page.taken_url:
            flash(_("Nothing of this file can be imported yet: look at the check."), "danger")
            return redirect(f"/imports/preview/{task}")
        try:
            decisions = checks.decisions(page, request.form)
            started = importing.confirm(self.datamodel.session, check, decisions)
        except RuleError as refusal:
            flash(str(refusal), "danger")
            return redirect(NEW)
        return redirect(f"/tasks/{started.id}")

    def _check(self, number: int) -> Task:
        session = self.datamodel.session
        check = importing.check_of(session, account(), number) if number < 2**31 else None
        if check is None:
            abort(404)
        return check

    # back ------------------------------------------------------------------

    @expose("/undo/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def undo(self, pk: str) -> ResponseReturnValue:
        """What taking a batch back would do, then do it."""
        row, session = self.row_for(pk, roles.WRITE), self.datamodel.session
        if row.undone_at is not None:
            flash(_("This import has been taken back already."), "success")
            return redirect(f"/imports/show/{row.id}")
        if request.method == "POST":
            task = importing.undo(session, account(), row)
            session.commit()
            return redirect(f"/tasks/{task.id}")
        plan = imports.plan_undo(session, row.id)
        posts = wording.post_names(session)
        return render_template(
            "views/imports/undo.html",
            title=_("Take back: %(name)s", name=row.file_name),
            back_url=f"/imports/show/{row.id}",
            action_url=request.path,
            removed=[(wording.register(name), count) for name, count in plan.removed.items()],
            restored=[(wording.register(name), count) for name, count in plan.restored.items()],
            labels=[words.label(label, posts) for _table, label in plan.labels],
            more=plan.removed.total() + plan.restored.total() - len(plan.labels),
            refused=[words.refusal(one, posts) for one in plan.refused[: words.MOST_SHOWN]],
            more_refused=max(0, len(plan.refused) - words.MOST_SHOWN),
            void=plan.void,
            kept=[words.refusal(one, posts) for one in plan.kept[: words.MOST_SHOWN]],
            more_kept=max(0, len(plan.kept) - words.MOST_SHOWN),
        )
