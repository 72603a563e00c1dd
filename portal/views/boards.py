"""Boards on walls: what hangs, how old it is, what has to be hung instead, and "it hangs now"."""

import dataclasses
from typing import Any

from flask import flash, g, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.forms.boards import HungForm
from portal.models import Board, IssuedDocument
from portal.models.choices import BOARD_SIZES, DOCUMENT_LANGUAGES, STALE_REASONS
from portal.queries import boards_hung
from portal.queries.workdays import load_calendar
from portal.rules import documents, posting, stale
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.entity.editing import conflict
from portal.views.page import Tone

MONTH = 30.44  # days


class BoardView(EntityView):
    """Every board that hangs or is to hang."""

    entity = Board
    slug = "boards"
    list_title = _l("Boards on the wall")
    one_title = _l("Board on the wall")
    search_in = ("grid",)
    list_columns = ["grid", "size", "state", "document", "posted_on", "age"]
    show_groups = [
        ("", ["grid", "size", "lang", "place"]),
        (_l("On the wall"), ["document", "posted_on", "age"]),
        (_l("To be hung"), ["stale_since", "stale_reason", "replacement", "replace_by"]),
    ]
    form_columns = ["grid", "size", "lang", "place"]
    fixed_columns = ("grid", "size", "lang")
    filter_columns = ["lang", "grid_code"]
    choices = {
        "size": BOARD_SIZES,
        "lang": DOCUMENT_LANGUAGES,
        "stale_reason": STALE_REASONS,
    }
    labels = {
        "age": _l("Age"),
        "document": _l("Version on the wall"),
        "photo": _l("Photo of the board"),
        "place": _l("Place"),
        "posted_on": _l("Hung since"),
        "replace_by": _l("Replace by"),
        "replacement": _l("New version"),
        "stale_reason": _l("Why"),
        "stale_since": _l("Out of date since"),
        "state": _l("State"),
    }
    help_texts = {
        "place": _l("Where it hangs: an entrance, a wall, a house number."),
    }
    presets = {
        "stale": (_l("Out of date"), boards_hung.stale),
        "overdue": (_l("Overdue"), boards_hung.overdue),
        "ready": (_l("To be hung"), boards_hung.ready),
        "lacking": (_l("Something is missing"), boards_hung.lacking),
        "not_hung": (_l("Not hung yet"), boards_hung.not_hung),
        "too_old": (_l("Too old"), boards_hung.too_old),
        "current": (_l("Up to date"), boards_hung.current),
    }

    def title_of(self, row: Board) -> str:
        """A board is called by its grid and size."""
        return _("%(grid)s, %(size)s", grid=row.grid.name, size=row.size.upper())

    def worded_size(self, row: Board) -> str:
        """The size, and the language where it is not the usual one."""
        size = BOARD_SIZES.get(row.size, row.size)
        if row.lang == documents.LANGUAGES[0]:
            return size
        return f"{size} {DOCUMENT_LANGUAGES[row.lang]}"

    def worded_state(self, row: Board) -> str:
        """Whether what hangs is true, and what is to be done."""
        if row.document_id is None:
            if row.replacement_id is None:
                return _("Not hung yet; nothing is issued")
            return _("Not hung yet: print it and hang it")
        if row.stale_since is None:
            return _("Up to date")
        if row.replacement_id is None:
            return _("Out of date; something is missing for a new one")
        left = posting.workdays_left(self.datamodel.session, row, _calendar(self))
        if left is None or left < 0:
            return _("Overdue: it was to be replaced by %(day)s", day=format_date(row.replace_by))
        day = format_date(row.replace_by)
        return ngettext(
            "Hang the new one by %(day)s, %(num)d working day left",
            "Hang the new one by %(day)s, %(num)d working days left",
            left,
            day=day,
        )

    def tone_state(self, row: Board) -> Tone:
        """How pressing it is."""
        if row.document_id is None:
            return "info"
        if row.stale_since is None:
            return "good"
        late = row.replace_by is not None and row.replace_by < clock.today()
        return "late" if late or row.replacement_id is None else "warn"

    def worded_age(self, row: Board) -> str:
        """For how long it hangs."""
        if row.posted_on is None:
            return ""
        days = (clock.today() - row.posted_on).days
        if days < 1:
            return _("since today")
        if days < 2 * MONTH:
            return ngettext("%(num)d day", "%(num)d days", days)
        return ngettext("%(num)d month", "%(num)d months", int(days / MONTH))

    def saved(self, row: Board, form: Any, *, new: bool) -> None:
        """A new board is issued by the worker, after the commit."""
        if new:
            stale.look_at(self.datamodel.session, row.grid_code)

    def links(self, row: Board) -> list[tuple[str, str, str]]:
        """To the PDF of what hangs and of what is to hang, and to its place. "Edit" is not the
        page's main button: that is "it hangs now".
        """
        found = []
        if row.document_id is not None:
            found.append((_("PDF on the wall"), f"/boards/pdf/{row.id}", "file-type-pdf"))
        if row.replacement_id is not None:
            url = f"/boards/pdf/{row.id}?new=1"
            found.append((_("PDF to be hung"), url, "file-type-pdf"))
        if self.may(roles.WRITE, row):
            found.append((_("Change the place"), f"/boards/edit/{row.id}", "edit"))
        return found

    def extras(self, row: Board) -> list[tuple[str, dict[str, Any]]]:
        """The photo of the wall, if somebody took one."""
        if row.photo is None or not scope.current().can(roles.READ, "Photo"):
            return []
        return [("views/cards/photo.html", {"photo": row.photo})]

    @expose("/show/<pk>")
    @allowed(roles.READ)
    def show(self, pk: str) -> ResponseReturnValue:
        """A board: its state, "it hangs now", its facts, versions and history."""
        row = self.row_for(pk, roles.READ)
        session = self.datamodel.session
        versions = boards_hung.versions(session, row)
        offered = row.replacement or (versions[0] if versions and not row.document_id else None)
        return render_template(
            "views/boards/show.html",
            view=self,
            record=dataclasses.replace(self.record(row), edit_url=None),
            state=self.worded_state(row),
            tone=self.tone_state(row),
            reason=STALE_REASONS.get(row.stale_reason or "", ""),
            offered=offered,
            may_hang=self.may(roles.WRITE, row) and bool(versions),
            versions=versions,
            hangs=row.document_id,
            events=[_event(event) for event in boards_hung.history(session, row.id)],
        )

    @expose("/hung/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def hung(self, pk: str) -> ResponseReturnValue:
        """This version hangs now: in one tap, or with its day and place."""
        row = self.row_for(pk, roles.WRITE)
        session = self.datamodel.session
        form = _hung_form(row, boards_hung.versions(session, row))
        if request.method == "POST" and form.validate():
            try:
                place = form.place.data if "place" in request.form else None
                on, document = form.posted_on.data, form.document.data
                posting.hang(session, row, document, on, place, form.sent())
                session.commit()
                flash(_("Noted: the board of %(grid)s hangs.", grid=row.grid.name), "success")
                return redirect(f"/boards/show/{pk}")
            except RuleError as refusal:
                session.rollback()
                form.form_errors.append(str(refusal))
            except StaleDataError as error:
                session.rollback()
                form.form_errors.append(conflict(error))
            row = self.row_for(pk, roles.WRITE)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("This board hangs now: %(grid)s", grid=row.grid.name),
            action_url=request.path,
            cancel_url=f"/boards/show/{row.id}",
            submit_label=_("It hangs"),
        ), (400 if request.method == "POST" else 200)

    @expose("/pdf/<pk>")
    @allowed(roles.READ)
    def pdf(self, pk: str) -> ResponseReturnValue:
        """What hangs, or with ``?new=1`` what is to hang, as it was issued."""
        row = self.row_for(pk, roles.READ)
        document = row.replacement if request.args.get("new") else row.document
        file = documents.stored_file(document) if document is not None else None
        if file is None or not file.is_file():
            return render_template(
                "views/boards/no_file.html",
                title=_("There is no such file"),
                back_url=f"/boards/show/{row.id}",
            ), 404
        return send_file(file, mimetype="application/pdf", download_name=f"{document.number}.pdf")


def _hung_form(row: Board, versions: list[IssuedDocument]) -> HungForm:
    form = HungForm()
    form.document.choices = [(v.id, f"{v.number} · {format_date(v.issued_on)}") for v in versions]
    if request.method == "GET":
        form.document.data = row.replacement_id or row.document_id
        form.posted_on.data = clock.today()
        form.place.data = row.place
    return form


def _calendar(view: Any) -> Any:
    """The working calendar, read once per request."""
    if "work_calendar" not in g:
        g.work_calendar = load_calendar(view.datamodel.session)
    return g.work_calendar


def _event(event: boards_hung.Event) -> tuple[str, str, str]:
    """When, who, what."""
    if event.number:
        told = _("%(number)s hangs", number=event.number)
    elif event.reason:
        told = _("Out of date: %(why)s", why=str(STALE_REASONS.get(event.reason, event.reason)))
    else:
        told = _("Up to date again")
    actor = _("The portal itself") if event.actor == scope.SYSTEM.username else event.actor
    return format_date(event.at), actor, told
