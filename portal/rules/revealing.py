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
    most = numbers(session)["reveals.per_hour"]
    opened = select(func.count()).where(
        AuditEntry.actor == scope.actor().username,
        AuditEntry.at > clock.now() - WITHIN,
        AuditEntry.action == "reveal",
    )
    if session.scalars(opened).one() >= most:
        raise RuleError(
            _l(
                "You have opened %(most)s values within an hour: that is the limit. Go on in an"
                " hour, or have an administrator change the setting.",
                most=most,
            ),
            "reason",
        )
    audit.record(session, "reveal", row, reason=reason, changes={"column": column})
    session.commit()
    value: str | None = getattr(row, column)
    return value
