"""Cards to print: a single one, or sheets of a grid; drawn by the queue worker."""

from typing import Any

from flask import abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _

from portal import roles, scope
from portal.errors import RuleError
from portal.models import Card, Grid, IssuedDocument
from portal.rules import card_papers, documents, rendering
from portal.views.entity import forms
from portal.views.entity.access import allowed

RETRY_AFTER = 5


class CardPapersMixin:
    """Routes of ``CardView``: a PDF, or a page that says that it is being made (503)."""

    @expose("/print/<pk>.pdf")
    @allowed(roles.WRITE)
    def print_one(self: Any, pk: str) -> ResponseReturnValue:
        """One card: ``?size=card`` (front and back as pages of their own) or ``a4`` (a sheet)."""
        row: Card = self.row_for(pk, roles.WRITE)
        back = f"{self.route_base}/show/{row.id}"
        return _answer(row.grid_code, row.number, str(row.id), "card", back)

    @expose("/sheet.pdf")
    @allowed(roles.WRITE)
    def print_grid(self: Any) -> ResponseReturnValue:
        """The valid cards of ``?grid_code=`` and the grids below it, ten to a sheet."""
        given = request.args.get("grid_code", "").strip().split(" ")[0]
        places = scope.current().prefixes(roles.WRITE, "Card")
        if not given:
            abort(400)
        if forms.resolve(Grid, given, "Card") is None or not scope.covers(places, given):
            abort(404)
        back = f"{self.route_base}/list/?grid_code={given}&preset=valid"
        return _answer(given, given, "", "a4", back)


def _answer(code: str, name: str, subject: str, usual: str, back: str) -> ResponseReturnValue:
    size = request.args.get("size", usual)
    if size not in card_papers.SPEC.sizes:
        abort(400)
    title, document = _("Cards to print"), None
    refused = ""
    try:
        with rendering.turn() as seconds:
            document = card_papers.request_cards(code, size, str(get_locale()), subject, seconds)
    except RuleError as refusal:
        refused = str(refusal)
    if document is not None:
        return _send(document, name)
    page = render_template(
        "views/cards/later.html",
        title=title,
        refused=refused,
        again_url=request.full_path.rstrip("?"),
        back_url=back,
    )
    return (page, 409) if refused else (page, 503, {"Retry-After": str(RETRY_AFTER)})


def _send(document: IssuedDocument, name: str) -> ResponseReturnValue:
    answer = send_file(
        documents.stored_file(document),
        mimetype="application/pdf",
        download_name=f"{_('Worker cards')}-{name}-{document.size.upper()}.pdf",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
