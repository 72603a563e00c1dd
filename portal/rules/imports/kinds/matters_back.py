"""Taking back an import of matters: orders that nobody took up are void, the others are named.

The trail of an order is never deleted, by code and by trigger, so the orders stay on record as
void, with an entry that names the import, and their numbers of elsewhere may come again. Somebody
has taken an order up when its state moved, when it was merged or another one was merged into it,
when its petition has an authority or a mandate, or when a person left an entry in its trail; what
the rounds of the portal noted does not count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from portal import clock, roles, scope
from portal.models import ImportBatch, Matter, PetitionCase, TraceEntry, WorkOrder
from portal.queries.matters import merged_into
from portal.rules import matters
from portal.rules.imports.memory import CHANGES, unpacked

SYSTEM = "system"
AT_ONCE = 500  # matters
# Of an order that is only looked at: enough to say whether it stays.
COLUMNS = (
    WorkOrder.matter_id,
    WorkOrder.state,
    WorkOrder.void,
    WorkOrder.merged_into_id,
    WorkOrder.grid_code,
    WorkOrder.about_user_id,
)


@dataclass(frozen=True)
class Standing:
    """An order that the batch brought, or its columns (``COLUMNS``) where it is only looked at:
    ``reason`` (of ``REFUSALS``) where it stays.
    """

    order: Any
    label: str
    reason: str | None


@dataclass(frozen=True)
class TakenBack:
    """Labels of the orders that are (or would be) void, who stays and why (label, reason, detail),
    and how many were void already.
    """

    void: list[str]
    kept: list[dict[str, str]]
    gone: int


def take_back(session: Session, batch: ImportBatch, *, keep: bool = False) -> TakenBack:
    """Void what the batch brought, or with ``keep`` only say what would be void; the caller
    commits. Nothing is changed where all of it stays.
    """
    void: list[str] = []
    kept: list[dict[str, str]] = []
    gone, moment = 0, clock.now()
    for one in list(_standing(session, batch, lock=not keep)):
        if one.order.void:
            gone += 1
        elif one.reason is not None:
            kept.append({"label": one.label, "reason": one.reason, "detail": ""})
        else:
            void.append(one.label)
            if not keep:
                matters.take_back(session, one.order, batch.id, moment)
    return TakenBack(void, kept, gone)


def _standing(session: Session, batch: ImportBatch, *, lock: bool) -> Iterator[Standing]:
    own = batch.actor == scope.actor().username
    labels = _brought(session, batch)
    keys = list(labels)
    for start in range(0, len(keys), AT_ONCE):
        for row in session.execute(_orders(keys[start : start + AT_ONCE], lock)):
            reason, order = None, row[0] if lock else row
            if not _may(order, own=own):
                reason = "out_of_scope"
            elif row.touched or order.state != "reported" or order.merged_into_id is not None:
                reason = "in_work"
            yield Standing(order, labels[order.matter_id], reason)


def _brought(session: Session, batch: ImportBatch) -> dict[int, str]:
    """Keys of the matters that the batch brought, with their labels, in the order of the file."""
    changes = CHANGES.c
    asked = (
        select(CHANGES)
        .where(changes.batch_id == batch.id, changes.table_name == Matter.__tablename__)
        .order_by(changes.id)
    )
    entries = session.connection().execute(asked).mappings()
    return {key: label for entry in entries for key, label, _version in unpacked(entry)}


def _orders(matters_of: list[int], lock: bool) -> Select[Any]:
    """Their orders, held (``lock``) or just columns of them, and whether they are ``touched``."""
    asked: Select[Any] = select(*((WorkOrder,) if lock else COLUMNS), _touched().label("touched"))
    asked = asked.where(WorkOrder.matter_id.in_(matters_of)).order_by(WorkOrder.id)
    if not lock:
        return asked
    return asked.execution_options(populate_existing=True).with_for_update(of=WorkOrder)


def _touched() -> ColumnElement[bool]:
    """A person has left an entry in the trail since, another order went into it, or what an
    authority does with it is on record.
    """
    return or_(
        exists().where(
            TraceEntry.order_id == WorkOrder.id, TraceEntry.seq > 1, TraceEntry.actor != SYSTEM
        ),
        merged_into(WorkOrder.id),
        exists().where(
            PetitionCase.order_id == WorkOrder.id,
            or_(PetitionCase.authority.is_not(None), PetitionCase.mandate_on.is_not(None)),
        ),
    )


def _may(order: Any, *, own: bool) -> bool:
    """Whoever imported it, where they may still report; of others the station, which may void."""
    who = scope.current()
    if who.unrestricted:
        return True
    if own:
        return scope.covers(who.prefixes(roles.WRITE, "Matter"), order.grid_code)
    led = [one.grid_code for one in who.grants if one.role == roles.STATION]
    return scope.covers(led, order.grid_code) and order.about_user_id != who.user_id
