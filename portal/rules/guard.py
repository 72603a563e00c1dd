"""The write check: at flush, every row must lie inside the writer's scope.

Whatever road a write takes (page, REST, import, a rule), it ends here. Old and new place of a row
both count, so that nothing can be planted outside or moved out of sight.
"""

from typing import Any

from sqlalchemy import event, inspect
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
    history = inspect(row).attrs[column].history
    places = {getattr(row, column)}
    places.update(history.deleted or ())
    return places
