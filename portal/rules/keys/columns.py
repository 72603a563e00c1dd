"""Encrypted columns, found by their type: each value is sealed anew where another key sealed it."""

import time
from base64 import b64encode
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy import column as a_column
from sqlalchemy import table as a_table
from sqlalchemy.orm import Session

from portal.models.base import Model
from portal.models.sealing import Ring, ring
from portal.models.types import EncryptedText
from portal.rules.keys.tally import Tally, Tell

BATCH = 1000  # rows of one transaction
PATIENCE = 60.0  # seconds without any progress before busy rows are given up
PAUSE = 0.2
START = 3  # characters of the stored text that tell scheme and key


@dataclass(frozen=True)
class Sealed:
    """An encrypted column, without its type: as the text that is stored."""

    table: str
    name: str
    bound: bytes

    @property
    def place(self) -> str:
        """table.column."""
        return f"{self.table}.{self.name}"

    def columns(self) -> tuple[Any, ColumnElement[Any], ColumnElement[Any]]:
        """Table, key and text."""
        bare = _bare(self.table, self.name)
        return bare, bare.c.id, bare.c[self.name]


@cache
def _bare(table: str, name: str) -> Any:
    return a_table(table, a_column("id"), a_column(name))


def sealed_columns() -> list[Sealed]:
    """Every encrypted column of every table."""
    return [
        Sealed(table.name, column.name, column.type.place.encode())
        for table in Model.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, EncryptedText)
    ]


def starts(head: bytes) -> list[str]:
    """How the stored text of values with this scheme and key may begin."""
    return [b64encode(head + bytes([high << 6]))[:START].decode() for high in range(4)]


def resealed(keys: Ring, bound: bytes, stored: str) -> str:
    """The same value under the first key. Raises ValueError where no key opens it."""
    value = keys.open(bound, a2b_base64(stored))
    return b2a_base64(keys.seal(bound, value), newline=False).decode()


def reseal(session: Session, column: Sealed, tell: Tell) -> Tally:
    """Seal the values of one column anew; commits batch by batch."""
    tally = Tally(column.place)
    old = _old(column)
    tally.left = total = _count(session, column, old)
    patience = time.monotonic() + PATIENCE
    while tally.left > len(tally.broken):
        before = tally.moved
        tally.broken = []
        for rows in _batches(session, column, old):
            _reseal_rows(session, column, rows, tally)
            session.commit()
            tell(column.place, tally.moved, max(total, tally.moved))
        tally.left = _count(session, column, old)
        if tally.moved > before:
            patience = time.monotonic() + PATIENCE
        elif time.monotonic() > patience:
            break
        if tally.left > len(tally.broken):
            time.sleep(PAUSE)  # somebody holds these rows
    tally.left = max(0, tally.left - len(tally.broken))
    tally.values = _count(session, column)
    session.commit()
    return tally


def _batches(session: Session, column: Sealed, old: ColumnElement[bool]) -> Iterator[Sequence[Any]]:
    _bare, key, text = column.columns()
    last = 0
    while True:
        found = select(key, text).where(old, key > last).order_by(key).limit(BATCH)
        rows = session.connection().execute(found.with_for_update(skip_locked=True)).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _reseal_rows(session: Session, column: Sealed, rows: Sequence[Any], tally: Tally) -> None:
    keys, changes = ring(), []
    for row_id, stored in rows:
        try:
            new = resealed(keys, column.bound, stored)
        except ValueError:
            tally.broken.append(row_id)
            continue
        changes.append({"of_id": row_id, "was": stored, "to": new})
    if not changes:
        return
    bare, key, text = column.columns()
    unchanged = (key == bindparam("of_id"), text == bindparam("was"))
    statement = update(bare).where(*unchanged).values({column.name: bindparam("to")})
    done: Any = session.connection().execute(statement, changes)
    tally.moved += done.rowcount if done.rowcount >= 0 else len(changes)


def _old(column: Sealed) -> ColumnElement[bool]:
    """Condition: sealed by another key than the first, or with another cipher."""
    text = column.columns()[2]
    return func.substr(text, 1, START).not_in(starts(ring().head))


def _count(session: Session, column: Sealed, condition: ColumnElement[bool] | None = None) -> int:
    bare, _key, text = column.columns()
    found = select(func.count()).select_from(bare).where(text.is_not(None))
    if condition is not None:
        found = found.where(condition)
    return session.connection().execute(found).scalar_one()


def any_left(session: Session, told: Sequence[Tally]) -> bool:
    """Whether values came back under an older key since ``told`` was counted."""
    known = {tally.place: tally.left + len(tally.broken) for tally in told}
    left = any(
        _count(session, column, _old(column)) > known.get(column.place, 0)
        for column in sealed_columns()
    )
    session.commit()
    return left


def heads(session: Session, column: Sealed) -> dict[bytes, int]:
    """Scheme and key-id bytes of the values of a column, and how many have them."""
    bare, _key, text = column.columns()
    start = func.substr(text, 1, START)
    found = select(start, func.count()).select_from(bare).where(text.is_not(None)).group_by(start)
    told: dict[bytes, int] = {}
    for stored, number in session.connection().execute(found):
        head = a2b_base64(stored + "A")[:2]
        told[head] = told.get(head, 0) + number
    return told
