"""Forms of photos and worker cards."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms.base import PortalForm
from portal.models.choices import CARD_REASONS
from portal.rules.cards import BY_HAND
from portal.rules.pictures import LARGEST

OTHER = "other"


class PhotoForm(PortalForm):
    """One picture."""

    photo = FileField(
        _l("Photo"),
        [FileRequired(_l("Choose a photo."))],
        description=_l(
            "JPEG, PNG or WebP, up to 8 MB. Face from the front, upright, nobody else in it."
            " Place and device are removed."
        ),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )

    def sent(self) -> tuple[bytes, str]:
        """Bytes and name of the file, read only so far that it shows whether it is too large."""
        file: Any = self.photo.data
        return file.stream.read(LARGEST + 1), file.filename or ""


class RevokeForm(PortalForm):
    """Why a card is taken back."""

    reason = SelectField(
        _l("Reason"),
        [InputRequired(_l("Choose one."))],
        choices=[
            ("", _l("Please choose")),
            *((name, CARD_REASONS[name]) for name in BY_HAND),
            (OTHER, _l("Something else")),
        ],
    )
    note = StringField(
        _l("What happened"),
        [Optional(), Length(max=120, message=_l("Use at most %(max)d characters."))],
        description=_l("Only where the reason is something else. Residents do not see it."),
        filters=[lambda text: (text or "").strip()],
    )
