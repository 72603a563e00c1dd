"""The fields of the moves of a work order, by the names that the table gives them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.forms.entity import EntityForm, form_class
from portal.forms.lookup import LookupField
from portal.forms.moments import WallClockField
from portal.forms.population import TOO_LONG, day_field, stripped, text_field
from portal.models.matter_choices import GRADES, RECHECKS, SATISFACTIONS, SUSPENSIONS

Options = list[tuple[str, Any]]
LONG = {
    "result": _l("What came of it"),
    "reason": _l("Reason"),
    "tried": _l("What was tried"),
    "note": _l("Note"),
    "analysis": _l("Analysis"),
    "told": _l("What they were told"),
    "statement": _l("What you say to it"),
    "what": _l("What is to be done"),
}


def move_form(
    needs: Iterable[str],
    takes: Iterable[str],
    options: Mapping[str, Options],
    worker: Callable[[], LookupField | None] = lambda: None,
) -> type[EntityForm]:
    """The form class of a move; ``options``: levels, people, categories, units; ``worker`` makes
    the field that looks one up, where there is one.
    """
    needed = set(needs)
    fields: dict[str, Field] = {"seen": HiddenField()}
    for name in (*needs, *takes):
        if name != "worker":
            fields[name] = _field(name, name in needed, options)
        elif (made := worker()) is not None:
            fields[name] = made
    return form_class("MoveForm", fields)


def _field(name: str, needed: bool, options: Mapping[str, Options]) -> Field:
    if name in LONG:
        return _long(LONG[name], needed)
    return FIELDS[name](needed, options)


def _asked(needed: bool, words: Any = None) -> list[Any]:
    return [InputRequired(words or _l("Fill this in."))] if needed else [Optional()]


def _long(label: Any, needed: bool) -> TextAreaField:
    checks = [*_asked(needed), Length(max=4000, message=TOO_LONG)]
    told = _l("No identity numbers, no telephones.")
    return TextAreaField(label, checks, filters=[stripped], description=told)


def _choice(
    label: Any, name: str, none: Any = ""
) -> Callable[[bool, Mapping[str, Options]], Field]:
    """``none``: what to do where there is nothing to choose from."""

    def make(needed: bool, options: Mapping[str, Options]) -> Field:
        found = options.get(name, [])
        listed, told = [("", _l("Please choose")), *found], "" if found else none
        checks = _asked(needed, _l("Choose one."))
        return SelectField(label, checks, choices=listed, description=told)

    return make


def _radio(label: Any, choices: Mapping[str, Any]) -> Callable[..., Field]:
    def make(needed: bool, options: Mapping[str, Options]) -> Field:
        return RadioField(label, _asked(needed, _l("Choose one.")), choices=list(choices.items()))

    return make


NO_UNIT = _l(
    "No unit of this area is on the list yet: the station adds it to the units of municipal"
    " services."
)


def _unit(needed: bool, options: Mapping[str, Options]) -> Field:
    """One of those on record, where only these come into question; else its name."""
    if "unit" in options:
        return _choice(_l("Responsible unit"), "unit", NO_UNIT)(needed, options)
    return text_field(_l("Which unit it goes to"), most=80, needed=needed)


FIELDS: dict[str, Callable[[bool, Mapping[str, Options]], Field]] = {
    "grade": _radio(_l("Grade"), GRADES),
    "level": _choice(_l("Level"), "level"),
    "assignee": _choice(_l("Assignee"), "people"),
    "helper": _choice(_l("Who helps"), "people"),
    "satisfaction": _radio(_l("What do those concerned say"), SATISFACTIONS),
    "suspension": _radio(_l("Why it waits"), SUSPENSIONS),
    "until": lambda needed, options: DateField(_l("Until when"), _asked(needed)),
    "days": lambda needed, options: IntegerField(
        _l("Working days more"), [*_asked(needed), NumberRange(1, 60)]
    ),
    "into": lambda needed, options: text_field(
        _l("Number of the order it is part of"), most=40, needed=needed
    ),
    "category": _choice(_l("What it becomes"), "category"),
    "turn_to": lambda needed, options: text_field(_l("Whom to turn to"), most=80, needed=needed),
    "unit": _unit,
    "on": lambda needed, options: day_field(),
    "their_due": lambda needed, options: DateField(
        _l("By when that unit answers, if it said so"), _asked(needed)
    ),
    "told_whom": lambda needed, options: text_field(
        _l("Who was told"), _l("The police, the street, a hotline."), most=80, needed=needed
    ),
    "told_when": lambda needed, options: WallClockField(_l("When"), _asked(needed)),
    "responsible": lambda needed, options: text_field(
        _l("Organisation or unit that puts it right"), most=80, needed=needed
    ),
    "right_by": lambda needed, options: DateField(_l("By when"), _asked(needed)),
    "recheck": _radio(_l("What did the re-check find"), RECHECKS),
    "hand_to": lambda needed, options: text_field(
        _l("Not ours: who it goes to"), most=80, needed=needed
    ),
}


def supervision_form(*, asks: bool) -> type[EntityForm]:
    """The form class of signing, answering and closing a supervision order."""
    return form_class("SupervisionForm", {"reply": _long(_l("Answer"), True)} if asks else {})
