"""One page for each change: a short form, then the household again."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Field

from portal import roles
from portal.errors import OutOfScope, RuleError
from portal.forms.entity import EntityForm, form_class
from portal.rules.sessions import note_sent, sent_before
from portal.views.entity.editing import conflict


@dataclass(frozen=True)
class Verb:
    """A change that can be entered about a row.

    ``fields(view, row)`` are those of its form; ``act(session, row, form)`` calls the rule.
    ``offered(row)``: whether it makes sense for this row.
    """

    title: Any
    intro: Any
    icon: str
    fields: Callable[[Any, Any], dict[str, Field]]
    act: Callable[[Session, Any, EntityForm], None]
    offered: Callable[[Any], bool] = lambda row: True


class ChangePages:
    """Mixin: what the pages of the changes share. ``verbs`` by the word in the address."""

    verbs: ClassVar[Mapping[str, Verb]] = {}

    def household_of(self, row: Any) -> int:
        """The household whose page is shown afterwards."""
        raise NotImplementedError

    def change_page(self: Any, name: str, pk: str) -> ResponseReturnValue:
        """The form of a change; then the page of the household."""
        verb = self.verbs.get(name)
        if verb is None:
            abort(404)
        row = self.row_for(pk, roles.WRITE)
        session = self.datamodel.session
        back = f"{self.route_base}/show/{row.id}"
        form = form_class("ChangeForm", verb.fields(self, row))()
        if request.method == "GET":
            form.once.data = secrets.token_urlsafe(12)
        elif earlier := sent_before(session, form.once.data):
            return redirect(earlier)
        elif form.validate():
            url = f"/households/show/{self.household_of(row)}"
            if happened(session, form, lambda: verb.act(session, row, form), url):
                flash(_("%(what)s: entered.", what=str(verb.title)), "success")
                return redirect(url)
            row = self.row_for(pk, roles.WRITE)
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("%(what)s: %(name)s", what=str(verb.title), name=self.title_of(row)),
            intro=str(verb.intro),
            action_url=request.path,
            cancel_url=back,
            submit_label=_("Enter it"),
        ), (400 if request.method == "POST" else 200)

    def change_links(self: Any, row: Any) -> list[tuple[str, str, str]]:
        """(label, address, icon) of the changes that can be entered about ``row``."""
        if not self.may(roles.WRITE, row):
            return []
        return [
            (str(verb.title), f"{self.route_base}/change/{name}/{row.id}", verb.icon)
            for name, verb in self.verbs.items()
            if verb.offered(row)
        ]


ALIASES = {"moved_in_on": "on", "moved_out_on": "on", "died_on": "on"}


def add_error(form: EntityForm, refusal: RuleError, prefix: str = "") -> None:
    """Put what a rule says beside its field, or above the form where it has none."""
    name = prefix + (refusal.field or "")
    name = name if name in form else ALIASES.get(name, name)
    if name in form:
        form[name].errors = [*form[name].errors, str(refusal)]
    else:
        form.form_errors.append(str(refusal))


def happened(session: Session, form: EntityForm, act: Callable[[], None], url: str) -> bool:
    """Do ``act`` and commit; False, with nothing changed and the reason in ``form``."""
    try:
        act()
        note_sent(session, form.once.data, url)
        session.commit()
    except RuleError as refusal:
        session.rollback()
        if sent_before(session, form.once.data):  # while this one was on its way
            return True
        add_error(form, refusal)
        return False
    except OutOfScope:
        session.rollback()
        form.form_errors.append(_("This lies outside your grids."))
        return False
    except (IntegrityError, StaleDataError) as error:
        session.rollback()
        if sent_before(session, form.once.data):
            return True
        form.form_errors.append(conflict(error))
        return False
    return True
