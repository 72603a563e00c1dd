"""Forms of the questions between grids."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms.base import PortalForm
from portal.forms.entity import EntityForm, form_class
from portal.forms.lookup import LookupField
from portal.forms.population import TOO_LONG, stripped, text_field
from portal.models.population_choices import CHECK_OUTCOMES

WORDS_ONLY = _l("The other grid reads these words and nothing else. No numbers, no telephones.")


def question_form(grid: LookupField, other: LookupField) -> type[EntityForm]:
    """The form class of a question, with its fields for the two grids."""
    fields: dict[str, Field] = {
        "grid": grid,
        "other": other,
        "subject": text_field(
            _l("About whom"), _l("Name and year of birth, or the address."), most=120, needed=True
        ),
        "question": _long(_l("Question"), WORDS_ONLY, needed=True),
        "reply_by": DateField(
            _l("Answer by"),
            [Optional()],
            description=_l("Empty: in as many days as the settings say."),
        ),
    }
    return form_class("QuestionForm", fields)


def _long(label: Any, told: Any, *, needed: bool = False) -> TextAreaField:
    asked: list[Any] = [InputRequired(_l("Fill this in.")) if needed else Optional()]
    checks = [*asked, Length(max=500, message=TOO_LONG)]
    return TextAreaField(label, checks, description=told, filters=[stripped])


class AnswerForm(PortalForm):
    """What was found out."""

    outcome = RadioField(
        _l("Answer"), [InputRequired(_l("Choose one."))], choices=list(CHECK_OUTCOMES.items())
    )
    answer = _long(
        _l("What was found"), _l("The grid that asked reads it. No numbers, no telephones.")
    )


class WithdrawForm(PortalForm):
    """Nothing but the token."""
