"""``/grids/regrid/<pk>`` and what leads from there: split, merge, move; preview, then done."""

from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from portal import roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.regrid import RegridForm
from portal.models.choices import ACCEPTANCES, CELL_KINDS, DOCUMENT_LANGUAGES, REGRIDDINGS
from portal.queries import regrid as queries
from portal.queries import regrid_history
from portal.rules import regrid
from portal.rules.regrid import Consent, Plan, Wish, figures, planner
from portal.rules.regrid.carry import CHANGED
from portal.rules.regrid.history import sentence
from portal.views.entity.access import allowed
from portal.views.grids import wishes

LEVELS = ("cell", "block")
CELLS_ONLY = ("split", "merge", "buildings")


class RegridMixin:
    """The pages of a regridding."""

    @expose("/regrid/<pk>")
    @allowed(roles.WRITE)
    def regrid(self: Any, pk: str) -> ResponseReturnValue:
        """Where it begins: households against the standard, proposals, what can be done."""
        row = self._regriddable(pk, "start")
        session = self.datamodel.session
        if row.level not in LEVELS:
            return self._overview(row)
        cells = queries.below(session, row.code) if row.level == "block" else []
        own = self._own_prefixes()
        beside = cells or [
            one for one in queries.below(session, row.parent_code) if scope.covers(own, one.code)
        ]
        joins = [
            one
            for one in planner.joins(session, row.code if cells else row.parent_code, row.code)
            if scope.covers(own, one.one.code) and scope.covers(own, one.other.code)
        ]
        return self._start(
            row,
            cells,
            figures.off_standard(session, beside),
            limits=figures.limits_of(session),
            splits=planner.splits(session, row.code) if row.level == "cell" else None,
            joins=joins,
        )

    @expose("/regrid/<pk>/split", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def split(self: Any, pk: str) -> ResponseReturnValue:
        """A cell cut along its buildings."""
        row = self._regriddable(pk, "split")
        session = self.datamodel.session
        (cell,) = queries.grids(session, [row.code])
        standing = queries.buildings(session, [row.code])
        lying = queries.organisations(session, row.code)
        sent = request.form if request.method == "POST" else self._proposed(row.code)
        choice = wishes.read_split(sent, cell, standing, lying)
        shown = {"choice": choice, "standing": standing, "lying": lying, "kinds": CELL_KINDS}
        return self._page(row, "split", shown, lambda: choice.wish(row.code))

    @expose("/regrid/<pk>/merge", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def merge(self: Any, pk: str) -> ResponseReturnValue:
        """A cell joined with others of its block."""
        row = self._regriddable(pk, "merge")
        session = self.datamodel.session
        own = self._own_prefixes()
        found = {
            one.code: one
            for one in queries.below(session, row.parent_code)
            if scope.covers(own, one.code)
        }
        cell = found.pop(row.code)
        others = list(found.values())
        choice = wishes.read_merge(request.values, cell, others)
        shown = {
            "choice": choice,
            "cell": cell,
            "others": others,
            "numbers": figures.off_standard(session, [cell, *others]),
            "kinds": CELL_KINDS,
        }
        return self._page(row, "merge", shown, choice.wish)

    @expose("/regrid/<pk>/move", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def move(self: Any, pk: str) -> ResponseReturnValue:
        """A cell under another block, a block under another area."""
        row = self._regriddable(pk)
        level = "block" if row.level == "cell" else "area"
        places = [
            one
            for one in queries.of_level(self.datamodel.session, level, row.code[:12])
            if one.code != row.parent_code
        ]
        wish = wishes.read_move(request.values, row.code)
        return self._page(row, "move", {"choice": wish, "places": places}, lambda: wish)

    @expose("/regrid/<pk>/buildings", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def buildings(self: Any, pk: str) -> ResponseReturnValue:
        """Buildings of a cell given to another one."""
        row = self._regriddable(pk, "buildings")
        session = self.datamodel.session
        choice = wishes.read_shift(request.values)
        cells = queries.of_level(session, "cell", row.code[:12])
        shown = {
            "choice": choice,
            "standing": queries.buildings(session, [row.code]),
            "lying": queries.organisations(session, row.code),
            "cells": sorted(
                (one for one in cells if one.code != row.code),
                key=lambda one: (one.parent_code != row.parent_code, one.code),
            ),
        }
        return self._page(row, "buildings", shown, lambda: choice.wish(row.code))

    @expose("/regridded/<int:number>")
    @allowed(roles.READ)
    def regridded(self: Any, number: int) -> ResponseReturnValue:
        """What came of a regridding: the grids there are now, and what is to be done next."""
        session = self.datamodel.session
        prefixes = scope.current().prefixes(roles.READ, self.class_permission_name)
        found = regrid_history.change(session, number, prefixes)
        if found is None:
            abort(404)
        living = {one.code: one for one in queries.grids(session, [*found.old, *found.new])}
        return render_template(
            "views/grids/regrid/done.html",
            title=sentence(found),
            change=found,
            kind=REGRIDDINGS[found.kind],
            outcome=ACCEPTANCES[found.outcome],
            names=found.details["names"],
            living={code: one for code, one in living.items() if scope.covers(prefixes, code)},
            households=found.details["households"],
            base=self.route_base,
            may_write=scope.current().can(roles.WRITE, self.class_permission_name),
        )

    def _overview(self: Any, row: Any) -> ResponseReturnValue:
        """Of a grid above the blocks: the way to the grids below it."""
        session = self.datamodel.session
        below = queries.below(session, row.code)
        return self._start(row, below, figures.off_standard(session, below))

    def _start(
        self: Any,
        row: Any,
        cells: list[Any],
        numbers: dict[str, Any],
        *,
        limits: Any = None,
        splits: Any = None,
        joins: Any = (),
    ) -> ResponseReturnValue:
        changes = regrid_history.changes(self.datamodel.session, row.code)
        return render_template(
            "views/grids/regrid/start.html",
            title=_("Regrid %(name)s", name=row.name),
            row=row,
            base=self.route_base,
            cells=cells,
            numbers=numbers,
            own=numbers.get(row.code),
            limits=limits or {},
            kinds=CELL_KINDS,
            splits=splits,
            joins=joins,
            changes=[(one, sentence(one)) for one in changes],
        ), 200

    # what they share -----------------------------------------------------------------------------

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
