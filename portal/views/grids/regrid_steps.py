"""What the pages of a regridding share: which grid, the form, the preview, carrying it out."""

from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.regrid import RegridForm
from portal.models.choices import CELL_KINDS, DOCUMENT_LANGUAGES
from portal.queries import regrid as queries
from portal.rules import regrid
from portal.rules.regrid import Consent, Plan, Wish, planner
from portal.rules.regrid.carry import CHANGED
from portal.views.grids import wishes

LEVELS = ("cell", "block")
CELLS_ONLY = ("split", "merge", "buildings")


class RegridSteps:
    """From the address of a grid to the preview and what was done."""

    def _own_prefixes(self: Any) -> Any:
        """Where this account regrids: of the cells beside, no others are told."""
        return scope.current().prefixes(roles.WRITE, self.class_permission_name)

    def _regriddable(self: Any, pk: str, verb: str = "") -> Any:
        """The cell or block; 404 for grids of other levels and those that are dissolved."""
        row = self.row_for(pk, roles.WRITE)
        levels = LEVELS if verb not in CELLS_ONLY else ("cell",)
        if verb != "start" and row.level not in levels:
            abort(404)
        if not queries.grids(self.datamodel.session, [row.code]):
            abort(404)
        return row

    def _proposed(self: Any, code: str) -> Any:
        """What the address asks of the form: a number of parts, or a proposal to begin with."""
        wanted = wishes.number(request.args.get("plan"), 1, 99, 0)
        found = planner.splits(self.datamodel.session, code) if wanted else None
        if found is None or wanted > len(found.proposals):
            return request.args
        values = {"parts": str(len(found.proposals[wanted - 1].parts))}
        for part, one in enumerate(found.proposals[wanted - 1].parts, 1):
            values |= {f"b{building.id}": str(part) for building in one.buildings}
        return MultiDict(values)

    def _page(
        self: Any, row: Any, verb: str, shown: dict[str, Any], wish: Callable[[], Wish]
    ) -> ResponseReturnValue:
        """The form; POST shows the preview or (``do=carry``) carries it out."""
        form = RegridForm()
        code, found = 200, None
        if request.method == "POST":
            try:
                if not form.validate():
                    code = 400
                if request.form.get("do") == "again":
                    return self._form(row, verb, form, shown, None), 200
                found = regrid.plan(wish(), self.datamodel.session)
                regrid.check_reach(found)
                if request.form.get("do") == "carry" and code == 200:
                    answer = self._carried(row, form, wish())
                    if answer is not None:
                        return answer
                    code = 400
                    found = regrid.plan(wish(), self.datamodel.session)
            except RuleError as refusal:
                code, found = 400, None
                form.form_errors.append(str(refusal))
            except OutOfScope:
                code, found = 400, None
                form.form_errors.append(
                    _("Something of this lies outside your grids: ask those who look after it.")
                )
        if found is not None:
            form.seen.data = regrid.seen_now(self.datamodel.session, found)
            if found.stops:
                code = 400
        return self._form(row, verb, form, shown, found), code

    def _carried(self: Any, row: Any, form: RegridForm, wish: Wish) -> ResponseReturnValue | None:
        """Done and on to the result; None with the reason in the form."""
        session = self.datamodel.session
        consent = Consent(
            form.outcome.data or "",
            form.asked_on.data,
            form.asked_how.data or "",
            form.note.data or "",
        )
        try:
            change, _plan = regrid.carry_out(session, wish, form.seen.data or "", consent)
            number = change.id
            session.commit()
        except RuleError as refusal:
            session.rollback()
            if refusal.field is not None and refusal.field in form:
                form[refusal.field].errors = [str(refusal)]
            else:
                form.form_errors.append(str(refusal))
            return None
        except (StaleDataError, IntegrityError, OperationalError):
            session.rollback()
            current_app.logger.warning("regridding gave way to somebody else's")
            form.form_errors.append(str(CHANGED))
            return None
        flash(_("Carried out. Old codes lead on; the boards around are looked at now."), "success")
        return redirect(f"{self.route_base}/regridded/{number}")

    def _form(
        self: Any, row: Any, verb: str, form: RegridForm, shown: dict[str, Any], found: Plan | None
    ) -> str:
        titles = {
            "split": _("Split %(name)s", name=row.name),
            "merge": _("Join %(name)s with others", name=row.name),
            "move": _("Move %(name)s", name=row.name),
            "buildings": _("Give buildings of %(name)s to another cell", name=row.name),
        }
        return render_template(
            f"views/grids/regrid/{verb}.html",
            title=titles[verb],
            row=row,
            verb=verb,
            form=form,
            plan=found,
            names=_names(found),
            english=get_locale().language == "en",
            languages=DOCUMENT_LANGUAGES,
            cell_kinds=CELL_KINDS,
            back_url=f"{self.route_base}/regrid/{row.id}",
            base=self.route_base,
            **shown,
        )


def _names(found: Plan | None) -> dict[str, str]:
    """Code → name of every grid of the plan."""
    if found is None:
        return {}
    names = {line.code: line.name for line in found.before}
    return names | dict(found.names) | {one.code: one.name for one in found.after}
