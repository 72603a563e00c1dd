"""What is told of drafts: entries of the audit log, samples of a check.

Nothing is asked of the database here, and nothing is written.
"""

from collections.abc import Iterable
from typing import Any

from portal.models import Row
from portal.models.types import EncryptedText
from portal.rules import audit
from portal.rules.imports.drafts import Draft
from portal.rules.imports.memory import LABEL, plain
from portal.rules.masking import HIDDEN

MOST_SAMPLES = 30
_PRIVATE: dict[str, frozenset[str]] = {}  # columns of a table that are never told


def audited(drafts: list[Draft]) -> list[dict[str, Any]]:
    """Worded entries of the audit log for what was written of ``drafts``."""
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
