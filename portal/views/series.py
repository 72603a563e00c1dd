"""Series of meetings, and the calendar of working days they rest on."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal import clock, roles, scope
from portal.forms.entity import EntityForm
from portal.models import CalendarDay, MeetingSeries
from portal.models.choices import HOLIDAY_RULES, MEETING_KINDS, MEETING_MODES
from portal.queries.paging import Slice
from portal.queries.workdays import load_calendar
from portal.rules import meetings
from portal.rules.planning import plan
from portal.views import wording
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.page import Record, Related
from portal.views.recurrence import suggestions, worded_rule

NEXT = 5


class MeetingSeriesView(EntityView):
    """Rules by which meetings are planned."""

    entity = MeetingSeries
    slug = "meeting-series"
    list_title = _l("Meeting series")
    one_title = _l("Series of meetings")
    list_template = "views/meetings/series.html"
    search_in = ("grid", "place")
    list_columns = ["grid", "kind", "rrule", "start_time", "minutes", "mode", "until"]
    show_groups = [
        ("", ["kind", "grid", "rrule", "start_time", "minutes", "holiday", "mode", "place"]),
        (_l("Who and what"), ["attendees", "agenda", "since", "until", "planned_until"]),
    ]
    form_columns = [
        "kind", "grid", "rrule", "start_time", "minutes", "holiday", "mode", "place",
        "attendees", "agenda", "since", "until",
    ]  # fmt: skip
    fixed_columns = ("kind", "grid")
    filter_columns = ["kind", "mode", "grid_code"]
    choices = {"kind": MEETING_KINDS, "mode": MEETING_MODES, "holiday": HOLIDAY_RULES}
    codes = {"attendees": lambda view: wording.attendees(view.datamodel.session)}
    worded = {"rrule": suggestions}
    labels = {
        "rrule": _l("How often"),
        "holiday": _l("On days off"),
        "agenda": _l("Usual agenda"),
        "planned_until": _l("Planned until"),
    }
    help_texts = {
        "rrule": _l("Choose one, or type a rule by RFC 5545. Left empty: as needed."),
        "until": _l("To end a series, enter its last day."),
        "place": _l("Left empty: the grid itself."),
    }

    def worded_rrule(self, row: MeetingSeries) -> str:
        """The rule in words."""
        return worded_rule(row.rrule)

    def worded_attendees(self, row: MeetingSeries) -> str:
        """Names of posts instead of codes."""
        return wording.coded(row.attendees, wording.attendees(self.datamodel.session))

    def title_of(self, row: MeetingSeries) -> str:
        """Kind and grid."""
        return f"{MEETING_KINDS.get(row.kind, row.kind)} · {row.grid.name}"

    def row_options(self) -> tuple[Any, ...]:
        """The grid's name stands in the title."""
        return (MeetingSeries.grid,)

    def record(self, row: MeetingSeries) -> Record:
        """With the meetings to come."""
        found = super().record(row)
        other = self.view_of("Meeting")
        asked = query.Query(
            preset="coming", filters={"series": str(row.id)}, part=Slice(NEXT, "starts_at")
        )
        page = other.list_page(asked, ("starts_at", "mode", "state"))
        related = Related(_("Next meetings"), page, query.link(other, asked, size=None))
        return replace(found, related=[related])

    # writing ---------------------------------------------------------------------

    def _prefill(self, form: EntityForm) -> None:
        """From today on, unless the address says otherwise."""
        form["since"].process(None, clock.today())
        super()._prefill(form)

    def prepare(self, row: MeetingSeries, *, new: bool) -> None:
        """A rule that can be followed."""
        meetings.prepare_series(self.datamodel.session, row)

    def saved(self, row: MeetingSeries, form: EntityForm, *, new: bool) -> None:
        """Its meetings are planned at once."""
        plan(self.datamodel.session, [row], clock.now())

    @expose("/defaults", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def defaults(self) -> ResponseReturnValue:
        """Show which of the plan's series are missing in one's grids; then add and plan them."""
        session = self.datamodel.session
        prefixes = scope.current().prefixes(roles.WRITE, self.class_permission_name)
        if request.method == "POST":
            added = meetings.set_up_series(session, prefixes, clock.today())
            planned = plan(session, added, clock.now())
            session.commit()
            told = ngettext("%(num)d series is added", "%(num)d series are added", len(added))
            until = ngettext(
                "%(num)d meeting is planned.", "%(num)d meetings are planned.", planned.added
            )
            flash(f"{told}{_(': ')}{until}", "success")
            return redirect(f"{self.route_base}/list/")
        missing = meetings.missing_series(session, prefixes)
        lines = {line["kind"]: line for _code, line in missing}
        rows = [
            {
                "kind": MEETING_KINDS[kind],
                "rule": worded_rule(line["rrule"]),
                "start": line["start_time"].strftime("%H:%M") if line["start_time"] else "",
                "count": sum(one["kind"] == kind for _code, one in missing),
            }
            for kind, line in lines.items()
        ]
        return render_template(
            "views/meetings/defaults.html",
            view=self,
            title=_("Set up the meetings of the plan"),
            rows=rows,
            total=len(missing),
            action_url=request.path,
            cancel_url=f"{self.route_base}/list/",
        )


class CalendarDayView(EntityView):
    """Days that are worked, or not, against the week."""

    entity = CalendarDay
    slug = "calendar-days"
    list_title = _l("Working calendar")
    one_title = _l("Day of the calendar")
    list_template = "views/meetings/calendar.html"
    search_in = ("name",)
    list_columns = ["day", "working", "name"]
    form_columns = ["day", "working", "name"]
    filter_columns = ["working"]
    labels = {
        "day": _l("Day"),
        "working": _l("People work"),
        "name": _l("Holiday or reason"),
    }
    help_texts = {
        "working": _l("Tick it for a weekend day that is worked in exchange."),
    }
    order = ("day",)
    newest_first = True

    def title_of(self, row: CalendarDay) -> str:
        """Days are called by their date."""
        return row.day.isoformat()

    def unsure_years(self) -> tuple[int, ...]:
        """This year and the next, where nobody has entered their adjusted working days."""
        today = clock.today()
        calendar = load_calendar(self.datamodel.session)
        return calendar.unsure(today, today.replace(year=today.year + 1, day=1))
