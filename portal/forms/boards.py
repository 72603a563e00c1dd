"""The form of a board that was hung: which version, when, where."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms.base import PortalForm
from portal.rules.pictures import LARGEST


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
    photo = FileField(
        _l("Photo of the board"),
        [Optional()],
        description=_l("If you like: JPEG, PNG or WebP, up to 8 MB, without people in it."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )

    def sent(self) -> tuple[bytes, str] | None:
        """Bytes and name of the photo, read only so far that it shows whether it is too large."""
        file: Any = self.photo.data
        return (file.stream.read(LARGEST + 1), file.filename or "") if file else None
