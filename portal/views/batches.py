"""Many documents at once: the form, what it would come to, and the start."""

import secrets
from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from wtforms.validators import InputRequired

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.batches import SHOWN, batch_form
from portal.forms.lookup import LookupField
from portal.models import Grid
from portal.models.choices import DOCUMENT_KINDS
from portal.rules import batches
from portal.rules.sessions import note_sent, sent_before
from portal.views.entity import forms
from portal.views.entity.access import allowed

PAGE = "/documents/batch"


class BatchMixin:
    """The page ``/documents/batch`` of the list of documents."""

    @expose("/batch")
    @allowed(roles.WRITE)
    def batch(self: Any) -> ResponseReturnValue:
        """The form; with ``?grid=`` filled in also what the batch would be."""
        asked = "grid" in request.args and len(request.args) > 1
        form = _form(request.args if asked else None)
        if not asked:
            _prefill(form)
            return _page(form)
        form.once.data = secrets.token_urlsafe(12)
        if not _valid(form, csrf=False):
            return _page(form), 400
        try:
            found = batches.preview(self.datamodel.session, form.order())
        except RuleError as refusal:
            form.form_errors.append(str(refusal))
            return _page(form), 400
        except OutOfScope:
            abort(404)
        return _page(form, found)

    @expose("/batch", methods=["POST"])
    @allowed(roles.WRITE)
    def start_batch(self: Any) -> ResponseReturnValue:
        """Start; a form sent twice starts once."""
        session = self.datamodel.session
        form = _form(request.form)
        if earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        if not _valid(form, csrf=True):
            return _page(form), 400
        user_id = scope.current().user_id
        assert user_id is not None  # ``allowed`` has seen to it
        try:
            task = batches.start(session, user_id, form.order())
            url = f"/tasks/{task.id}"
            note_sent(session, form.once.data, url)
            session.commit()
        except RuleError as refusal:
            session.rollback()
            form.form_errors.append(str(refusal))
            return _page(form), 400
        except IntegrityError:  # the same form, while this one was on its way
            session.rollback()
            return redirect(sent_before(session, form.once.data) or PAGE)
        except OutOfScope:
            abort(404)
        return redirect(url)


def _form(values: Any) -> Any:
    grid = LookupField(
        _l("Grid"),
        [InputRequired(_l("Choose one."))],
        description=_l("The batch is about this grid and what lies in it."),
        url="/grids/lookup/?for=IssuedDocument",
        resolve=lambda key: forms.resolve(Grid, key, "IssuedDocument"),
        search=lambda text: forms.search(Grid, text, "IssuedDocument", 4),
    )
    return batch_form(grid)(formdata=values)


def _prefill(form: Any) -> None:
    """What is asked for most: the boards of all cells of one's own grid, or of ``?grid=``."""
    prefixes = scope.current().prefixes(roles.WRITE, "IssuedDocument")
    code = request.args.get("grid") or (prefixes[0] if len(prefixes) == 1 else "")
    if code and forms.resolve(Grid, code, "IssuedDocument") is None:
        abort(404)
    if code:
        form.grid.process_formdata([code])
    form.kind_notice_board.data = "cell"


def _valid(form: Any, *, csrf: bool) -> bool:
    """Whether the form says something; a grid out of sight, named by its code, is not there."""
    code = (form.grid.typed or "").partition(" ")[0]
    if form.grid.data is None and code.isascii() and code.isdigit():
        abort(404)
    if not csrf:
        del form.csrf_token
    if not form.validate():
        return False
    if not form.order().wanted:
        form.form_errors.append(_("Choose at least one kind of document."))
        return False
    return True


def _page(form: Any, found: batches.Preview | None = None) -> str:
    return render_template(
        "views/documents/batch.html",
        title=_("Many documents at once"),
        form=form,
        shown=SHOWN,
        found=found,
        kinds=DOCUMENT_KINDS,
        given={name: value for name, value in request.args.items() if name in SHOWN},
    )
