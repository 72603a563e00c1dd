"""The form class of the portal: what WTForms itself says is worded by our catalogues."""

from flask_babel import get_translations
from flask_wtf import FlaskForm


class OwnWords:
    """What WTForms asks for a message; it fills in the values itself, later."""

    def gettext(self, text: str) -> str:
        """``text`` in the language of the request."""
        return str(get_translations().gettext(text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """One of both in the language of the request."""
        return str(get_translations().ngettext(singular, plural, number))


class PortalForm(FlaskForm):
    """Base of every form."""

    class Meta(FlaskForm.Meta):
        """See WTForms."""

        def get_translations(self, form: FlaskForm) -> OwnWords:
            """Our catalogues instead of the ones WTForms brings."""
            return OwnWords()
