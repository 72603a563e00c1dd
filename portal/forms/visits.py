"""The form of a visit: the people as they are on record, each "still so" until somebody says
otherwise.
"""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal import clock
from portal.errors import RuleError
from portal.forms.entity import EntityForm, form_class
from portal.forms.moments import CodesField
from portal.forms.population import (
    ARRIVALS,
    TOO_LONG,
    registration_field,
    relation_field,
    stripped,
    text_field,
)
from portal.models import Resident
from portal.models.population_choices import VISIT_HAZARDS, VISIT_NEEDS, VISIT_PURPOSES
from portal.rules.visits import STATES, STILL, Report, Told

RESULTS = {
    "met": _l("Somebody was met"),
    "nobody_home": _l("Nobody at home"),
    "refused": _l("Did not wish a visit"),
}
ASKED = ("visited_on", "result", "purpose")
FOUND = ("needs", "hazards", "note", "next_visit_on")
NEW = (
    "new_name",
    "new_how",
    "new_moved_in_on",
    "new_registration",
    "new_birth_date",
    "new_relation_to_head",
    "new_id_number",
    "new_phone",
)


def _day(label: Any, *, needed: bool = False, told: Any = "") -> DateField:
    asked = InputRequired(_l("Say on which day it happened.")) if needed else Optional()
    default = clock.today if needed else None
    return DateField(label, [asked], default=default, description=told)


def _person(one: Resident) -> dict[str, Field]:
    """What is asked about one person: how they are, since when, where to, another telephone."""
    name, start = one.name, f"person_{one.id}_"
    without = "back" if not one.away else "away"
    states = [(key, text) for key, text in STATES.items() if key != without]
    return {
        f"{start}state": SelectField(name, choices=states, default=STILL),
        f"{start}on": _day(_l("Since when"), told=_l("Empty: the day of the visit.")),
        f"{start}place": text_field(_l("Where to")),
        f"{start}phone": StringField(
            _l("Another telephone"),
            [Optional(), Length(max=60, message=TOO_LONG)],
            filters=[stripped],
        ),
    }


def visit_form(
    people: Iterable[Resident], needs: str | None, hazards: str | None
) -> type[EntityForm]:
    """The form class for a household in which ``people`` live, with what is open there."""
    fields: dict[str, Field] = {
        "visited_on": _day(_l("Visited on"), needed=True),
        "result": RadioField(_l("Result"), choices=list(RESULTS.items()), default="met"),
        "purpose": SelectField(
            _l("Purpose"), choices=list(VISIT_PURPOSES.items()), default="routine"
        ),
    }
    for one in people:
        fields |= _person(one)
    fields |= {
        "new_name": text_field(_l("Full name"), most=60),
        "new_how": SelectField(
            _l("How they came"), choices=list(ARRIVALS.items()), default="move_in"
        ),
        "new_moved_in_on": _day(_l("Moved in on")),
        "new_registration": registration_field(),
        "new_birth_date": _day(
            _l("Birthday"), told=_l("Follows from the number of an identity card.")
        ),
        "new_relation_to_head": relation_field(),
        "new_id_number": text_field(
            _l("Identity number"), _l("Empty for somebody without papers."), most=60
        ),
        "new_phone": text_field(_l("Private telephone"), most=60),
        "needs": CodesField(
            _l("Service to be brought"),
            [Optional()],
            choices=list(VISIT_NEEDS.items()),
            default=needs,
        ),
        "hazards": CodesField(
            _l("Hazards seen"), [Optional()], choices=list(VISIT_HAZARDS.items()), default=hazards
        ),
        "note": text_field(_l("Note"), _l("No identity numbers, no telephones."), most=500),
        "next_visit_on": _day(
            _l("Next visit"), told=_l("Empty: as far ahead as the settings say.")
        ),
    }
    return form_class("VisitForm", fields)


def report_of(form: EntityForm, people: Iterable[Resident]) -> Report:
    """What the form says, as the rule takes it. Raises RuleError beside ``new_name``."""
    told = [
        Told(
            one.id,
            form[f"person_{one.id}_state"].data,
            form[f"person_{one.id}_on"].data,
            form[f"person_{one.id}_place"].data,
            form[f"person_{one.id}_phone"].data,
        )
        for one in people
    ]
    return Report(
        form["visited_on"].data,
        form["purpose"].data,
        form["result"].data,
        told,
        _newcomer(form),
        form["new_how"].data,
        form["needs"].data,
        form["hazards"].data,
        form["note"].data,
        form["next_visit_on"].data,
    )


def _newcomer(form: EntityForm) -> Resident | None:
    name = form["new_name"].data
    if not name:
        typed = ("moved_in_on", "birth_date", "relation_to_head", "id_number", "phone")
        if any(form[f"new_{column}"].data for column in typed):
            raise RuleError(
                _l("Fill in the name of whoever else lives here, or leave all of it empty."),
                "new_name",
            )
        return None
    return Resident(
        name=name,
        moved_in_on=form["new_moved_in_on"].data,
        relation_to_head=form["new_relation_to_head"].data or None,
        id_type="resident_id",
        id_number=form["new_id_number"].data,
        phone=form["new_phone"].data,
        registration=form["new_registration"].data,
        birth_date=form["new_birth_date"].data,
    )
