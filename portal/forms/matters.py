"""The form of a report: few fields, the first ones enough; made for one hand."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FloatField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.forms.base import PortalForm
from portal.forms.entity import EntityForm, form_class
from portal.forms.lookup import LookupField
from portal.forms.moments import WallClockField
from portal.forms.population import TOO_LONG, stripped, text_field
from portal.models.matter_choices import CHANNELS, URGENCIES

FIRST = ("category", "grid", "summary")
DEGREES = _l("Type degrees, for example 114.305.")


def report_form(
    category: Field, grid: Field, worker: LookupField, channels: Sequence[str]
) -> type[EntityForm]:
    """The form class, with its fields for category, grid and worker; ``channels`` to offer."""
    fields: dict[str, Field] = {
        "category": category,
        "grid": grid,
        "summary": StringField(
            _l("What is it, in one sentence"),
            [InputRequired(_l("Say in one sentence what it is.")), Length(max=200)],
            filters=[stripped],
            description=_l("No identity numbers, no telephones."),
        ),
        "done": TextAreaField(
            _l("Already settled? Say what was done"),
            [Optional(), Length(max=500, message=TOO_LONG)],
            filters=[stripped],
            description=_l("Filled in, the matter is closed with it: settled on the spot."),
        ),
        "place": text_field(_l("Where exactly"), most=120),
        "longitude": _degrees(_l("Longitude"), 180),
        "latitude": _degrees(_l("Latitude"), 90),
        "detail": TextAreaField(
            _l("More about it"),
            [Optional(), Length(max=4000, message=TOO_LONG)],
            filters=[stripped],
        ),
        "channel": SelectField(
            _l("How it came in"), choices=[(name, CHANNELS[name]) for name in channels]
        ),
        "urgency": RadioField(
            _l("How urgent"),
            [Optional()],
            choices=[("", _l("As the category says")), *URGENCIES.items()],
            default="",
        ),
        "crowd": BooleanField(_l("Five people or ten households or more are concerned")),
        "reporter_name": text_field(
            _l("Who reported it"), _l("Only who handles it reads it."), most=60
        ),
        "reporter_contact": text_field(_l("How to reach them"), most=60),
        "worker": worker,
        "unit": text_field(_l("Which unit owes the service"), most=80),
    } | _of_elsewhere()
    fields["photos"] = photos_field()
    fields["found"] = HiddenField()  # on what round it was found (views/work_orders/origins.py)
    return form_class("ReportForm", fields)


def _of_elsewhere() -> dict[str, Field]:
    """What a matter brings along that somebody else was told of first."""
    return {
        "outside_number": text_field(_l("Its number there (12345, superior)"), most=60),
        "reported_at": WallClockField(
            _l("When it was reported there"),
            [Optional()],
            description=_l("The portal's own time begins when it is entered here."),
        ),
        "outside_due_at": WallClockField(_l("Their deadline"), [Optional()]),
    }


def photos_field() -> MultipleFileField:
    """Pictures of a matter."""
    return MultipleFileField(
        _l("Photos"),
        [Optional()],
        description=_l(
            "JPEG, PNG or WebP, up to 8 MB each. Device and place are removed; the place is taken"
            " over where none is typed. Cover faces and number plates: here, or afterwards on the"
            " page of the order."
        ),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )


class PasteForm(PortalForm):
    """The text of a slip, or of rows of a sheet."""

    text = TextAreaField(
        _l("The text of the slip"),
        [InputRequired(_l("Paste the text."))],
        description=_l(
            "All its lines with their labels, or rows of a sheet together with the line of their"
            " names. You see everything before it is reported."
        ),
        render_kw={"rows": 14, "autocomplete": "off", "spellcheck": "false"},
    )


class RepliesForm(PortalForm):
    """Which replies to write; sent as part of the address."""

    class Meta(PortalForm.Meta):
        """See WTForms."""

        csrf = False  # nothing is changed

    since = DateField(
        _l("Answered since"),
        [Optional()],
        description=_l("Empty: also what is still under way, with its state."),
    )


class PhotosForm(PortalForm):
    """Further photos of a matter."""

    photos = photos_field()


# A picture is laid out in squares to tick: that takes no script and any finger.
COLUMNS, LINES = 12, 9
CELLS = [(line, column) for line in range(LINES) for column in range(COLUMNS)]


class CoverForm(PortalForm):
    """Which parts of a photo are covered: ``line-column`` of each."""

    cells = SelectMultipleField(
        _l("Tick what is to be covered"),
        choices=[
            (f"{line}-{column}", _l("Line %(line)s, column %(column)s", line=line + 1,
                                    column=column + 1))
            for line, column in CELLS
        ],
    )  # fmt: skip


def _degrees(label: Any, most: int) -> FloatField:
    checks = [Optional(), NumberRange(-most, most, DEGREES)]
    return FloatField(label, checks, render_kw={"inputmode": "decimal", "autocomplete": "off"})
