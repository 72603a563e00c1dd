"""Worker cards and photos: lists, records, issuing, taking back."""

from dataclasses import replace
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal import roles, scope
from portal.errors import RuleError
from portal.forms.cards import RevokeForm
from portal.models import Card, Grid, Photo, Worker
from portal.models.choices import CARD_REASONS, CARD_STATES
from portal.queries import cards as queries
from portal.rules import cards, photos
from portal.views.card_papers import CardPapersMixin
from portal.views.entity import forms, query
from portal.views.entity.access import allowed, require
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Cell, Column, ListPage, Record, Row, Tone

AT_ONCE = 300  # cards that are issued with one click
TONES: dict[str, Tone] = {"valid": "good", "expired": "warn", "revoked": "late"}


class CardView(CardPapersMixin, EntityView):
    """Cards that were issued, one row each; they are never deleted."""

    api_methods = READ_ONLY
    entity = Card
    slug = "cards"
    list_title = _l("Worker cards")
    one_title = _l("Card")
    search_in = ("number", "worker", "grid")
    list_columns = ["number", "worker", "grid", "state", "issued_on", "expires_on"]
    show_groups = [
        ("", ["number", "worker", "grid", "state", "issued_on", "expires_on"]),
        (_l("Taken back"), ["revoked_on", "revoke_reason"]),
    ]
    filter_columns = ["grid_code"]
    labels = {"number": _l("Card number"), "issued_on": _l("Date of issue")}
    presets = {
        "valid": (_l("Valid"), queries.valid),
        "expiring": (_l("Expiring soon"), queries.expiring),
        "expired": (_l("Expired"), queries.expired),
        "revoked": (_l("Revoked"), queries.revoked),
    }
    order = ("id",)
    newest_first = True

    def title_of(self, row: Card) -> str:
        """A card is called by its number."""
        return row.number

    def worded_state(self, row: Card) -> str:
        """Valid, expired or revoked."""
        return str(CARD_STATES[row.state])

    def tone_state(self, row: Card) -> Tone:
        """The colour that goes with it."""
        return TONES[row.state]

    def worded_revoke_reason(self, row: Card) -> str:
        """The reason in words; what was typed stays as it is."""
        return str(CARD_REASONS.get(row.revoke_reason or "", row.revoke_reason or ""))

    def list_page(self, asked: query.Query, columns: Any = ()) -> ListPage:
        """As every list; cards are added by issuing them."""
        page = super().list_page(asked, columns)
        places = scope.current().prefixes(roles.WRITE, "Card")
        if not places:
            return page
        grid = asked.filters.get("grid_code") or (places[0] if len(places) == 1 else "")
        sheets = [(_("Sheets to print"), f"{self.route_base}/sheet.pdf?grid_code={grid}")]
        exports = [*(sheets if scope.covers(places, grid) else []), *page.exports]
        return replace(page, add_url=f"{self.route_base}/issue", exports=exports)

    def add_label(self) -> str:
        """What the button does."""
        return _("Issue cards")

    def record(self, row: Card) -> Record:
        """As every record; how it was taken back only where it was."""
        page = super().record(row)
        return page if row.revoked_on else replace(page, groups=page.groups[:1])

    def links(self, row: Card) -> list[tuple[str, str, str]]:
        """Printing, while it is valid; taking back."""
        if row.revoked_on is not None or not self.may(roles.WRITE, row):
            return []
        found = [(_("Take back"), f"{self.route_base}/revoke/{row.id}", "x")]
        if row.state == "valid":
            sheet = f"{self.route_base}/sheet.pdf?grid_code={row.grid_code}"
            found.insert(0, (_("Sheet of the grid"), sheet, "printer"))
            found.insert(0, (_("Card as PDF"), f"{self.route_base}/print/{row.id}.pdf", "id"))
        return found

    def extras(self, row: Card) -> list[tuple[str, dict[str, Any]]]:
        """The card as it looks; its code is printed only."""
        session = self.datamodel.session
        worker = row.worker
        photo = session.get(Photo, worker.photo_id) if worker.photo_id else None
        held = queries.posts_held(session, worker.id, row.grid_code)
        english = str(get_locale()) == "en"
        shown = {
            "name": worker.name,
            "posts": [post.name_en if english else post.name_zh for post in held],
            "grid": row.grid.name,
            "number": row.number,
            "until": row.expires_on,
            "state": row.state,
            "state_text": self.worded_state(row),
            "tone": self.tone_state(row),
            "picture": picture_url(worker, photo),
        }
        return [("views/cards/card.html", shown)]

    # taking back ---------------------------------------------------------------

    @expose("/revoke/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def revoke(self, pk: str) -> ResponseReturnValue:
        """Ask why; then the card is revoked from this moment on."""
        row = self.row_for(pk, roles.WRITE)
        form = RevokeForm()
        back = f"{self.route_base}/show/{row.id}"
        if form.validate_on_submit():
            try:
                cards.revoke(self.datamodel.session, row, form.reason.data, form.note.data or "")
                self.datamodel.session.commit()
                flash(_("The card %(number)s is revoked.", number=row.number), "success")
                return redirect(back)
            except RuleError as refusal:
                self.datamodel.session.rollback()
                form.note.errors = [str(refusal)]
        title = _("Take back the card %(number)s", number=row.number)
        told = _(
            "Whoever scans its code sees at once that it is revoked. This cannot be undone; the"
            " worker can get a new card."
        )
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=title,
            intro=told,
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Revoke the card"),
        ), (400 if request.method == "POST" else 200)

    # issuing many ----------------------------------------------------------------

    @expose("/issue", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def issue(self) -> ResponseReturnValue:
        """Who lacks a card in a grid and below it; then all of them get one."""
        identity = scope.current()
        places = identity.prefixes(roles.WRITE, "Card")
        given = request.values.get("grid_code", "").strip().split(" ")[0]
        everybody = request.values.get("who") == "all"
        grid = self._grid_meant(given)
        asked = request.method == "POST"
        if asked and not (given and grid):
            abort(404 if given else 400)
        found = []
        if grid is not None:
            homes = identity.prefixes(roles.WRITE, "Worker")
            found = queries.lacking(self.datamodel.session, grid.code, places, homes, not everybody)
        if asked:
            return self._issue_to(found[:AT_ONCE], grid)
        return render_template(
            "views/cards/issue.html",
            view=self,
            title=_("Issue cards"),
            grid=grid,
            given=given,
            everybody=everybody,
            page=self._preview(found[:AT_ONCE]),
            total=len(found),
            most=AT_ONCE,
        )

    def _grid_meant(self, given: str) -> Any:
        """The grid asked for, by code or name; without one the widest that one works for."""
        if not given:
            places = scope.current().prefixes(roles.WRITE, "Card")
            given = places[0] if len(places) == 1 else ""
        found = forms.resolve(Grid, given, "Card") if given else None
        if found is None and given and not given[0].isdigit():
            options = forms.search(Grid, given, "Card", 2)
            found = options[0] if len(options) == 1 else None
        if found is None:
            return None
        return self.datamodel.session.scalar(select(Grid).where(Grid.code == found[0]))

    def _preview(self, found: list[Any]) -> ListPage:
        english = str(get_locale()) == "en"
        rows = [
            Row(
                row.worker_id,
                row.name,
                f"/workers/show/{row.worker_id}",
                cells=[
                    Cell("worker", _("Worker"), row.name),
                    Cell("post_role", _("Post"), row.name_en if english else row.name_zh),
                    Cell("grid", _("Grid"), row.grid_name),
                ],
            )
            for row in found
        ]
        heads = (("worker", _("Worker")), ("post_role", _("Post")), ("grid", _("Grid")))
        return ListPage(columns=[Column(*head) for head in heads], rows=rows, total=len(rows))

    def _issue_to(self, found: list[Any], grid: Any) -> ResponseReturnValue:
        session = self.datamodel.session
        workers = {
            worker.id: worker
            for worker in session.scalars(
                select(Worker).where(Worker.id.in_([row.worker_id for row in found]))
            )
        }
        for row in found:
            cards.issue(session, workers[row.worker_id], row.grid_code)
        session.commit()
        told = ngettext("%(num)d card is issued.", "%(num)d cards are issued.", len(found))
        flash(told, "success")
        return redirect(f"{self.route_base}/list/?grid_code={grid.code}&preset=valid")


def picture_url(worker: Worker, photo: Photo | None) -> str:
    """The photo of a worker for staff, or the drawing they agreed to; empty for neither."""
    if photo is not None:
        return f"/photos/{photo.id}.jpg"
    return f"/directory/portraits/{worker.portrait}.svg" if worker.portrait is not None else ""


class PhotoView(EntityView):
    """Photos of people and of posted boards."""

    api_methods = READ_ONLY
    entity = Photo
    slug = "photos"
    list_title = _l("Photos")
    one_title = _l("Photo")
    search_in = ("name", "grid")
    labels = {"name": _l("File"), "created_at": _l("Sent on"), "bytes": _l("Bytes")}
    list_columns = ["name", "grid", "created_at", "bytes"]
    show_groups = [("", ["name", "grid", "created_at", "bytes", "width", "height"])]
    filter_columns = ["grid_code"]
    order = ("id",)
    newest_first = True

    def extras(self, row: Photo) -> list[tuple[str, dict[str, Any]]]:
        """The picture."""
        return [("views/cards/photo.html", {"photo": row})]

    def erased(self, row: Photo) -> None:
        """The file follows its last row."""
        photos.file_follows(row.sha256)

    @expose("/<int:pk>.jpg")
    def picture(self, pk: int) -> Response:
        """The picture for those who may read it, and for the person whom it shows."""
        identity = scope.current()
        if identity.user_id is None:
            abort(401)
        photo = self.datamodel.find(pk) or self._own(pk, identity.user_id)
        if photo is None:
            require(roles.READ, "Photo")
            abort(404)
        file = photos.file_of(photo.sha256)
        if not file.is_file():
            abort(404)
        answer = send_file(file, "image/jpeg", etag=photo.sha256)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    def _own(self, pk: int, user_id: int) -> Photo | None:
        found: Photo | None = self.datamodel.session.scalar(
            select(Photo)
            .join(Worker, Worker.photo_id == Photo.id)
            .where(Photo.id == pk, Worker.user_id == user_id)
        )
        return found
