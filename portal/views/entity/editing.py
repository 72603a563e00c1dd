"""Adding, editing and opening a masked value."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from portal import roles
from portal.errors import OutOfScope, RuleError
from portal.forms.entity import EntityForm, ReasonForm
from portal.rules import guard
from portal.rules.revealing import reveal
from portal.rules.sessions import note_sent, sent_before
from portal.scope import current
from portal.views.entity import forms
from portal.views.entity.access import allowed, require
from portal.views.entity.cells import label_of
from portal.views.page import Record


class EditingMixin:
    """Routes that write. Every write passes the form, the rule and the check at flush."""

    @expose("/add", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def add(self: Any) -> ResponseReturnValue:
        """The empty form; then the new record."""
        if not self.may_add():
            abort(404)
        form = forms.build(self, self.form_columns, new=True)()
        if request.method == "GET":
            self._prefill(form)
        elif (earlier := self._sent_before(form)) is not None:
            return redirect(earlier)
        elif form.validate():
            row = self.entity()
            if self.save(form, row, new=True):
                row = self.datamodel.find(row.id) or row
                flash(_("%(name)s is added.", name=self.title_of(row)), "success")
                return redirect(f"{self.route_base}/show/{row.id}")
            if (earlier := self._sent_before(form)) is not None:  # while this one was on its way
                return redirect(earlier)
        title = _("Add: %(what)s", what=str(self.one_title))
        return self._form_page(form, title, f"{self.route_base}/list/")

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def edit(self: Any, pk: str) -> ResponseReturnValue:
        """The form with the record's values; then the record."""
        if not self.form_columns:
            abort(404)
        row = self.row_for(pk, roles.WRITE)
        columns = [name for name in self.form_columns if name not in self.fixed_columns]
        form_type = forms.build(self, columns, new=False)
        url = f"{self.route_base}/show/{row.id}"
        title = _("Edit: %(name)s", name=self.title_of(row))
        if request.method == "GET":
            form = form_type(data=self._values(row, columns))
        else:
            form = form_type()
            ready = form.validate() and self._unchanged_since(form, row)
            if ready and self.save(form, row, new=False):
                row = self.datamodel.find(row.id) or row
                flash(_("%(name)s is saved.", name=self.title_of(row)), "success")
                return redirect(url)
        return self._form_page(form, title, url)

    def _sent_before(self: Any, form: EntityForm) -> str | None:
        return sent_before(self.datamodel.session, form.once.data)

    def _form_page(self: Any, form: EntityForm, title: str, back: str) -> ResponseReturnValue:
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=title,
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Save"),
        ), (400 if request.method == "POST" else 200)

    def _prefill(self: Any, form: EntityForm) -> None:
        form.once.data = secrets.token_urlsafe(12)
        for name in self.form_columns:
            if name in request.args and name in form:
                field = form[name]
                try:
                    field.process_formdata([request.args[name]])
                except ValueError:  # an address that does not fit only fills in nothing
                    field.process(None)

    def _values(self: Any, row: Any, columns: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = {"row_version": str(getattr(row, "version", ""))}
        for name in columns:
            if self.datamodel.is_relation_many_to_many(name):
                values[name] = [
                    getattr(item, forms.key_column(type(item)).key) for item in getattr(row, name)
                ]
            elif self.datamodel.is_relation(name):
                values[name] = getattr(row, self.datamodel.get_relation_fk(name).key)
            elif name not in self.entity.sensitive:
                values[name] = getattr(row, name)
        return values

    @staticmethod
    def _unchanged_since(form: EntityForm, row: Any) -> bool:
        if form.row_version.data == str(getattr(row, "version", "")):
            return True
        form.form_errors.append(
            _("Somebody changed this record meanwhile. Load the page again and repeat your change.")
        )
        return False

    def save(self: Any, form: EntityForm, row: Any, *, new: bool) -> bool:
        """Write what ``form`` holds into ``row`` and commit; False with messages in the form.

        Raises OutOfScope or Forbidden where the flush check refuses.
        """
        database = self.datamodel.session
        try:
            with database.no_autoflush:
                self._fill(form, row, new)
                self.place(row)
                self._check_place(row)
                self.judge(row, form, new=new)
                if new:
                    database.add(row)
            database.flush()
            self.check_placed(row)
            self.saved(row, form, new=new)
            if new:
                url = f"{self.route_base}/show/{row.id}"
                note_sent(database, form.once.data if "once" in form else None, url)
            database.commit()
        except RuleError as refusal:
            database.rollback()
            _add_error(form, refusal)
            return False
        except (IntegrityError, StaleDataError) as error:
            database.rollback()
            form.conflict = True
            form.form_errors.append(conflict(error))
            return False
        return True

    def judge(self: Any, row: Any, form: EntityForm, *, new: bool) -> None:
        """Ask the rule; a view whose rule needs fields that are no columns overrides this.

        The form is handed on and never kept: all threads share the view.
        """
        self.prepare(row, new=new)

    def _check_place(self: Any, row: Any) -> None:
        try:
            guard.check(current(), roles.WRITE, row)
        except OutOfScope as refusal:
            field = "code" if self.entity.scope_column == "code" else "grid"
            raise RuleError(_("This lies outside your grids."), field) from refusal

    def saved(self: Any, row: Any, form: EntityForm, *, new: bool) -> None:
        """After the row is written, within the same transaction."""

    def _fill(self: Any, form: EntityForm, row: Any, new: bool) -> None:
        for field in form.shown_fields():
            name = field.name
            if self.datamodel.is_relation_many_to_many(name):
                target = self.datamodel.get_related_interface(name)
                setattr(row, name, [target.find_by_key(key) for key in field.data or []])
            elif self.datamodel.is_relation(name):
                column = self.datamodel.get_relation_fk(name)
                number = column.type.python_type is int and field.data is not None
                setattr(row, column.key, int(field.data) if number else field.data)
            elif name in self.entity.__mapper__.columns:
                if name in self.entity.sensitive and not new and not field.data:
                    remove = forms.REMOVE + name
                    if remove in form and form[remove].data:
                        setattr(row, name, None)
                    continue
                setattr(row, name, field.data)

    # open a masked value ---------------------------------------------------

    @expose("/reveal/<pk>/<string:column>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def reveal(self: Any, pk: str, column: str) -> ResponseReturnValue:
        """One masked value of one record, after a reason; both go to the log."""
        if column not in self.entity.sensitive or column not in self.told_columns():
            abort(404)
        require(roles.READ, self.class_permission_name)
        row = self.row_for(pk, roles.WRITE)
        form = ReasonForm()
        value = None
        if form.validate_on_submit():
            try:
                value = reveal(self.datamodel.session, row, column, form.reason.data or "")
            except RuleError as refusal:
                _add_error(form, refusal)
        return render_template(
            "views/entity/reveal.html",
            view=self,
            form=form,
            title=_("Open: %(what)s", what=label_of(self, column)),
            record=Record(row.id, self.title_of(row), back_url=f"{self.route_base}/show/{row.id}"),
            value=value,
            action_url=request.path,
            cancel_url=f"{self.route_base}/show/{row.id}",
            submit_label=_("Open"),
        ), (400 if request.method == "POST" and value is None else 200)


def _add_error(form: EntityForm, refusal: RuleError) -> None:
    if refusal.field in form:
        form[refusal.field].errors = [*form[refusal.field].errors, str(refusal)]
    else:
        form.form_errors.append(str(refusal))


def committed(session: Session, form: EntityForm, act: Callable[[], object]) -> bool:
    """Do ``act`` and commit; False, with nothing changed and the reason in ``form``."""
    try:
        act()
        session.commit()
    except RuleError as refusal:
        session.rollback()
        _add_error(form, refusal)
        return False
    except (IntegrityError, StaleDataError) as error:
        session.rollback()
        form.form_errors.append(conflict(error))
        return False
    return True


def conflict(error: Exception) -> str:
    """What people read when the database refused a change."""
    if isinstance(error, StaleDataError):
        return _("Somebody changed this record meanwhile. Load the page again and repeat.")
    return _(
        "This does not fit what is already on record: something like it exists, or something"
        " else still refers to it. Nothing was changed."
    )
