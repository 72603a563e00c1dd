"""Deleting: one record from its page, several from a list; all of them or none."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles
from portal.views import wording
from portal.views.entity.access import allowed
from portal.views.entity.editing import conflict
from portal.views.page import Record


class RemovingMixin:
    """Asks first, names what stands in the way, then deletes in one transaction."""

    @expose("/delete/<pk>", methods=["GET", "POST"])
    @allowed(roles.REMOVE)
    def delete(self: Any, pk: str) -> ResponseReturnValue:
        """Ask, with what stands in the way; then delete."""
        row = self.row_for(pk, roles.REMOVE)
        blockers = self.blockers([row])
        name = self.title_of(row)
        if request.method == "POST" and not blockers:
            try:
                self.erase([row])
                flash(_("%(name)s is deleted.", name=name), "success")
                return redirect(f"{self.route_base}/list/")
            except (IntegrityError, StaleDataError) as error:
                flash(conflict(error), "danger")
                return redirect(f"{self.route_base}/show/{pk}")
        return render_template(
            "views/entity/delete.html",
            view=self,
            record=Record(row.id, name, back_url=f"{self.route_base}/show/{row.id}"),
            blockers=blockers,
            action_url=request.path,
            cancel_url=f"{self.route_base}/show/{row.id}",
        ), (409 if request.method == "POST" else 200)

    def erase(self: Any, rows: list[Any]) -> None:
        """Delete ``rows`` in one transaction: all of them or none."""
        database = self.datamodel.session
        try:
            for row in rows:
                database.delete(row)
            database.flush()
            for row in rows:
                self.erased(row)
            database.commit()
        except Exception:
            database.rollback()
            raise

    def erased(self: Any, row: Any) -> None:
        """After the row is deleted, within the same transaction."""

    def blockers(self: Any, rows: list[Any]) -> list[tuple[str, int, str | None]]:
        """What still refers to ``rows`` and forbids deleting them: label, number, address."""
        table, found = self.entity.__table__, []
        for other in table.metadata.sorted_tables:
            for column in other.columns:
                for key in column.foreign_keys:
                    if key.column.table is not table or key.ondelete == "CASCADE":
                        continue
                    values = [getattr(row, key.column.key) for row in rows]
                    counted = select(func.count()).select_from(other).where(column.in_(values))
                    if number := self.datamodel.session.scalar(counted):
                        found.append(self._blocker(other.name, number, rows, column.key))
        return found

    def _blocker(
        self: Any, table: str, number: int, rows: list[Any], column: str
    ) -> tuple[str, int, Any]:
        view = next(
            (v for v in self.appbuilder.baseviews if _shows(v, table)),
            None,
        )
        if view is None:
            return wording.register(table), number, None
        relation = "grid_code" if column == "grid_code" else column.removesuffix("_id")
        relation = {"parent_code": "parent", "role": "post_role"}.get(relation, relation)
        known = relation in view.filter_names
        if not known or len(rows) > 1:
            return str(view.list_title), number, view.list_url()
        value = rows[0].code if hasattr(rows[0], "code") else rows[0].id
        return str(view.list_title), number, view.list_url(**{relation: str(value)})

    @action("remove", _l("Delete"), single=False)
    def remove_rows(self: Any, rows: list[Any]) -> ResponseReturnValue:
        """Show which rows and how many would go; then delete them."""
        named = [Record(row.id, self.title_of(row)) for row in rows]
        blockers = self.blockers(rows)
        confirmed = bool(request.form.get("confirmed"))
        if confirmed and not blockers:
            try:
                self.erase(rows)
                told = ngettext(
                    "%(num)d record is deleted.", "%(num)d records are deleted.", len(rows)
                )
                flash(told, "success")
            except (IntegrityError, StaleDataError) as error:
                flash(conflict(error), "danger")
            return redirect(f"{self.route_base}/list/")
        return render_template(
            "views/entity/remove.html",
            view=self,
            records=named,
            blockers=blockers,
            action_url=f"{self.route_base}/action_post",
            cancel_url=f"{self.route_base}/list/",
        ), (409 if confirmed else 200)


def _shows(view: Any, table: str) -> bool:
    entity = getattr(view, "entity", None)
    return entity is not None and entity.__tablename__ == table
