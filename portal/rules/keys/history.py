"""What imports remember of the rows they changed: taking a batch back must work under new keys.

The columns are kept as they were stored, encrypted ones still encrypted, with their indexes. A
batch is locked while its lines are written, as taking it back does, so that the two never mix.
"""

import json
import time
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from portal.models import ImportBatch, ImportChange
from portal.models.base import Model
from portal.models.sealing import BLIND, ring
from portal.models.types import EncryptedText
from portal.rules.keys.columns import BATCH, PATIENCE, PAUSE, resealed, sealed_columns
from portal.rules.keys.tally import Tally, Tell

CHANGES = ImportChange.__table__
BATCHES = ImportBatch.__table__
PLACE = "import_changes.before"
# What a line holds -> how many of its values were written anew. Raises ValueError.
Renew = Callable[[str, dict[str, Any], Tally], int]


def reseal(session: Session, tell: Tell) -> Tally:
    """Seal what imports remember with the first data key; commits."""
    bound = {(column.table, column.name): column.bound for column in sealed_columns()}
    keys = ring()

    def renew(table: str, told: dict[str, Any], tally: Tally) -> int:
        moved = 0
        for name, stored in told.items():
            if stored is None or (table, name) not in bound:
                continue
            tally.values += 1
            if a2b_base64(stored)[:2] != keys.head:
                told[name] = resealed(keys, bound[table, name], stored)
                moved += 1
        return moved

    return _walk(session, renew, tell)


def remake(session: Session, tell: Tell) -> Tally:
    """Make the indexes that imports remember again; commits. An index without its value goes: its
    value did not change, so neither does the index when the batch is taken back.
    """

    def renew(name: str, told: dict[str, Any], tally: Tally) -> int:
        moved = 0
        columns = Model.metadata.tables[name].c
        for column in columns:
            blind = column.info.get(BLIND)
            if blind is None or column.name not in told:
                continue
            tally.values += 1
            old = told[column.name]
            if blind.source not in told:
                del told[column.name]
                moved += 1
                continue
            kind = columns[blind.source].type
            assert isinstance(kind, EncryptedText)
            told[column.name] = blind.of(kind.process_result_value(told[blind.source], None))
            moved += told[column.name] != old
        return moved

    return _walk(session, renew, tell)


def _walk(session: Session, renew: Renew, tell: Tell) -> Tally:
    tally = Tally(PLACE)
    waiting = _batches(session)
    total = len(waiting)
    patience = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < patience:
        busy = []
        for number in waiting:
            if not _renew_batch(session, number, renew, tally):
                busy.append(number)
            tell(PLACE, total - len(waiting) + len(busy), total)
        if len(busy) < len(waiting):
            patience = time.monotonic() + PATIENCE
        waiting = busy
        if waiting:
            time.sleep(PAUSE)
    tally.left = len(waiting)
    return tally


def _batches(session: Session) -> list[int]:
    tables = {column.table for column in sealed_columns()}
    found = select(CHANGES.c.batch_id).where(
        CHANGES.c.before.is_not(None), CHANGES.c.table_name.in_(tables)
    )
    numbers = session.connection().execute(found.distinct().order_by(CHANGES.c.batch_id))
    rows = list(numbers.scalars())
    session.commit()
    return rows


def _renew_batch(session: Session, number: int, renew: Renew, tally: Tally) -> bool:
    """Whether the whole batch was seen to; False where somebody takes it back just now."""
    seen = Tally(PLACE)
    for lines in _lines(session, number):
        if lines is None:
            session.rollback()
            return False
        _renew_lines(session, lines, renew, seen)
        session.commit()
    tally.values += seen.values
    tally.moved += seen.moved
    tally.broken += seen.broken
    return True


def _lines(session: Session, number: int) -> Iterator[Sequence[Any] | None]:
    """The lines of a batch in transactions of their own; None where the batch is held."""
    tables = {column.table for column in sealed_columns()}
    last = 0
    while True:
        free = select(BATCHES.c.id).where(BATCHES.c.id == number).with_for_update(skip_locked=True)
        connection = session.connection()
        if connection.execute(free).scalar() is None:
            there = select(BATCHES.c.id).where(BATCHES.c.id == number)
            if connection.execute(there).scalar() is not None:
                yield None
            return
        own = (CHANGES.c.batch_id == number, CHANGES.c.id > last, CHANGES.c.before.is_not(None))
        wanted = (*own, CHANGES.c.table_name.in_(tables))
        found = select(CHANGES.c.id, CHANGES.c.table_name, CHANGES.c.before).where(*wanted)
        part = found.order_by(CHANGES.c.id).limit(BATCH).with_for_update(skip_locked=True)
        rows = connection.execute(part).all()
        if len(rows) < BATCH:  # the last ones, or some are held
            count = select(func.count()).select_from(CHANGES).where(*wanted)
            if connection.execute(count).scalar_one() > len(rows):
                yield None
                return
        if not rows:
            session.commit()
            return
        yield rows
        last = rows[-1][0]


def _renew_lines(session: Session, lines: Sequence[Any], renew: Renew, tally: Tally) -> None:
    changes = []
    for line_id, table, before in lines:
        told = json.loads(before)
        try:
            moved = renew(table, told, tally)
        except ValueError:
            tally.broken.append(line_id)
            continue
        if moved:
            tally.moved += moved
            text = json.dumps(told, ensure_ascii=False)
            changes.append({"of_id": line_id, "was": before, "to": text})
    if changes:
        unchanged = (CHANGES.c.id == bindparam("of_id"), CHANGES.c.before == bindparam("was"))
        statement = update(CHANGES).where(*unchanged).values(before=bindparam("to"))
        session.connection().execute(statement, changes)
