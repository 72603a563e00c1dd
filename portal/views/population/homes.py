"""What can happen to a household: pages of the changes, beside its record."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import Field

from portal import roles
from portal.errors import RuleError
from portal.extensions import db
from portal.forms.entity import EntityForm
from portal.forms.population import (
    CHILDREN,
    day_field,
    note_field,
    one_of_people,
    registration_field,
    relation_field,
    relation_fields,
    some_of_people,
    text_field,
)
from portal.models import Dwelling, Household, Resident
from portal.queries import population as queries
from portal.rules import population
from portal.views.entity import forms
from portal.views.entity.access import allowed
from portal.views.population.verbs import ChangePages, Verb

Fields = dict[str, Field]
CHILD = ("name", "sex", "birth_date", "id_number")
PERSON = ("id_type", "id_number", "sex", "birth_date", "phone")
OWN_RELATION = "relation_to_head"


def people_of(household: Household) -> list[tuple[int, str]]:
    """Key and name of who lives there, the head first."""
    return [(one.id, one.name) for one in queries.people(db.session, household.id)]


def _birth(view: Any, _row: Household) -> Fields:
    person = view.view_of("Resident")
    return {
        **{name: forms.own_field(person, name) for name in CHILD},
        OWN_RELATION: relation_field(among=CHILDREN),
        "note": note_field(),
    }


def _move_in(view: Any, _row: Household) -> Fields:
    person = view.view_of("Resident")
    return {
        "on": day_field(_l("Moved in on")),
        "resident": forms.row_lookup(
            person,
            "Resident",
            _l("Somebody on record"),
            _l("Who moves here or comes back. For anybody else fill in the fields below."),
            needed=False,
        ),
        OWN_RELATION: relation_field(),
        "name": text_field(_l("Full name"), most=60),
        **{name: forms.own_field(person, name) for name in PERSON},
        "registration": registration_field(),
        "place": text_field(_l("Where from")),
        "note": note_field(),
    }  # fmt: skip


def _head(_view: Any, row: Household) -> Fields:
    people = people_of(row)
    return {
        "head": one_of_people(_l("New head"), people),
        **relation_fields(people),
        "on": day_field(),
        "note": note_field(),
    }


def _split(view: Any, row: Household) -> Fields:
    people = people_of(row)
    return {  # fields stand in the order in which they are made
        "people": some_of_people(_l("Who becomes a household of their own"), people),
        "head": one_of_people(_l("Head of the new household"), people),
        **relation_fields(people),
        "number": text_field(_l("Number of the new household"), most=30, needed=True),
        "dwelling": forms.row_lookup(
            view.view_of("Dwelling"),
            "Household",
            _l("Into which dwelling"),
            _l("Empty: they stay in the same dwelling."),
            needed=False,
        ),
        "on": day_field(),
        "note": note_field(),
    }


def _merge(view: Any, row: Household) -> Fields:
    return {
        "household": forms.row_lookup(
            view.view_of("Household"), "Resident", _l("Which household they join")
        ),
        **relation_fields(people_of(row)),
        "on": day_field(),
        "note": note_field(),
    }


def _do_birth(session: Session, row: Household, form: EntityForm) -> None:
    child = Resident(
        **{name: form[name].data for name in CHILD},
        id_type="resident_id",
        relation_to_head=form[OWN_RELATION].data or None,
        registration="permanent",
    )
    population.enter(session, row, child, "birth", note=form["note"].data)


def _do_move_in(session: Session, row: Household, form: EntityForm) -> None:
    on, note = form["on"].data, form["note"].data
    relation = form[OWN_RELATION].data or None
    if form["resident"].data:
        known = session.get_one(Resident, int(form["resident"].data))
        population.move_in_known(session, row, known, on, relation=relation, note=note)
        return
    if not form["name"].data:
        raise RuleError(_l("Choose somebody on record above, or type the name."), "name")
    person = Resident(
        name=form["name"].data,
        moved_in_on=on,
        relation_to_head=relation,
        registration=form["registration"].data,
        **{name: form[name].data for name in PERSON},
    )
    person.id_type = person.id_type or "resident_id"
    place = form["place"].data
    population.enter(session, row, person, "move_in", place=place, note=note)


def _relations(form: EntityForm) -> dict[int, str | None]:
    start = "relation_"
    named = {field.name: field.data for field in form if field.name.startswith(start)}
    return {
        int(name.removeprefix(start)): value or None
        for name, value in named.items()
        if name != OWN_RELATION
    }


def _do_head(session: Session, row: Household, form: EntityForm) -> None:
    population.change_head(
        session,
        row,
        int(form["head"].data),
        _relations(form),
        form["on"].data,
        note=form["note"].data,
    )


def _do_split(session: Session, row: Household, form: EntityForm) -> None:
    key = form["dwelling"].data
    population.split(
        session,
        row,
        [int(part) for part in form["people"].data.split(";")],
        session.get_one(Dwelling, int(key) if key else row.dwelling_id),
        form["number"].data,
        int(form["head"].data),
        _relations(form),
        form["on"].data,
        note=form["note"].data,
    )


def _do_merge(session: Session, row: Household, form: EntityForm) -> None:
    into = session.get_one(Household, int(form["household"].data))
    population.merge(session, row, into, _relations(form), form["on"].data, note=form["note"].data)


VERBS = {
    "move-in": Verb(
        _l("Moved in"),
        _l("Somebody new, somebody of another household, or somebody who comes back."),
        "user-plus",
        _move_in,
        _do_move_in,
    ),
    "birth": Verb(
        _l("Birth"),
        _l("The child joins the household on its birthday."),
        "plus",
        _birth,
        _do_birth,
    ),
    "head": Verb(
        _l("Change of head"),
        _l("Choose the new head, and say what the others are to that person."),
        "user-check",
        _head,
        _do_head,
    ),
    "split": Verb(
        _l("Split the household"),
        _l("Some of the people become a household of their own."),
        "users-group",
        _split,
        _do_split,
    ),
    "merge": Verb(
        _l("Join another household"),
        _l("Everybody of this household joins another one, which keeps its number and its head."),
        "users",
        _merge,
        _do_merge,
    ),
}


class HouseholdChanges(ChangePages):
    """Mixin of the view of households."""

    verbs = VERBS

    @expose("/change/<string:change>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def change(self, change: str, pk: str) -> ResponseReturnValue:
        """Enter what happened to a household."""
        return self.change_page(change, pk)

    def household_of(self, row: Household) -> int:
        """Itself."""
        return row.id

    def blockers(self: Any, rows: list[Any]) -> list[tuple[str, int, str | None]]:
        """What happened in a household is counted: it stays as long as that does."""
        found: list[tuple[str, int, str | None]] = super().blockers(rows)  # type: ignore[misc]
        keys = [row.id for row in rows]
        if number := queries.number_in(self.datamodel.session, keys):
            url = f"/changes/list/?household={keys[0]}" if len(keys) == 1 else None
            found.append((_("Changes of population"), number, url))
        return found
