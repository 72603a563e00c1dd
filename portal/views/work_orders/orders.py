"""Work orders: the list with its ready-made views, the page of one with its trace, its moves."""

from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from portal import roles, scope
from portal.models import Matter, WorkOrder
from portal.models.choices import LEVELS
from portal.models.matter_choices import (
    GRADES,
    MATTER_KINDS,
    ORDER_STATES,
    OUTCOMES,
    SATISFACTIONS,
    SUSPENSIONS,
    URGENCIES,
)
from portal.queries import accounts
from portal.queries import matters as queries
from portal.rules import work_orders
from portal.views.entity import query
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.cells import name_of
from portal.views.mediation.opening import MediationMixin
from portal.views.page import Tone
from portal.views.petitions.part import petition_part
from portal.views.work_orders import hazards, units, ways, words
from portal.views.work_orders.comparison import ComparisonMixin
from portal.views.work_orders.extension import ExtensionMixin
from portal.views.work_orders.figures import FiguresMixin
from portal.views.work_orders.moves import MovesMixin
from portal.views.work_orders.order_map import OrderMapMixin
from portal.views.work_orders.photos import shown

STATE_TONES: dict[str, Tone] = {
    "reported": "warn",
    "accepted": "warn",
    "rejected": "muted",
    "dispatched": "info",
    "handed": "warn",
    "handling": "info",
    "answered": "info",
    "escalated": "warn",
    "reported_up": "info",
    "closed": "good",
}


class WorkOrderView(
    ComparisonMixin,
    FiguresMixin,
    OrderMapMixin,
    ExtensionMixin,
    MediationMixin,
    MovesMixin,
    EntityView,
):
    """The handling of matters."""

    api_methods = READ_ONLY
    entity = WorkOrder
    slug = "work-orders"
    list_title = _l("Work orders")
    one_title = _l("Work order")
    list_template = "views/work_orders/list.html"
    list_columns = ["number", "summary", "category", "grid", "state", "due_at"]
    show_groups = [
        ("", ["state", "summary", "category", "kind", "urgency", "grade", "grid", "level"]),
        (_l("Who and until when"), [
            "assignee", "reported_at", "accepted_at", "due_at", "escalate_by", "control_due_at",
            "suspended_until", "suspend_reason", "told_unit", "told_at", "outside_unit",
            "outside_due_at", "outside_answered_at",
        ]),
        (_l("Outcome"), [
            "analysis", "outcome", "result", "answered_at", "closed_at", "return_visit_by",
            "satisfaction",
        ]),
    ]  # fmt: skip
    shows_empty = False  # most orders need few of them
    filter_columns = ["kind", "state", "grade", "urgency", "level", "grid_code"]
    choices = {
        "kind": MATTER_KINDS,
        "state": ORDER_STATES,
        "grade": GRADES,
        "urgency": URGENCIES,
        "level": LEVELS,
        "suspend_reason": SUSPENSIONS,
        "satisfaction": SATISFACTIONS,
        "outcome": OUTCOMES,
    }
    presets = {
        "open": (lazy_pgettext("order", "Open"), queries.only(queries.is_open)),
        "mine": (lazy_pgettext("order", "Mine"), queries.only(queries.mine)),
        "helping": (_l("I help"), queries.only(queries.helping)),
        "intake": (_l("To be taken in"), queries.only(queries.waiting("reported"))),
        "dispatch": (
            _l("To be dispatched"),
            queries.only(queries.waiting("accepted", "escalated")),
        ),
        "analyse": (_l("To be analysed"), queries.only(queries.to_analyse)),
        "notice": (_l("Notice to be given"), queries.only(queries.waiting("handed"))),
        "check": (_l("To be checked"), queries.only(queries.waiting("answered"))),
        "asked": (_l("More time asked for"), queries.only(queries.asked_for)),
        "due_soon": (_l("Due soon"), queries.only(queries.due_soon)),
        "overdue": (lazy_pgettext("order", "Overdue"), queries.only(queries.overdue)),
        "to_right": (_l("Hazards to be put right"), queries.only(queries.to_right)),
        "right_late": (_l("Rectifications overdue"), queries.only(queries.right_late)),
        "recheck": (_l("Re-checks due"), queries.only(queries.to_recheck)),
        "to_visit": (_l("To be asked about"), queries.only(queries.to_sample)),
    }
    order = ("due_at", "id")

    def title_of(self, row: WorkOrder) -> str:
        """The number and the sentence."""
        return f"{row.number} · {row.summary}"

    def tone_state(self, row: WorkOrder) -> Tone:
        """Late where it is; the words say the same."""
        return "late" if words.is_late(row) else STATE_TONES[row.state]

    def worded_state(self, row: WorkOrder) -> str:
        """The state, and what stands beside it."""
        return words.state(row)

    def worded_category(self, row: WorkOrder) -> str:
        """In the language of the page."""
        return name_of(row.category)

    def worded_due_at(self, row: WorkOrder) -> str:
        """The day, and how many working days are left."""
        return words.due(row)

    def worded_assignee(self, row: WorkOrder) -> str:
        """What the person is called on their card."""
        session = self.datamodel.session
        return accounts.names_of(session, [row.assignee_id]).get(row.assignee_id or 0, "")

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with what is open."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="open")

    def may_report(self) -> bool:
        """Whether the list offers to report a matter."""
        return scope.current().can(roles.WRITE, "Matter")

    # one order -------------------------------------------------------------------

    def links(self, row: WorkOrder) -> list[tuple[str, str, str]]:
        """The matter."""
        return [(_("The matter itself"), f"/matters/show/{row.matter_id}", "file-text")]

    def extras(self, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """What can be done now; everything that happened."""
        session = self.datamodel.session
        steps = work_orders.moves_of(session, row) if self._acts(row) else []
        steps = ways.first(row, steps)
        return [
            (
                "views/work_orders/moves.html",
                {
                    "row": row,
                    "steps": steps,
                    "url": f"{self.route_base}/move/{row.id}",
                    "asked": words.asked(row),
                    "wanted": self._wanted(row),
                    "danger": row.urgency == "immediate" and row.state == "reported",
                },
            ),
            *self.mediation_part(row),
            *petition_part(self, row),
            *units.shown(session, row),
            *hazards.shown(session, row),
            shown(session, row.matter_id),
            ("views/work_orders/trace.html", {"entries": words.timeline(session, row)}),
        ]

    def _wanted(self, row: WorkOrder) -> str:
        """Until when 12345 or a superior wants an answer, while there is none."""
        matter = self.datamodel.session.get_one(Matter, row.matter_id)
        if matter.outside_due_at is None or row.stopped:
            return ""
        when = words.minute(matter.outside_due_at)
        return _("12345 or a superior wants an answer by %(when)s.", when=when)

    def leading(self, row: WorkOrder) -> list[tuple[str, dict[str, Any]]]:
        """What the route of its category says, and whom to call."""
        said = ways.shown(self.datamodel.session, row) if self._acts(row) else None
        return [("views/work_orders/way.html", said)] if said else []

    def _acts(self, row: WorkOrder) -> bool:
        return scope.current().can(roles.WRITE, "WorkOrder")
