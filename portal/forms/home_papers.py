"""Forms that ask for papers of the register."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.forms.base import PortalForm
from portal.forms.lookup import LookupField
from portal.rules.home_papers import BOOK, CARDS


class CardForm(PortalForm):
    """The card of one household; whole numbers need a reason."""

    whole = BooleanField(
        _l("Print numbers and telephones in full"),
        description=_l("Otherwise they are masked, as on every page."),
    )
    reason = StringField(
        _l("Reason"),
        [Length(max=200, message=_l("Use at most %(max)d characters."))],
        description=_l("Needed for numbers in full; it goes to the access log with your name."),
    )

    def validate_reason(self, field: StringField) -> None:
        """Whoever opens numbers says why."""
        field.data = (field.data or "").strip()
        if self.whole.data and len(field.data) < 2:
            raise ValidationError(_l("Say why the numbers are needed in full."))


class _Papers(PortalForm):
    paper = RadioField(
        _l("Form"),
        [InputRequired(_l("Choose one."))],
        choices=[
            (BOOK, _l("Register of the floating population")),
            (CARDS, _l("Register cards of all households")),
        ],
        default=BOOK,
    )


def papers_form(grid: LookupField) -> type[_Papers]:
    """The form class with its field for the grid."""
    return type("PapersForm", (_Papers,), {"grid": grid})
