"""Matters: what was reported, and the form to report one."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.forms.entity import EntityForm
from portal.forms.matters import FIRST
from portal.models import Matter, WorkOrder
from portal.models.matter_choices import CHANNELS, MATTER_KINDS, ORDER_STATES, URGENCIES
from portal.queries import matters as queries
from portal.rules import matter_photos, matters, work_orders
from portal.rules.reports import Report
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.cells import name_of
from portal.views.page import ListPage, Tone
from portal.views.population.verbs import happened
from portal.views.work_orders import origins
from portal.views.work_orders.handed_down import HandedDownMixin
from portal.views.work_orders.photos import PhotosMixin, sent_photos, shown
from portal.views.work_orders.report_form import report_form_of

URGENCY_TONES: dict[str, Tone] = {"immediate": "late", "urgent": "warn"}


class MatterView(PhotosMixin, HandedDownMixin, EntityView):
    """What was found, asked for and complained of."""

    api_methods = READ_ONLY
    entity = Matter
    slug = "matters"
    list_title = _l("Matters")
    one_title = _l("Matter")
    list_template = "views/work_orders/matters.html"
    list_columns = ["number", "reported_at", "summary", "category", "grid", "urgency"]
    show_groups = [
        ("", [
            "number", "kind", "converted_from", "category", "summary", "detail", "urgency",
            "visibility",
        ]),
        (_l("Where and how"), [
            "grid", "place", "longitude", "latitude", "reported_at", "channel", "outside_number",
            "outside_due_at", "unit", "crowd", "reporter_name", "reporter_contact",
        ]),
    ]  # fmt: skip
    filter_columns = ["kind", "urgency", "channel", "grid_code"]
    choices = {
        "kind": MATTER_KINDS,
        "converted_from": MATTER_KINDS,
        "urgency": URGENCIES,
        "channel": CHANNELS,
    }
    presets = {"repeated": (_l("Again and again"), queries.only(queries.repeated))}
    order = ("reported_at", "id")
    newest_first = True

    def title_of(self, row: Matter) -> str:
        """The number and the sentence."""
        return f"{row.number} · {row.summary}"

    def tone_urgency(self, row: Matter) -> Tone:
        """The words say the same."""
        return URGENCY_TONES.get(row.urgency, "")

    def worded_visibility(self, row: Matter) -> str:
        """Who sees it, in words."""
        if row.visibility == "restricted":
            return _("Only who handles it")
        return _("The staff of its grid")

    def worded_category(self, row: Matter) -> str:
        """In the language of the page."""
        return name_of(row.category)

    def list_page(self, asked: query.Query, columns: Sequence[str] = ()) -> ListPage:
        """Whoever may report gets the button."""
        may = scope.current().can(roles.WRITE, "Matter")
        return replace(
            super().list_page(asked, columns), add_url="/matters/report" if may else None
        )

    def add_label(self) -> str:
        """The button of the list."""
        return _("Report a matter")

    def extras(self, row: Matter) -> list[tuple[str, dict[str, Any]]]:
        """Its photos."""
        return [shown(self.datamodel.session, row.id)]

    def links(self, row: Matter) -> list[tuple[str, str, str]]:
        """Its order."""
        order = self.datamodel.session.scalars(queries.order_of(row.id)).one_or_none()
        if order is None:
            return []
        state = str(ORDER_STATES[order.state])
        label = _("Work order: %(state)s", state=state)
        return [(label, f"/work-orders/show/{order.id}", "clipboard-list")]

    # reporting -------------------------------------------------------------------

    @expose("/report", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def report(self) -> ResponseReturnValue:
        """The form of a report; then its order, settled already where that was said.

        A script that says ``Accept: application/json`` is answered ``{"number", "url", "state"}``
        (201, a repeated form the same) or ``{"errors": {field: [sentence]}}`` (400).
        """
        form = self._report_form()
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
            self._begin(form)
        elif (order := self._earlier(form) or self._entered(form)) is not None:
            return self._afterwards(order)
        elif _for_a_script():
            return jsonify(errors=_errors(form)), 400
        return self._report_page(form), (400 if request.method == "POST" else 200)

    def _report_page(self, form: EntityForm, notes: Sequence[str] = ()) -> str:
        """The form; filled in from elsewhere (``notes``) all of it is open."""
        first, hidden = ("common", *FIRST, "done"), ("found",)
        found = form["found"].data or ""
        return render_template(
            "views/work_orders/report.html",
            view=self,
            form=form,
            first=first,
            more=[f.name for f in form.shown_fields() if f.name not in (*first, *hidden)],
            more_open=bool(notes),
            notes=notes,
            title=_("Report a matter"),
            action_url="/matters/report",
            cancel_url=origins.back(found),
            origin=found,
            found_at=origins.told(self.datamodel.session, found),
        )

    def _earlier(self, form: EntityForm) -> WorkOrder | None:
        """What this form has made already, even days ago, so whatever it would be refused for."""
        return matters.sent_before(self.datamodel.session, _key(form), scope.current())

    def _entered(self, form: EntityForm) -> WorkOrder | None:
        """The order, committed; None with the reasons in the form."""
        if not (form.validate() and self._chosen(form)):
            return None
        made: list[WorkOrder] = []
        session = self.datamodel.session
        if not happened(session, form, lambda: made.append(self._reported(form)), "/matters/list/"):
            return None
        if _key(form) is None:
            return made[0]
        # Of two at the same moment one was undone by the unique key: both are told of the other.
        order = self._earlier(form)
        if order is None:  # the key of somebody else's form
            form.form_errors.append(
                _("The page was open too long or came from elsewhere. Load it again and repeat.")
            )
        return order

    def _report_form(self, *, empty: bool = False) -> EntityForm:
        """The form as it was sent, or without anything in it."""
        return report_form_of(self.datamodel.session, empty=empty)

    def _begin(self, form: EntityForm) -> None:
        prefixes = scope.current().prefixes(roles.WRITE, "Matter")
        if len(prefixes) == 1 and prefixes[0]:
            form["grid"].data = prefixes[0]
        wanted = request.args.get("channel", "")
        if wanted in dict(form["channel"].choices):
            form["channel"].data = wanted
        origins.begin(self.datamodel.session, form, request.args.get("found", ""))

    def _chosen(self, form: EntityForm) -> bool:
        """A category of the short list, or one that was looked up."""
        if form["common"].data or form["category"].data:
            return True
        form["common"].errors = [_("Choose what it is about.")]
        return False

    def _reported(self, form: EntityForm) -> WorkOrder:
        data = {field.name: field.data for field in form.shown_fields()}
        position = (data["longitude"], data["latitude"])
        told = Report(
            category_id=int(data["category"] or data["common"]),
            grid_code=data["grid"],
            summary=data["summary"],
            channel=data["channel"],
            detail=data["detail"],
            place=data["place"],
            position=position if None not in position else None,
            urgency=data["urgency"] or None,
            crowd=data["crowd"],
            reporter_name=data["reporter_name"],
            reporter_contact=data["reporter_contact"],
            about_worker_id=int(data["worker"]) if data["worker"] else None,
            unit=data["unit"],
            outside_number=data["outside_number"],
            reported_at=data["reported_at"],
            outside_due_at=data["outside_due_at"],
            form_key=_key(form),
        )
        session = self.datamodel.session
        order = matters.report(session, told)
        files, matter = list(sent_photos()), session.get(Matter, order.matter_id)
        if matter is not None and order.trail_count == 1:
            with scope.acting(scope.SYSTEM):
                matter_photos.keep(session, matter, files, scope.actor().user_id)
        if matter is not None and order.trail_count == 1:
            origins.tie(session, data["found"] or "", matter)
        if data["done"]:
            work_orders.move(session, order.id, "settle", {"result": data["done"]})
        return order

    def _afterwards(self, order: WorkOrder) -> ResponseReturnValue:
        """Where it goes on; with photos a script opens that page too, so that it says the same."""
        script = _for_a_script()
        if request.files or not script:
            self._say(order)
        return self._told(order) if script else redirect(self._page_after(order))

    def _say(self, order: WorkOrder) -> None:
        if self._url_of(order) is None:
            flash(_("%(number)s is passed on to whoever handles it.", number=order.number),
                  "success")  # fmt: skip
        elif order.urgency == "immediate":
            words = _("%(number)s is reported. Immediate danger: call 110, 119 or 120 first.",
                      number=order.number)  # fmt: skip
            flash(words, "warning")
        elif order.category.route == "report" and order.told_at is None:
            words = _("%(number)s is reported. Tell the police or the authority at once.",
                      number=order.number)  # fmt: skip
            flash(words, "warning")
        elif order.state == "closed":
            flash(_("%(number)s is settled on the spot.", number=order.number), "success")
        else:
            flash(_("%(number)s is reported.", number=order.number), "success")

    def _told(self, order: WorkOrder) -> ResponseReturnValue:
        """The same for a script; of an order out of sight nothing but that it was taken."""
        state = order.state if self._url_of(order) else "reported"
        return jsonify(number=order.number, url=self._page_after(order), state=state), 201

    def _page_after(self, order: WorkOrder) -> str:
        return self._url_of(order) or "/matters/list/"

    def _url_of(self, order: WorkOrder) -> str | None:
        """The page of the order, where the person who reported it sees it."""
        seen = self.view_of("WorkOrder").datamodel.find(order.id)
        return f"/work-orders/show/{order.id}" if seen is not None else None


def _key(form: EntityForm) -> str | None:
    """The key of a form that is sent once, as long as ``note_sent`` keeps it."""
    return (form.once.data or "")[:24] or None


def _for_a_script() -> bool:
    accepted = request.accept_mimetypes
    return accepted.best_match(("text/html", "application/json")) == "application/json"


def _errors(form: EntityForm) -> dict[str, list[str]]:
    """The sentences by field; "" for those of no field."""
    return {name or "": [str(one) for one in errors] for name, errors in form.errors.items()}
