"""The refusals of the REST interface: always ``{"message", "fields"}``, never a detail."""

from typing import Any

from flask import g, request
from flask_appbuilder.hooks import before_request
from flask_appbuilder.security.api import SecurityApi
from flask_babel import gettext as _

from portal import scope
from portal.extensions import db


class AnswersMixin:
    """What FAB's APIs answer where they refuse, in the words of the portal."""

    def response_400(self, message: Any = None) -> Any:
        """400 with a message, or with messages beside their fields."""
        told = message if isinstance(message, dict) else {}
        return self.refusal(400, _("This request cannot be read.") if told else message, told)

    def response_401(self) -> Any:
        """401 with a message."""
        return self.refusal(401, _("Sign in first."))

    def response_403(self) -> Any:
        """401 for nobody, 403 for somebody."""
        if scope.current().user_id is None:
            return self.response_401()
        return self.refusal(403, _("Your roles do not include this."))

    def response_404(self) -> Any:
        """404, the same for a row out of scope and for none."""
        return self.refusal(404, _("There is no such record."))

    def response_422(self, message: Any = None) -> Any:
        """422 with the messages beside their fields."""
        told = message if isinstance(message, dict) else {}
        return self.refusal(422, _("Some values cannot be taken.") if told else message, told)

    def response_500(self, message: Any = None) -> Any:
        """500 without detail; the log has it under the request id."""
        db.session.rollback()
        return self.refusal(500, _("The portal made a mistake. Number: %(id)s", id=g.request_id))

    def refusal(self: Any, code: int, message: Any, told: dict[str, Any] | None = None) -> Any:
        """The JSON of every refusal."""
        text = message or _("This request cannot be read.")
        return self.response(code, message=str(text), fields=told or {})


class TokenApi(AnswersMixin, SecurityApi):
    """FAB's sign-in for programs."""

    @before_request(only=["login"])
    def check_body(self) -> Any:
        """400 for anything but one JSON object."""
        return self.response_400() if body() is None else None


def body() -> dict[str, Any] | None:
    """The JSON object that was sent; None for anything else."""
    try:
        found = request.get_json(silent=True) if request.is_json else None
    except (RecursionError, UnicodeDecodeError):  # brackets without end, bytes that are no text
        return None
    return found if isinstance(found, dict) else None
