"""Photos of matters on their pages: shown, added later, handed out to whoever sees the matter."""

from collections.abc import Iterator
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import Forbidden, RuleError
from portal.forms.matters import COLUMNS, LINES, CoverForm, PhotosForm
from portal.models import Matter, MatterPhoto
from portal.rules import matter_photos
from portal.rules.mosaic import Part
from portal.rules.pictures import LARGEST
from portal.views.entity.access import allowed
from portal.views.population.verbs import add_error


def sent_photos() -> Iterator[tuple[bytes, str]]:
    """The files of this request, read only so far that it shows whether one is too large."""
    for file in request.files.getlist("photos"):
        yield file.stream.read(LARGEST + 1), file.filename or ""


def shown(session: Session, matter_id: int) -> tuple[str, dict[str, Any]]:
    """The part of a page that shows the photos of a matter."""
    photos = session.scalars(matter_photos.photos_of(matter_id)).all()
    who = scope.current()
    writes = who.can(roles.WRITE, "Matter")
    matter = session.get_one(Matter, matter_id) if photos and writes else None
    told = {
        "photos": photos,
        "matter_id": matter_id,
        "more": writes and len(photos) < matter_photos.MOST,
        "cover": {
            photo.id
            for photo in photos
            if matter is not None and matter_photos.may_cover(session, matter, photo, who)
        },
    }
    return "views/work_orders/photos.html", told


def _photo_of(session: Session, matter_id: int, photo: int) -> MatterPhoto:
    """A photo of a matter that is there; 404 for any other."""
    photos = session.scalars(matter_photos.photos_of(matter_id))
    found: MatterPhoto | None = next((one for one in photos if one.id == photo), None)
    if found is None or not matter_photos.file_of(found.sha256).is_file():
        abort(404)
    return found


def _part(cell: str) -> Part:
    """The rectangle of a square that was ticked."""
    line, column = (int(number) for number in cell.split("-"))
    return Part(column / COLUMNS, line / LINES, (column + 1) / COLUMNS, (line + 1) / LINES)


class PhotosMixin:
    """The routes of the photos of a matter."""

    @expose("/photos/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def photos(self: Any, pk: str) -> ResponseReturnValue:
        """The form of further photos; then the matter's order again."""
        row: Matter = self.row_for(pk, roles.READ)
        session, form, back = self.datamodel.session, PhotosForm(), f"/matters/show/{pk}"
        if form.validate_on_submit():
            try:
                with scope.acting(scope.SYSTEM):
                    files = list(sent_photos())
                    added = matter_photos.keep(session, row, files, scope.actor().user_id)
                    if not added:
                        raise RuleError(_("Choose a photo."), "photos")
                    session.commit()
                flash(_("The photos are added."), "success")
                return redirect(back)
            except RuleError as refusal:
                session.rollback()
                add_error(form, refusal)
        return render_template(
            "views/work_orders/photos_form.html",
            view=self,
            form=form,
            title=_("Photos: %(name)s", name=self.title_of(self.row_for(pk, roles.READ))),
            intro="",
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Add"),
        ), (400 if request.method == "POST" else 200)

    @expose("/cover/<pk>/<int:photo>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def cover(self: Any, pk: str, photo: int) -> ResponseReturnValue:
        """The picture laid out in squares to tick; then the matter again."""
        row: Matter = self.row_for(pk, roles.READ)
        session, form, back = self.datamodel.session, CoverForm(), f"/matters/show/{pk}"
        found = _photo_of(session, row.id, photo)
        if not matter_photos.may_cover(session, row, found, scope.current()):
            raise Forbidden(f"cover {pk} {photo}")
        if form.validate_on_submit():
            parts = [_part(cell) for cell in form.cells.data or []]
            try:
                with scope.acting(scope.SYSTEM):
                    before = matter_photos.cover(session, row, found, parts)
                    session.commit()
                    matter_photos.forget(session, before)
                flash(_("It is covered; the picture that was is gone."), "success")
                return redirect(back)
            except RuleError as refusal:
                session.rollback()
                add_error(form, refusal)
        return render_template(
            "views/work_orders/photo_cover.html",
            view=self,
            form=form,
            row=row,
            photo=found,
            title=_("Cover a part: %(name)s", name=row.number),
            back=back,
        ), (400 if request.method == "POST" else 200)

    @expose("/photo/<pk>/<int:photo>.jpg")
    @allowed(roles.READ)
    def photo(self: Any, pk: str, photo: int) -> Response:
        """One of its pictures."""
        row: Matter = self.row_for(pk, roles.READ)
        session = self.datamodel.session
        found = _photo_of(session, row.id, photo)
        file = matter_photos.file_of(found.sha256)
        answer = send_file(file, "image/jpeg", etag=found.sha256)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
