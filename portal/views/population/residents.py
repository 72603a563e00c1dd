"""What can happen to a person: pages of the changes, beside the record of the resident."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import Field

from portal import roles
from portal.forms.entity import EntityForm
from portal.forms.population import (
    arrival_field,
    day_field,
    note_field,
    registration_field,
    relation_field,
    text_field,
)
from portal.models import Household, Resident
from portal.queries import population as queries
from portal.rules import population, register
from portal.views.entity import forms
from portal.views.entity.access import allowed
from portal.views.population.verbs import ChangePages, Verb

Fields = dict[str, Field]
Blockers = list[tuple[str, int, str | None]]
Links = list[tuple[str, str, str]]


def _death(_view: Any, _row: Resident) -> Fields:
    return {"on": day_field(_l("Died on")), "note": note_field()}


def _move_out(_view: Any, _row: Resident) -> Fields:
    told = _l("Town or address, if known.")
    return {
        "on": day_field(_l("Moved out on")),
        "place": text_field(_l("Where to"), told),
        "note": note_field(),
    }


def _move(view: Any, _row: Resident) -> Fields:
    told = _l("Of the same grid or of another one of yours. Otherwise enter that they moved out.")
    return {
        "household": forms.row_lookup(
            view.view_of("Household"), "Resident", _l("To which household"), told
        ),
        "relation": relation_field(_l("Relation to the head there")),
        "on": day_field(_l("Moved on")),
        "note": note_field(),
    }


def _away(_view: Any, row: Resident) -> Fields:
    if row.away:
        return {"on": day_field(_l("Back since")), "note": note_field()}
    return {
        "on": day_field(_l("Away since")),
        "place": text_field(_l("Where they live now")),
        "note": note_field(),
    }


def _registration(_view: Any, row: Resident) -> Fields:
    field = registration_field()
    return {
        "registration": field,
        "address": text_field(_l("Registered address"), _l("Empty: as it is on record.")),
        "on": day_field(),
        "note": note_field(),
    }


def _do_death(session: Session, row: Resident, form: EntityForm) -> None:
    population.death(session, row, form["on"].data, note=form["note"].data)


def _do_move_out(session: Session, row: Resident, form: EntityForm) -> None:
    place, note = form["place"].data, form["note"].data
    population.move_out(session, row, form["on"].data, place=place, note=note)


def _do_move(session: Session, row: Resident, form: EntityForm) -> None:
    household = session.get_one(Household, int(form["household"].data))
    relation, note = form["relation"].data, form["note"].data
    population.move_in_known(session, household, row, form["on"].data, relation=relation, note=note)


def _do_away(session: Session, row: Resident, form: EntityForm) -> None:
    on, note = form["on"].data, form["note"].data
    if row.away:
        population.away_end(session, row, on, note=note)
    else:
        population.away_begin(session, row, on, place=form["place"].data, note=note)


def _do_registration(session: Session, row: Resident, form: EntityForm) -> None:
    population.change_registration(
        session,
        row,
        form["registration"].data,
        form["on"].data,
        address=form["address"].data,
        note=form["note"].data,
    )


def _here(row: Resident) -> bool:
    return row.lives_here


VERBS = {
    "move-out": Verb(
        _l("Moved out"),
        _l("For somebody who left your grids. The record stays, with the day."),
        "logout",
        _move_out,
        _do_move_out,
        _here,
    ),
    "move": Verb(
        _l("Move to another household"),
        _l("Out of this household and into the other one, in one step."),
        "arrow-right",
        _move,
        _do_move,
        lambda row: row.died_on is None,
    ),
    "death": Verb(
        _l("Death"),
        _l("The record stays, with the day."),
        "notes",
        _death,
        _do_death,
        _here,
    ),
    "away": Verb(
        _l("Lives elsewhere, registered here"),
        _l("Begin or end of living elsewhere while the registration stays here."),
        "map-pin",
        _away,
        _do_away,
        _here,
    ),
    "registration": Verb(
        _l("Change of registration"),
        _l("Permanent, floating or from overseas, from a certain day on."),
        "file-text",
        _registration,
        _do_registration,
        _here,
    ),
}


class ResidentChanges(ChangePages):
    """Mixin of the view of residents: who is new came somehow, and what happened stays."""

    verbs = VERBS

    @expose("/change/<string:event>/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def change(self, event: str, pk: str) -> ResponseReturnValue:
        """Enter what happened to somebody."""
        return self.change_page(event, pk)

    def household_of(self, row: Resident) -> int:
        """Where they live, or lived."""
        return row.household_id

    def links(self, row: Resident) -> Links:
        """What can happen to them."""
        return self.change_links(row)

    def extra_fields(self, new: bool) -> Fields:
        """How somebody new came: it decides what the reports count."""
        return {"arrival": arrival_field()} if new else {}

    def judge(self: Any, row: Resident, form: EntityForm, *, new: bool) -> None:
        """Whose number it is, who heads the household, and whether they can have come so."""
        if new:
            population.judge_new(self.datamodel.session, row, form["arrival"].data)
        else:
            register.prepare_resident(self.datamodel.session, row)

    def saved(self: Any, row: Resident, form: EntityForm, *, new: bool) -> None:
        """Whoever is new came somehow: that is a change."""
        if new:
            population.note_new(self.datamodel.session, row, form["arrival"].data)

    def blockers(self: Any, rows: list[Any]) -> Blockers:
        """Somebody with a history is not deleted: what was wrong in it is taken back."""
        found: Blockers = super().blockers(rows)  # type: ignore[misc]
        keys = [row.id for row in rows]
        if number := queries.number_of(self.datamodel.session, keys):
            url = f"/changes/list/?resident={keys[0]}" if len(keys) == 1 else None
            found.append((_("Changes of population"), number, url))
        return found
