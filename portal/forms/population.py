"""Forms of the changes of the register: short, one for each thing that can happen."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal import clock
from portal.forms.base import PortalForm
from portal.forms.moments import CodesField
from portal.models.register_choices import REGISTRATIONS, RELATIONS

TOO_LONG = _l("Use at most %(max)d characters.")
ARRIVALS = {
    "registered": _l("Has lived here for long, entered only now"),
    "move_in": _l("Moved in"),
    "birth": _l("Born"),
}
CHILDREN = ("son", "daughter", "grandchild", "relative", "unrelated")


def stripped(text: str | None) -> str | None:
    """Without blanks around it; None for nothing."""
    return (text or "").strip() or None


class NoteForm(PortalForm):
    """Why something is taken back."""

    note = StringField(
        _l("Reason"),
        [InputRequired(_l("Say what was wrong.")), Length(max=200, message=TOO_LONG)],
        filters=[stripped],
    )


def arrival_field() -> SelectField:
    """How somebody came who is entered now."""
    return SelectField(
        _l("How they came"),
        choices=list(ARRIVALS.items()),
        default="registered",
        description=_l("Births and moves are counted on their day; a first entry is not."),
    )


def day_field(label: Any = None) -> DateField:
    """The day on which it happened: today unless somebody says otherwise."""
    return DateField(
        label or _l("On which day"),
        [InputRequired(_l("Say on which day it happened."))],
        default=clock.today,
        description=_l("The day on which it happened, also when it is entered later."),
    )


def text_field(label: Any, told: Any = "", *, most: int = 200, needed: bool = False) -> StringField:
    """One line of text."""
    asked: list[Any] = [InputRequired(_l("Fill this in.")) if needed else Optional()]
    checks = [*asked, Length(max=most, message=TOO_LONG)]
    return StringField(label, checks, description=told, filters=[stripped])


def note_field() -> StringField:
    """What else is to be said."""
    return text_field(_l("Note"))


def relation_field(
    label: Any = None, among: Iterable[str] = tuple(RELATIONS), value: str = ""
) -> SelectField:
    """What somebody is to the head; it may be left open."""
    offered = [("", _l("Not known yet")), *((key, RELATIONS[key]) for key in among)]
    return SelectField(
        label or _l("Relation to the head"), [Optional()], choices=offered, default=value
    )


def registration_field() -> SelectField:
    """Registered here, floating, from overseas."""
    return SelectField(_l("Registration"), choices=list(REGISTRATIONS.items()))


def one_of_people(label: Any, people: Iterable[tuple[int, str]]) -> RadioField:
    """One of the people of a household; ``people``: key and name."""
    return RadioField(
        label,
        [InputRequired(_l("Choose one."))],
        choices=[(str(key), name) for key, name in people],
    )


def some_of_people(label: Any, people: Iterable[tuple[int, str]]) -> CodesField:
    """Several of the people of a household; data is their keys, ``1;2``."""
    return CodesField(
        label,
        [InputRequired(_l("Choose one."))],
        choices=[(str(key), name) for key, name in people],
    )


def relation_fields(people: Iterable[tuple[int, str]]) -> dict[str, Field]:
    """For each of ``people`` what they are to the head: ``relation_<key>``."""
    others = [name for name in RELATIONS if name != "head"]
    return {
        f"relation_{key}": relation_field(_l("%(name)s is to the head", name=name), others)
        for key, name in people
    }
