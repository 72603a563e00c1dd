"""What 12345 and superior platforms hand down: pasted in, replied to by file."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.forms.entity import EntityForm
from portal.forms.matters import PasteForm, RepliesForm
from portal.models import Matter
from portal.models.matter_choices import CHANNELS, ORDER_STATES, SATISFACTIONS, URGENCIES
from portal.queries import replies
from portal.rules import audit, importing, pasted
from portal.rules.export_files import columns_of
from portal.views.context import format_date
from portal.views.entity import export
from portal.views.entity.access import account, allowed
from portal.views.entity.interface import visible
from portal.views.imports import words

WORDS: dict[str, Any] = {
    "channel": CHANNELS,
    "urgency": URGENCIES,
    "state": ORDER_STATES,
    "satisfaction": SATISFACTIONS,
}
LAST = timedelta(days=7)  # what the form begins with
AT_ONCE = 500


class HandedDownMixin:
    """The pages ``/matters/paste`` and ``/matters/replies``."""

    @expose("/paste", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def paste(self: Any) -> ResponseReturnValue:
        """Text of a slip becomes the form of a report, filled in; rows of a sheet the check of an
        import.
        """
        form = PasteForm()
        if form.validate_on_submit():
            try:
                found = pasted.read(self.datamodel.session, form.text.data or "")
                if isinstance(found, pasted.Sheet):
                    return redirect(self._checked(found))
                return self._filled_in(found)
            except RuleError as refusal:
                self.datamodel.session.rollback()
                form.text.errors = [str(refusal)]
        return render_template(
            "views/work_orders/paste.html",
            title=_("Paste a slip of 12345 or from above"),
            form=form,
            action_url=request.path,
            cancel_url="/matters/list/",
            may_import=self._may_import(),
        ), (400 if request.method == "POST" else 200)

    def may_paste(self) -> bool:
        """Whether the list offers to paste a slip."""
        return scope.current().can(roles.WRITE, "Matter")

    def may_reply(self) -> bool:
        """Whether the list offers the files of replies."""
        return scope.current().can(roles.EXPORT, "Matter")

    @staticmethod
    def _may_import() -> bool:
        return scope.current().can(roles.WRITE, "ImportBatch")

    def _checked(self: Any, sheet: pasted.Sheet) -> str:
        """The address of the check of these rows. Raises RuleError for who may not import."""
        if not self._may_import():
            raise RuleError(
                _("These are several rows: a clerk or the station can import them. Paste one slip.")
            )
        session, name = self.datamodel.session, f"{_('Pasted')}.csv"
        task = importing.upload(session, account(), "matters", name, BytesIO(sheet.data))
        session.commit()
        return f"/imports/preview/{task.id}"

    def _filled_in(self: Any, slip: pasted.Slip) -> ResponseReturnValue:
        form: EntityForm = self._report_form(empty=True)
        form.once.data = secrets.token_urlsafe(12)
        values = slip.values
        for name in ("summary", "detail", "place", "reporter_name", "reporter_contact",
                     "outside_number", "reported_at"):  # fmt: skip
            form[name].data = values.get(name)
        form["outside_due_at"].data = values.get("due_by")
        form["grid"].data = values.get("grid_code")
        form["urgency"].data = values.get("urgency") or ""
        form["channel"].data = values.get("channel") or replies.CHANNELS[0]
        if slip.category is not None:
            form["category"].data = str(slip.category.id)
        notes = [_("Nothing is reported yet: look through it, then report it.")]
        if slip.category_text:
            notes.append(_("They call it “%(text)s”: choose what it is about.",
                           text=slip.category_text[:60]))  # fmt: skip
        if slip.unread:
            listed = _(", ").join(slip.unread)
            notes.append(_("Could not be read: %(labels)s.", labels=listed))
        return self._report_page(form, notes), 200

    @expose("/replies")
    @allowed(roles.EXPORT)
    def replies(self: Any) -> ResponseReturnValue:
        """From when on, and the files."""
        form = RepliesForm(request.args)
        if not request.args:
            form.since.data = clock.today() - LAST
        fine = form.validate()
        since = f"?since={form.since.data}" if fine and form.since.data else "?since="
        links = [
            (name.upper(), f"/matters/replies/{name}{since}") for name in reversed(export.FORMATS)
        ]
        return render_template(
            "views/work_orders/replies.html",
            title=_("Replies to 12345 and superior platforms"),
            form=form,
            links=links if fine else [],
            columns=[words.column_label("matters", one.name) for one in columns_of("matters")],
        ), (200 if fine else 400)

    @expose("/replies/<string:fmt>")
    @allowed(roles.EXPORT)
    def replies_file(self: Any, fmt: str) -> ResponseReturnValue:
        """The rows in the layout of the import, with what came of them."""
        form = RepliesForm(request.args)
        if fmt not in export.FORMATS:
            abort(404)
        if not form.validate():
            abort(400)
        since, session = form.since.data, self.datamodel.session
        condition = visible(Matter, roles.EXPORT)
        if since is not None:
            condition &= replies.answered_since(since)
        audit.record_bulk(
            session, "export", "matters", [{"changes": {"replies": str(since or "")}}]
        )
        session.commit()
        told = format_date(since) if since else ""
        origin = export.origin(
            _("Replies to 12345 and superior platforms"),
            [f"{_('Answered since')}{_(': ')}{told}"] if told else [],
        )
        return export.sent(fmt, "replies", _rows(session, condition), origin)


def _rows(session: Any, condition: Any) -> Iterator[list[str]]:
    columns = columns_of("matters")
    yield [words.column_label("matters", one.name) for one in columns]
    chinese = str(get_locale()).startswith("zh")
    found = session.execute(
        replies.statement(condition).execution_options(yield_per=AT_ONCE)
    ).mappings()
    for row in found:
        record = replies.record(row)
        if not chinese and record["category_name_en"]:
            record["category"] = record["category_name_en"]
        else:
            record["category"] = record["category_name"]
        for name, known in WORDS.items():
            if record[name]:
                record[name] = str(known.get(record[name], record[name]))
        yield [str(record[one.name] or "") for one in columns]
    session.rollback()
