"""How a form field is drawn: Bootstrap 5 markup, no jQuery, no inline style.

Flask-AppBuilder gives the fields it builds widgets of its own (Bootstrap 3, Font Awesome, Select2).
``control`` draws every field through one of ours instead, and ties help and errors to it.
Templates reach it as the Jinja global ``control`` (see ``install``).
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_appbuilder import fieldwidgets, upload
from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Field, widgets
from wtforms.widgets import html_params


class DateInput:
    """A date field of the browser's own; the value is ISO 8601 whatever the field was given."""

    def __call__(self, field: Field, **attributes: Any) -> Markup:
        """Return ``<input type="date">`` for a field holding a date, a string or nothing."""
        raw = getattr(field, "raw_data", None)
        value = raw[0] if raw else field.data
        if hasattr(value, "isoformat"):
            value = value.isoformat()[:10]
        params = html_params(
            type="date", id=field.id, name=field.name, value=value or "", **attributes
        )
        return Markup(f"<input {params}>")


class MomentInput(widgets.TextInput):
    """Date and time as text, in the format the field reads back (2026-04-01 08:30:00)."""

    def __call__(self, field: Field, **attributes: Any) -> Markup:
        """Return a text input; the value is ``field._value()``."""
        attributes.setdefault("inputmode", "numeric")
        return super().__call__(field, **attributes)


class Select(widgets.Select):
    """A plain select; long ones ask for the search box of ``lookup.js`` with ``data-choose``."""

    def __init__(self, multiple: bool = False, searchable: bool = True) -> None:
        super().__init__(multiple=multiple)
        self.searchable = searchable

    def __call__(self, field: Field, **attributes: Any) -> Markup:
        """Return ``<select>`` with the field's choices."""
        if self.searchable:
            attributes.setdefault("data-choose", True)
        return super().__call__(field, **attributes)


class FileInput:
    """A file field; where a file is kept already it is named, with a box to take it away.

    The marker ``_<name>-delete`` is what the upload fields of Flask-AppBuilder read.
    """

    def __call__(self, field: Field, **attributes: Any) -> Markup:
        """Return ``<input type="file">``, preceded by the present file if there is one."""
        params = html_params(type="file", id=field.id, name=field.name, **attributes)
        kept = Markup("")
        if isinstance(field.data, str) and field.data:
            marker = f"_{field.name}-delete"
            kept = Markup(
                '<div class="check"><input class="form-check-input" type="checkbox" '
                'name="{0}" id="{0}"><label for="{0}">✕ {1}</label></div>'
            ).format(marker, field.data)
        return kept + Markup(f"<input {params}>")


class LookupInput:
    """A field that names another record.

    Works as text ("code" or "code — label"); ``lookup.js`` turns it into a search box over
    ``url``, which answers ``{"items": [{"value", "label"}]}`` to ``?q=``. ``field.lookup_label``
    (optional) is the label of the present value.
    """

    def __init__(self, url: str = "", many: bool = False) -> None:
        self.url = url
        self.many = many

    def __call__(self, field: Field, **attributes: Any) -> Markup:
        """Return the text input with ``data-lookup`` and the present value."""
        value = field._value() if hasattr(field, "_value") else field.data or ""
        attributes.setdefault("placeholder", _("Name, pinyin, initials or code"))
        attributes.setdefault("data-lookup", self.url or getattr(field, "lookup_url", ""))
        if self.many:
            attributes.setdefault("data-many", True)
        label = getattr(field, "lookup_label", "")
        if label and value and label != value:
            attributes.setdefault("data-value", value)
            value = label
        params = html_params(
            type="text",
            id=field.id,
            name=field.name,
            value=value,
            autocomplete="off",
            **attributes,
        )
        return Markup(f"<input {params}>")


#: Widgets of Flask-AppBuilder and what takes their place. Looked up by class, so a widget of
#: ours, or a plain WTForms one, is left alone.
IN_PLACE_OF: dict[type, Any] = {
    fieldwidgets.BS3TextFieldWidget: widgets.TextInput(),
    fieldwidgets.BS3TextAreaFieldWidget: widgets.TextArea(),
    fieldwidgets.BS3PasswordFieldWidget: widgets.PasswordInput(),
    fieldwidgets.DatePickerWidget: DateInput(),
    fieldwidgets.DateTimePickerWidget: MomentInput(),
    fieldwidgets.Select2Widget: Select(),
    fieldwidgets.Select2ManyWidget: Select(multiple=True),
    fieldwidgets.Select2AJAXWidget: widgets.TextInput(),
    fieldwidgets.Select2SlaveAJAXWidget: widgets.TextInput(),
    upload.BS3FileUploadFieldWidget: FileInput(),
    upload.BS3ImageUploadFieldWidget: FileInput(),
}

def css_class(field: Field, widget: Any) -> str:
    """Return the Bootstrap class that fits the field's control."""
    if field.type == "BooleanField" or getattr(widget, "input_type", "") in ("checkbox", "radio"):
        base = "form-check-input"
    elif isinstance(widget, widgets.Select):
        base = "form-select"
    else:
        base = "form-control"
    return f"{base} is-invalid" if field.errors else base


def control(field: Field, **attributes: Any) -> Markup:
    """Draw the control of ``field``, without its label.

    Adds the class and the link to help (``<id>-why``) and error (``<id>-err``) that
    ``components/form.html`` prints. ``attributes`` win; ``name`` and ``id`` rename the control.
    """
    seen = _Drawn(field, attributes.pop("name", field.name), attributes.pop("id", field.id))
    given = {"class": css_class(field, seen.widget)}
    notes = [f"{field.id}-why"] if field.description else []
    if field.errors:
        notes.append(f"{field.id}-err")
        given["aria-invalid"] = "true"
    if notes:
        given["aria-describedby"] = " ".join(notes)
    if field.type == "IntegerField":
        given["inputmode"] = "numeric"
    given.update(attributes)
    drawn = field.meta.render_field(seen, given)
    return drawn if isinstance(drawn, Markup) else escape(drawn)


class _Drawn:
    """A field seen with our widget: drawing must not change the field itself."""

    def __init__(self, field: Field, name: str, id: str) -> None:
        self._field = field
        self.name, self.id = name, id
        self.widget = IN_PLACE_OF.get(type(field.widget), field.widget)
        self.render_kw = {
            key: value
            for key, value in (field.render_kw or {}).items()
            if key not in ("style", "class")
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._field, name)


def install(app: Flask) -> None:
    """Make ``control`` known to the templates of ``app``."""
    app.jinja_env.globals["control"] = control
