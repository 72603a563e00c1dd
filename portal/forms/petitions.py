"""The fields of petition matters."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, Field, FileField, SelectField
from wtforms.validators import InputRequired, Optional

from portal.forms.lookup import LookupField
from portal.forms.population import day_field, text_field
from portal.rules.petitions import DAYS

LABELS = {
    "handed_over_on": _l("Handed over on"),
    "received_on": _l("Received by the authority on"),
    "notice_on": _l("Notice given on"),
    "objected_on": _l("Objected to the transfer on"),
    "accepted_on": _l("Accepted on"),
    "extended_on": _l("Extended by notice on"),
    "answered_on": _l("Answered on"),
    "review_asked_on": _l("Review asked for on"),
    "review_answered_on": _l("Review answered on"),
    "second_asked_on": _l("Second review asked for on"),
    "second_answered_on": _l("Second review answered on"),
}
CHOOSE = _l("Choose one.")


def authority_fields() -> dict[str, Field]:
    """What the authority has done so far."""
    fields: dict[str, Field] = {
        "authority": text_field(_l("Authority that decides"), most=80),
        "claim": BooleanField(
            _l("A claim under article 31 (6)"),
            description=_l("Only these have 60 days for the answer, and 30 more by notice."),
        ),
    }
    return fields | {name: DateField(LABELS[name], [Optional()]) for name in DAYS}


def agency_fields(people: Sequence[tuple[str, Any]]) -> dict[str, Field]:
    """Who files for the resident."""
    listed = [("", _l("Please choose")), *people]
    return {
        "agent": SelectField(_l("Who files for them"), [InputRequired(CHOOSE)], choices=listed),
        "mandate_on": day_field(_l("Day of the mandate on paper")),
        "photo": FileField(
            _l("Photo of the mandate"),
            [Optional()],
            description=_l("JPEG, PNG or WebP, up to 8 MB. It is kept sealed."),
            render_kw={"accept": "image/jpeg,image/png,image/webp"},
        ),
    }


def accusation_fields(categories: Sequence[tuple[str, Any]], grid: LookupField) -> dict[str, Field]:
    """Date and destination: nothing else is asked for."""
    listed = [("", _l("Please choose")), *categories]
    return {
        "category": SelectField(_l("Category"), [InputRequired(CHOOSE)], choices=listed),
        "grid": grid,
        "on": day_field(_l("Passed on")),
        "destination": text_field(_l("Where it went"), most=80, needed=True),
    }
