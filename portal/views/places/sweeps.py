"""Sweeps: the list, how far each is by grid, and the page on which a cell is gone through."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, roles, scope
from portal.errors import OutOfScope, RuleError
from portal.forms.entity import EntityForm
from portal.models import Matter, Sweep
from portal.models.place_choices import PLACE_KINDS
from portal.queries import grids as grid_queries
from portal.queries import matters as only
from portal.queries import order_figures
from portal.queries import sweeps as queries
from portal.queries.sweeps import Cell, Item
from portal.rules import sweeps
from portal.views.context import format_date, format_number
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.entity.editing import conflict
from portal.views.entity.interface import visible
from portal.views.page import Cell as Shown
from portal.views.page import Column, ListPage, Row, Tone
from portal.views.places import words

MOST_CELLS, CELLS_AT_ONCE, MOST_ITEMS = 60, 12, 400
BAR = 100  # units of the longest bar in its drawing


class SweepView(EntityView):
    """What is gone through in every cell from one day to another."""

    entity = Sweep
    slug = "sweeps"
    list_title = _l("Sweeps")
    one_title = _l("Sweep")
    search_in = ("title",)
    list_columns = ["title", "grid", "starts_on", "ends_on"]
    show_groups = [
        ("", ["title", "grid", "grids", "starts_on", "ends_on", "made_by"]),
        (_l("What is looked at"), ["checklist", "place_kind", "detail"]),
    ]
    form_columns = [
        "title", "grid", "grids", "starts_on", "ends_on", "checklist", "place_kind", "detail",
    ]  # fmt: skip
    fixed_columns = ("grid",)
    filter_columns = ["place_kind", "grid_code"]
    choices = {"place_kind": PLACE_KINDS}
    labels = {
        "grids": _l("Only in these grids"),
        "starts_on": _l("From"),
        "ends_on": _l("Until"),
        "checklist": _l("Checklist"),
        "place_kind": _l("Every place of this kind"),
        "detail": _l("What it is for"),
        "made_by": _l("Made by"),
    }
    help_texts = {
        "grids": _l("Left empty: everywhere below. Separate several by a semicolon."),
        "checklist": _l("One line for each thing to look at, in every cell."),
        "place_kind": _l("Of the places that need attention; each is looked at by itself."),
    }
    presets = {
        "running": (_l("Running"), only.only(queries.running)),
        "coming": (lazy_pgettext("sweep", "To come"), only.only(queries.coming)),
        "ended": (_l("Over"), only.only(queries.ended)),
    }
    in_the_way = _l("It was gone through already and stays on record.")
    order = ("ends_on", "id")
    newest_first = True

    def worded_grids(self, row: Sweep) -> str:
        """Names; everywhere where there are none."""
        codes = queries.targets_of(self.datamodel.session, row)
        if codes == (row.grid_code,):
            return _("everywhere below")
        named = grid_queries.ids_of(self.datamodel.session, codes)
        return _(", ").join(named[code][1] for code in codes if code in named)

    def tone_ends_on(self, row: Sweep) -> Tone:
        """Over or not."""
        return "muted" if row.ends_on < clock.today() else "info"

    def worded_ends_on(self, row: Sweep) -> str:
        """The day."""
        return format_date(row.ends_on)

    def _prefill(self, form: EntityForm) -> None:
        """From today on, in one's own grid, unless the address says otherwise."""
        form["starts_on"].process(None, clock.today())
        prefixes = scope.current().prefixes(roles.WRITE, "Sweep")
        if len(prefixes) == 1 and prefixes[0]:
            form["grid"].process(None, prefixes[0])
        super()._prefill(form)

    def prepare(self, row: Sweep, *, new: bool) -> None:
        """There is something to go through."""
        sweeps.prepare(self.datamodel.session, row, new=new)

    def saved(self, row: Sweep, form: EntityForm, *, new: bool) -> None:
        """Its lines follow from the text."""
        sweeps.keep_lines(self.datamodel.session, row)

    # how far it is ---------------------------------------------------------------

    def links(self, row: Sweep) -> list[tuple[str, str, str]]:
        """To the page where it is gone through."""
        if not self._goes(row):
            return []
        return [(_("Go through it"), f"{self.route_base}/round/{row.id}", "checklist")]

    def extras(self, row: Sweep) -> list[tuple[str, dict[str, Any]]]:
        """How far it is: the grids right below one's own, and the cells that are not done."""
        session = self.datamodel.session
        prefixes = scope.current().prefixes(roles.READ, "Sweep")
        cells = queries.coverage(session, [row], prefixes)[row.id]
        below = [
            grid
            for top in _tops(prefixes, row.grid_code)
            for grid in order_figures.grids_below(session, top)
        ]
        todo = [cell for cell in cells if cell.open]
        context = {
            "total": sum(cell.total for cell in cells),
            "done": sum(cell.done for cell in cells),
            "wide": BAR,
            "bars": _bars(below, cells),
            "table": _table(row, todo[:MOST_CELLS]),
            "more": max(0, len(todo) - MOST_CELLS),
        }
        return [("views/places/coverage.html", context)]

    def _goes(self, row: Sweep) -> bool:
        """Whether it runs today and who asks may go through it somewhere."""
        runs = row.starts_on <= clock.today() <= row.ends_on
        return runs and scope.current().can(roles.WRITE, "Patrol")

    # going through it ------------------------------------------------------------

    @expose("/round/<pk>")
    @allowed(roles.READ)
    def round(self, pk: str) -> ResponseReturnValue:
        """What is to be gone through in one's own cells, or in the cell of the address."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        prefixes = scope.current().prefixes(roles.WRITE, "Patrol")
        prefixes = prefixes or scope.current().prefixes(roles.READ, "Sweep")
        wanted = _wanted(request.args)
        cells = queries.coverage(session, [row], prefixes)[row.id]
        cells = [cell for cell in cells if cell.code.startswith(wanted)]
        chosen = _at_once(sorted(cells, key=lambda cell: (not cell.open, cell.code)))
        items = queries.items(session, row, [cell.code for cell in chosen])
        checks = queries.checks(session, row.id, [cell.code for cell in chosen])
        matters = queries.matters_of(session, checks.values(), visible(Matter))
        return render_template(
            "views/places/round.html",
            view=self,
            row=row,
            title=row.title,
            days=_("%(first)s to %(last)s", first=format_date(row.starts_on),
                   last=format_date(row.ends_on)),
            cells=_sections(chosen, items, checks, matters),
            more=len(cells) - len(chosen),
            wanted=wanted,
            may_write=self._goes(row),
        )  # fmt: skip

    @expose("/nothing/<pk>", methods=["POST"])
    @allowed(roles.READ)
    def nothing(self, pk: str) -> ResponseReturnValue:
        """Nothing found at the items that are named: one of them, or all of a cell."""
        row, session = self.row_for(pk, roles.READ), self.datamodel.session
        keys = sorted(set(request.form.getlist("item")))
        if not keys or len(keys) > MOST_ITEMS:
            abort(400)
        wanted = _wanted(request.form)
        back = f"{self.route_base}/round/{row.id}" + (f"?grid_code={wanted}" if wanted else "")
        for last in (False, True):  # of two at the same moment the second one looks again
            try:
                items = sweeps.items_of(session, row, keys, lenient=True)
                noted = sweeps.nothing(session, row, items)
                session.commit()
                break
            except OutOfScope:
                abort(404)
            except RuleError as refusal:
                session.rollback()
                flash(str(refusal), "danger")
                return redirect(back)
            except (IntegrityError, StaleDataError) as error:
                session.rollback()
                row = self.row_for(pk, roles.READ)
                if last:
                    flash(conflict(error), "danger")
                    return redirect(back)
        if len(items) < len(keys):
            flash(_("The checklist changed meanwhile: look at what is left."), "warning")
        if items:
            _tell(noted)
        return redirect(back + (self._anchor(row, items) if len(items) == len(keys) else ""))

    def _anchor(self, row: Sweep, items: Sequence[Item]) -> str:
        """The cell in which something is still open; a cell that is done gives way to the next."""
        touched = {item.cell for item in items}
        cells = queries.coverage(self.datamodel.session, [row], touched)[row.id]
        return next((f"#cell-{cell.code}" for cell in cells if cell.open), "")

    def asked(self) -> query.Query:
        """Opened from the menu, the list begins with those that run."""
        found = query.parse(self)
        return found if request.args else replace(found, preset="running")


def _tops(prefixes: Sequence[str], code: str) -> list[str]:
    """The grids whose parts are compared: of those within ``prefixes`` and the grid ``code``."""
    tops = [
        max(prefix, code, key=len)
        for prefix in prefixes
        if prefix.startswith(code) or code.startswith(prefix)
    ]
    return [top for top in tops if len(top) < scope.CODE_LENGTHS["cell"]]


def _tell(noted: int) -> None:
    """How many items were gone through for the first time."""
    if noted:
        told = ngettext("One line: nothing found.", "%(num)d lines: nothing found.", noted)
        flash(told, "success")
    else:
        flash(_("It was noted already."), "info")


def _wanted(sent: Mapping[str, str]) -> str:
    """The code of the grid that the page is narrowed to; empty for all of one's own."""
    code = sent.get("grid_code", "")
    return code if code.isascii() and code.isdigit() else ""


def _at_once(cells: Sequence[Cell]) -> list[Cell]:
    """The first of the cells, as many as a page shows whole; one in any case."""
    found: list[Cell] = []
    for cell in cells[:CELLS_AT_ONCE]:
        if found and sum(one.total for one in found) + cell.total > MOST_ITEMS:
            break
        found.append(cell)
    return found


def _bars(below: list[Any], cells: list[Cell]) -> list[dict[str, Any]]:
    """Grid by grid what is done of what there is; grids without anything to do are left out."""
    found = []
    for code, name in below:
        mine = [cell for cell in cells if cell.code.startswith(code)]
        total, done = sum(cell.total for cell in mine), sum(cell.done for cell in mine)
        if total:
            text = f"{format_number(done)}/{format_number(total)} · {done * 100 // total}%"
            found.append({"name": name, "done": round(BAR * done / total, 1), "text": text})
    return found


def _table(row: Sweep, cells: list[Cell]) -> ListPage:
    labels = [_("Cells not done"), _("Done"), _("Still to do")]
    columns = [Column(str(at), label) for at, label in enumerate(labels)]
    rows = []
    for cell in cells:
        url = f"/sweeps/round/{row.id}?" + urlencode({"grid_code": cell.code})
        told = [f"{cell.done}/{cell.total}", format_number(cell.open)]
        shown = [Shown("name", labels[0], cell.name)]
        shown += [
            Shown("figure", label, text, None, "number")
            for label, text in zip(labels[1:], told, strict=True)
        ]
        rows.append(Row(cell.code, cell.name, url, cells=shown))
    return ListPage(columns, rows, len(rows))


def _sections(cells: list[Cell], items: Any, checks: Any, matters: Any) -> list[dict[str, Any]]:
    """Cell by cell what is still to be gone through, and what was."""
    found = []
    for cell in cells:
        mine = [item for item in items if item.cell == cell.code]
        todo = [item for item in mine if item.key not in checks][:MOST_ITEMS]
        done = [(item, checks[item.key]) for item in mine if item.key in checks]
        looks = []
        for item, check in done:
            shown = [(f"/matters/show/{key}", number) for key, number in matters.get(check.id, [])]
            told = words.result_of(check.result, bool(shown))
            looks.append((item, told, check.done_by, shown))
        found.append({"cell": cell, "todo": todo, "done": looks})
    return found
