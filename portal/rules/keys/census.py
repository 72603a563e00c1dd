"""Which keys are in use, for ``portal doctor``: counted by the first bytes, nothing is opened."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal.models import sealing
from portal.rules.keys.columns import heads, sealed_columns
from portal.rules.keys.indexes import blinds, indexed_tables

LOOKED_AT = 50  # rows of a table, the oldest and as many of the newest


@dataclass(frozen=True)
class Census:
    """Values by cipher and key (``current`` sealed by what is written now, ``older`` by others that
    are there, ``lost`` by keys that are not), and of some rows how many have an index that is
    written no more (``old_indexes``) or that nobody finds (``lost_indexes``).
    """

    used: dict[str, int]
    current: int
    older: int
    lost: int
    old_indexes: int
    lost_indexes: int


def take(session: Session) -> Census:
    """Count all values, look at some indexes."""
    keys = sealing.ring()
    found: Counter[bytes] = Counter()
    for column in sealed_columns():
        found.update(heads(session, column))
    known = {head: count for head, count in found.items() if keys.knows(head)}
    current = known.pop(keys.head, 0)
    indexes: Counter[str] = Counter()
    for table in indexed_tables():
        _judge_indexes(session, table, indexes)
    return Census(
        {sealing.head_name(head): count for head, count in sorted(found.items())},
        current,
        sum(known.values()),
        found.total() - current - sum(known.values()),
        indexes["old"],
        indexes["lost"],
    )


def _judge_indexes(session: Session, table: Table, told: Counter[str]) -> None:
    columns = [table.c[name] for name in blinds(table)]
    sources = {blind.source for blind in blinds(table).values()}
    statement = select(*columns, *(table.c[name] for name in sources)).limit(LOOKED_AT)
    for order in (table.c.id, table.c.id.desc()):
        try:
            rows = session.connection().execute(statement.order_by(order)).mappings().all()
        except ValueError:  # the value itself is lost, and counted so
            continue
        for row in rows:
            for name, blind in blinds(table).items():
                told[_state(blind, row[name], row[blind.source])] += 1


def _state(blind: sealing.Blind, index: Any, value: str | None) -> str:
    ways = blind.ways(value)
    if not ways and index is None:
        return "current"
    if index not in ways:
        return "lost"
    return "current" if index == ways[0] else "old"
