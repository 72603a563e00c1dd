"""The fields of what is noted of a unit that owes a municipal service."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField
from wtforms.validators import InputRequired

from portal.forms.population import day_field

CHOOSE = _l("Choose one.")


def unit_fields(offered: Sequence[tuple[str, Any]]) -> dict[str, Field]:
    """Which unit has it now."""
    return {
        "unit": SelectField(
            _l("Responsible unit"),
            [InputRequired(_l("Choose the unit that owes the service."))],
            choices=[("", _l("Please choose")), *offered],
        ),
        "on": day_field(_l("Handed to the unit on")),
    }


def when_fields() -> dict[str, Field]:
    """On which day the unit answered."""
    return {"on": day_field(_l("Answered on"))}


def recheck_fields() -> dict[str, Field]:
    """What the re-check found."""
    return {
        "right": RadioField(
            _l("What was found"),
            [InputRequired(CHOOSE)],
            choices=[("yes", _l("Put right")), ("no", _l("Not put right: back to the unit"))],
        ),
        "on": day_field(_l("Re-checked on")),
    }
