"""Mediation files: the list, the page of one, its parties opened one at a time, its paper."""

import secrets
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale, lazy_pgettext, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock, roles
from portal.errors import Forbidden, RuleError
from portal.extensions import db
from portal.forms.entity import ReasonForm, form_class
from portal.forms.mediation import PaperForm
from portal.models import MediationFile, MediationParty
from portal.models.case_choices import AGREEMENT_FORMS, CONFIRMATIONS, MEDIATION_OUTCOMES
from portal.models.matter_choices import CAUSES
from portal.queries import accounts
from portal.queries import matters as narrow
from portal.queries import mediation as queries
from portal.queries.settings import numbers
from portal.rules import mediation
from portal.rules.mediation import paper
from portal.rules.revealing import reveal
from portal.rules.sessions import sent_before
from portal.views.context import format_date
from portal.views.entity.access import account, allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.cells import name_of
from portal.views.mediation.page import page_of
from portal.views.mediation.verbs import VERBS, Asked
from portal.views.page import Record, Tone
from portal.views.population.verbs import add_error, happened

TONES: dict[str, Tone] = {
    "open": "info",
    "agreed": "good",
    "not_agreed": "warn",
    "withdrawn": "muted",
}


def _session() -> Any:
    return db.session


class MediationFileView(EntityView):
    """Files of disputes that are mediated."""

    api_methods = READ_ONLY
    entity = MediationFile
    slug = "mediation-files"
    list_title = _l("Mediation files")
    one_title = _l("Mediation file")
    search_in = ("number", "summary")
    list_columns = ["number", "summary", "cause", "grid", "opened_on", "outcome"]
    show_groups = [
        ("", ["outcome", "summary", "category", "cause", "grid", "work_order"]),
        (_l("Course"), [
            "opened_on", "ended_on", "agreement_form", "confirmation", "confirm_by", "applied_on",
            "told_ways",
        ]),
    ]  # fmt: skip
    filter_columns = ["outcome", "cause", "confirmation", "grid_code"]
    choices = {
        "cause": CAUSES,
        "outcome": MEDIATION_OUTCOMES,
        "agreement_form": AGREEMENT_FORMS,
        "confirmation": CONFIRMATIONS,
    }
    labels = {
        "cause": _l("Cause"),
        "opened_on": _l("Opened on"),
        "ended_on": _l("Ended on"),
        "outcome": _l("Outcome"),
        "agreement_form": _l("Form of the agreement"),
        "confirmation": _l("Confirmation by the court"),
        "confirm_by": _l("Joint application to the court until"),
        "applied_on": _l("Applied for on"),
        "told_ways": _l("Told of other ways"),
    }
    presets = {
        "mine": (lazy_pgettext("order", "Mine"), narrow.only(queries.mine)),
        "running": (_l("Under mediation"), narrow.only(queries.running)),
        "sessions": (_l("Next sessions"), narrow.only(queries.sessions_ahead)),
        "follow_up": (_l("To be followed up"), narrow.only(queries.to_follow_up)),
        "confirming": (_l("Confirmations running out"), narrow.only(queries.to_confirm(_session))),
    }
    order = ("opened_on", "id")
    newest_first = True

    def title_of(self, row: MediationFile) -> str:
        """The number and the sentence."""
        return f"{row.number} · {row.summary}"

    def tone_outcome(self, row: MediationFile) -> Tone:
        """The words say the same."""
        return TONES[row.outcome]

    def worded_category(self, row: MediationFile) -> str:
        """In the language of the page."""
        return name_of(row.category)

    def links(self, row: MediationFile) -> list[tuple[str, str, str]]:
        """Its order, its paper."""
        return [
            (_("Work order"), f"/work-orders/show/{row.order_id}", "clipboard-list"),
            (_("The whole file on paper"), f"{self.route_base}/paper/{row.id}", "file-text"),
        ]

    def extras(self, row: MediationFile) -> list[tuple[str, dict[str, Any]]]:
        """What can be done, and everything in the file."""
        session = self.datamodel.session
        found, keeps = queries.contents(session, row.id), mediation.handles(session, row)
        verbs = [
            (str(verb.title), f"{self.route_base}/do/{name}/{row.id}", verb.icon)
            for name, verb in VERBS.items()
            if keeps and verb.main and verb.offered(row)
        ]
        people = accounts.names_of(session, found.mediators)
        told = {
            "verbs": verbs,
            "usual": self._usual(row),
            "mediators": _(", ").join(people.get(key, "") for key in found.mediators),
            "request": row.request or "",
        }
        return [
            ("views/mediation/acts.html", told),
            ("views/mediation/contents.html", page_of(row, found, keeps)),
        ]

    def _usual(self, row: MediationFile) -> str:
        """Until when such a matter is usually settled, while it is not."""
        if row.outcome != "open":
            return ""
        days = numbers(self.datamodel.session)["mediation.usual_days"]
        until = row.opened_on + timedelta(days=days)
        left = (until - clock.today()).days
        told = _("Usually settled within a month: until %(day)s", day=format_date(until))
        if left < 0:
            over = ngettext("%(num)d day over", "%(num)d days over", -left)
            return f"{told} · {over}"
        return f"{told} · " + ngettext("%(num)d day left", "%(num)d days left", left)

    # doing -------------------------------------------------------------------------

    @expose("/do/<string:verb>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def do(self, verb: str, pk: str) -> ResponseReturnValue:
        """The form of something to do with a file; then the file again."""
        if verb not in VERBS:
            abort(404)
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        if not mediation.handles(session, row):
            raise Forbidden(f"{verb} {pk}")
        what, of = VERBS[verb], request.args.get("of", "")
        key = int(of) if of.isascii() and of.isdecimal() and len(of) < 10 else 0
        asked = Asked(session, row, queries.contents(session, row.id), key)
        form = form_class("FileForm", what.fields(asked))()
        back = f"{self.route_base}/show/{row.id}"
        if request.method == "GET":
            form.once.data, form.row_version.data = secrets.token_urlsafe(12), str(row.version)
            what.begin(asked, form)
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate() and happened(session, form, lambda: _done(asked, verb, form), back):
            flash(_("%(what)s: entered.", what=str(what.title)), "success")
            return redirect(back)
        row = self.row_for(pk, roles.READ)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=f"{what.title}{_(': ')}{row.number}",
            intro=str(what.intro),
            action_url=request.full_path.rstrip("?"),
            cancel_url=back,
            submit_label=_("Enter it"),
        ), (400 if request.method == "POST" else 200)

    # parties -----------------------------------------------------------------------

    @expose("/party/<pk>/<int:party>/<string:column>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def party(self, pk: str, party: int, column: str) -> ResponseReturnValue:
        """A party's name or contact, after a reason; both go to the log."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        found = session.get(MediationParty, party)
        if found is None or found.file_id != row.id or column not in paper.PRIVATE:
            abort(404)
        if not mediation.handles(session, row):
            raise Forbidden(f"open a party of {pk}")
        form, value = ReasonForm(), None
        back = f"{self.route_base}/show/{row.id}"
        title = f"{row.number} · {paper.label(found)}"
        if form.validate_on_submit():
            try:
                value = reveal(session, found, column, form.reason.data or "")
            except RuleError as refusal:
                add_error(form, refusal)
        what = _("Full name") if column == "name" else _("Contact")
        return render_template(
            "views/entity/reveal.html",
            view=self,
            form=form,
            title=_("Open: %(what)s", what=what),
            record=Record(row.id, title, back_url=back),
            value=value,
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Open"),
        ), (400 if request.method == "POST" and value is None else 200)

    # paper -------------------------------------------------------------------------

    @expose("/paper/<pk>", methods=["GET", "POST"])
    @allowed(roles.READ)
    def paper(self, pk: str) -> ResponseReturnValue:
        """The whole file as one paper: masked, or for a reason with its parties in full."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        form, keeps = PaperForm(), mediation.handles(session, row)
        if not keeps:
            del form.whole, form.reason
        if form.validate_on_submit():
            reason = (form.reason.data or "") if keeps and form.whole.data else ""
            try:
                task = paper.ask(session, account(), row, str(get_locale()), reason)
                session.commit()
                return redirect(f"/tasks/{task.id}")
            except RuleError as refusal:
                session.rollback()
                add_error(form, refusal)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("The whole file on paper"),
            intro=_("Cover, contents, application, sessions, agreement, follow-up: one PDF file."),
            action_url=request.path,
            cancel_url=f"{self.route_base}/show/{row.id}",
            submit_label=_("Make it"),
        ), (400 if request.method == "POST" else 200)


def _done(asked: Asked, verb: str, form: Any) -> None:
    VERBS[verb].act(asked, form)
