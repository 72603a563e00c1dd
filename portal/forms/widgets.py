"""How a form field is drawn: Bootstrap 5 markup, no jQuery, no inline style.

Flask-AppBuilder gives the fields it builds widgets of its own (Bootstrap 3, Font Awesome, Select2).
``control`` draws every field through one of ours instead, and ties help and errors to it.
Templates reach it as the Jinja global ``control``.
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder import fieldwidgets, upload
from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Field, widgets

from portal.forms.lookup import LookupManyField


class SearchableSelect(widgets.Select):
    """A select whose options can be searched where scripts run (``data-choose``, lookup.js)."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """Return ``<select>`` with the field's choices."""
        attributes.setdefault("data-choose", True)
        return super().__call__(field, **attributes)


class FileInput(widgets.FileInput):
    """A file field; where a file is kept already it is named, with a box to take it away.

    The marker ``_<name>-delete`` is what the upload fields of Flask-AppBuilder read.
    """

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """Return ``<input type="file">``, preceded by the present file if there is one."""
        chooser = super().__call__(field, **attributes)
        if not isinstance(field.data, str) or not field.data:
            return chooser
        kept = Markup(
            '<div class="check"><input class="form-check-input" type="checkbox" name="{0}" '
            'id="{0}"><label for="{0}">{1}</label></div>'
        )
        label = _("Remove %(file)s", file=field.data)
        return kept.format(f"_{field.name}-delete", label) + chooser


#: Widgets of Flask-AppBuilder and what takes their place. Looked up by class, so a widget of
#: ours, or a plain WTForms one, is left alone.
IN_PLACE_OF: dict[type, Any] = {
    fieldwidgets.BS3TextFieldWidget: widgets.TextInput(),
    fieldwidgets.BS3TextAreaFieldWidget: widgets.TextArea(),
    fieldwidgets.BS3PasswordFieldWidget: widgets.PasswordInput(),
    fieldwidgets.DatePickerWidget: widgets.DateInput(),
    fieldwidgets.DateTimePickerWidget: widgets.TextInput(),
    fieldwidgets.Select2Widget: SearchableSelect(),
    fieldwidgets.Select2ManyWidget: SearchableSelect(multiple=True),
    fieldwidgets.Select2AJAXWidget: widgets.TextInput(),
    fieldwidgets.Select2SlaveAJAXWidget: widgets.TextInput(),
    upload.BS3FileUploadFieldWidget: FileInput(),
    upload.BS3ImageUploadFieldWidget: FileInput(),
}


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
    seen: Any = _Drawn(field, attributes.pop("name", field.name), attributes.pop("id", field.id))
    given: dict[str, Any] = {"class": css_class(field, seen.widget)}
    notes = [f"{field.id}-why"] if field.description else []
    if field.errors:
        notes.append(f"{field.id}-err")
        given["aria-invalid"] = "true"
    if notes:
        given["aria-describedby"] = " ".join(notes)
    if field.type == "IntegerField":
        given["inputmode"] = "numeric"
    if isinstance(field, LookupManyField):
        given["data-many"] = True
    given.update(attributes)
    drawn = field.meta.render_field(seen, given)
    return drawn if isinstance(drawn, Markup) else escape(drawn)
