"""Exchanging keys while the portal runs: everything that is sealed gets the first data key, every
index the first index key.

Rows are written past the session and compared and set: what somebody else wrote meanwhile stands,
no version and no time of change moves, and an open form can still be saved. Each batch is a
transaction of its own that never waits for a row while it holds others, so it stands in nobody's
way; what was busy is visited again. A run that was interrupted is simply started again.
"""

from sqlalchemy.orm import Session

from portal.models import sealing
from portal.rules import audit
from portal.rules.keys import columns, files, history, indexes
from portal.rules.keys.tally import Tally, Tell

ROUNDS = 5  # an undo that runs meanwhile may bring old values back: look again


def rotate(session: Session, tell: Tell) -> list[Tally]:
    """Seal everything with the first data key under the cipher of the settings; what became of
    each column. ``tell(place, done, total)`` hears of the progress. Commits.
    """
    found: list[Tally] = []
    for _round in range(ROUNDS):
        told = [columns.reseal(session, column, tell) for column in columns.sealed_columns()]
        told.append(history.reseal(session, tell))
        found = _added(found, told)
        if not columns.any_left(session, found):
            break
    found.append(files.reseal(tell))
    _record(session, "data", found)
    return found


def reindex(session: Session, tell: Tell) -> list[Tally]:
    """Make every blind index again with the first index key and the cipher of the settings; the
    same as ``rotate``.
    """
    found: list[Tally] = []
    for _round in range(ROUNDS):
        told = [indexes.remake(session, table, tell) for table in indexes.indexed_tables()]
        told.append(history.remake(session, tell))
        moved = any(tally.moved for tally in told)
        found = _added(found, told)
        if not moved:
            break  # a whole round in which nothing was old
    _record(session, "index", found)
    return found


def _added(before: list[Tally], now: list[Tally]) -> list[Tally]:
    for old, new in zip(before, now, strict=False):
        new.moved += old.moved
    return now


def _record(session: Session, what: str, found: list[Tally]) -> None:
    """One entry in the audit log, however many rows there were."""
    ring = sealing.ring()
    told = f"{what}: {ring.name}" if what == "data" else f"{what}: {sealing.index_name()}"
    changes = {tally.place: tally.moved for tally in found if tally.values}
    entry = {"row_id": None, "row_label": told, "grid_code": None, "changes": changes}
    audit.record_bulk(session, "rotate", "keys", [entry])
    session.commit()


__all__ = ["Tally", "Tell", "reindex", "rotate"]
