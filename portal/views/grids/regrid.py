"""``/grids/regrid/<pk>`` and what leads from there: split, merge, move; preview, then done."""

from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _

from portal import roles, scope
from portal.models.choices import ACCEPTANCES, CELL_KINDS, REGRIDDINGS
from portal.queries import regrid as queries
from portal.queries import regrid_history
from portal.rules.regrid import figures, planner
from portal.rules.regrid.history import sentence
from portal.views.entity.access import allowed
from portal.views.grids import wishes
from portal.views.grids.regrid_steps import LEVELS, RegridSteps


class RegridMixin(RegridSteps):
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
