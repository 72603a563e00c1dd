"""Opening a masked value: one record at a time, for a reason, in the log before it is shown."""

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import AuditEntry
from portal.queries.settings import numbers
from portal.rules import audit

WITHIN = timedelta(hours=1)


def reveal(session: Session, row: Any, column: str, reason: str) -> str | None:
    """The value of ``column``, once the opening stands in the audit log. Commits.

    Raises RuleError (field ``reason``) where the account has opened as many within an hour as the
    setting ``reveals.per_hour`` allows: whoever needs a whole list has no business with this page.
    """
    check_allowance(session, 1)
    audit.record(session, "reveal", row, reason=reason, changes={"column": column})
    session.commit()
    value: str | None = getattr(row, column)
    return value


def check_allowance(session: Session, values: int) -> None:
    """Whether the account may open so many ``values`` now; each one opened is one audit entry.

    Raises RuleError (field ``reason``) where they would be more than the setting allows an hour.
    """
    most = numbers(session)["reveals.per_hour"]
    opened = select(func.count()).where(
        AuditEntry.actor == scope.actor().username,
        AuditEntry.at > clock.now() - WITHIN,
        AuditEntry.action == "reveal",
    )
    left = max(0, most - session.scalars(opened).one())
    if values <= left:
        return
    if values == 1:
        message = _l(
            "You have opened %(most)s values within an hour: that is the limit. Go on in an"
            " hour, or have an administrator change the setting.",
            most=most,
        )
    else:
        message = _l(
            "This would open %(values)s values; you may open %(left)s more within this hour. Print"
            " it masked, go on in an hour, or have an administrator change the setting.",
            values=values,
            left=left,
        )
    raise RuleError(message, "reason")
