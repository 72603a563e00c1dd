"""Asking for more time: the page on which it is decided, with no more than that needs."""

from typing import Any, Literal

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.models import WorkOrder
from portal.models.choices import LEVELS
from portal.models.matter_choices import GRADES
from portal.queries import accounts
from portal.rules.work_orders import FLOW, case_of
from portal.rules.work_orders.moving import BY_SLIP, slips
from portal.views.entity.access import allowed
from portal.views.page import Field
from portal.views.work_orders import words


def by_slip(session: Session, pk: str) -> WorkOrder | None:
    """The order of a request that the identity of now decides without seeing more of it."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 10):
        return None
    found = select(WorkOrder).where(WorkOrder.id == int(pk), slips(scope.current()))
    return session.scalars(found).one_or_none()


class ExtensionMixin:
    """The route ``/extension/<pk>`` of the orders."""

    @expose("/extension/<pk>")
    @allowed(roles.WRITE)
    def extension(self: Any, pk: str) -> ResponseReturnValue:
        """Number, deadline, who asks for how many days, and why; 404 once it is decided."""
        session = self.datamodel.session
        row = self.datamodel.find(pk) or by_slip(session, pk)
        if row is None or row.asked_at is None:
            abort(404)
        case = case_of(session, row)
        steps = [FLOW.steps[name] for name in BY_SLIP if FLOW.refusal(name, case, {}) is None]
        who = accounts.names_of(session, [row.assignee_id]).get(row.assignee_id or 0, "")
        days = ngettext("%(num)d working day more", "%(num)d working days more", row.asked_days)
        told: list[tuple[str, str, str, Literal["text", "long"]]] = [
            ("number", _("Work order"), row.number, "text"),
            ("level", _("Level"), str(LEVELS[row.level]), "text"),
            ("grade", _("Grade"), str(GRADES.get(row.grade or "", "")), "text"),
            ("due_at", _("Deadline"), words.due(row), "text"),
            ("asked_days", _("More time asked for"), days, "text"),
            ("assignee", _("Who asks"), who, "text"),
            ("asked_reason", _("Reason"), row.asked_reason or "", "long"),
        ]
        return render_template(
            "views/work_orders/extension.html",
            view=self,
            title=_("More time: %(number)s", number=row.number),
            fields=[Field(name, label, text, None, kind) for name, label, text, kind in told],
            steps=steps,
            url=f"{self.route_base}/move/{row.id}",
            order_url=f"{self.route_base}/show/{row.id}" if self.datamodel.find(pk) else None,
        )
