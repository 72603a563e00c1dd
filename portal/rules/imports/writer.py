"""From drafts to rows, in bulk, with the audit entries and the before-images of the batch.

Everything happens in the caller's transaction. The rows that are changed were locked when they
were read (on SQLite the whole database was).
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Table, bindparam, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ImportBatch, Post, Row
from portal.models.search import search_terms
from portal.rules import audit, bulk
from portal.rules.confidential import note_moved_people
from portal.rules.imports.drafts import Draft
from portal.rules.imports.memory import CHANGES, remembered
from portal.rules.imports.telling import audited

AT_ONCE = 2000
WORTH_IT = 100  # rows


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
    _note_posts(session, changed)
    if told.changes:
        bulk.insert_rows(session, CHANGES, told.changes)
    audit.write_worded(session, told.entries)


def _note_posts(session: Session, changed: Iterable[Draft]) -> None:
    """Whoever has another post, or another place, may take part in matters outside of it now."""
    note_moved_people(
        session,
        (
            key
            for draft in changed
            if draft.model is Post and draft.found is not None
            for key in (draft.found.value("worker_id"), draft.values.get("worker_id"))
        ),
    )


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
    return _Told(remembered(batch, written), audited(written))


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
