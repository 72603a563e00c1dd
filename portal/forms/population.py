"""Forms of the changes of the register: short, one for each thing that can happen."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.forms.base import PortalForm

TOO_LONG = _l("Use at most %(max)d characters.")


def stripped(text: str | None) -> str | None:
    """Without blanks around it; None for nothing."""
    return (text or "").strip() or None


class NoteForm(PortalForm):
    """Why something is taken back."""

    note = StringField(
        _l("Reason"),
        [InputRequired(_l("Say what was wrong.")), Length(max=200, message=TOO_LONG)],
        filters=[stripped],
    )


ARRIVALS = {
    "registered": _l("Has lived here for long, entered only now"),
    "move_in": _l("Moved in"),
    "birth": _l("Born"),
}


def arrival_field() -> SelectField:
    """How somebody came who is entered now."""
    return SelectField(
        _l("How they came"),
        choices=list(ARRIVALS.items()),
        default="registered",
        description=_l("Births and moves are counted on their day; a first entry is not."),
    )
