"""Forms of signing in and of passwords."""

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.forms.base import PortalForm


class LoginForm(PortalForm):
    """Name and password."""

    username = StringField(
        _l("User name"),
        [InputRequired(_l("Type your user name.")), Length(max=64)],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Type your password.")), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )


class NewPasswordForm(PortalForm):
    """A new password, typed twice (set by the administrator for somebody else)."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Type the new password."))],
        description=_l("10 to 72 characters; several words are better than one with signs."),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        [
            InputRequired(_l("Type the new password again.")),
            EqualTo("password", _l("The two passwords differ: type the same one twice.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class OwnPasswordForm(NewPasswordForm):
    """The same with the password in use, which the owner knows."""

    current = PasswordField(
        _l("Password in use"),
        [InputRequired(_l("Type the password in use."))],
        render_kw={"autocomplete": "current-password"},
    )
    field_order = ("current", "password", "again")

    def __iter__(self):  # type: ignore[no-untyped-def]
        """Fields in the order in which they are asked."""
        names = [*self.field_order, *(n for n in self._fields if n not in self.field_order)]
        return iter([self._fields[name] for name in names])
