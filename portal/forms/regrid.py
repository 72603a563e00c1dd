"""The form of a regridding: what is chosen is read by the page, the rest stands here."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal.forms.base import PortalForm
from portal.models.choices import ACCEPTANCES

TOO_LONG = _l("Use at most %(max)d characters.")


class RegridForm(PortalForm):
    """What the residents think of it (征求意见), and which preview was looked at."""

    outcome = SelectField(
        _l("What the residents say"),
        choices=[("", _l("Please choose")), *ACCEPTANCES.items()],
        default="",
    )
    asked_on = DateField(_l("Asked on"), [Optional()], render_kw={"type": "date"})
    asked_how = StringField(
        _l("How they were asked"),
        [Length(max=120, message=TOO_LONG)],
        description=_l("A meeting, a list to sign, from door to door; no names."),
        filters=[lambda text: (text or "").strip()],
    )
    note = TextAreaField(
        _l("Why, and what was said"),
        [Length(max=1000, message=TOO_LONG)],
        description=_l("Geography, neighbourhood, ease of management, workload; no names."),
        filters=[lambda text: (text or "").strip()],
    )
    seen = HiddenField()
