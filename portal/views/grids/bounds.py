"""``/grids/bounds/<pk>``: the four bounds, with suggestions that one click takes over."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.orm.exc import StaleDataError

from portal import roles
from portal.forms.bounds import BoundsForm
from portal.queries.boundaries import bounds_beside
from portal.rules import bounds
from portal.views.entity.access import allowed
from portal.views.maps import SIDES, shape_of


class BoundsMixin:
    """The page of the four bounds."""

    @expose("/bounds/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def bounds(self: Any, pk: str) -> ResponseReturnValue:
        """The four bounds; POST suggests (``do=suggest``), takes one suggestion into its field
        (``take=side|text``), or saves (``do=save``)."""
        row = self.row_for(pk, roles.WRITE)
        form = BoundsForm()
        code = 200
        if request.method == "GET":
            form.row_version.data = str(row.version)
            for side in SIDES:
                form[f"bound_{side}"].data = getattr(row, f"bound_{side}")
        elif not form.validate():
            code = 400
        elif "take" in request.form:
            _take(form, request.form["take"])
        elif request.form.get("do") == "save":
            if self._save_bounds(form, row):
                flash(_("The four bounds of %(name)s are saved.", name=row.name), "success")
                return redirect(f"{self.route_base}/show/{row.id}")
            row, code = self.row_for(pk, roles.WRITE), 400
        return render_template(
            "views/grids/bounds.html",
            title=_("The four bounds of %(name)s", name=row.name),
            form=form,
            action_url=request.path,
            back_url=f"{self.route_base}/show/{row.id}",
            map_url=f"/directory/{row.code}/map.svg" if shape_of(row.boundary) else "",
            sides=self._suggested(form, row),
        ), code

    def _suggested(self: Any, form: BoundsForm, row: Any) -> list[dict[str, Any]]:
        """For each side: its fields, the grids beyond, and what the bound may say."""
        near: dict[str, list[bounds.Beside]] = {}
        shape = shape_of(row.boundary)
        if shape is not None:
            found = bounds_beside(self.datamodel.session, row.code, row.level)
            around = [
                bounds.GridBeside(
                    one.name,
                    other,
                    {side: getattr(one, f"bound_{side}") or "" for side in SIDES},
                )
                for one in found
                if (other := shape_of(one.boundary)) is not None
            ]
            near = bounds.beside(shape, around)
        return [
            {
                "side": side,
                "field": form[f"bound_{side}"],
                "road": form[f"road_{side}"],
                "near": near.get(side, []),
                "texts": bounds.suggestions(form[f"road_{side}"].data or "", near.get(side, [])),
            }
            for side in SIDES
        ]

    def _save_bounds(self: Any, form: BoundsForm, row: Any) -> bool:
        session = self.datamodel.session
        changed = _("Somebody changed this record meanwhile. Load it again and repeat your change.")
        if form.row_version.data != str(row.version):
            form.form_errors.append(changed)
            return False
        for side in SIDES:
            setattr(row, f"bound_{side}", form[f"bound_{side}"].data)
        try:
            session.commit()
        except StaleDataError:
            session.rollback()
            form.form_errors.append(changed)
            return False
        return True


def _take(form: BoundsForm, chosen: str) -> None:
    side, _bar, text = chosen.partition("|")
    if side in SIDES and 0 < len(text) <= bounds.LONGEST:
        form[f"bound_{side}"].data = text
