"""The page of a household: who lives there, who left, what happened, what is missing, visits."""

import secrets
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, roles, scope
from portal.forms import visits as visit_forms
from portal.models import Household, PopulationChange, Resident
from portal.queries import population as queries
from portal.rules import visits
from portal.rules.sessions import sent_before
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.entity.editing import conflict
from portal.views.entity.interface import visible
from portal.views.population import words
from portal.views.population.verbs import happened

MOST_PEOPLE, MOST_EVENTS = 20, 15
MOST_MENUS, MOST_MISSING, MOST_GONE = 8, 8, 10  # of a large household each person's page has them
FIELDS_OF_PERSON = ("state", "on", "place", "phone")


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
        gone = words.gone(everybody, history)
        missing = words.missing(row, here, may_write=may_write)
        return render_template(
            "views/population/household.html",
            view=self,
            record=self.record(row),
            verbs=self._verbs(row),
            people=[
                words.person(one, may_write=may_write and len(here) <= MOST_MENUS)
                for one in here[:MOST_PEOPLE]
            ],
            total=len(here),
            gone=gone[:MOST_GONE],
            more_gone=len(gone) > MOST_GONE,
            missing=missing[:MOST_MISSING],
            more_missing=len(missing) - MOST_MISSING,
            events=words.events(history[:MOST_EVENTS]),
            more_events=len(history) > MOST_EVENTS,
            visit=words.visit_state(row),
            visits=words.visits_made(session, row)
            if scope.current().can(roles.READ, "HomeVisit")
            else [],
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
        try:
            visits.unchanged(session, row, clock.today())
            session.commit()
        except (IntegrityError, StaleDataError) as error:
            session.rollback()
            flash(conflict(error), "danger")
            return redirect(f"/households/show/{pk}")
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
            if happened(session, form, lambda: _reported(session, row, form, people), url):
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


def _reported(session: Any, row: Household, form: Any, people: Any) -> None:
    visits.report(session, row, visit_forms.report_of(form, people))


def _asked(form: Any, one: Resident) -> dict[str, Any]:
    """A person of the form: the words on record, and the fields."""
    shown = words.person(one, may_write=False)
    fields = {name: form[f"person_{one.id}_{name}"] for name in FIELDS_OF_PERSON}
    state = fields["state"]
    wrong = any(each.errors for each in fields.values())
    touched = state.data != visits.STILL or any(
        fields[name].data for name in FIELDS_OF_PERSON if name != "state"
    )
    return {"person": shown, "fields": fields, "open": wrong or touched}
