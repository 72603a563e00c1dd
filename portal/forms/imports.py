"""The form that takes a file to import."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField
from wtforms.validators import InputRequired

from portal.forms.base import PortalForm


class UploadForm(PortalForm):
    """What the rows are, and the file; ``once`` against double submission."""

    once = HiddenField()
    kind = SelectField(_l("What the rows are"), [InputRequired(_l("Choose one."))])
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose the file."))],
        description=_l(
            "A table (.xlsx, .csv), for boundaries .geojson; at most 32 MB. Nothing is written yet:"
            " you see first what the import would do."
        ),
    )
