"""What a batch changed, row by row as the rows are now, and who stands in the way of undoing it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.models import ImportBatch, Row
from portal.models.base import Model
from portal.rules.imports.drafts import Found
from portal.rules.imports.memory import CHANGES, unpacked
from portal.rules.imports.work import AT_ONCE, raw_table

# Why a row keeps a batch from being taken back, for people.
REFUSALS = {
    "changed_since": _l("Changed since the import"),
    "deleted_since": _l("Deleted since the import"),
    "referred_to": _l("Other rows refer to it now"),
    "out_of_scope": _l("Outside your grids"),
    "in_work": _l("Somebody has taken it up since"),
}


@dataclass(frozen=True)
class Step:
    """One change of the batch, with the row as it is now."""

    id: int
    model: type[Row]
    row_id: int
    label: str
    row_version: int
    before: dict[str, Any] | None
    now: Found | None


def steps_of(session: Session, batch: ImportBatch, *, lock: bool = True) -> Iterator[Step]:
    """The changes of ``batch`` in their order; with ``lock`` the rows are locked."""
    governed = (m for m in Model.registry.mappers if hasattr(m.class_, "resource"))
    models = {mapper.local_table.name: mapper.class_ for mapper in governed}
    statement = select(CHANGES).where(CHANGES.c.batch_id == batch.id).order_by(CHANGES.c.id)
    changes = [
        (change, unpacked(change)) for change in session.connection().execute(statement).mappings()
    ]
    ids: dict[str, list[int]] = defaultdict(list)
    for change, told in changes:
        ids[change["table_name"]] += [key for key, _label, _version in told]
    rows = {name: _rows(session, models[name], keys, lock=lock) for name, keys in ids.items()}
    for change, told in changes:
        name = change["table_name"]
        before = json.loads(change["before"]) if change["before"] else None
        made = datetime.fromisoformat(before["created_at"]) if before else batch.created_at
        for key, label, version in told:
            now = rows[name].get(key)
            if now is not None and now.raw["created_at"] != made:
                now = None  # another row that was given the key of a deleted one
            yield Step(change["id"], models[name], key, label, version, before, now)


def _rows(
    session: Session, model: type[Row], ids: list[int], *, lock: bool = True
) -> dict[int, Found]:
    raw = raw_table(model)
    found = {}
    for start in range(0, len(ids), AT_ONCE):
        statement = select(raw).where(raw.c.id.in_(ids[start : start + AT_ONCE]))
        if lock:
            statement = statement.with_for_update(key_share=True)
        for row in session.connection().execute(statement).mappings():
            found[row["id"]] = Found(model, row)
    return found


def gone(step: Step) -> bool:
    """Whether a row that the batch made is no longer there."""
    return step.now is None and step.before is None


def refusals(steps: Iterable[Step], *, own: bool) -> Iterator[dict[str, str]]:
    """Rows that stand in the way by themselves: label, reason (of ``REFUSALS``) and detail.
    ``own``: it is the batch of whoever undoes it.
    """
    for step in steps:
        reason = _reason(step, own=own)
        if reason:
            yield {"label": step.label, "reason": reason, "detail": ""}


def _reason(step: Step, *, own: bool) -> str | None:
    if step.now is None:
        return None if step.before is None else "deleted_since"
    # Whoever imported rows may take them back; the rows of others need the right to remove.
    action = roles.WRITE if own or step.before is not None else roles.REMOVE
    if not _allowed(step, action):
        return "out_of_scope"
    return "changed_since" if step.now.version != step.row_version else None


def _allowed(step: Step, action: str) -> bool:
    identity, resource = scope.current(), step.model.resource or ""
    if not identity.can(action, resource):
        return False
    prefixes = identity.prefixes(action, resource)
    return all(scope.covers(prefixes, code) for code in places(step))


def places(step: Step) -> set[Any]:
    """The grids that the row was and is about; None among them: of no grid."""
    column = step.model.scope_column
    if column is None or step.now is None:
        return set()
    return {step.now.raw[column], (step.before or {}).get(column, step.now.raw[column])}
