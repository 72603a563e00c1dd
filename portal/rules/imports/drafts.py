"""Records of an import before they are rows: what lies in the database, what is to become of it."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from portal import roles, scope
from portal.models import Row
from portal.models.sealing import BLIND
from portal.models.types import EncryptedText
from portal.rules.imports.kind import Kind, Line

RANK = {"unchanged": 0, "updated": 1, "created": 2}


@dataclass(frozen=True)
class Found:
    """A row as it lies in the database; encrypted columns are still encrypted in ``raw``."""

    model: type[Row]
    raw: RowMapping

    @property
    def id(self) -> int:
        """The row's key."""
        return int(self.raw["id"])

    @property
    def version(self) -> int:
        """The row's version when it was read."""
        return int(self.raw["version"])

    def value(self, name: str) -> Any:
        """The value of a column, decrypted."""
        kind = self.model.__table__.c[name].type
        if isinstance(kind, EncryptedText):
            return kind.process_result_value(self.raw[name], None)
        return self.raw[name]


@dataclass(eq=False, slots=True)
class Draft:
    """A row to insert (``found`` is None) or the changed columns of one to update.

    ``links``: column to the draft whose key fills it. ``side``: not what a row of the file stands
    for, so that making it only changes that row.
    """

    model: type[Row]
    values: dict[str, Any]
    label: str
    order: Any = 0
    found: Found | None = None
    links: dict[str, "Draft"] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    side: bool = False
    row_id: int | None = None

    @property
    def wanted(self) -> bool:
        """Whether any line that needs it still stands."""
        for line in self.lines:  # noqa: SIM110 - asked of every row several times
            if line.error is None:
                return True
        return False


def changes_of(draft: Draft) -> dict[str, Any]:
    """The columns of an update that differ from what lies in the database."""
    found = draft.found
    if found is None:
        return draft.values
    changed = {name: value for name, value in draft.values.items() if found.value(name) != value}
    columns = draft.model.__table__.c
    # The hash of an unchanged number only looks changed: it was written with an older index key.
    blind = {name: columns[name].info[BLIND] for name in changed if BLIND in columns[name].info}
    return {n: v for n, v in changed.items() if n not in blind or blind[n].source in changed}


def settle(drafts: Iterable[Draft]) -> tuple[list[Draft], Counter[str]]:
    """The drafts that change something, and how many new rows nobody's line stands for (by level
    or table). The outcome is noted in the lines."""
    changing = []
    also_created: Counter[str] = Counter()
    for draft in drafts:
        if not draft.wanted:
            continue
        outcome = "created"
        if draft.found is not None:
            draft.values = changes_of(draft)
            outcome = "updated" if draft.values else "unchanged"
        if outcome != "unchanged":
            changing.append(draft)
        if draft.side and outcome == "created":
            outcome = "updated"
            also_created[draft.values.get("level") or draft.model.__tablename__] += 1
        for line in draft.lines:
            if RANK[outcome] > RANK[line.outcome]:
                line.outcome = outcome
    return changing, also_created


class Place:
    """The grid that a batch belongs to: the smallest one around all that the identity may write of
    this kind; of the portal itself, around what was written.
    """

    def __init__(self, kind: Kind) -> None:
        codes = scope.current().prefixes(roles.WRITE, kind.model.resource or "")
        self._by_rows = scope.EVERYWHERE in codes
        self._common = None if self._by_rows else os.path.commonprefix(codes)

    def widen(self, drafts: Iterable[Draft]) -> None:
        """These were written too."""
        codes: set[str] = set()
        for draft in drafts if self._by_rows else ():
            column = draft.model.scope_column
            found = draft.found.raw[column] if column and draft.found is not None else None
            codes |= {code for code in (draft.values.get(column or ""), found) if code}
        if codes:
            before = [] if self._common is None else [self._common]
            self._common = os.path.commonprefix([*before, *codes])

    @property
    def code(self) -> str | None:
        """Its code; None where there is no such grid."""
        common = self._common or ""
        sizes = [size for size in scope.CODE_LENGTHS.values() if size <= len(common)]
        return common[: max(sizes)] if sizes else None
