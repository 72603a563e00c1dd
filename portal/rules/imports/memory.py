"""What a batch remembers of the rows it wrote, so that it can be taken back.

Of a changed row: its columns as they were. Of new rows only key, name and version are needed: many
of them share an entry, as JSON ``[[key, label, version], …]``. A file of a hundred thousand
residents makes some hundred entries instead of two hundred thousand.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Table

from portal.models import ImportChange
from portal.rules.imports.drafts import Draft

CHANGES: Table = ImportChange.__table__
LABEL = 120  # characters
MOST_TOGETHER = 1000  # rows of an entry
FIRST_VERSION = 1
# What tells a row from a later one that was given the same key after a deletion.
IDENTITY = ("version", "created_at")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def remembered(batch: int, drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    """Rows of ``import_changes`` for what was written of ``drafts``, in their order."""
    entries: list[dict[str, Any]] = []
    for (model, new), group in groupby(drafts, key=lambda one: (one.model, one.found is None)):
        run = list(group)
        told = _added(run) if new else map(_changed, run)
        entries += [{"batch_id": batch, "table_name": model.__tablename__, **one} for one in told]
    return entries


def _added(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(drafts), MOST_TOGETHER):
        part = drafts[start : start + MOST_TOGETHER]
        rows = [(draft.row_id, draft.label[:LABEL], FIRST_VERSION) for draft in part]
        yield packed(rows)


def packed(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """The columns of an entry about new rows: (key, label, version) of each."""
    rows = list(rows)
    keys = [row[0] for row in rows]
    told = {"row_id": min(keys), "last_id": max(keys), "rows": _encode(rows)}
    return told | {"label": "", "before": None, "row_version": FIRST_VERSION}


def unpacked(change: Any) -> list[tuple[int, str, int]]:
    """Key, label and version of every row that an entry (a mapping of its columns) is about."""
    if change["rows"] is None:
        return [(change["row_id"], change["label"], change["row_version"])]
    return [(key, label, version) for key, label, version in json.loads(change["rows"])]


def _changed(draft: Draft) -> dict[str, Any]:
    """The changed columns as they were, encrypted ones still encrypted."""
    assert draft.found is not None
    raw = draft.found.raw
    values = {name: plain(raw[name]) for name in (*draft.values, *IDENTITY)}
    return {
        "row_id": draft.row_id,
        "label": draft.label[:LABEL],
        "before": json.dumps(values, ensure_ascii=False),
        "row_version": draft.found.version + 1,
    }


def plain(value: Any) -> Any:
    """A column's value as JSON holds it."""
    return value.isoformat() if isinstance(value, date | datetime) else value
