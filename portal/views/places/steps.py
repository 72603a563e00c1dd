"""The page of a step that a flow allows for a row: its fields, then the record again."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import roles
from portal.forms.moves import move_form
from portal.rules.flow import Flow, Step
from portal.rules.sessions import sent_before
from portal.views.population.verbs import happened

Act = Callable[[Any, Any, str, dict[str, Any]], None]


def step_page(
    view: Any, pk: str, name: str, flow: Flow, open_to: Callable[[Any], Sequence[Step]], act: Act
) -> ResponseReturnValue:
    """The form of a step of ``flow``; then the record. What cannot be done now is told above the
    form (409), what is for others to do is 403.
    """
    step = flow.steps.get(name)
    if step is None:
        abort(404)
    row, session = view.row_for(pk, roles.WRITE), view.datamodel.session
    back = f"{view.route_base}/show/{row.id}"
    form = move_form(step.needs, step.takes, {})()
    if request.method == "GET":
        form.once.data = secrets.token_urlsafe(12)
        if step.name not in {one.name for one in open_to(row)}:
            form.form_errors.append(_("This cannot be done now, or not by you."))
    elif earlier := sent_before(session, form.once.data):
        return redirect(earlier)
    elif form.validate():
        data = {field.name: field.data for field in form.shown_fields() if field.name != "seen"}
        if happened(session, form, lambda: act(session, row, name, data), back):
            flash(_("%(what)s: done.", what=str(step.label)), "success")
            return redirect(back)
        row = view.row_for(pk, roles.WRITE)
    return render_template(
        "views/entity/form.html",
        view=view,
        form=form,
        title=f"{step.label}: {view.title_of(row)}",
        intro=str(step.help) if step.help else "",
        action_url=request.path,
        cancel_url=back,
        submit_label=str(step.label),
    ), _answered(form)


def _answered(form: Any) -> int:
    if request.method != "POST":
        return 200
    return 409 if form.form_errors else 400
