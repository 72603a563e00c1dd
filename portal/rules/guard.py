"""The write check: at flush, every row must lie inside the writer's scope.

Whatever road a write takes (page, REST, import, a rule), it ends here. Old and new place of a row
both count, so that nothing can be planted outside or moved out of sight.
"""

from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope


def install(session_factory: Any) -> None:
    """Attach the check to a session factory; once per process."""
    if not event.contains(session_factory, "before_flush", _check):
        event.listen(session_factory, "before_flush", _check)


def _check(session: Session, context: UOWTransaction, instances: object) -> None:
    identity = scope.current()
    if identity.unrestricted:
        return
    for row in session.deleted:
        check(identity, roles.REMOVE, row)
    for row in (*session.new, *session.dirty):
        if row in session.new or session.is_modified(row):
            check(identity, roles.WRITE, row)


def check(identity: scope.Identity, action: str, row: Any) -> None:
    """Raise Forbidden or OutOfScope unless ``identity`` may do ``action`` on ``row``.

    Rows that no line of the roles table governs (FAB's own, join tables) are left to the rule or
    view that writes them.
    """
    resource = getattr(row, "resource", None)
    if resource is None:
        return
    if not identity.can(action, resource):
        raise Forbidden(f"{action} {resource}")
    column = row.scope_column
    if column is None:
        return
    prefixes = identity.prefixes(action, resource)
    for code in _places(row, column):
        if not scope.covers(prefixes, code):
            raise OutOfScope(f"{action} {resource} {code}")


def _places(row: Any, column: str) -> set[str | None]:
    """Every grid code the row has, had or is about to have."""
    state = inspect(row)
    history = state.attrs[column].history
    places = _through_relations(state, column) or {getattr(row, column)}
    places.update(history.deleted or ())
    if state.persistent and history.added and not history.deleted:
        places.add(_stored(row, column))  # overwritten before it was loaded
    return places


def _through_relations(state: Any, column: str) -> set[str | None]:
    """Codes of related rows that the flush will copy into ``column``."""
    found: set[str | None] = set()
    for relation in state.mapper.relationships:
        pairs = [(mine.key, theirs.key) for mine, theirs in relation.local_remote_pairs]
        if relation.direction.name != "MANYTOONE" or pairs[0][0] != column:
            continue
        for target in state.attrs[relation.key].history.added or ():
            found.add(getattr(target, pairs[0][1]) if target is not None else None)
    return found


def _stored(row: Any, column: str) -> str | None:
    table, state = row.__table__, inspect(row)
    known = select(table.c[column]).where(table.c.id == state.identity[0])
    session = state.session
    code: str | None = session.connection().execute(known).scalar_one_or_none()
    return code
