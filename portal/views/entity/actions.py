"""FAB's bulk actions, through the scope: every row must be there and be the caller's."""

from typing import Any, ClassVar

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from portal import roles
from portal.views.entity.access import require

MOST = 200  # rows: as many as a list shows at once


class ActionsMixin:
    """Routes of actions declared with FAB's ``@action``; an action writes unless it says so."""

    # name of an action: what it does to each row
    action_rights: ClassVar[dict[str, str]] = {"remove": roles.REMOVE}

    def get_action_permission_name(self, name: str) -> str:
        """FAB asks for the permission of an action by its name."""
        return f"can_{self._right(name)}"

    def _right(self, name: str) -> str:
        return self.action_rights.get(name, roles.WRITE)

    def _run(self: Any, name: str, keys: list[str]) -> ResponseReturnValue:
        require(roles.READ, self.class_permission_name)
        if name not in self.actions:
            abort(404)
        right = self._right(name)
        keys = list(dict.fromkeys(keys))
        if not 0 < len(keys) <= MOST:
            abort(400)
        rows = [self.row_for(key, right) for key in keys]
        return self.actions[name].func(rows)

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> ResponseReturnValue:
        """One row; only by POST, so that a link changes nothing."""
        return self._run(name, [pk])

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> ResponseReturnValue:
        """The rows ticked in a list."""
        return self._run(request.form.get("action", ""), request.form.getlist("rowid"))
