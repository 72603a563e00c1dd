"""Fields for times of the wall clock, for several codes in one column, for codes with words."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import DateTimeLocalField, SelectMultipleField, StringField, TimeField, widgets
from wtforms.validators import ValidationError

from portal import clock

MINUTE = "%Y-%m-%dT%H:%M"


class ClockField(TimeField):
    """A time of day; seconds may be left out."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed, in words of ours where it is no time."""
        self.data = None
        text = valuelist[0] if valuelist else ""
        if not text:
            return
        try:
            self.data = time.fromisoformat(text.strip()).replace(tzinfo=None, microsecond=0)
        except ValueError as error:
            raise ValueError(_("Type a time of day like 08:30.")) from error


class WallClockField(DateTimeLocalField):
    """An instant, shown and typed on the community's wall clock; ``data`` is in UTC."""

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return clock.local(self.data).strftime(MINUTE) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read ISO 8601; without an offset it is the wall clock."""
        self.data = None
        text = valuelist[0] if valuelist else ""
        if not text:
            return
        try:
            found = datetime.fromisoformat(text.strip())
            if found.tzinfo is None:
                found = found.replace(tzinfo=clock.zone())
            self.data = found.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValueError(_("Type day and time like 2026-04-01 08:30.")) from error


class CodesField(SelectMultipleField):
    """Several codes to tick; ``data`` is ``a;b``, as the column holds it."""

    data: Any
    choices: Any
    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def process_data(self, value: Any) -> None:
        """What the column holds."""
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """What was ticked; a program may send all in one text."""
        codes = [part.strip() for text in valuelist for part in text.split(";")]
        self.data = ";".join(dict.fromkeys(filter(None, codes))) or None

    def iter_choices(self) -> Iterator[tuple[Any, ...]]:
        """The options, those in ``data`` ticked."""
        ticked = set((self.data or "").split(";"))
        for value, label in self.choices or []:
            yield value, label, value in ticked, {}

    def pre_validate(self, form: Any) -> None:
        """Only codes that were offered."""
        known = {value for value, _label in self.choices or []}
        if set((self.data or "").split(";")) - {""} - known:
            raise ValidationError(_("Not a valid choice."))


class SuggestingInput(widgets.TextInput):
    """A text input that offers the words of its field while one types; needs no script."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """Return ``<input list>`` and its ``<datalist>``."""
        listed = f"{field.id}-words"
        options = Markup("").join(
            Markup('<option value="{}"></option>').format(words) for words in field.words.values()
        )
        shown = super().__call__(field, list=listed, autocomplete="off", **attributes)
        return shown + Markup('<datalist id="{}">{}</datalist>').format(listed, options)


class WordedField(StringField):
    """A code that people choose by its words (``words``: code → words) or type as it is."""

    widget = SuggestingInput()

    def __init__(self, *args: Any, words: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.words.get(self.data, self.data) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """The code behind the words; anything else as it was typed."""
        text = valuelist[0].strip() if valuelist else ""
        codes = {words: code for code, words in self.words.items()}
        self.data = codes.get(text, text) or None
