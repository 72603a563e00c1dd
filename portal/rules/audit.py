"""The audit log: every change of a governed row, written by the session itself.

The listener sees ORM flushes. Bulk statements are refused unless they say that they write their
own entries (``execution_options(audited=True)`` with ``record_bulk``).
"""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import g, has_request_context, request
from flask_appbuilder import Model
from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from portal import clock, scope
from portal.models import AuditEntry
from portal.rules import bulk
from portal.rules.masking import HIDDEN

UNTOLD = {"version", "created_at", "updated_at", "search_terms", "phone_index", "last_login"}
UNTOLD |= {"token", "token_index", "id_index", "id_tail_index", "name_sort", "number_fault"}
UNTOLD |= {"outside_key"}
UNTOLD_COUNTS = {"login_count", "fail_login_count", "changed_on", "created_on"}
LONGEST = 500
MANY = 50  # entries
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def install(session_factory: Any) -> None:
    """Attach the listeners to a session factory; once per process."""
    if not event.contains(session_factory, "before_flush", _collect):
        event.listen(session_factory, "before_flush", _collect)
        event.listen(session_factory, "after_flush", _write)
        event.listen(session_factory, "after_soft_rollback", _forget)
        event.listen(session_factory, "do_orm_execute", _refuse_unaudited)


def record(
    session: Session,
    action: str,
    row: Any,
    *,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
    by_itself: bool = False,
) -> None:
    """Write one entry about ``row`` that is no change: an opening, a sign-in.

    ``by_itself``: the account ``row`` did it (nobody is signed in yet while signing in).
    """
    entry = _entry(action, row, changes) | {"reason": reason}
    if by_itself:
        entry |= {"actor": row.username, "actor_id": row.id}
    session.execute(insert(AuditEntry), [entry])


def record_bulk(
    session: Session, action: str, table_name: str | None, entries: Iterable[dict[str, Any]]
) -> None:
    """Write entries for rows changed by a bulk statement.

    Each of ``entries`` has ``row_id``, ``row_label``, ``grid_code`` and ``changes`` (dict), and
    ``table_name`` where none is given for all.
    """
    write_worded(session, worded(action, table_name, entries))


def worded(
    action: str, table_name: str | None, entries: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of ``record_bulk``, without the database."""
    common = _who() | {"action": action, "table_name": table_name}
    return [
        {
            **common,
            **entry,
            "changes": _json(entry.get("changes")),
            "row_label": _short(entry.get("row_label")),
        }
        for entry in entries
    ]


def write_worded(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write what ``worded`` made."""
    if len(rows) > MANY:
        bulk.insert_rows(session, AuditEntry.__table__, rows)
    elif rows:
        session.execute(insert(AuditEntry), rows)


def _collect(session: Session, context: UOWTransaction, instances: object) -> None:
    found = [("delete", row, _values(row)) for row in session.deleted if _governed(row)]
    for row in session.dirty:
        if _governed(row) and (changed := _changes(row)):
            found.append(("update", row, changed))
    found += [("insert", row, {}) for row in session.new if _governed(row)]
    session.info.setdefault("audit", []).extend(found)


def _forget(session: Session, previous: object) -> None:
    session.info.pop("audit", None)  # what was collected did not happen


def _write(session: Session, context: UOWTransaction) -> None:
    found = session.info.pop("audit", [])
    rows = [
        _entry(action, row, _values(row) if action == "insert" else values)
        for action, row, values in found
    ]
    if rows:
        session.connection().execute(insert(AuditEntry), rows)


def _refuse_unaudited(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete) or state.execution_options.get("audited"):
        return
    table = getattr(state.statement, "table", None)
    if table is not None and table.name in _governed_tables():
        raise RuntimeError(
            f"bulk {table.name}: change rows one by one, or say audited=True"
            " and write the entries with record_bulk"
        )


def _governed_tables() -> set[str]:
    """Names of the tables whose rows the roles table governs."""
    models = (mapper.class_ for mapper in Model.registry.mappers)
    return {model.__tablename__ for model in models if getattr(model, "resource", None)}


def _governed(row: Any) -> bool:
    return getattr(row, "resource", None) is not None and not isinstance(row, AuditEntry)


def _changes(row: Any) -> dict[str, Any]:
    state = inspect(row)
    changed = {}
    for attribute in state.mapper.column_attrs:
        if attribute.key in UNTOLD | UNTOLD_COUNTS:
            continue
        history = state.attrs[attribute.key].history
        if history.has_changes():
            old = history.deleted[0] if history.deleted else None
            if old != getattr(row, attribute.key):
                changed[attribute.key] = [
                    _told(row, attribute.key, old),
                    _told(row, attribute.key, getattr(row, attribute.key)),
                ]
    return changed | _list_changes(state)


def _list_changes(state: Any) -> dict[str, Any]:
    """Rows taken out of and put into a list of the row (members of a team, rights of a role)."""
    changed = {}
    for relation in state.mapper.relationships:
        history = state.attrs[relation.key].history
        if relation.secondary is not None and (history.added or history.deleted):
            changed[relation.key] = [
                [_short(label(row)) for row in rows or ()]
                for rows in (history.deleted, history.added)
            ]
    return changed


def _values(row: Any) -> dict[str, Any]:
    state = inspect(row)
    return {
        key: _told(row, key, state.dict[key])
        for key in (attribute.key for attribute in state.mapper.column_attrs)
        if key in state.dict and key not in UNTOLD | UNTOLD_COUNTS and state.dict[key] is not None
    } | _list_changes(state)


def _told(row: Any, key: str, value: Any) -> Any:
    sensitive = getattr(row, "sensitive", ())
    if value is not None and key in sensitive:
        return HIDDEN
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}… ({len(value)})"
    return value


def _entry(action: str, row: Any, changes: dict[str, Any] | None) -> dict[str, Any]:
    column = getattr(row, "scope_column", None)
    return _who() | {
        "action": action,
        "table_name": type(row).__tablename__,
        "row_id": inspect(row).dict.get("id"),
        "row_label": _short(label(row)),
        "grid_code": inspect(row).dict.get(column) if column else None,
        "changes": _json(changes),
        "reason": None,
    }


def label(row: Any) -> str:
    """What the row is called in messages; its table and key where it has no name of its own."""
    named: bool = type(row).__str__ is not object.__str__
    if named:
        return str(row)
    values = inspect(row).dict
    return str(
        values.get("name")
        or values.get("username")
        or f"{type(row).__tablename__} {values.get('id', '')}"
    )


def _short(text: Any) -> str | None:
    return None if text is None else str(text)[:120]


def _json(changes: dict[str, Any] | None) -> str | None:
    return _encode(changes) if changes else None


def _who() -> dict[str, Any]:
    actor = scope.actor()
    return {
        "at": clock.now(),
        "actor": actor.username or "anonymous",
        "actor_id": actor.user_id,
        "request_id": g.get("request_id") if has_request_context() else None,
        "address": request.remote_addr if has_request_context() else None,
    }
