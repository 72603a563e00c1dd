"""The form of a board that was hung: which version, when, where."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms.base import PortalForm


class HungForm(PortalForm):
    """``document`` offers the versions of the board; an empty day is today."""

    document = SelectField(_l("Version"), [InputRequired(_l("Choose one."))], coerce=int)
    posted_on = DateField(_l("Hung since"), [Optional()])
    place = StringField(
        _l("Place"),
        [Optional(), Length(max=120, message=_l("Use at most %(max)d characters."))],
        description=_l("Where it hangs: an entrance, a wall, a house number."),
        filters=[lambda text: text.strip() if isinstance(text, str) else text],
    )
