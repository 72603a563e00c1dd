"""Supervision orders: a leader signs, the area answers, the station closes (time_limits.yaml)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.errors import Forbidden, RuleError
from portal.models import SupervisionOrder
from portal.rules import numberless

WHO = {
    "sign": (roles.LEADER,),
    "answer": (roles.AREA_LEADER, roles.STATION),
    "close": (roles.STATION,),
}


def parts_of(row: SupervisionOrder) -> list[str]:
    """What the roles of the identity of now allow, in whatever state the order is."""
    grants = scope.current().grants
    own = {one.role for one in grants if row.grid_code.startswith(one.grid_code)}
    return [name for name, wanted in WHO.items() if own & set(wanted)]


def open_to(row: SupervisionOrder) -> list[str]:
    """What can be done now."""
    possible = {
        "sign": row.signed_at is None and row.state != "closed",
        "answer": row.state == "open",
        "close": row.state == "answered",
    }
    return [name for name in parts_of(row) if possible[name]]


def act(session: Session, row: SupervisionOrder, name: str, reply: str | None) -> None:
    """Sign, answer or close; the caller commits. Raises Forbidden, RuleError with ``reply``."""
    if name not in parts_of(row):
        raise Forbidden(f"{name} {row.number}")
    if name not in open_to(row):
        raise RuleError(_l("This was done already, or cannot be done now."))
    if name == "sign":
        row.signed_by = (scope.actor().name or scope.actor().username)[:80]
        row.signed_at = clock.now()
    elif name == "answer":
        if not reply:
            raise RuleError(_l("Say what is done, and by when."), "reply")
        numberless.check(reply, "reply")
        row.reply, row.state = reply, "answered"
    else:
        row.state = "closed"
    session.flush()
