"""Errors that people read. Rules raise them, views and commands show them."""

import json

from flask_babel import gettext
from flask_babel.speaklater import LazyString


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


def kept(message: object) -> str:
    """``message`` as text that can be stored and worded later in whatever language is read: of a
    lazily translated sentence its original and its values, of anything else itself.
    """
    parts = vars(message) if isinstance(message, LazyString) else {}
    if len(parts.get("_args", ())) != 1:
        return str(message)
    values = {name: kept(value) for name, value in parts["_kwargs"].items()}
    return json.dumps([parts["_args"][0], values], ensure_ascii=False)


def reworded(text: str) -> str:
    """What ``kept`` stored, in the language in force."""
    if not text.startswith('["'):
        return text
    try:
        original, values = json.loads(text)
    except ValueError:  # cut off, or a sentence that only looks like it
        return text
    return str(gettext(original, **{name: reworded(value) for name, value in values.items()}))
