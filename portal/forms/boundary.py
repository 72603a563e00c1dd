"""The form of a boundary: its GeoJSON, how it is meant, and whether others follow."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.forms.base import PortalForm

LONGEST = 400_000  # characters, about 15,000 points; a form of the web server holds little more
TOO_LONG = _l("This is too long for a form: import it as a GeoJSON file, or simplify it.")


class BoundaryForm(PortalForm):
    """A boundary to be checked or saved."""

    geometry = TextAreaField(
        _l("Boundary as GeoJSON"),
        [
            DataRequired(_l("Draw the boundary, or paste it as GeoJSON.")),
            Length(max=LONGEST, message=TOO_LONG),
        ],
        description=_l("A Polygon or MultiPolygon; longitude comes first."),
        render_kw={"lang": "zxx", "spellcheck": "false"},  # no language, so no mistakes in it
    )
    system = SelectField(
        _l("Coordinates are in"),
        choices=[("wgs84", _l("WGS 84 (GPS)")), ("gcj02", _l("GCJ-02 (Chinese online maps)"))],
        default="wgs84",
    )
    follow = BooleanField(_l("Let the grids beside and above follow"))
    seen = HiddenField()  # which boundaries stood around when the page was made
