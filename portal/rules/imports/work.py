"""What a kind works with: look rows up, put records, reject lines.

Nothing is written here. Records become ``Draft``s; the writer turns them into rows afterwards, in
bulk. A draft belongs to the lines that need it and is dropped when all of them failed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, TextClause, column, select, table, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import TableClause

from portal import roles, scope
from portal.models import ImportBatch, Row
from portal.models.sealing import BLIND
from portal.models.types import EncryptedText, hashers
from portal.rules import bulk
from portal.rules.imports.decisions import OTHER, Decisions
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Kind, Line
from portal.rules.masking import hide_numbers, mask

AT_ONCE = 5000  # values that are looked up together


@dataclass(frozen=True)
class Options:
    """How to run: see the command's help. ``task``: the work that runs it, for the report.
    ``matches``: what becomes of rows that look like somebody on record."""

    dry_run: bool = False
    all_or_nothing: bool = False
    rename: bool = False
    task: int | None = None
    matches: Decisions = Decisions(OTHER)


def take_write_lock(session: Session) -> None:
    """Begin the transaction with a write that changes nothing.

    On SQLite the driver opens a transaction only before a write, and a savepoint outside of one
    would commit when it is released; and who reads first may find the lock taken later.
    """
    batches = ImportBatch.__table__.c
    session.connection().execute(
        update(ImportBatch.__table__).where(batches.id == 0).values(updated_at=batches.updated_at)
    )


def lock_kind(session: Session, kind: Kind) -> None:
    """Imports that lock rows part by part go one after the other: two of them could each wait for
    rows of the other. (On SQLite nothing else is possible.)
    """
    connection = session.connection()
    if kind.at_once is not None and connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"import {kind.name}"}
        )


def raw_table(model: type[Row]) -> TableClause:
    """The model's table with encrypted columns as the text that is stored."""
    columns = model.__table__.c
    return table(
        model.__tablename__,
        *(column(c.name, Text() if isinstance(c.type, EncryptedText) else c.type) for c in columns),
    )


class Work:
    """One run of an import, from readable lines to drafts."""

    def __init__(
        self, session: Session, kind: Kind, options: Options, batch: int, made_at: datetime
    ) -> None:
        self.session = session
        self.kind = kind
        self.options = options
        self.batch, self.made_at = batch, made_at
        self.identity = scope.current()
        self.memory: Any = None  # what a kind keeps from one part to the next
        self.told: Any = None  # what it tells of rows that look like somebody on record
        self.drafts: list[Draft] = []
        self._of_found: dict[tuple[type[Row], int], Draft] = {}
        self._prefixes: dict[type[Row], tuple[str, ...]] = {}
        self._judged: dict[tuple[type[Row], str | None], str | None] = {}

    def taken(self) -> list[Draft]:
        """The drafts of this part; the next one begins without any."""
        drafts, self.drafts = self.drafts, []
        self._of_found.clear()
        return drafts

    def made_now(self, found: Found) -> bool:
        """Whether an earlier part of this run has made the row."""
        return bool(found.raw["created_at"] == self.made_at)

    # Looking up

    def find(
        self,
        model: type[Row],
        by: str,
        values: Iterable[Any],
        columns: Iterable[str] = (),
        *,
        everywhere: bool = False,
        only: TextClause | None = None,
    ) -> dict[Any, list[Found]]:
        """Rows of ``model`` whose column ``by`` is one of ``values``, by that value, locked.

        ``columns`` are those that ``put`` will compare. Only rows that the identity may write,
        unless ``everywhere`` (then the answer must not show), and that meet ``only``: the condition
        of an index, without which it is not used.
        """
        raw = raw_table(model)
        always = ("id", "version", "created_at", model.scope_column or "id")
        names = dict.fromkeys([*always, by, *columns])
        if model.search_source:
            names |= dict.fromkeys([*model.search_source, "search_terms"])
        statement = select(*(raw.c[name] for name in names)).with_for_update(key_share=True)
        if model.scope_column and not everywhere:
            statement = statement.where(
                scope.within(raw.c[model.scope_column], self._writable(model))
            )
        if only is not None:
            statement = statement.where(only)
        wanted = sorted({value for value in values if value is not None})
        found: dict[Any, list[Found]] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            part = statement.where(bulk.among(self.session, raw.c[by], some))
            for row in self.session.connection().execute(part.order_by(raw.c.id)).mappings():
                found.setdefault(row[by], []).append(Found(model, row))
        return found

    def find_sealed(
        self,
        model: type[Row],
        by: str,
        values: Iterable[str | None],
        columns: Iterable[str] = (),
        *,
        everywhere: bool = True,
        only: TextClause | None = None,
    ) -> dict[str, list[Found]]:
        """``find`` by encrypted values: by the hash that is written now, whichever the row has."""
        place = model.__table__.c[by].info[BLIND].place
        ways_of = hashers(place)
        ways = [[str(way(value)) for way in ways_of] for value in set(values) if value]
        hashes = (index for known in ways for index in known)
        rows = self.find(model, by, hashes, columns, everywhere=everywhere, only=only)
        merged = {known[0]: [row for way in known for row in rows.get(way, ())] for known in ways}
        return {index: found for index, found in merged.items() if found}

    # Deciding

    def may_write(self, line: Line, model: type[Row], code: str | None) -> bool:
        """Whether the identity may write a row of ``model`` at ``code``; rejects the line if not.

        Asked before anything is looked up, so that what lies outside does not show.
        """
        key = (model, code if model.scope_column else None)
        if key not in self._judged:
            self._judged[key] = self._judge(model, code)
        reason = self._judged[key]
        if reason is not None:
            self.fail(line, reason)
        return line.error is None

    def _judge(self, model: type[Row], code: str | None) -> str | None:
        resource = model.resource
        if resource is None or not self.identity.can(roles.WRITE, resource):
            return "not_allowed"
        outside = model.scope_column and not scope.covers(self._writable(model), code)
        return "out_of_scope" if outside else None

    def fail(
        self, line: Line, reason: str, name: str | None = None, message: str | None = None
    ) -> None:
        """Reject ``line`` because of column ``name``; the first reason stands."""
        if line.error is None:
            line.error = {"row": line.number, "column": name, "reason": reason}
            if name is not None:
                line.error["value"] = _shown(self.kind, name, line.values.get(name))
            if message is not None:
                line.error["message"] = message

    def put(
        self,
        line: Line,
        model: type[Row],
        values: dict[str, Any],
        label: str,
        *,
        found: Found | None = None,
        links: dict[str, Draft] | None = None,
        order: Any = 0,
        side: bool = False,
    ) -> Draft | None:
        """Have ``values`` in a row of ``model``: in ``found``, or in a new one.

        ``values`` of a found row are those to change; equal ones are left out. Returns None, with
        the line rejected, where the identity may not write the row or two lines contradict.
        """
        for code in _places(model, values, found):
            if not self.may_write(line, model, code):
                return None
        if found is not None:
            known = self._of_found.get((model, found.id))
            if known is not None:
                return self.join(line, known, values)
        draft = Draft(model, values, label, order, found, links or {}, [line], side)
        if found is not None:
            self._of_found[model, found.id] = draft
        self.drafts.append(draft)
        return draft

    def join(self, line: Line, draft: Draft, values: dict[str, Any]) -> Draft | None:
        """Let ``line`` share ``draft``; None, with the line rejected, when they contradict."""
        for name, value in values.items():
            if draft.values.setdefault(name, value) != value:
                self.fail(line, "conflicting_rows", name if name in line.values else None)
                return None
        draft.lines.append(line)
        return draft

    def _writable(self, model: type[Row]) -> tuple[str, ...]:
        if model not in self._prefixes:
            self._prefixes[model] = self.identity.prefixes(roles.WRITE, model.resource or "")
        return self._prefixes[model]


def _places(model: type[Row], values: dict[str, Any], found: Found | None) -> set[str | None]:
    """The grids of which writing ``values`` needs the right."""
    name = model.scope_column
    places = {values[name]} if name and name in values else set()
    if found is not None and name:
        places.add(found.raw[name])
    return places or {None}


def _shown(kind: Kind, name: str, value: Any) -> Any:
    sensitive = any(column.name == name and column.sensitive for column in kind.columns)
    if any(column.name == name and column.story for column in kind.columns):
        return None
    if value is None or isinstance(value, int | float | bool):
        return value
    return mask(str(value)) if sensitive else hide_numbers(str(value)[:120])
