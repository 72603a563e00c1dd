"""Taking a whole batch back, in one transaction, or not at all.

A kind whose rows became records by a rule of their own is taken back as that rule allows
(``Kind.take_back``); what stays is named. Of all others:

A row that somebody changed since, or that other rows now refer to, is refused by name, and then
nothing changes. The rows of the batch return to what they were, column by column.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, DateTime, Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.models import ImportBatch, Post
from portal.rules import audit, bulk, stale
from portal.rules.confidential import note_moved_people
from portal.rules.imports.kind import Kind
from portal.rules.imports.kinds import KINDS
from portal.rules.imports.memory import CHANGES, IDENTITY, packed, unpacked
from portal.rules.imports.references import references
from portal.rules.imports.telling import told
from portal.rules.imports.undo_steps import Step, gone, places, refusals, steps_of
from portal.rules.imports.work import raw_table, take_write_lock

MOST_NAMED = 50


@dataclass
class UndoReport:
    """What was taken back, or who stands in the way: ``refused`` has label, reason and detail.
    ``kept``: what stays although the others were taken back; ``void``: what went was not deleted.
    """

    batch: int
    removed: int = 0
    restored: int = 0
    already_gone: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    kept: list[dict[str, str]] = field(default_factory=list)
    void: bool = False

    @property
    def ok(self) -> bool:
        """Whether the batch was taken back."""
        return not self.refused


def undo_import(session: Session, batch_id: int) -> UndoReport:
    """Take batch ``batch_id`` back; the caller commits.

    Raises RuleError for an unknown batch and for one that was taken back before. When the report
    says ``refused``, nothing was changed.
    """
    take_write_lock(session)
    batch = _open(session, batch_id)
    kind = KINDS.get(batch.kind)
    if kind is not None and kind.take_back is not None:
        return _by_rule(session, batch, kind)
    attempt = session.begin_nested()
    steps = list(steps_of(session, batch))
    report = UndoReport(batch_id, already_gone=sum(gone(step) for step in steps))
    own = batch.actor == scope.actor().username
    report.refused = [*refusals(steps, own=own), *references(session, steps)]
    if report.refused:
        attempt.rollback()
        return report
    for run in _runs(step for step in reversed(steps) if step.now is not None):
        if run[0].before is None:
            _remove(session, run)
            report.removed += len(run)
        else:
            _restore(session, run)
            report.restored += len(run)
    _note_posts(session, steps)
    _close(session, batch_id, report)
    attempt.commit()
    for step in steps:
        stale.note(session, step.model, step.row_id, places(step) - {None})
    session.expire_all()  # the rows were written past the session
    return report


def _note_posts(session: Session, steps: Iterable[Step]) -> None:
    """Whoever loses a post, or gets an earlier one back, may take part in matters outside of it."""
    note_moved_people(
        session,
        (
            key
            for step in steps
            if step.model is Post and step.now is not None
            for key in (step.now.raw["worker_id"], (step.before or {}).get("worker_id"))
        ),
    )


def _by_rule(session: Session, batch: ImportBatch, kind: Kind) -> UndoReport:
    """Taken back as far as the rule of the kind allows; nothing where nothing can be."""
    assert kind.take_back is not None
    done = kind.take_back(session, batch)
    report = UndoReport(batch.id, len(done.void), already_gone=done.gone, void=True)
    if done.kept and not done.void:
        report.refused = done.kept
        return report
    report.kept = done.kept
    _close(session, batch.id, report)
    session.expire_all()
    return report


@dataclass(frozen=True)
class UndoPlan:
    """What taking a batch back would do: for each table how many rows go and how many return to
    what they were, the first labels of both, and who stands in the way. ``kept``, ``void``: as in
    the report.
    """

    removed: Counter[str]
    restored: Counter[str]
    labels: list[tuple[str, str]]  # table, label
    refused: list[dict[str, str]]
    kept: list[dict[str, str]] = field(default_factory=list)
    void: bool = False


def plan_undo(session: Session, batch_id: int) -> UndoPlan:
    """The same without changing or locking anything. Raises RuleError as ``undo_import``."""
    batch = _open(session, batch_id, lock=False)
    kind = KINDS.get(batch.kind)
    if kind is not None and kind.take_back is not None:
        return _plan_by_rule(session, batch, kind)
    steps = list(steps_of(session, batch, lock=False))
    own = batch.actor == scope.actor().username
    refused = [*refusals(steps, own=own), *references(session, steps)]
    there = [step for step in steps if step.now is not None]
    named = [(step.model.__tablename__, step.label) for step in there]
    return UndoPlan(
        Counter(step.model.__tablename__ for step in there if step.before is None),
        Counter(step.model.__tablename__ for step in there if step.before is not None),
        named[:MOST_NAMED],
        refused,
    )


def _plan_by_rule(session: Session, batch: ImportBatch, kind: Kind) -> UndoPlan:
    assert kind.take_back is not None
    done, name = kind.take_back(session, batch, keep=True), kind.model.__tablename__
    gone = Counter({name: len(done.void)} if done.void else {})
    labels = [(name, label) for label in done.void[:MOST_NAMED]]
    stuck = bool(done.kept) and not done.void
    refused, kept = (done.kept, []) if stuck else ([], done.kept)
    return UndoPlan(gone, Counter(), labels, refused, kept, void=True)


def _open(session: Session, batch_id: int, *, lock: bool = True) -> ImportBatch:
    found = select(ImportBatch).where(ImportBatch.id == batch_id)
    batch = session.scalar(
        (found.with_for_update() if lock else found).execution_options(populate_existing=True)
    )
    number = str(batch_id)
    if batch is None:
        raise RuleError(_l("There is no import %(number)s.", number=number))
    if batch.undone_at is not None:
        raise RuleError(_l("Import %(number)s has been taken back already.", number=number))
    return batch


def _runs(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Neighbouring steps of one table and one sort, so that order is kept between tables."""
    for _key, run in groupby(steps, key=lambda step: (step.model, step.before is None)):
        yield list(run)


def _remove(session: Session, steps: list[Step]) -> None:
    model = steps[0].model
    table: Table = model.__table__
    statement = delete(table).where(table.c.id == bindparam("of_id"))
    session.connection().execute(statement, [{"of_id": step.row_id} for step in steps])
    entries = [_entry(step, {}) for step in steps]
    audit.record_bulk(session, "delete", model.__tablename__, entries)


def _restore(session: Session, steps: list[Step]) -> None:
    model = steps[0].model
    raw = raw_table(model)
    now = clock.now()
    entries = []
    for step in steps:
        assert step.before is not None and step.now is not None
        values = {
            name: _parsed(raw.c[name].type, value)
            for name, value in step.before.items()
            if name not in IDENTITY
        }
        version = step.now.version + 1
        session.connection().execute(
            update(raw)
            .where(raw.c.id == step.row_id)
            .values(values | {"version": version, "updated_at": now})
        )
        entries.append(
            _entry(
                step,
                {
                    name: [told(model, name, step.now.raw[name]), told(model, name, value)]
                    for name, value in values.items()
                    if name not in audit.UNTOLD
                },
            )
        )
    _move_earlier(session, steps)
    audit.record_bulk(session, "update", model.__tablename__, entries)


def _move_earlier(session: Session, steps: list[Step]) -> None:
    """The rows are again what earlier batches left: those may still be taken back."""
    own = {step.row_id: step for step in steps}
    for change in _earlier(session, steps):
        rows, moved = unpacked(change), False
        for place, (key, label, version) in enumerate(rows):
            step = own.get(key)
            if step is None or step.before is None or step.now is None or change["id"] >= step.id:
                continue
            if version == step.before["version"]:
                rows[place], moved = (key, label, step.now.version + 1), True
        if moved:
            told = {"row_version": rows[0][2]} if change["rows"] is None else packed(rows)
            statement = update(CHANGES).where(CHANGES.c.id == change["id"]).values(told)
            session.connection().execute(statement)


def _earlier(session: Session, steps: list[Step]) -> list[Any]:
    """What earlier batches remember of rows of ``steps``, which are of one table."""
    of = CHANGES.c
    keys = sorted(step.row_id for step in steps)
    before = select(CHANGES).where(
        of.table_name == steps[0].model.__tablename__, of.id < max(step.id for step in steps)
    )
    alone = before.where(of.rows.is_(None), bulk.among(session, of.row_id, keys))
    together = before.where(of.rows.is_not(None), of.last_id >= keys[0], of.row_id <= keys[-1])
    connection = session.connection()
    return [
        change
        for statement in (alone, together)
        for change in connection.execute(statement).mappings()
    ]


def _parsed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _entry(step: Step, changes: dict[str, Any]) -> dict[str, Any]:
    column = step.model.scope_column
    return {
        "row_id": step.row_id,
        "row_label": step.label,
        "grid_code": step.now.raw[column] if column and step.now else None,
        "changes": changes,
    }


def _close(session: Session, batch_id: int, report: UndoReport) -> None:
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(undone_at=clock.now(), updated_at=clock.now())
        .execution_options(audited=True, synchronize_session=False)
    )
    changes = {"removed": report.removed, "restored": report.restored}
    entry = {"row_id": batch_id, "row_label": f"undo {batch_id}", "grid_code": None}
    audit.record_bulk(session, "update", ImportBatch.__tablename__, [entry | {"changes": changes}])
