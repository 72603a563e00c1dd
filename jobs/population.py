"""The monthly population reports (P8.5), on the first of the month."""

import logging
from datetime import datetime, timedelta

from portal import clock
from portal.documents import registry
from portal.extensions import db
from portal.queries.boards_hung import told
from portal.queries.population_report import communities
from portal.rules import documents, inbox
from portal.rules.population_report import SPEC

log = logging.getLogger("portal.population")


class NotAll(Exception):
    """Some reports could not be made; the others are. Running it again tries these."""


def monthly(slot: str) -> int:
    """Make the report of the month before ``slot`` for every community that has a register, as a
    paper and as a spreadsheet, and tell its office; each in a transaction of its own. What is there
    already stays as it is, so that running it again changes nothing. How many it made; raises
    NotAll.
    """
    first = clock.local(datetime.fromisoformat(slot)).date().replace(day=1)
    period = f"{first - timedelta(days=1):%Y-%m}"
    made = failed = 0
    for code, name in communities(db.session):
        try:
            made += _make(code, name, period)
        except Exception:
            log.exception("no population report of %s for %s", code, period)
            failed += 1
        finally:
            db.session.rollback()
    if failed:
        raise NotAll(f"{failed} population reports could not be made")
    return made


def _make(code: str, name: str, period: str) -> bool:
    lang, session = documents.LANGUAGES[0], db.session
    if documents.newest_issue(session, SPEC.kind, code, SPEC.sizes[0], lang, period) is not None:
        return False
    paper, *_others = [
        registry.issue(session, SPEC.kind, code, size, lang, period) for size in SPEC.sizes
    ]
    params = {"period": period, "grid": name, "number": paper.number}
    url = f"/documents/show/{paper.id}"
    inbox.notify(session, told(session, code), "population_report", params, url, place=code)
    session.commit()
    return True
