"""Errors that people read. Rules raise them, views and commands show them."""


class RuleError(Exception):
    """A refusal with a message for people.

    ``message`` is a (lazily) translated sentence that says what to do;
    ``field`` names the form field it belongs to, if any.
    """

    def __init__(self, message: object, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class Forbidden(Exception):
    """The row is visible to the caller, but this action on it is not theirs (403)."""


class OutOfScope(Exception):
    """The row does not exist for the caller (404), or a write would leave their scope."""
