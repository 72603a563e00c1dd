"""Photos of matters on their pages: shown, added later, handed out to whoever sees the matter."""

from collections.abc import Iterator
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.errors import RuleError
from portal.forms.matters import PhotosForm
from portal.models import Matter
from portal.rules import matter_photos
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
    more = len(photos) < matter_photos.MOST and scope.current().can(roles.WRITE, "Matter")
    told = {"photos": photos, "matter_id": matter_id, "more": more}
    return "views/work_orders/photos.html", told


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
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("Photos: %(name)s", name=self.title_of(self.row_for(pk, roles.READ))),
            intro="",
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Add"),
        ), (400 if request.method == "POST" else 200)

    @expose("/photo/<pk>/<int:photo>.jpg")
    @allowed(roles.READ)
    def photo(self: Any, pk: str, photo: int) -> Response:
        """One of its pictures."""
        row: Matter = self.row_for(pk, roles.READ)
        session = self.datamodel.session
        found = next((p for p in session.scalars(matter_photos.photos_of(row.id)) if p.id == photo),
                     None)  # fmt: skip
        if found is None or not matter_photos.file_of(found.sha256).is_file():
            abort(404)
        file = matter_photos.file_of(found.sha256)
        answer = send_file(file, "image/jpeg", etag=found.sha256)
        answer.headers["Cache-Control"] = "private, max-age=300"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
