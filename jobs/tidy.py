"""What is kept for a time only: read messages, files made by long work."""

from portal.extensions import db
from portal.queries.settings import numbers
from portal.rules import importing, inbox, tasks
from portal.rules.outside import claims


def nightly(_slot: str) -> dict[str, int]:
    """Forget what is past its time by the settings; how many of each."""
    keep = numbers(db.session)
    messages = inbox.forget(db.session, keep["inbox.keep_days"])
    deliveries = claims.forget(db.session, keep["deliveries.keep_days"])
    db.session.commit()
    forgotten = {"messages": messages, "deliveries": deliveries}
    return forgotten | {"files": tasks.forget_files(db.session, keep["tasks.keep_days"])}


def hourly(_slot: str) -> int:
    """Forget uploaded files that nobody imported within a day; how many."""
    return importing.forget_uploads(db.session)
