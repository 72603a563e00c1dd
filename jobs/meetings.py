"""Meetings: written ahead, and people reminded of them."""

import logging

from portal import clock
from portal.extensions import db
from portal.rules import planning, reminders

log = logging.getLogger(__name__)


def remind(slot: str) -> str:
    """The round of reminders as of now, however late it comes; what it did.

    A series that is not planned far enough is planned first, so that nothing waits for the night.
    """
    moment = clock.now()
    try:
        planning.plan_due(db.session, moment)
        db.session.commit()
    except Exception:  # what is planned already is reminded of all the same
        db.session.rollback()
        log.exception("planning failed in the round of %s", slot)
    return str(reminders.remind(db.session, moment))


def plan(slot: str) -> str:
    """Compare every series with its meetings, whatever changed; what it did."""
    done = planning.plan_all(db.session, clock.now())
    db.session.commit()
    return str(done)
