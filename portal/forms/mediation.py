"""The fields of what is done with a mediation file."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, Field, RadioField, SelectField, StringField
from wtforms import TextAreaField as LongField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.forms.base import PortalForm
from portal.forms.moments import CodesField, WallClockField
from portal.forms.population import TOO_LONG, day_field, stripped, text_field
from portal.models.case_choices import (
    AGREEMENT_FORMS,
    CONFIRMATIONS,
    PARTY_ROLES,
    PERFORMANCES,
)

Options = Sequence[tuple[str, Any]]
NO_NUMBERS = _l("No identity numbers, no telephones.")
CHOOSE = _l("Choose one.")


def long_field(label: Any, told: Any = NO_NUMBERS, *, needed: bool = False) -> LongField:
    """Several lines."""
    asked: list[Any] = [InputRequired(_l("Fill this in.")) if needed else Optional()]
    return LongField(
        label, [*asked, Length(max=4000, message=TOO_LONG)], description=told, filters=[stripped]
    )


def mediators_field(options: Options) -> CodesField:
    """Who mediates."""
    return CodesField(
        _l("Mediators"), [InputRequired(_l("Choose who mediates."))], choices=list(options)
    )


def opening_fields(options: Options) -> dict[str, Field]:
    """What a file begins with."""
    return {
        "mediators": mediators_field(options),
        "request": long_field(_l("What is asked for")),
    }


def party_fields(*, known: bool = False) -> dict[str, Field]:
    """Somebody whom it concerns; ``known``: what stays empty keeps what it was."""
    told = (
        _l("Leave it empty to keep what is there.") if known else _l("Kept sealed; shown masked.")
    )
    return {
        "role": _radio(_l("Party"), PARTY_ROLES),
        "name": text_field(_l("Full name"), told, most=60, needed=not known),
        "contact": text_field(_l("Contact"), told, most=60),
    }


def session_fields() -> dict[str, Field]:
    """When and where they meet."""
    return {
        "held_at": WallClockField(_l("When"), [InputRequired(_l("Fill this in."))]),
        "place": text_field(_l("Place"), most=120, needed=True),
    }


def record_fields(parties: Options) -> dict[str, Field]:
    """What came of a session."""
    return {
        "there": CodesField(
            _l("Who was there"), [InputRequired(_l("Tick who was there."))], choices=list(parties)
        ),
        "others": text_field(_l("Who else was there")),
        "record": long_field(_l("What was said"), needed=True),
    }


def term_fields(parties: Options) -> dict[str, Field]:
    """One promise."""
    return {
        "party": SelectField(
            _l("Who performs it"), [Optional()], choices=[("", _l("Both sides")), *parties]
        ),
        "text": long_field(_l("What"), needed=True),
        "due_on": DateField(_l("Until when"), [Optional()]),
    }


def agreement_fields() -> dict[str, Field]:
    """How and when they agreed."""
    return {
        "form": _radio(_l("Form of the agreement"), AGREEMENT_FORMS),
        "on": day_field(_l("Agreed on")),
    }


def confirmation_fields(states: Sequence[str]) -> dict[str, Field]:
    """What became of the confirmation."""
    return {
        "confirmation": _radio(
            _l("Confirmation by the court"), {name: CONFIRMATIONS[name] for name in states}
        ),
        "on": day_field(_l("On which day")),
    }


def performance_fields() -> dict[str, Field]:
    """Whether a promise was kept."""
    return {
        "performance": _radio(_l("Performance"), PERFORMANCES),
        "on": day_field(_l("Looked at on")),
        "note": text_field(_l("Note")),
    }


def end_fields(outcomes: Mapping[str, Any]) -> dict[str, Field]:
    """How it ended without an agreement."""
    return {
        "outcome": _radio(_l("Outcome"), outcomes),
        "on": day_field(_l("Ended on")),
        "told_ways": text_field(
            _l("Told of other ways"),
            _l("Arbitration, the court, an authority: needed where they did not agree."),
            most=400,
        ),
    }


class PaperForm(PortalForm):
    """The paper of a file; whole names need a reason."""

    whole = BooleanField(
        _l("Print names and contacts in full"),
        description=_l("Otherwise they are masked, as on every page."),
    )
    reason = StringField(
        _l("Reason"),
        [Length(max=200, message=TOO_LONG)],
        description=_l("Needed for names in full; it goes to the access log with your name."),
    )

    def validate_reason(self, field: StringField) -> None:
        """Whoever opens names says why."""
        field.data = (field.data or "").strip()
        if self.whole.data and len(field.data) < 2:
            raise ValidationError(_l("Say why the names are needed in full."))


def _radio(label: Any, choices: Mapping[str, Any]) -> RadioField:
    return RadioField(label, [InputRequired(CHOOSE)], choices=list(choices.items()))
