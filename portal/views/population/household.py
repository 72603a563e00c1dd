"""The page of a household: who lives there, who left, what happened, what is missing, visits."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock, roles, scope
from portal.forms import visits as visit_forms
from portal.models import Household, PopulationChange, Resident
from portal.models.population_choices import (
    CHANGE_KINDS,
    VISIT_HAZARDS,
    VISIT_NEEDS,
    VISIT_PURPOSES,
    VISIT_RESULTS,
)
from portal.models.register_choices import RELATIONS, SEXES
from portal.queries import population as queries
from portal.queries import visits as visit_queries
from portal.rules import visits
from portal.rules.masking import mask
from portal.rules.sessions import sent_before
from portal.views import wording
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.entity.interface import visible
from portal.views.page import Tone
from portal.views.population.verbs import happened

MOST_PEOPLE, MOST_EVENTS, MOST_VISITS = 20, 15, 5
MOST_MENUS, MOST_MISSING, MOST_GONE = 8, 8, 10  # of a large household each person's page has them
FIELDS_OF_PERSON = ("state", "on", "place", "phone")


@dataclass(frozen=True)
class Person:
    """Somebody who lives there, worded; ``flags`` are words with a tone, ``links`` what to do."""

    id: int
    name: str
    facts: str
    number: str
    phone: str
    flags: list[tuple[str, Tone]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """Something that happened, worded; ``entered`` where that was on another day."""

    id: int
    day: str
    what: str
    who: str
    place: str
    entered: str
    taken_back: bool


def age(born: Any, today: Any) -> int | None:
    """Whole years; None for an unknown birthday."""
    if born is None:
        return None
    return int(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


class HouseholdPage:
    """Mixin of the view of households: its page, and the visits made from it."""

    @expose("/show/<pk>")
    @allowed(roles.READ)
    def show(self: Any, pk: str) -> ResponseReturnValue:
        """Everybody, everything that happened, and what is missing."""
        row = self.row_for(pk, roles.READ)
        session, may_write = self.datamodel.session, self.may(roles.WRITE, row)
        everybody = session.scalars(
            select(Resident).where(Resident.household_id == row.id, visible(Resident))
        ).all()
        here = queries.ordered(one for one in everybody if one.lives_here)
        history = session.scalars(
            queries.history(row.id)
            .where(visible(PopulationChange))
            .options(joinedload(PopulationChange.resident))
            .limit(MOST_EVENTS + 1)
        ).all()
        gone = _gone(everybody, history)
        missing = _missing(row, here, may_write=may_write)
        return render_template(
            "views/population/household.html",
            view=self,
            record=self.record(row),
            verbs=self._verbs(row),
            people=[
                _person(one, may_write=may_write and len(here) <= MOST_MENUS)
                for one in here[:MOST_PEOPLE]
            ],
            total=len(here),
            gone=gone[:MOST_GONE],
            more_gone=len(gone) > MOST_GONE,
            missing=missing[:MOST_MISSING],
            more_missing=len(missing) - MOST_MISSING,
            events=_events(history[:MOST_EVENTS]),
            more_events=len(history) > MOST_EVENTS,
            visit=_visit_state(row),
            visits=_visits(session, row) if scope.current().can(roles.READ, "HomeVisit") else [],
            may_write=may_write,
        )

    def _verbs(self: Any, row: Household) -> list[tuple[str, str]]:
        """What can be entered about the household, and asking another grid about it."""
        found = [(label, url) for label, url, _icon in self.change_links(row)]
        if found and scope.current().can(roles.WRITE, "CrossCheck"):
            found.append((_("Ask another grid"), f"/cross-checks/ask?household={row.id}"))
        return found

    # visits --------------------------------------------------------------------

    @expose("/unchanged/<pk>", methods=["POST"])
    @allowed(roles.WRITE)
    def unchanged(self: Any, pk: str) -> ResponseReturnValue:
        """No change, in one tap: the visit and the day of the next one."""
        row = self.row_for(pk, roles.WRITE)
        session, name = self.datamodel.session, self.title_of(row)
        visits.unchanged(session, row, clock.today())
        session.commit()
        told = format_date(row.next_visit_on)
        if told:
            flash(_("%(name)s: no change. Next visit on %(day)s.", name=name, day=told), "success")
        else:
            flash(_("%(name)s: no change.", name=name), "success")
        to_list = request.form.get("back") in ("visit_due", "visit_overdue", "never_visited")
        return redirect(
            f"/visits/?preset={request.form['back']}" if to_list else f"/households/show/{pk}"
        )

    @expose("/visit/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def visit(self: Any, pk: str) -> ResponseReturnValue:
        """The form of a visit, prefilled with what is on record."""
        row = self.row_for(pk, roles.WRITE)
        session, url = self.datamodel.session, f"/households/show/{row.id}"
        people = queries.people(session, row.id)
        form = visit_forms.visit_form(people, row.needs, row.hazards)()
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate():
            found = visit_forms.report_of(form, people)
            if happened(session, form, lambda: _reported(session, row, found), url):
                flash(_("The visit is on record."), "success")
                return redirect(url)
            row = self.row_for(pk, roles.WRITE)
            people = queries.people(session, row.id)
        return render_template(
            "views/population/visit.html",
            view=self,
            form=form,
            title=_("Visit: %(name)s", name=self.title_of(row)),
            people=[_asked(form, one) for one in people if f"person_{one.id}_state" in form],
            asked=visit_forms.ASKED,
            found=visit_forms.FOUND,
            new=visit_forms.NEW,
            new_open=any(form[name].errors for name in visit_forms.NEW) or form["new_name"].data,
            action_url=request.path,
            cancel_url=url,
        ), (400 if request.method == "POST" else 200)


def _reported(session: Any, row: Household, found: visits.Report) -> None:
    visits.report(session, row, found)


def _asked(form: Any, one: Resident) -> dict[str, Any]:
    """A person of the form: the words on record, and the fields."""
    shown = _person(one, may_write=False)
    fields = {name: form[f"person_{one.id}_{name}"] for name in FIELDS_OF_PERSON}
    state = fields["state"]
    wrong = any(each.errors for each in fields.values())
    touched = state.data != visits.STILL or any(
        fields[name].data for name in FIELDS_OF_PERSON if name != "state"
    )
    return {"person": shown, "fields": fields, "open": wrong or touched}


def _person(one: Resident, *, may_write: bool) -> Person:
    years = age(one.birth_date, clock.today())
    facts = [
        RELATIONS.get(one.relation_to_head or ""),
        SEXES.get(one.sex or ""),
        ngettext("%(num)d year old", "%(num)d years old", years) if years is not None else None,
    ]
    flags: list[tuple[str, Tone]] = []
    if one.registration == "floating":
        flags.append((_("Floating population"), "info"))
    if one.registration == "overseas":
        flags.append((_("From overseas"), "info"))
    if one.away:
        flags.append((_("Lives elsewhere, registered here"), "warn"))
    if one.id_type == "temporary":
        flags.append((_("Without papers"), "warn"))
    base = f"/residents/change/{{}}/{one.id}"
    links = [
        (_("Edit"), f"/residents/edit/{one.id}"),
        (_("Moved out"), base.format("move-out")),
        (_("Move to another household"), base.format("move")),
        (_("Death"), base.format("death")),
        (_("Lives elsewhere, registered here"), base.format("away")),
        (_("Change of registration"), base.format("registration")),
    ]
    number = mask(one.id_number) if one.id_number and one.id_type != "temporary" else ""
    return Person(
        one.id,
        one.name,
        " · ".join(str(fact) for fact in facts if fact),
        number,
        mask(one.phone) if one.phone else "",
        flags,
        links if may_write else [],
    )


def _gone(everybody: Sequence[Resident], history: Sequence[PopulationChange]) -> list[Any]:
    """(key, name, what, day, where to) of those who left or died, newest first: those still on
    record here, and those who moved to another household.
    """
    wrong = {one.cancels_id for one in history if one.cancels_id}
    entered = {one.resident_id for one in history if one.id in wrong and one.before}
    places = {
        one.resident_id: one.place or ""
        for one in reversed(history)
        if one.kind == "move_out" and one.id not in wrong
    }
    found: list[tuple[Any, int, str, str, str | None]] = []
    for one in everybody:
        if one.lives_here or (one.moved_out_on == one.moved_in_on and one.id in entered):
            continue
        what = _("Died") if one.died_on else _("Moved out")
        found.append((one.died_on or one.moved_out_on, one.id, one.name, what, places.get(one.id)))
    here: set[int | None] = {one.id for one in everybody}
    for event in history:
        moved = event.kind == "move_out" and event.id not in wrong and event.other_household_id
        if moved and event.resident is not None and event.resident_id not in here:
            here.add(event.resident_id)
            told = (event.happened_on, 0, event.resident.name, _("Moved out"), event.place)
            found.append(told)
    found.sort(key=lambda told: told[0], reverse=True)
    return [
        (key, name, what, format_date(day), place or "") for day, key, name, what, place in found
    ]


def _missing(
    row: Household, here: Sequence[Resident], *, may_write: bool
) -> list[tuple[str, str | None]]:
    """What is missing, each with the page that mends it."""

    def page(url: str) -> str | None:
        return url if may_write else None

    if not here:
        return []
    found = []
    if all(one.relation_to_head != "head" for one in here):
        found.append((_("Nobody is the head"), page(f"/households/change/head/{row.id}")))
    if not any(one.phone for one in here):
        found.append((_("Nobody's telephone"), page(f"/residents/edit/{here[0].id}#phone")))
    words = {
        "id_number": _("Identity number"),
        "birth_date": _("Birthday"),
        "sex": _("Sex"),
        "relation_to_head": _("Relation to the head"),
        "registered_address": _("Registered address"),
    }
    for one in here:
        for name in _lacking(one):
            text = _("%(name)s: %(what)s", name=one.name, what=words[name])
            found.append((text, page(f"/residents/edit/{one.id}#{name}")))
    return found


def _lacking(one: Resident) -> list[str]:
    names = ["birth_date", "sex", "relation_to_head"]
    if one.registration != "permanent":
        names.append("registered_address")
    found = [name for name in names if not getattr(one, name)]
    return ["id_number", *found] if one.id_type == "temporary" else found


def _events(history: Sequence[PopulationChange]) -> list[Event]:
    wrong = {one.cancels_id for one in history if one.cancels_id}
    found = []
    for one in history:
        entered = clock.local(one.created_at).date()
        found.append(
            Event(
                one.id,
                format_date(one.happened_on),
                str(CHANGE_KINDS[one.kind]),
                one.resident.name if one.resident is not None else "",
                one.place or "",
                format_date(entered) if entered != one.happened_on else "",
                one.id in wrong,
            )
        )
    return found


def _visit_state(row: Household) -> dict[str, Any]:
    late = row.next_visit_on is not None and row.next_visit_on <= clock.today()
    return {
        "last": format_date(row.visited_on),
        "next": format_date(row.next_visit_on),
        "due": late,
        "needs": wording.coded(row.needs, VISIT_NEEDS),
        "hazards": wording.coded(row.hazards, VISIT_HAZARDS),
    }


def _visits(session: Any, row: Household) -> list[tuple[int, str, str, str, str]]:
    """(key, day, result, purpose, who) of the last visits."""
    return [
        (
            one.id,
            format_date(one.visited_on),
            str(VISIT_RESULTS[one.result]),
            str(VISIT_PURPOSES[one.purpose]),
            one.visitor,
        )
        for one in visit_queries.last(session, row.id, MOST_VISITS)
    ]
