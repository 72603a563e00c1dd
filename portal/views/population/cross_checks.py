"""Questions to another grid, and those we are asked."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms.validators import InputRequired

from portal import clock, roles, scope
from portal.extensions import db
from portal.forms.cross_checks import AnswerForm, WithdrawForm, question_form
from portal.forms.entity import EntityForm
from portal.forms.lookup import LookupField, Option
from portal.models import CrossCheck, Grid, Household, Resident
from portal.models.population_choices import CHECK_OUTCOMES, CHECK_SIDES, CHECK_STATES
from portal.queries import cross_checks as queries
from portal.queries.directory import is_active
from portal.queries.search import matches
from portal.rules import cross_checks
from portal.rules.sessions import sent_before
from portal.views.entity import forms, query
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.editing import committed
from portal.views.page import ListPage, Tone
from portal.views.population.verbs import happened

OFFERED = 20


def find_grids(text: str, most: int = OFFERED) -> list[Option]:
    """Grids that can be asked, of the whole portal: the directory names them to everybody."""
    found = select(Grid.code, Grid.name).where(Grid.level.in_(cross_checks.REGISTER_LEVELS))
    found = found.where(is_active())
    if text:
        found = found.where(matches(Grid, text) | Grid.code.startswith(text, autoescape=True))
    rows = db.session.execute(found.order_by(Grid.code).limit(most))
    return [(code, _("%(name)s (%(code)s)", name=name, code=code)) for code, name in rows]


def _resolve(key: str) -> Option | None:
    return next((option for option in find_grids(key, 1) if option[0] == key), None)


class CrossCheckView(EntityView):
    """Questions between grids, each side's own row."""

    api_methods = READ_ONLY
    entity = CrossCheck
    slug = "cross-checks"
    list_title = _l("Questions between grids")
    one_title = _l("Question between grids")
    list_columns = ["subject", "side", "grid", "other", "reply_by", "state"]
    show_groups = [
        ("", ["side", "grid", "other", "subject", "question"]),
        (_l("Asked"), ["asked_by", "created_at", "reply_by", "resident", "household"]),
        (_l("Answer"), ["state", "outcome", "answer", "answered_by", "answered_at"]),
    ]
    filter_columns = ["side", "state", "grid_code"]
    link_filters = ("household", "resident")
    search_in = ("subject",)
    choices = {"side": CHECK_SIDES, "state": CHECK_STATES, "outcome": CHECK_OUTCOMES}
    labels = {
        "subject": _l("About whom"),
        "question": _l("Question"),
        "side": _l("Who asked"),
        "other": _l("Other grid"),
        "asked_by": _l("Asked by"),
        "created_at": _l("Asked on"),
        "reply_by": _l("Answer by"),
        "outcome": _l("Answer"),
        "answer": _l("What was found"),
        "answered_by": _l("Answered by"),
        "answered_at": _l("Answered on"),
    }
    presets = {
        "to_answer": (_l("To be answered"), queries.to_answer),
        "waiting": (_l("Waiting for an answer"), queries.waiting),
        "overdue": (_l("Answer overdue"), queries.overdue),
        "answers": (_l("Answers to us"), queries.answers),
    }
    order = ("reply_by", "id")

    def title_of(self, row: CrossCheck) -> str:
        """Whom it is about."""
        return row.subject

    def tone_state(self, row: CrossCheck) -> Tone:
        """Late where the day is past."""
        if row.state == "open":
            return "late" if row.reply_by < clock.today() else "warn"
        return "good" if row.state == "answered" else "muted"

    def worded_state(self, row: CrossCheck) -> str:
        """The words say the same as the colour."""
        if row.state == "open" and row.reply_by < clock.today():
            return _("Answer overdue")
        return str(CHECK_STATES[row.state])

    def list_page(self, asked: query.Query, columns: Sequence[str] = ()) -> ListPage:
        """Whoever may ask gets the button."""
        may = scope.current().can(roles.WRITE, self.class_permission_name)
        page = super().list_page(asked, columns)
        return replace(page, add_url=f"{self.route_base}/ask" if may else None)

    def add_label(self) -> str:
        """The button of the list."""
        return _("Ask another grid")

    def links(self, row: CrossCheck) -> list[tuple[str, str, str]]:
        """Answering, or taking the question back."""
        if row.state != "open" or not self.may(roles.WRITE, row):
            return []
        if row.side == "received":
            return [(_("Answer"), f"{self.route_base}/answer/{row.id}", "message")]
        return [(_("Withdraw"), f"{self.route_base}/withdraw/{row.id}", "x")]

    # asking ----------------------------------------------------------------------

    @expose("/grids/")
    @allowed(roles.WRITE)
    def grids(self) -> ResponseReturnValue:
        """Grids of the whole portal that fit ``q``."""
        found = find_grids(request.args.get("q", "").strip()[:60])
        return jsonify({"items": [{"value": key, "label": label} for key, label in found]})

    @expose("/ask", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def ask(self) -> ResponseReturnValue:
        """The form of a question; ``household`` or ``resident`` of the address prefill it."""
        form, about = self._question_form(), self._about()
        session = self.datamodel.session
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            self._prefill_from(form, about)
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate():
            url = f"{self.route_base}/list/?preset=waiting"
            if happened(session, form, lambda: self._asked(form, about), url):
                flash(_("The question is sent."), "success")
                return redirect(url)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("Ask another grid"),
            intro=_(
                "The other grid sees the words you type, and answers them. It does not see your"
                " register, and you do not see theirs."
            ),
            action_url=request.full_path.rstrip("?"),
            cancel_url=f"{self.route_base}/list/",
            submit_label=_("Ask"),
        ), (400 if request.method == "POST" else 200)

    def _question_form(self) -> EntityForm:
        own = LookupField(
            _l("In the name of which grid"),
            [InputRequired(_l("Choose one."))],
            url="/grids/lookup/?for=CrossCheck",
            resolve=lambda key: forms.resolve(Grid, key, "CrossCheck"),
            search=lambda text: forms.search(Grid, text, "CrossCheck", 4),
        )
        other = LookupField(
            _l("Which grid is asked"),
            [InputRequired(_l("Choose one."))],
            url=f"{self.route_base}/grids/",
            resolve=_resolve,
            search=lambda text: find_grids(text, 4),
        )
        return question_form(own, other)()

    def _about(self) -> Any:
        """The resident or household of the address, as far as the identity sees it."""
        for name, resource in (("resident", "Resident"), ("household", "Household")):
            if key := request.args.get(name):
                row = self.view_of(resource).datamodel.find(key)
                if row is None:
                    abort(404)
                return row
        return None

    def _prefill_from(self, form: EntityForm, about: Any) -> None:
        prefixes = scope.current().prefixes(roles.WRITE, "CrossCheck")
        if about is not None:
            form["grid"].data = about.grid_code
        elif len(prefixes) == 1 and len(prefixes[0]) > 0:
            form["grid"].data = prefixes[0]
        if isinstance(about, Resident):
            year = about.birth_date.year if about.birth_date else ""
            form["subject"].data = f"{about.name} {year}".strip()
        elif isinstance(about, Household):
            form["subject"].data = about.name

    def _asked(self, form: EntityForm, about: Any) -> None:
        cross_checks.ask(
            self.datamodel.session,
            form["grid"].data,
            cross_checks.Question(
                form["other"].data,
                form["subject"].data,
                form["question"].data,
                form["reply_by"].data,
                about if isinstance(about, Resident) else None,
                about if isinstance(about, Household) else None,
            ),
        )

    # answering -------------------------------------------------------------------

    @expose("/answer/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def answer(self, pk: str) -> ResponseReturnValue:
        """The question, and the form of its answer."""
        row = self.row_for(pk, roles.WRITE)
        form = AnswerForm()
        return self._done(
            row,
            form,
            lambda: cross_checks.answer(
                self.datamodel.session, row, form.outcome.data, form.answer.data
            ),
            (_("Answer: %(what)s", what=row.subject), row.question, _("Answer")),
        )

    @expose("/withdraw/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def withdraw(self, pk: str) -> ResponseReturnValue:
        """Ask; then the question is no longer open on either side."""
        row = self.row_for(pk, roles.WRITE)
        told = _("The other grid sees that it need not answer any more.")
        return self._done(
            row,
            WithdrawForm(),
            lambda: cross_checks.withdraw(self.datamodel.session, row),
            (_("Withdraw: %(what)s", what=row.subject), told, _("Withdraw")),
        )

    def _done(self, row: CrossCheck, form: Any, act: Any, words: Any) -> ResponseReturnValue:
        back, session = f"{self.route_base}/show/{row.id}", self.datamodel.session
        if form.validate_on_submit() and committed(session, form, act):
            flash(_("Saved."), "success")
            return redirect(back)
        title, intro, submit = words
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=title,
            intro=intro,
            action_url=request.path,
            cancel_url=back,
            submit_label=submit,
        ), (400 if request.method == "POST" else 200)
