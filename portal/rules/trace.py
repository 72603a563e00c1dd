"""The trace of a work order: what happened, who did it and when; each entry bound to the one
before by a keyed hash.

The hash (HMAC, ``models/sealing.py``) covers all columns of an entry, the order's key and the hash
of the entry before, with the first of ``PORTAL_TRACE_KEYS``; all of them are understood. The order
keeps the number of entries and, as ``trail_head``, a keyed hash of that number and the last entry,
so that a removed last entry shows also where somebody counted anew. Whoever changes the database
without the key cannot make a chain that holds.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.models import TraceEntry, WorkOrder
from portal.models.sealing import SCHEMES, has_sm4, keyed_hash
from portal.rules import bulk
from portal.scope import Identity

START = "0" * 64
AT_ONCE = 500
COVERED = (
    "order_id", "seq", "at", "actor", "actor_name", "move", "from_state", "to_state", "note",
    "details",
)  # fmt: skip
CHANGED, MISSING, SURPLUS, HEAD = "changed", "missing", "surplus", "head"


@dataclass(frozen=True)
class Step:
    """What is to be noted of an order: ``details`` are plain JSON values."""

    move: str
    from_state: str | None
    to_state: str
    note: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def append(session: Session, order: WorkOrder, step: Step, moment: datetime, who: Identity) -> None:
    """Note a step of ``who``, and move the order's head and count along.

    The order must be locked or versioned by the caller: two entries with one number are refused by
    the database.
    """
    values = _entry(order, step, moment, who, _last_macs(session, [order]).get(order.id, START))
    session.execute(insert(TraceEntry.__table__), [values])
    order.trail_head, order.trail_count = _head(values), values["seq"]


def note_many(session: Session, steps: Mapping[int, Step], moment: datetime) -> None:
    """The same by the portal itself for many orders (by key), which the caller holds locked."""
    columns = WorkOrder.__table__.c
    connection = session.connection()
    keys = sorted(steps)
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        asked = select(columns.id, columns.trail_count).where(columns.id.in_(some))
        orders = connection.execute(asked.order_by(columns.id)).all()
        before = _last_macs(session, orders)
        entries = [
            _entry(order, steps[order.id], moment, scope.SYSTEM, before.get(order.id, START))
            for order in orders
        ]
        bulk.insert_rows(session, TraceEntry.__table__, entries)
        _move_heads(session, entries)


def _move_heads(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """What many orders keep of their new last entries."""
    orders, connection = WorkOrder.__table__, session.connection()
    heads = [
        {"id": one["order_id"], "trail_head": _head(one), "trail_count": one["seq"]}
        for one in entries
    ]
    if connection.dialect.name == "postgresql":
        told = bulk.told_rows(orders, list(heads[0]), heads).c
        head, count, same = told.trail_head, told.trail_count, orders.c.id == told.id
    else:
        head, count, same = bindparam("head"), bindparam("count"), orders.c.id == bindparam("of")
        heads = [dict(zip(("of", "head", "count"), one.values(), strict=True)) for one in heads]
    moved = update(orders).where(same).values(trail_head=head, trail_count=count)
    connection.execute(moved, None if connection.dialect.name == "postgresql" else heads)


def _last_macs(session: Session, orders: Sequence[Any]) -> dict[int, str]:
    """The hash of the last entry of each order that has any."""
    columns = TraceEntry.__table__.c
    wanted = [(one.id, one.trail_count) for one in orders if one.trail_count]
    if not wanted:
        return {}
    asked = select(columns.order_id, columns.mac).where(
        tuple_(columns.order_id, columns.seq).in_(wanted)
    )
    return {row.order_id: row.mac for row in session.connection().execute(asked)}


def _entry(order: Any, step: Step, moment: datetime, who: Identity, before: str) -> dict[str, Any]:
    values = {
        "order_id": order.id,
        "seq": order.trail_count + 1,
        "at": moment,
        "actor": who.username,
        "actor_name": who.name or who.username,
        "move": step.move,
        "from_state": step.from_state,
        "to_state": step.to_state,
        "note": step.note or None,
        "details": json.dumps(step.details, ensure_ascii=False, sort_keys=True),
    }
    return values | {"mac": mac_of(values, before)}


def mac_of(values: dict[str, Any], before: str) -> str:
    """The keyed hash of an entry that follows the one with hash ``before``."""
    cipher, key = _ways()[0]
    return keyed_hash(cipher, key, _message(values, before))


def _head(values: Mapping[str, Any]) -> str:
    """What an order keeps of its last entry."""
    return keyed_hash(*_ways()[0], _head_message(values["order_id"], values["seq"], values["mac"]))


def _head_message(order_id: int, count: int, mac: str) -> bytes:
    return f"head:{order_id}:{count}:{mac}".encode()


def _holds(hashed: str, message: bytes) -> bool:
    return any(hashed == keyed_hash(*way, message) for way in _ways())


def _ways() -> list[tuple[str, bytes]]:
    """How hashes may have been made, the way of now first."""
    now = current_app.config.get("PORTAL_CIPHER", ("aes",))[0]
    ciphers = [now, *(name for name in SCHEMES if name != now and (name != "sm4" or has_sm4()))]
    return [(cipher, key) for key in current_app.config["PORTAL_TRACE_KEYS"] for cipher in ciphers]


def _message(values: dict[str, Any], before: str) -> bytes:
    told = [_plain(values[name]) for name in COVERED]
    return json.dumps([before, *told], ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    return clock.aware(value).isoformat() if isinstance(value, datetime) else value


# looking through ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What is wrong with the trace of an order, at entry ``seq``."""

    number: str
    seq: int
    what: str  # CHANGED, MISSING, SURPLUS or HEAD


@dataclass
class Verified:
    """How many orders and entries were looked through, and what was found."""

    orders: int = 0
    entries: int = 0
    faults: list[Fault] = field(default_factory=list)


def entries_of(order_id: int) -> Select[Any]:
    """The select of an order's entries, the first one first."""
    return select(TraceEntry).where(TraceEntry.order_id == order_id).order_by(TraceEntry.seq)


def verify(session: Session, number: str | None = None) -> Verified:
    """Compute every chain anew, or that of one order; one fault for each order, its first.

    Raises LookupError where there is no order with this number.
    """
    columns = WorkOrder.__table__.c
    asked = select(columns.id, columns.number, columns.trail_head, columns.trail_count)
    asked = asked.order_by(columns.id)
    if number is not None:
        asked = asked.where(columns.number == number)
    done = Verified()
    last = 0
    while orders := session.execute(asked.where(columns.id > last).limit(AT_ONCE)).all():
        last = orders[-1].id
        done.orders += len(orders)
        chains = _chains(session, [order.id for order in orders])
        for order in orders:
            chain = chains.get(order.id, [])
            done.entries += len(chain)
            done.faults += _faults(order, chain)
    if number is not None and not done.orders:
        raise LookupError(number)
    return done


def _chains(session: Session, orders: list[int]) -> dict[int, list[Row[Any]]]:
    columns = TraceEntry.__table__.c
    asked = select(*columns).where(columns.order_id.in_(orders))
    found: dict[int, list[Row[Any]]] = {}
    for entry in session.execute(asked.order_by(columns.order_id, columns.seq)):
        found.setdefault(entry.order_id, []).append(entry)
    return found


def _faults(order: Row[Any], chain: list[Row[Any]]) -> Iterator[Fault]:
    """The first thing that is wrong, if anything is."""
    before = START
    for at, entry in enumerate(chain, start=1):
        if entry.seq != at:
            yield Fault(order.number, at, MISSING)
            return
        if not _holds(entry.mac, _message(dict(entry._mapping), before)):
            yield Fault(order.number, at, CHANGED)
            return
        before = entry.mac
    if len(chain) < order.trail_count:
        yield Fault(order.number, len(chain) + 1, MISSING)
    elif len(chain) > order.trail_count:
        yield Fault(order.number, order.trail_count + 1, SURPLUS)
    elif chain and not _holds(order.trail_head, _head_message(order.id, len(chain), before)):
        yield Fault(order.number, len(chain), HEAD)
