"""The list of changes, and taking one back."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.population import NoteForm
from portal.models import PopulationChange
from portal.models.population_choices import CHANGE_KINDS
from portal.queries import population as queries
from portal.rules import population
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.editing import conflict


class ChangeView(EntityView):
    """What happened to people and households, by the day on which it happened."""

    api_methods = READ_ONLY
    entity = PopulationChange
    slug = "changes"
    list_title = _l("Changes of population")
    one_title = _l("Change of population")
    list_columns = ["happened_on", "kind", "resident", "household", "grid", "place", "actor"]
    show_groups = [
        ("", ["happened_on", "kind", "resident", "household", "grid", "place", "note"]),
        (_l("Entered"), ["created_at", "actor"]),
    ]
    filter_columns = ["kind", "grid_code"]
    link_filters = ("resident", "household")
    search_in = ("resident", "household")
    choices = {"kind": CHANGE_KINDS}
    labels = {
        "place": _l("Where from or to"),
        "created_at": _l("Entered on"),
        "resident": _l("Person"),
    }
    presets = {
        "counted": (_l("Births, deaths and moves"), queries.counted),
        "homes": (_l("Changes of households"), queries.of_households),
        "corrections": (_l("Corrections"), queries.taken_back),
    }
    order = ("happened_on", "id")
    newest_first = True

    def title_of(self, row: PopulationChange) -> str:
        """Kind and day."""
        return f"{CHANGE_KINDS[row.kind]} · {format_date(row.happened_on)}"

    def links(self, row: PopulationChange) -> list[tuple[str, str, str]]:
        """Taking it back."""
        if not self.may(roles.WRITE, row) or not population.may_cancel(row):
            return []
        if population.is_cancelled(self.datamodel.session, row):
            return []
        mine = scope.current().prefixes(roles.WRITE, self.class_permission_name)
        if row.other_code and not scope.covers(mine, row.other_code):
            return []
        return [(_("Take back"), f"{self.route_base}/cancel/{row.id}", "arrow-back-up")]

    @expose("/cancel/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def cancel(self, pk: str) -> ResponseReturnValue:
        """Ask why; then the register becomes what it was."""
        row = self.row_for(pk, roles.WRITE)
        form, back = NoteForm(), f"{self.route_base}/show/{row.id}"
        if form.validate_on_submit() and self._cancelled(row, form):
            flash(_("The change is taken back; the register is as before."), "success")
            return redirect(f"/households/show/{row.household_id}")
        row = self.row_for(pk, roles.WRITE)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("Take back: %(what)s", what=self.title_of(row)),
            intro=_(
                "The people of this change return to what they were before it. The change stays"
                " on record together with its correction; reports no longer count it."
            ),
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Take back"),
        ), (400 if request.method == "POST" else 200)

    def _cancelled(self, row: PopulationChange, form: Any) -> bool:
        session = self.datamodel.session
        try:
            population.cancel(session, row, form.note.data)
            session.commit()
        except RuleError as refusal:
            session.rollback()
            form.form_errors.append(str(refusal))
            return False
        except OutOfScope:
            session.rollback()
            form.form_errors.append(_("Part of it lies outside your grids: ask the station."))
            return False
        except (IntegrityError, StaleDataError) as error:
            session.rollback()
            form.form_errors.append(conflict(error))
            return False
        return True
