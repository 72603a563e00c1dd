"""The forms of the register on paper: asked for on the list of households, or on one of them."""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.home_papers import CardForm, papers_form
from portal.forms.lookup import LookupField
from portal.models import Grid, Household
from portal.rules import home_papers
from portal.views.entity import forms, query
from portal.views.entity.access import account, allowed


class HomePapersMixin:
    """The pages ``/households/card/<pk>`` and ``/households/papers``."""

    def card_link(self: Any, row: Household) -> tuple[str, str, str]:
        """The button of a household's page."""
        return _("Register card"), f"{self.route_base}/card/{row.id}", "printer"

    def export_links(self: Any, asked: query.Query) -> list[tuple[str, str]]:
        """The list as files, and the forms on paper."""
        found: list[tuple[str, str]] = super().export_links(asked)  # type: ignore[misc]
        code = asked.filters.get("grid_code", "").partition(" ")[0]
        more = urlencode({"grid": code}) if code else ""
        return [*found, (_("Forms on paper"), f"{self.route_base}/papers?{more}".rstrip("?"))]

    @expose("/card/<pk>", methods=["GET", "POST"])
    @allowed(roles.READ)
    def card(self: Any, pk: str) -> ResponseReturnValue:
        """The card of a household: masked, or for a reason with its numbers in full."""
        row = self.row_for(pk, roles.READ)
        form = CardForm()
        may_open = scope.covers(scope.current().prefixes(roles.WRITE, "Resident"), row.grid_code)
        if not may_open:
            del form.whole, form.reason
        if form.validate_on_submit():
            session = self.datamodel.session
            reason = (form.reason.data or "") if may_open and form.whole.data else ""
            try:
                task = home_papers.ask_card(session, account(), row, str(get_locale()), reason)
                session.commit()
                return redirect(f"/tasks/{task.id}")
            except RuleError as refusal:
                session.rollback()
                form.reason.errors = [*form.reason.errors, str(refusal)]
        return render_template(
            "views/households/card.html",
            title=_("Register card: %(name)s", name=self.title_of(row)),
            form=form,
            back_url=f"{self.route_base}/show/{row.id}",
            back_label=self.title_of(row),
            action_url=request.path,
        ), (400 if request.method == "POST" else 200)

    @expose("/papers", methods=["GET", "POST"])
    @allowed(roles.EXPORT)
    def papers(self: Any) -> ResponseReturnValue:
        """The cards of all households of a grid, or its book of the floating population."""
        form = _form()
        if request.method == "GET":
            _prefill(form)
        elif form.validate():
            session = self.datamodel.session
            try:
                task = home_papers.ask_grid(
                    session, account(), form.paper.data, form.grid.data, str(get_locale())
                )
                session.commit()
                return redirect(f"/tasks/{task.id}")
            except RuleError as refusal:
                session.rollback()
                form.grid.errors = [*form.grid.errors, str(refusal)]
            except OutOfScope:  # it may be chosen, so that it is there is no secret
                session.rollback()
                message = _("You may print only where you may export.")
                form.grid.errors = [*form.grid.errors, message]
        return render_template(
            "views/households/papers.html",
            title=_("Forms of the register on paper"),
            form=form,
            back_url=f"{self.route_base}/list/",
            back_label=str(self.list_title),
            action_url=request.path,
        ), (400 if request.method == "POST" else 200)


def _form() -> Any:
    grid = LookupField(
        _l("Grid"),
        [InputRequired(_l("Choose one."))],
        description=_l("This grid and all cells in it."),
        url="/grids/lookup/?for=Resident",
        resolve=lambda key: forms.resolve(Grid, key, "Resident"),
        search=lambda text: forms.search(Grid, text, "Resident", 4),
    )
    return papers_form(grid)()


def _prefill(form: Any) -> None:
    """``?grid=`` and ``?paper=``; otherwise one's own grid."""
    prefixes = scope.current().prefixes(roles.EXPORT, "Resident")
    code = request.args.get("grid") or (prefixes[0] if len(prefixes) == 1 else "")
    if code and forms.resolve(Grid, code, "Resident") is not None:
        form.grid.process_formdata([code])
    if request.args.get("paper") in dict(form.paper.choices):
        form.paper.data = request.args["paper"]
