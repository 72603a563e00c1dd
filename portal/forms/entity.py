"""A form class from the columns of a model: labels, limits and choices come with them."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import types as sa_types
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FloatField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.forms.base import PortalForm
from portal.forms.moments import ClockField, WallClockField
from portal.models.types import EncryptedText


class EntityForm(PortalForm):
    """Base of the generated forms: the row's version and a token against double submission."""

    row_version = HiddenField()
    once = HiddenField()
    conflict = False  # set where the database refused what the form had taken

    @property
    def seen_version(self) -> int:
        """The version of the row that the form was filled in from; 0 where it says none."""
        told = self.row_version.data or ""
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else 0

    def shown_fields(self) -> list[Field]:
        """The fields a person fills in, in order."""
        hidden = ("row_version", "once", "csrf_token")
        return [field for field in self if field.name not in hidden]


class ReasonForm(PortalForm):
    """Why a masked value is opened."""

    reason = StringField(
        _l("Reason"),
        [InputRequired(_l("Say why you need it.")), Length(4, 200)],
        description=_l("It is kept in the access log together with your name."),
        filters=[lambda text: (text or "").strip()],
    )


def form_class(name: str, fields: Mapping[str, Field]) -> type[EntityForm]:
    """A form with ``fields`` in their order."""
    return type(name, (EntityForm,), dict(fields))


def field_for(
    column: Any,
    label: str,
    help_text: str,
    choices: Mapping[Any, Any] | None,
    *,
    kept: bool = False,
) -> Field:
    """The field that fits a column of the table; ``kept``: left empty, the old value stays."""
    required = not column.nullable and column.default is None and not kept
    told: dict[str, Any] = {"label": label, "description": help_text}
    # Blanks alone are nothing.
    checks: list[Any] = [DataRequired(_l("Fill this in.")) if required else Optional()]
    if choices is not None:
        return _select(column, told, choices, required)
    kind = column.type
    if isinstance(kind, sa_types.Boolean):
        return BooleanField(**told)
    if isinstance(kind, sa_types.Date):
        return DateField(validators=checks, **told)
    if isinstance(kind, sa_types.DateTime | sa_types.Time):
        # What was typed and cannot be read is refused in the field's own words.
        typed = InputRequired(_l("Fill this in.")) if required else Optional()
        instant = isinstance(kind, sa_types.DateTime)
        return (WallClockField if instant else ClockField)(validators=[typed], **told)
    if isinstance(kind, sa_types.Integer):
        # 0 is a number like any other, so a number is asked for as it was typed.
        asked = InputRequired(_l("Fill this in.")) if required else Optional()
        limit = NumberRange(0, 2_000_000_000, _l("Type a whole number from 0 to 2000000000."))
        return IntegerField(validators=[asked, limit], **told)
    if isinstance(kind, sa_types.Float):
        degrees = NumberRange(-180, 180, _l("Type degrees, for example 114.305."))
        return FloatField(validators=[*checks, degrees], **told)
    if isinstance(kind, EncryptedText):
        return StringField(validators=[*checks, Length(max=60)], filters=[_stripped], **told)
    if isinstance(kind, sa_types.Text):
        checks.append(Length(max=4000, message=_l("Use at most %(max)d characters.")))
        return TextAreaField(validators=checks, filters=[_stripped], **told)
    checks.append(Length(max=kind.length, message=_l("Use at most %(max)d characters.")))
    return StringField(validators=checks, filters=[_stripped], **told)


def _select(
    column: Any, told: dict[str, Any], choices: Mapping[Any, Any], required: bool
) -> SelectField:
    number = isinstance(column.type, sa_types.Integer)

    def coerce(value: Any) -> Any:
        if value in (None, ""):
            return None
        return int(value) if number else str(value)

    options: list[tuple[Any, Any]] = [(key, text) for key, text in choices.items()]
    checks = [InputRequired(_l("Choose one."))] if required else [Optional()]
    return SelectField(
        choices=[("", _l("Please choose"))] + options, coerce=coerce, validators=checks, **told
    )


def _stripped(value: str | None) -> str | None:
    return value.strip() or None if isinstance(value, str) else value
