"""Accusations (检举控告): passed on, not written down. Their date and where they went, no more.

Regulation on petitions 30: what an accusation says is never passed on to the accused. What the
portal does not hold it cannot show.
"""

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import WorkOrder
from portal.rules import matters, numberless, petitions, trace
from portal.rules.reports import Report, category_of
from portal.rules.trace import Step
from portal.rules.work_orders import timing


def pass_on(
    session: Session, category_id: int, grid_code: str, on: date, destination: str
) -> WorkOrder:
    """Note that an accusation of the category was handed to ``destination`` on a day. The caller
    commits. Raises Forbidden, OutOfScope, and RuleError with ``category``, ``grid``, ``on`` or
    ``destination``.
    """
    who, moment = scope.current(), clock.now()
    category = category_of(session, category_id)
    if not petitions.is_accusation(category):
        raise RuleError(_l("Choose a category of accusations."), "category")
    if on > clock.today():
        raise RuleError(_l("This day has not come yet."), "on")
    numberless.check(destination, "destination")
    told = Report(category.id, grid_code, category.name, channel="counter")
    order = matters.report(session, told, moment, accusation=True)
    with scope.acting(scope.SYSTEM):
        petitions.hand_off(session, order, destination.strip()[:80], on, moment)
        timing.stop(order)
        entry = Step("reject", order.state, "rejected", None, {"hand_to": destination.strip()[:80]})
        order.state = "rejected"
        trace.append(session, order, entry, moment, who)
        session.flush()
    return order
