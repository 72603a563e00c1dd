"""The form of the four bounds: what is on record, and the roads one knows on each side."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import Length, Optional

from portal.forms.base import PortalForm


def _stripped(value: str | None) -> str | None:
    return value.strip() or None if isinstance(value, str) else value


def _text(label: str, most: int) -> StringField:
    limit = Length(max=most, message=_l("Use at most %(max)d characters."))
    return StringField(label, [Optional(), limit], filters=[_stripped])


class BoundsForm(PortalForm):
    """Four bounds, and four roads that are typed to get suggestions."""

    row_version = HiddenField()
    bound_east = _text(_l("East to"), 120)
    bound_south = _text(_l("South to"), 120)
    bound_west = _text(_l("West to"), 120)
    bound_north = _text(_l("North to"), 120)
    road_east = _text(_l("Road in the east"), 60)
    road_south = _text(_l("Road in the south"), 60)
    road_west = _text(_l("Road in the west"), 60)
    road_north = _text(_l("Road in the north"), 60)
