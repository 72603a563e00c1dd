"""From drafts to rows, in bulk, with the audit entries and the before-images of the batch.

Everything happens in the caller's transaction. The rows that are changed were locked when they
were read (on SQLite the whole database was).
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Table, bindparam, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ImportBatch, ImportChange, Row
from portal.models.search import search_terms
from portal.models.types import EncryptedText
from portal.rules import audit, bulk
from portal.rules.imports.drafts import Draft
from portal.rules.masking import HIDDEN

AT_ONCE = 2000
CHANGES: Table = ImportChange.__table__
MOST_SAMPLES = 30
WORTH_IT = 100  # rows
LABEL = 120
# What tells a row from a later one that was given the same key after a deletion.
IDENTITY = ("version", "created_at")
_PRIVATE: dict[str, frozenset[str]] = {}  # columns of a table that are never told


def write(
    session: Session, batch: ImportBatch, tables: Sequence[type[Row]], drafts: list[Draft]
) -> None:
    """Write ``drafts`` as part of ``batch``; a line the database refuses is rejected alone.

    New rows are dated as the batch itself.
    """
    for draft in drafts:
        if draft.found is None:
            draft.values["created_at"] = batch.created_at
    written: list[Draft] = []
    *firsts, last = tables
    for model in firsts:
        new, changed = _of(model, drafts)
        _insert(session, model, new)
        _update(session, model, changed)
        written += [draft for draft in new if draft.row_id is not None]
        written += changed
    new, changed = _of(last, drafts)
    _update(session, last, changed)
    told = _insert_and_tell(session, batch.id, last, new, [*written, *changed])
    if told.changes:
        bulk.insert_rows(session, CHANGES, told.changes)
    audit.write_worded(session, told.entries)


def _of(model: type[Row], drafts: Iterable[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Those of ``model``: new ones in their order, and those that change a row."""
    own = [draft for draft in drafts if draft.model is model]
    new = sorted((d for d in own if d.found is None), key=lambda draft: draft.order)
    return new, [draft for draft in own if draft.found is not None]


@dataclass
class _Told:
    """What undoing remembers and what the audit log tells, ready to be written."""

    changes: list[dict[str, Any]]
    entries: list[dict[str, Any]]


def _told(batch: int, written: list[Draft]) -> _Told:
    return _Told(_remembered(batch, written), _audited(written))


def _insert_and_tell(
    session: Session, batch: int, model: type[Row], new: list[Draft], others: list[Draft]
) -> _Told:
    """Insert the rows that a file is about; what is told of all is worded meanwhile.

    The database takes as long as the wording, and neither needs the other: the rows are sent from
    another thread, which alone uses the connection until they are there.
    """
    if len(new) < WORTH_IT or session.get_bind().dialect.name == "sqlite":
        _insert(session, model, new)
        return _told(batch, [*others, *(draft for draft in new if draft.row_id is not None)])
    rows = _ready(session, model, new)
    with ThreadPoolExecutor(1) as aside:
        sending = aside.submit(copy_context().run, _sent, session, model, rows)
        told = _told(batch, [*others, *(draft for draft in new if draft.row_id is not None)])
    if sending.result():
        return told
    for draft in new:  # a conflict that nobody foresaw: find out whose row it is
        _insert_alone(session, model, draft)
    return _told(batch, [*others, *(draft for draft in new if draft.row_id is not None)])


def _sent(session: Session, model: type[Row], rows: list[dict[str, Any]]) -> bool:
    """Whether the database took all of the rows; of a refusal nothing is left."""
    try:
        with session.begin_nested():
            bulk.insert_rows(session, model.__table__, rows)
    except DBAPIError:
        return False
    return True


def _insert(session: Session, model: type[Row], drafts: list[Draft]) -> None:
    for start in range(0, len(drafts), AT_ONCE):
        part = drafts[start : start + AT_ONCE]
        try:
            with session.begin_nested():
                _insert_part(session, model, part)
        except DBAPIError:
            # A conflict that nobody foresaw: find out whose row it is.
            for draft in part:
                _insert_alone(session, model, draft)


def _insert_alone(session: Session, model: type[Row], draft: Draft) -> None:
    try:
        with session.begin_nested():
            _insert_part(session, model, [draft])
    except DBAPIError:
        draft.row_id = None
        for line in draft.lines:
            line.error = line.error or {
                "row": line.number,
                "column": None,
                "reason": "refused_by_database",
            }


def _insert_part(session: Session, model: type[Row], drafts: Sequence[Draft]) -> None:
    rows = _ready(session, model, drafts)
    if rows:
        bulk.insert_rows(session, model.__table__, rows)


def _ready(session: Session, model: type[Row], drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The rows of those that are wanted, with keys; the drafts know them too."""
    kept = [draft for draft in drafts if draft.wanted]
    if not kept:
        return []
    rows = []
    for draft, key in zip(kept, bulk.take_keys(session, model.__table__, len(kept)), strict=True):
        for name, other in draft.links.items():
            draft.values[name] = other.row_id
        _add_search_terms(draft)
        rows.append({**draft.values, "id": key})
        draft.row_id = key
    return rows


def _update(session: Session, model: type[Row], drafts: Iterable[Draft]) -> None:
    target: Table = model.__table__
    now = clock.now()
    for draft in drafts:
        _add_search_terms(draft)
    names_of = {id(draft): tuple(sorted(draft.values)) for draft in drafts}
    for names, group in groupby(
        sorted(drafts, key=lambda draft: names_of[id(draft)]), key=lambda d: names_of[id(d)]
    ):
        statement = (
            update(target)
            .where(target.c.id == bindparam("of_id"))
            .values({name: bindparam(f"to_{name}", type_=target.c[name].type) for name in names})
            .values(version=target.c.version + 1, updated_at=now)
        )
        rows = []
        for draft in group:
            assert draft.found is not None
            draft.row_id = draft.found.id
            rows.append(
                {"of_id": draft.row_id} | {f"to_{name}": draft.values[name] for name in names}
            )
        session.connection().execute(statement, rows)


def _add_search_terms(draft: Draft) -> None:
    source = draft.model.search_source
    if not source or "search_terms" in draft.values:
        return
    if draft.found is not None and not set(source) & set(draft.values):
        return

    def value(name: str) -> Any:
        if name in draft.values or draft.found is None:
            return draft.values.get(name)
        return draft.found.value(name)

    texts = (value(name) for name in source)
    draft.values["search_terms"] = search_terms(*texts, people=draft.model.search_people)


def _remembered(batch: int, drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    return [
        {
            "batch_id": batch,
            "table_name": draft.model.__tablename__,
            "row_id": draft.row_id,
            "label": draft.label[:LABEL],
            "before": _before(draft),
            "row_version": 1 if draft.found is None else draft.found.version + 1,
        }
        for draft in drafts
    ]


def _before(draft: Draft) -> str | None:
    """The changed columns as they were, encrypted ones still encrypted; None for a new row."""
    if draft.found is None:
        return None
    raw = draft.found.raw
    values = {name: plain(raw[name]) for name in draft.values}
    values |= {name: plain(raw[name]) for name in IDENTITY}
    return json.dumps(values, ensure_ascii=False)


def plain(value: Any) -> Any:
    """A column's value as JSON holds it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def _audited(drafts: list[Draft]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for action, new in (("insert", True), ("update", False)):
        entries = [_entry(draft) for draft in drafts if (draft.found is None) == new]
        found += audit.worded(action, None, entries)
    return found


def _entry(draft: Draft) -> dict[str, Any]:
    column = draft.model.scope_column
    raw = draft.found.raw if draft.found is not None else {}
    model, private, untold = draft.model, _private(draft.model), audit.UNTOLD
    changes: dict[str, Any] = {}
    if draft.found is None:
        changes = {n: v for n, v in draft.values.items() if v is not None and n not in untold}
        for name, value in changes.items():
            # What ``told`` would say, without asking: most values are short texts.
            if name in private:
                changes[name] = HIDDEN
            elif type(value) is not str or len(value) > audit.LONGEST:
                changes[name] = told(model, name, value)
    else:
        for name, value in draft.values.items():
            if name not in untold:
                changes[name] = [told(model, name, raw[name]), told(model, name, value)]
    return {
        "table_name": draft.model.__tablename__,
        "row_id": draft.row_id,
        "row_label": draft.label,
        "grid_code": (draft.values.get(column) or raw.get(column)) if column else None,
        "changes": changes,
    }


def samples(drafts: Iterable[Draft], most: int) -> list[dict[str, Any]]:
    """The first ``most`` rows that would be written, in the order of the file: number of the row,
    table, label, whether it is new, and the changes as the audit log would hold them.
    """
    if most <= 0:
        return []
    standing = [draft for draft in drafts if draft.wanted]
    first = sorted(standing, key=lambda draft: min(line.number for line in draft.lines))
    found = []
    for draft in first[:most]:
        found.append(
            {
                "row": min(line.number for line in draft.lines if not line.failed),
                "table": draft.model.__tablename__,
                "label": draft.label[:LABEL],
                "new": draft.found is None,
                "changes": _entry(draft)["changes"],
            }
        )
    return found


def told(model: type[Row], name: str, value: Any) -> Any:
    """A value as the audit log may hold it: nothing private, nothing long."""
    if value is None:
        return None
    if name in _private(model):
        return HIDDEN
    if isinstance(value, str):
        long = len(value) > audit.LONGEST
        return f"{value[: audit.LONGEST]}… ({len(value)})" if long else value
    return plain(value)


def _private(model: type[Row]) -> frozenset[str]:
    name = model.__tablename__
    if name not in _PRIVATE:
        sealed = [c.name for c in model.__table__.columns if isinstance(c.type, EncryptedText)]
        _PRIVATE[name] = frozenset([*model.sensitive, *sealed])
    return _PRIVATE[name]
