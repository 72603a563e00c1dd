"""A field for a related row: looked up as one types, or typed whole where there are no scripts."""

import re
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import Field
from wtforms.validators import ValidationError
from wtforms.widgets import html_params

Option = tuple[str, str]


class LookupWidget:
    """An input with the chosen key and its label; a script turns it into a select that searches."""

    def __call__(self, field: "LookupField", **kwargs: Any) -> Markup:
        """The markup of ``field``."""
        kwargs.setdefault("id", field.id)
        kwargs.setdefault("class", "form-control")
        attributes = html_params(
            name=field.name,
            value=field.shown(),
            data_lookup=field.url,
            autocomplete="off",
            placeholder=_("Type a name, initials or a code"),
            **kwargs,
        )
        return Markup("<input type=text ") + Markup(attributes) + Markup(">")  # noqa: S704 - html_params escapes


class LookupField(Field):
    """One related row, by key.

    ``url`` answers the search. ``resolve(key)`` returns the option of a key the writer may use,
    or None; ``search(text)`` up to three options. Data is the key as text, or None.
    """

    widget = LookupWidget()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        url: str = "",
        resolve: Callable[[str], Option | None] = lambda key: None,
        search: Callable[[str], list[Option]] = lambda text: [],
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.url, self.resolve, self.search = url, resolve, search
        self.typed: str | None = None

    def shown(self) -> str:
        """What stands in the input: what was typed, or "key — label" of the row chosen."""
        if self.typed is not None:
            return self.typed
        option = self.resolve(str(self.data)) if self.data is not None else None
        return f"{option[0]} — {option[1]}" if option else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Find the row that was meant; an unclear text is refused with the candidates."""
        text = valuelist[0].strip() if valuelist else ""
        self.typed = text
        self.data = None
        if not text:
            return
        key = re.split(r"\s+—\s+", text, maxsplit=1)[0]
        option = self.resolve(key)
        if option is None:
            option = self._only(self.search(text))
        self.data = option[0]
        self.typed = None

    def _only(self, found: list[Option]) -> Option:
        exact = [option for option in found if option[1] == self.typed]
        if len(found) == 1 or len(exact) == 1:
            return (exact or found)[0]
        if not found:
            raise ValidationError(
                _("Nothing of yours is called that. Type part of a name or code.")
            )
        names = _(", ").join(f"{key} — {label}" for key, label in found[:3])
        raise ValidationError(_("Several fit. Type one of these: %(names)s", names=names))


class LookupManyField(LookupField):
    """Several related rows, separated by ; — data is the list of their keys."""

    def shown(self) -> str:
        """What stands in the input: what was typed, or the rows chosen."""
        if self.typed is not None:
            return self.typed
        options = [self.resolve(str(key)) for key in self.data or []]
        return "; ".join(f"{option[0]} — {option[1]}" for option in options if option)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Find each of the rows that were meant."""
        whole = valuelist[0].strip() if valuelist else ""
        keys: list[str] = []
        for part in filter(None, (part.strip() for part in re.split(r"[;；\n]", whole))):
            self.typed = part
            option = self.resolve(re.split(r"\s+—\s+", part, maxsplit=1)[0])
            try:
                option = option or self._only(self.search(part))
            except ValidationError:
                self.typed = whole
                raise
            keys.append(option[0])
        self.typed = None
        self.data = list(dict.fromkeys(keys))
