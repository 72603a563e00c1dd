"""Who may call a page: signed in, with a role that permits the action on the resource."""

import functools
from collections.abc import Callable
from typing import Any

from flask import abort

from portal import roles, scope
from portal.errors import Forbidden
from portal.queries.identity import PREFIX


def allowed(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of a view's method: 401 for nobody, 403 for somebody without the permission, 404
    for a row (``pk``) that they do not see.

    FAB reads the permission's name from the method, so ``portal init`` finds it.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            resource = self.class_permission_name
            if "pk" in kwargs and not scope.current().can(action, resource):
                # What is out of sight is not there, whatever else is missing.
                require(roles.READ, resource)
                if self.datamodel.find(kwargs["pk"]) is None:
                    abort(404)
            require(action, resource)
            return method(self, *args, **kwargs)

        call._permission_name = action  # type: ignore[attr-defined]
        return call

    return decorate


def require(action: str, resource: str) -> None:
    """Stop with 401 or 403 unless the identity of now may do ``action`` on ``resource``."""
    identity = scope.current()
    if identity.can(action, resource):
        return
    if identity.user_id is None:
        abort(401)
    raise Forbidden(f"{PREFIX}{action} on {resource}")


def account() -> int:
    """The key of the signed-in account; stops with 401 for nobody."""
    user_id = scope.current().user_id
    if user_id is None:
        abort(401)
    return user_id
