"""Meetings: the list with its ready-made views, and the page of one meeting."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from babel.dates import format_datetime
from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.forms.entity import EntityForm
from portal.models import Meeting
from portal.models.choices import MEETING_KINDS, MEETING_MODES, MEETING_STATES
from portal.queries import meetings as meeting_queries
from portal.queries import paging
from portal.queries.invitations import day_of, invited
from portal.queries.workdays import load_calendar
from portal.rules import meetings
from portal.rules.planning import AHEAD
from portal.views import wording
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.meeting_people import lead_lines, people_lines
from portal.views.page import Record, Row

TALK = "talk"
# What a meeting ought to look at: resource, ready-made view of its list, words.
WAITING = (
    ("Post", "ending", _l("Posts ending soon")),
    ("Grid", "short_of_staff", _l("Grids with vacant posts")),
    ("Grid", "off_standard", _l("Cells off the standard")),
    ("Worker", "no_consent", _l("Public posts without consent")),
    ("Board", "stale", _l("Boards to be replaced")),
)


def when(meeting: Meeting) -> str:
    """2026年2月13日（周五）08:30."""
    chinese = str(get_locale()).startswith("zh")
    pattern = "y年M月d日（E）HH:mm" if chinese else "EEE d MMM y, HH:mm"
    moment = clock.local(meeting.starts_at)
    return str(format_datetime(moment, pattern, tzinfo=clock.zone(), locale=get_locale()))


class MeetingView(EntityView):
    """Meetings to come and meetings held."""

    entity = Meeting
    slug = "meetings"
    list_title = _l("Grid meetings")
    one_title = _l("Meeting")
    list_template = "views/meetings/list.html"
    search_in = ("grid", "place")
    list_columns = ["starts_at", "kind", "grid", "mode", "state"]
    show_groups = [
        ("", [
            "starts_at", "minutes", "kind", "grid", "mode", "place", "state", "attendees", "agenda",
        ]),
    ]  # fmt: skip
    form_columns = [
        "kind", "grid", "starts_at", "minutes", "mode", "place", "attendees", "agenda",
    ]  # fmt: skip
    fixed_columns = ("kind", "grid")
    filter_columns = ["kind", "state", "grid_code"]
    link_filters = ("series",)
    choices = {"kind": MEETING_KINDS, "mode": MEETING_MODES, "state": MEETING_STATES}
    codes = {"attendees": lambda view: wording.attendees(view.datamodel.session)}
    help_texts = {
        "starts_at": _l("Whoever is invited and has an account is told of a change at once."),
        "place": _l("Left empty: the grid itself."),
        "attendees": _l("Whoever holds such a post in this grid, below it or above it is invited."),
    }
    presets = {
        "coming": (_l("To come"), meeting_queries.coming),
        "today": (_l("Today"), meeting_queries.today),
        "week": (_l("This week"), meeting_queries.this_week),
        "mine": (_l("Mine"), meeting_queries.mine),
        "past": (_l("Past"), meeting_queries.past),
    }
    order = ("starts_at", "id")

    # list ----------------------------------------------------------------------

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with what is to come."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="coming")

    def unsure_years(self) -> tuple[int, ...]:
        """Years within reach whose adjusted working days nobody has entered."""
        today = clock.today()
        return load_calendar(self.datamodel.session).unsure(today, today + AHEAD)

    def worded_starts_at(self, row: Meeting) -> str:
        """With the day of the week."""
        return when(row)

    def add_label(self) -> str:
        """People call a meeting."""
        return _("Call a meeting")

    def _row(self, row: Meeting, labels: Mapping[str, str]) -> Row:
        """What a series would plan again is not offered for deletion."""
        found = super()._row(row, labels)
        return replace(found, delete_url=None) if row.series_id is not None else found

    # one meeting ---------------------------------------------------------------

    def title_of(self, row: Meeting) -> str:
        """Kind, grid and time."""
        kind = MEETING_KINDS.get(row.kind, row.kind)
        return f"{kind} · {row.grid.name} · {when(row)}"

    def row_options(self) -> tuple[Any, ...]:
        """The grid's name stands in the title."""
        return (Meeting.grid,)

    def worded_attendees(self, row: Meeting) -> str:
        """Names of posts instead of codes."""
        return wording.coded(row.attendees, wording.attendees(self.datamodel.session))

    def record(self, row: Meeting) -> Record:
        """What a series would plan again is not offered for deletion."""
        found = super().record(row)
        return replace(found, delete_url=None) if row.series_id is not None else found

    def links(self, row: Meeting) -> list[tuple[str, str, str]]:
        """Calling it off; the series it belongs to."""
        found = []
        if self.open_for_change(row):
            url = f"{self.route_base}/cancel/{row.id}"
            found.append((_("Cancel the meeting"), url, "x"))
        if row.series_id is not None and scope.current().can(roles.READ, "MeetingSeries"):
            series = self.view_of("MeetingSeries")
            if series is not None and series.datamodel.find(row.series_id) is not None:
                url = f"{series.route_base}/show/{row.series_id}"
                found.append((_("Its series"), url, "calendar"))
        return found

    def open_for_change(self, row: Meeting) -> bool:
        """Whether the identity of now may still call it off."""
        ahead = clock.aware(row.starts_at) > clock.now()
        return row.state == "planned" and ahead and self.may(roles.WRITE, row)

    def extras(self, row: Meeting) -> list[tuple[str, dict[str, Any]]]:
        """What waits to be talked about; who is invited, and who was reminded."""
        session = self.datamodel.session
        people = invited(session, [row])[row.id]
        told = meeting_queries.reminders_of(session, row.id)
        day = day_of(row.starts_at)
        return [
            ("views/meetings/waiting.html", {"waiting": self._waiting(row)}),
            (
                "views/meetings/people.html",
                {
                    "people": people_lines(session, people, told),
                    "unreachable": [one.name for one in people if one.user_id is None],
                    "leads": lead_lines(row, told),
                    "unsure": load_calendar(session).unsure(day, day),
                },
            ),
        ]

    def _waiting(self, row: Meeting) -> list[tuple[str, int, str]]:
        """(words, number, address) of what is open in the meeting's grid."""
        if clock.aware(row.starts_at) <= clock.now() or row.state != "planned":
            return []
        found = []
        for resource, preset, words in WAITING:
            view = self.view_of(resource)
            if view is None or preset not in view.presets:
                continue
            if not scope.current().can(roles.READ, resource):
                continue
            asked = query.Query(preset=preset, filters={"grid_code": row.grid_code})
            number = paging.count(view.datamodel.session, query.statement(view, asked), view.entity)
            if number:
                found.append((str(words), number, query.link(view, asked)))
        return found

    # writing ---------------------------------------------------------------------

    def _prefill(self, form: EntityForm) -> None:
        """Called by hand, it is a residents' talk unless somebody says otherwise."""
        line = next(line for line in meetings.default_lines() if line["kind"] == TALK)
        for name in ("kind", "minutes", "mode", "attendees", "agenda"):
            form[name].process(None, line[name])
        super()._prefill(form)

    def prepare(self, row: Meeting, *, new: bool) -> None:
        """Times that can be; who is invited hears of a change."""
        meetings.prepare_meeting(self.datamodel.session, row, clock.now())

    def blockers(self, rows: list[Any]) -> list[tuple[str, int, str | None]]:
        """What is deleted of a series would be planned again: it is called off instead."""
        found = super().blockers(rows)
        now = clock.now()
        planned = [r for r in rows if r.series_id and clock.aware(r.starts_at) > now]
        if planned:
            url = f"{self.route_base}/cancel/{planned[0].id}" if len(planned) == 1 else None
            words = _("Its series would plan it again: cancel the meeting instead")
            found.append((words, len(planned), url))
        return found

    @expose("/cancel/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def cancel(self, pk: str) -> ResponseReturnValue:
        """Ask; then call the meeting off and tell its people."""
        row = self.row_for(pk, roles.WRITE)
        name, back = self.title_of(row), f"{self.route_base}/show/{row.id}"
        session = self.datamodel.session
        refusal = ""
        if request.method == "POST":
            try:
                meetings.cancel(session, row, clock.now())
                session.commit()
                flash(_("%(name)s is cancelled; its people are told.", name=name), "success")
                return redirect(back)
            except RuleError as error:
                session.rollback()
                refusal = str(error)
        people = invited(session, [row])[row.id]
        return render_template(
            "views/meetings/cancel.html",
            view=self,
            record=Record(row.id, name, back_url=back),
            refusal=refusal,
            told=sum(one.user_id is not None for one in people),
            action_url=request.path,
            cancel_url=back,
        ), (409 if refusal else 200)
